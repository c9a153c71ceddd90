"""What is kept of plans equals a count from the start, and what was told equals what changed, after any calls."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tallystick.broker.db import read, write
from tallystick.broker.impact import gates, plan_queries
from tallystick.broker.tables import metadata
from tallystick.broker.webhooks.queries import DELIVERY

CONSUMERS, PROVIDERS = ("web", "app"), ("orders", "billing")
VERSIONS, BRANCHES, PLACES = ("1", "2", "3"), ("main", "side"), ("test", "production")
MERGE_PATCH = {"content-type": "application/merge-patch+json"}
BODIES = ({"total": 7}, {"sum": 7}, {"id": 7}, {"total": 7, "amount": {"value": 7}}, {"lines": [{"total": 1}]})
EDITS = (
    "rename 'GET /orders/{id} 200 $.total' to 'sum'",
    "replace 'GET /orders/{order} 200 $.total' by '$.amount.value'",
    "drop operation 'GET /orders/{id}'",
    "remove 'GET /orders/latest 200 $.total'",
    "remove 'GET /orders/{id} 200 $.lines[*].total'",
    "remove 'GET /nothing 200 $.total'",
)
DESCRIBED = (("/orders/{id}", "sum"), ("/orders/latest", "total"), ("/orders/{order}", "id"), ("/nothing", "total"))


class Story:
    """Random calls of the API. Arguments come from one source of chance, so that a seed names a story."""

    def __init__(self, client: httpx.Client, chance: random.Random, documents: Callable[..., Any]) -> None:
        self.client, self.pick, self.documents = client, chance.choice, documents
        self.told: list[str] = []
        hook = {"events": [{"name": gates.OPENED}, {"name": gates.CLOSED}],
                "request": {"method": "POST", "url": "https://example.org/hook"}}  # fmt: skip
        self.call("POST", "/webhooks", json=hook)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self.client.request(method, path, **more)
        self.told.append(f"{method} {path} {str(more.get('json', ''))[:160]} -> {response.status_code}")
        assert response.status_code < 500, response.text
        return response

    def version(self, name: str | None = None) -> str:
        return f"/pacticipants/{name or self.pick(CONSUMERS + PROVIDERS)}/versions/{self.pick(VERSIONS)}"

    def pact(self) -> str:
        pair = f"/pacts/provider/{self.pick(PROVIDERS)}/consumer/{self.pick(CONSUMERS)}"
        return f"{pair}/version/{self.pick(VERSIONS)}"

    # --- what is published

    def publish(self) -> None:
        path = self.pact()
        _, _, _, provider, _, consumer, _, _ = path.split("/")
        where = self.pick(("/orders/7", "/orders/latest"))
        one = {"description": "an order", "request": {"method": "GET", "path": where},
               "response": {"status": 200, "body": self.pick(BODIES)}}  # fmt: skip
        sent = self.documents(consumer, provider, one)
        if self.pick(range(6)) == 0:
            sent["interactions"] = [{"description": "nobody can read this", "request": 1, "response": []}]
        self.call("PUT", path, json=sent)

    def merge(self) -> None:
        path = self.pact()
        _, _, _, provider, _, consumer, _, _ = path.split("/")
        one = {"description": self.pick(("more", "less")), "request": {"method": "GET", "path": "/orders/8"},
               "response": {"status": 200, "body": self.pick(BODIES)}}  # fmt: skip
        self.call("PATCH", path, json=self.documents(consumer, provider, one))

    def unpublish(self) -> None:
        path = self.pact()
        self.call("DELETE", self.pick((path, path.rpartition("/version/")[0] + "/versions")))

    def describe(self) -> None:
        template, field = self.pick(DESCRIBED)
        schema = {"type": "object", "properties": {field: {"type": "integer"}}}
        answer = {"description": "ok", "content": {"application/json": {"schema": schema}}}
        document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"},
                    "paths": {template: {"get": {"responses": {"200": answer}}}}}  # fmt: skip
        self.call("PUT", f"{self.version(self.pick(PROVIDERS))}/description", json=document)

    def undescribe(self) -> None:
        self.call("DELETE", f"{self.version(self.pick(PROVIDERS))}/description")

    # --- versions and their names

    def branch(self) -> None:
        name, number = self.pick(CONSUMERS + PROVIDERS), self.pick(VERSIONS)
        self.call("PUT", f"/pacticipants/{name}/branches/{self.pick(BRANCHES)}/versions/{number}", json={})

    def unbranch(self) -> None:
        own = f"/pacticipants/{self.pick(CONSUMERS + PROVIDERS)}/branches/{self.pick(BRANCHES)}"
        self.call("DELETE", self.pick((own, f"{own}/versions/{self.pick(VERSIONS)}")))

    def main_branch(self) -> None:
        name = self.pick(CONSUMERS + PROVIDERS)
        self.call("PATCH", f"/pacticipants/{name}", json={"mainBranch": self.pick((*BRANCHES, None))})

    def tag(self) -> None:
        self.call("PUT", f"{self.version()}/tags/{self.pick((*PLACES, 'main'))}", json={})

    def forget(self) -> None:
        self.call("DELETE", self.version())

    def forget_participant(self) -> None:
        if self.pick(range(3)) == 0:
            self.call("DELETE", f"/pacticipants/{self.pick(CONSUMERS + PROVIDERS)}")

    def forget_pair(self) -> None:
        if self.pick(range(2)) == 0:
            self.call("DELETE", f"/integrations/provider/{self.pick(PROVIDERS)}/consumer/{self.pick(CONSUMERS)}")

    # --- what is live

    def _environments(self) -> dict[str, str]:
        found = self.client.get("/environments").json()["_embedded"]["environments"]
        return {one["name"]: one["uuid"] for one in found}

    def environment(self) -> None:
        name, there = self.pick(PLACES), self._environments()
        if name not in there:
            self.call("POST", "/environments", json={"name": name, "production": False})
        elif self.pick(range(4)) == 0:
            self.call("DELETE", f"/environments/{there[name]}")

    def deploy(self) -> None:
        for uuid in self._environments().values():
            body = {"applicationInstance": self.pick(("blue", "green"))} if self.pick((True, False)) else {}
            self.call("POST", f"{self.version()}/deployed-versions/environment/{uuid}", json=body)

    def undeploy(self) -> None:
        for uuid in self._environments().values():
            path = f"/environments/{uuid}/deployed-versions/currently-deployed"
            for one in self.client.get(path).json()["_embedded"]["deployedVersions"][:1]:
                body = {"currentlyDeployed": False}
                self.call("PATCH", f"/deployed-versions/{one['uuid']}", json=body, headers=MERGE_PATCH)

    def release(self) -> None:
        for uuid in self._environments().values():
            self.call("POST", f"{self.version()}/released-versions/environment/{uuid}", json={})

    def end_release(self) -> None:
        for uuid in self._environments().values():
            path = f"/environments/{uuid}/released-versions/currently-supported"
            for one in self.client.get(path).json()["_embedded"]["releasedVersions"][:1]:
                body = {"currentlySupported": False}
                self.call("PATCH", f"/released-versions/{one['uuid']}", json=body, headers=MERGE_PATCH)

    # --- plans

    def plan(self) -> None:
        edits = list(dict.fromkeys(self.pick(EDITS) for _ in range(self.pick((1, 1, 2)))))
        self.call("POST", "/plans", json={"provider": self.pick(PROVIDERS), "edits": edits})

    def close(self) -> None:
        found = self.plans()
        if found and self.pick(range(3)) == 0:
            self.call("POST", f"/plans/{self.pick(found)['uuid']}/close", json={"as": "given-up"})

    def plans(self) -> list[Any]:
        found: list[Any] = self.client.get("/plans?open=true").json()["_embedded"]["plans"]
        return found


WEIGHTS = {"publish": 8, "plan": 4, "deploy": 5, "branch": 3, "describe": 3, "tag": 2, "environment": 2, "release": 2}
OPENING = ("environment", "environment", "publish", "publish", "publish", "publish", "deploy", "plan", "plan", "plan")
CALLS = [
    name
    for name in vars(Story)
    if not name.startswith("_") and name not in ("call", "version", "pact", "plans")
    for _ in range(WEIGHTS.get(name, 1))
]


@pytest.fixture
def new_story(
    kind: str, broker_with: Callable[..., Any], pact_document: Callable[..., Any]
) -> Iterator[tuple[Any, Callable[[int], Story]]]:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True, webhook_first_attempt_seconds=9999)
    with httpx.Client(base_url=running.url, timeout=30, verify=False) as client:

        def new(seed: int) -> Story:
            with write(running.engine) as session:
                for table in reversed(metadata.sorted_tables):
                    if table.name != "schema_revision":
                        session.execute(table.delete())
            return Story(client, random.Random(seed), pact_document)

        yield running, new


def told(engine: Any, seen: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """uuid of a delivery -> plan and event, those included that went with a consumer that was deleted later."""
    with read(engine) as connection:
        for row in connection.execute(select(DELIVERY).order_by(DELIVERY.c.id)):
            seen[row.uuid] = (json.loads(row.parameters)["planUuid"], row.event)
    return seen


def check(running: Any, story: Story, seen: dict[str, tuple[str, str]]) -> None:
    everything = list(told(running.engine, seen).values())
    for kept in story.plans():
        now = story.client.get(f"/plans/{kept['uuid']}").json()
        for name in ("gate", "leftConsumers", "reason"):
            assert kept[name] == now[name], (name, kept, now)
        events = [event for plan, event in everything if plan == kept["uuid"]]
        assert events == [f"plan_gate_{one['event']}" for one in now["history"]], kept
        opened = bool(events) and events[-1] == gates.OPENED
        assert kept["gate"] == ("open" if opened else "shut"), kept
        may = story.client.get(f"/plans/{kept['uuid']}/can-i-remove").json()
        assert (may["canRemove"] is True) == (kept["gate"] == "open")


class _Undone(Exception):
    pass


def anew(running: Any) -> None:
    """Counting everything from the start finds every plan in the stage that is kept."""
    with read(running.engine) as connection:
        before = {row.id: row.stage for row in connection.execute(select(plan_queries.PLAN))}
    try:
        with write(running.engine) as session:
            rows = plan_queries.concerned(
                session, session.execute(select(plan_queries.PLAN.c.provider_id)).scalars().all()
            )
            for row in rows:
                basis = json.loads(row.counted)
                plan_queries.change(session, row.id, counted=json.dumps({**basis, "description": "another"}))
            rows = plan_queries.concerned(session, {row.provider_id for row in rows})
            gates.count(session, rows, {row.provider_id for row in rows}, running.settings)
            after = {row.id: row.stage for row in session.execute(select(plan_queries.PLAN))}
            raise _Undone
    except _Undone:
        assert after == before


@pytest.mark.parametrize("seed", range(int(os.environ.get("TALLYSTICK_EXAMPLES", "3"))))
def test_gates_follow_any_sequence_of_calls(new_story: Any, seed: int) -> None:
    running, new = new_story
    story, seen = new(seed), dict[str, tuple[str, str]]()
    try:
        for place, name in enumerate((*OPENING, *(story.pick(CALLS) for _ in range(50)))):
            getattr(story, name)()
            told(running.engine, seen)
            if place % 8 == 7:
                check(running, story, seen)
        check(running, story, seen)
        anew(running)
    except AssertionError:
        print("\n".join(story.told))
        raise


def test_the_random_calls_turn_gates_often_enough(new_story: Any) -> None:
    """The property above would hold where nothing ever happens, too."""
    running, new = new_story
    events: list[str] = []
    for seed in range(3):
        story, seen = new(100 + seed), dict[str, tuple[str, str]]()
        for name in (*OPENING, *(story.pick(CALLS) for _ in range(60))):
            getattr(story, name)()
            told(running.engine, seen)
        events += [event for _, event in seen.values()]
    assert events.count(gates.OPENED) > 5
    assert events.count(gates.CLOSED) > 2
