"""The gates of plans: whatever changes who counts opens or closes them, at a bounded cost, and is told once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from tallystick.broker.webhooks.queries import DELIVERY
from tallystick.cli import main

EDIT = "remove 'GET /orders/{id} 200 $.total'"
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


class Planned:
    """A plan of orders, and what its receivers were told."""

    def __init__(self, client: Any, engine: Any, world: Any, document: Callable[..., Any]) -> None:
        self.client, self.engine, self.world, self.document = client, engine, world, document
        hook = {"events": [{"name": "plan_gate_opened"}, {"name": "plan_gate_closed"}],
                "request": {"method": "POST", "url": "https://example.org/hook"}}  # fmt: skip
        assert client.post("/webhooks", json=hook).status_code == 201
        self.own = ""

    def content(self, consumer: str, field: str) -> dict[str, Any]:
        one = {"description": "an order", "request": {"method": "GET", "path": "/orders/7"},
               "response": {"status": 200, "body": {field: 7}}}  # fmt: skip
        found: dict[str, Any] = self.document(consumer, "orders", one)
        return found

    def published(self, version: str, field: str, **more: Any) -> Planned:
        content = self.content(version.rpartition(" ")[0], field)
        self.world.published(version, to="orders", content=content, **more)
        return self

    def begin(self, *edits: str) -> None:
        made = self.client.post("/plans", json={"provider": "orders", "edits": list(edits) or [EDIT], "title": "less"})
        assert made.status_code == 201, made.text
        self.own = f"/plans/{made.json()['uuid']}"

    @property
    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(self.own).json()
        [kept] = [one for one in self.client.get("/plans").json()["_embedded"]["plans"] if one["uuid"] == found["uuid"]]
        assert kept == {name: found[name] for name in kept}
        return found

    @property
    def told(self) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(DELIVERY).order_by(DELIVERY.c.id)).all()
        return [json.loads(row.parameters) for row in rows]

    def events(self) -> list[str]:
        """What was told; the history says the same."""
        events = [one["eventName"] for one in self.told]
        assert events == [f"plan_gate_{one['event']}" for one in self.now["history"]]
        return [one.removeprefix("plan_gate_") for one in events]


@pytest.fixture
def planned(client: Any, broker: Any, world: Any, pact_document: Any) -> Planned:
    """web 1 is live in test and reads the total; web 2, not live, does not."""
    found = Planned(client, broker.engine, world, pact_document)
    world.participant("web", mainBranch="main").participant("orders", mainBranch="main")
    found.published("web 1", "total", branch="main").published("web 2", "id", branch="side")
    world.deployed("web 1", to="test")
    found.begin()
    assert (found.now["gate"], found.events()) == ("shut", [])
    return found


def segments(version: str) -> str:
    name, number = version.split()
    return f"/pacticipants/{name}/versions/{number}"


# --- whatever changes who counts ----------------------------------------------------------------------------------


def deploy(planned: Planned) -> None:
    planned.world.deployed("web 2", to="test")


def undeploy(planned: Planned) -> None:
    planned.world.on_branch("web 2", "main")
    end_deployment(planned)


def end_deployment(planned: Planned) -> None:
    uuid = planned.world.environments["test"]
    path = f"/environments/{uuid}/deployed-versions/currently-deployed"
    [one] = planned.client.get(path).json()["_embedded"]["deployedVersions"]
    body = {"currentlyDeployed": False}
    assert planned.client.patch(f"/deployed-versions/{one['uuid']}", json=body, headers=MERGE_PATCH).is_success


def tag(planned: Planned) -> None:
    planned.world.tagged("web 2", "test")


def delete_version(planned: Planned) -> None:
    planned.world.on_branch("web 2", "main")
    assert planned.client.delete(segments("web 1")).is_success


def delete_environment(planned: Planned) -> None:
    planned.world.on_branch("web 2", "main")
    assert planned.client.delete(f"/environments/{planned.world.environments['test']}").is_success


def delete_contract(planned: Planned) -> None:
    assert planned.client.delete("/pacts/provider/orders/consumer/web/version/1").is_success


def delete_contracts(planned: Planned) -> None:
    assert planned.client.delete("/pacts/provider/orders/consumer/web/versions").is_success


def delete_integration(planned: Planned) -> None:
    planned.world.published("mail 1", to="orders")  # orders stays
    assert planned.client.delete("/integrations/provider/orders/consumer/web").is_success


def delete_participant(planned: Planned) -> None:
    assert planned.client.delete("/pacticipants/web").is_success


@pytest.mark.parametrize(
    "move",
    [deploy, undeploy, tag, delete_version, delete_environment, delete_contract, delete_contracts, delete_integration,
     delete_participant],
)  # fmt: skip
def test_the_gate_opens_in_the_transaction_of_whatever_moves_the_last_live_consumer(planned, move):
    move(planned)

    assert (planned.now["gate"], planned.now["leftConsumers"]) == ("open", [])
    assert planned.events() == ["opened"]
    [told] = planned.told
    assert (told["providerName"], told["consumerName"], told["planReason"]) == ("orders", "web", "web moved last")
    assert (told["planTitle"], told["planUrl"].endswith(planned.own)) == ("less", True)
    assert told["planUuid"] == planned.now["uuid"]


def move_main_branch(planned: Planned) -> None:
    assert planned.client.patch("/pacticipants/web", json={"mainBranch": "side"}).is_success


def advance_main_branch(planned: Planned) -> None:
    planned.published("web 3", "id", branch="main")


def name_head(planned: Planned) -> None:
    planned.world.on_branch("web 2", "main")


def leave_branch(planned: Planned) -> None:
    assert planned.client.delete("/pacticipants/web/branches/main/versions/1").is_success


def overwrite(planned: Planned) -> None:
    planned.world.put_pact("web 1", to="orders", content=planned.content("web", "id"))


@pytest.mark.parametrize("move", [move_main_branch, advance_main_branch, name_head, leave_branch])
def test_a_consumer_that_is_live_nowhere_moves_with_its_main_branch(planned, move):
    end_deployment(planned)
    assert planned.events() == []

    move(planned)

    assert (planned.now["gate"], planned.events()) == ("open", ["opened"])


def test_the_end_of_support_moves_a_consumer_as_a_deployment_does(planned):
    planned.world.released("web 1", to="shops")
    released = planned.world.last.json()["uuid"]
    planned.world.deployed("web 2", to="test")
    assert planned.events() == []

    body = {"currentlySupported": False}
    assert planned.client.patch(f"/released-versions/{released}", json=body, headers=MERGE_PATCH).is_success
    assert planned.events() == ["opened"]

    planned.world.released("web 1", to="shops")
    assert planned.events() == ["opened", "closed"]


def test_a_changed_contract_of_a_live_version_counts_at_once(broker_with, world_of, pact_document):
    running = broker_with(allow_dangerous_contract_modification=True)
    world = world_of(running)
    planned = Planned(world.client, running.engine, world, pact_document)
    planned.published("web 1", "total", branch="main")
    world.deployed("web 1", to="test")
    planned.begin()

    overwrite(planned)
    assert planned.events() == ["opened"]
    planned.world.put_pact("web 1", to="orders", content=planned.content("web", "total"))
    assert planned.events() == ["opened", "closed"]


def test_the_operators_clean_up_moves_consumers_too(planned, broker):
    arguments = ["broker", "clean", "--database-url", broker.settings.database_url, "--keep", '[{"latest": true}]']

    end_deployment(planned)  # what is deployed is always kept
    assert planned.events() == []

    done = CliRunner().invoke(main, arguments, catch_exceptions=False)

    assert done.exit_code == 0, done.output
    assert (planned.now["gate"], planned.events()) == ("open", ["opened"])


# --- back and forth -----------------------------------------------------------------------------------------------


def test_a_roll_back_closes_the_gate_and_it_is_told_again_when_it_opens(planned):
    planned.world.deployed("web 2", to="test")
    planned.world.deployed("web 1", to="test")

    found = planned.now
    assert (found["gate"], found["stage"], found["canRemove"]) == ("shut", "migrate", False)
    assert found["forecast"]["gateOpenedAt"] is None
    assert planned.told[-1]["planReason"] == "web 1 is live in test, and relies on it"

    planned.world.deployed("web 2", to="test")

    assert planned.events() == ["opened", "closed", "opened"]
    found = planned.now
    assert [(one["event"], one["consumers"], one["days"]) for one in found["history"]] == [
        ("opened", ["web"], 0.0), ("closed", ["web"], 0.0), ("opened", ["web"], 0.0),
    ]  # fmt: skip
    assert found["forecast"]["gateOpenedAt"] == found["history"][-1]["at"]
    assert [(one["consumer"], one["actualDays"], one["forecastDays"]) for one in found["moved"]] == [("web", 0.0, None)]


def test_a_new_consumer_of_the_old_shape_closes_the_gate(planned):
    planned.world.deployed("web 2", to="test")

    planned.published("mail 1", "total")

    assert planned.events() == ["opened", "closed"]
    assert planned.told[-1]["planReason"] == "mail 1 relies on it, and nothing of mail is known to be live"


def test_what_changes_nothing_is_not_told(planned):
    planned.world.deployed("web 2", to="test").deployed("web 2", to="shops").deployed("web 2", to="test")
    planned.published("web 4", "total", branch="other")

    assert planned.events() == ["opened"]


def test_a_plan_that_nobody_stands_in_the_way_of_is_told_when_it_is_made(planned):
    planned.begin("remove 'GET /orders/{id} 200 $.note'")

    assert [one["reason"] for one in planned.now["history"]] == ["no live consumer relies on it"]
    assert [one["eventName"] for one in planned.told] == ["plan_gate_opened"]


def test_a_closed_plan_is_told_of_no_more(planned):
    planned.client.post(f"{planned.own}/close", json={"as": "given-up"})

    planned.world.deployed("web 2", to="test")

    assert planned.told == []


def test_a_slip_is_one_until_somebody_uses_the_operation_and_then_never_again(planned):
    planned.begin("remove 'GET /invoices/{id} 200 $.total'")
    assert (planned.now["gate"], planned.now["stage"]) == ("shut", "migrate")

    one = {"description": "an invoice", "request": {"method": "GET", "path": "/invoices/7"},
           "response": {"status": 200, "body": {"id": 7}}}  # fmt: skip
    planned.world.published("mail 1", to="orders", content=planned.document("mail", "orders", one))
    assert planned.now["gate"] == "open"

    assert planned.client.delete("/pacticipants/mail").is_success
    assert planned.now["gate"] == "open"


def test_a_description_may_say_that_a_path_is_another_operation(planned):
    """/orders/7 is an order, until the provider says that it is something of its own."""

    def described(*templates: str) -> None:
        paths = {one: {"get": {"responses": {"200": {"description": "x"}}}} for one in templates}
        document = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": paths}
        assert planned.client.put("/pacticipants/orders/versions/1/description", json=document).is_success

    described("/orders/{id}", "/orders/7")
    assert (planned.now["gate"], planned.events()) == ("open", ["opened"])
    described("/orders/{id}")
    assert planned.events() == ["opened", "closed"]


def test_only_webhooks_of_the_provider_and_of_whoever_caused_it_are_told(planned):
    def hook(**sides: Any) -> None:
        body = {"events": [{"name": "plan_gate_opened"}], **sides,
                "request": {"method": "POST", "url": "https://example.org/hook"}}  # fmt: skip
        assert planned.client.post("/webhooks", json=body).status_code == 201, sides

    planned.world.participant("mail").labelled("web", "shop")
    hook(consumer={"name": "web"}, provider={"name": "orders"})
    hook(consumer={"label": "shop"})
    hook(consumer={"name": "mail"})
    hook(provider={"name": "mail"})
    hook(consumer={"label": "bank"}, provider={"name": "orders"})

    planned.world.deployed("web 2", to="test")

    assert len(planned.told) == 3


# --- what it costs ------------------------------------------------------------------------------------------------


def fifty_plans(planned: Planned, count: int) -> None:
    """So many providers of web with a plan each, and as many plans of orders."""
    for number in range(count):
        name = f"provider-{number}"
        one = {"description": "an order", "request": {"method": "GET", "path": "/orders/7"},
               "response": {"status": 200, "body": {"total": 7}}}  # fmt: skip
        planned.world.put_pact("web 1", to=name, content=planned.document("web", name, one))
        for provider in (name, "orders"):
            body = {"provider": provider, "edits": [EDIT], "title": f"plan {number}"}
            assert planned.client.post("/plans", json=body).status_code == 201


def test_a_move_costs_as_many_statements_with_a_hundred_plans_as_with_two(planned, watch_statements):
    def cost(call: Callable[[], Any]) -> int:
        with watch_statements(planned.engine) as ran:
            call()
        return len(ran)

    def unconcerned() -> None:
        planned.world.deployed("web 1", to="shops")  # nobody's gate changes

    def concerned() -> None:
        planned.world.deployed("web 2", to="test")
        planned.world.deployed("web 1", to="test")

    fifty_plans(planned, 1)
    planned.world.deployed("web 2", to="shops")
    few = cost(unconcerned), cost(concerned)
    fifty_plans(planned, 12)
    planned.world.deployed("web 2", to="shops")
    many = cost(unconcerned), cost(concerned)

    assert many == few


def test_nothing_planned_costs_one_statement(planned, watch_statements):
    planned.client.post(f"{planned.own}/close", json={"as": "given-up"})

    with watch_statements(planned.engine) as ran:
        planned.world.deployed("web 2", to="test")

    assert len([one for one in ran.all if "plan" in one.split("FROM")[-1] or "FROM plan" in one]) == 1


def test_a_list_costs_as_many_statements_however_long_it_is(planned, watch_statements):
    def cost() -> int:
        with watch_statements(planned.engine) as ran:
            planned.client.get("/plans")
        return len(ran)

    one = cost()
    fifty_plans(planned, 5)
    assert cost() == one <= 3


def test_consumers_that_move_at_once_open_the_gate_once(planned):
    """Two requests, each of which is the last to move for all the other can see."""
    for number in range(4):
        planned.published(f"mail{number} 1", "total").published(f"mail{number} 2", "id")
        planned.world.deployed(f"mail{number} 1", to="test")
    names = ["web", *(f"mail{number}" for number in range(4))]
    uuid = planned.world.environments["test"]

    for version, gate in (("2", "open"), ("1", "shut"), ("2", "open")):
        answers: list[int] = []

        def move(name: str, version: str = version, answers: list[int] = answers) -> None:
            path = f"/pacticipants/{name}/versions/{version}/deployed-versions/environment/{uuid}"
            answers.append(planned.client.post(path, json={}).status_code)

        threads = [threading.Thread(target=move, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [201] * len(names)
        assert planned.now["gate"] == gate
    assert planned.events() == ["opened", "closed", "opened"]


def test_a_request_that_changes_no_gate_does_not_wait_for_one(planned, broker):
    """On PostgreSQL; SQLite has one writer anyway."""
    if broker.kind != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with broker.engine.connect() as other, other.begin():
        other.execute(text("SELECT id FROM plan FOR NO KEY UPDATE"))
        planned.world.deployed("web 1", to="shops")
        planned.published("web 5", "total", branch="main")
