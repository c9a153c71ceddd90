"""Planned changes: made, looked at, listed, changed and closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

REPLACE_TOTAL = "replace 'GET /orders/{id} 200 $.total' by '$.amount.value'"
EDIT = "remove 'GET /orders/{id} 200 $.lines[*].total'"


@pytest.fixture
def plan(client: Any) -> Any:
    """`plan(title="…")`: a plan of orders, as the broker answers it."""

    def make(**more: Any) -> dict[str, Any]:
        response = client.post("/plans", json={"provider": "orders", "edits": [EDIT], **more})
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        assert response.headers["location"] == made["_links"]["self"]["href"]
        return made

    return make


def left(found: dict[str, Any]) -> dict[str, list[str]]:
    return {
        one["environment"]: [f"{each['consumer']} {each['version']}" for each in one["consumers"]]
        for one in found["left"]
    }


def test_a_plan_says_who_is_left_by_environment(orders, client, plan):
    made = plan(title="no totals of lines")

    assert (made["title"], made["stage"], made["gate"], made["canRemove"]) == (
        "no totals of lines", "migrate", "shut", False,
    )  # fmt: skip
    assert left(made) == {"production": ["web 1"], "test": ["web 2"]}
    assert (made["reason"], made["leftConsumers"]) == ("web still relies on it", ["web"])
    assert made["history"] == made["moved"] == []


def test_the_headers_say_since_when_until_when_and_where_to_read(orders, client, plan):
    since = int(datetime.now(UTC).timestamp())
    headers = plan(sunset="2999-05-01", url="https://example.org/changes?of=total")["headers"]

    assert abs(int(headers["Deprecation"].removeprefix("@")) - since) < 60
    assert headers["Sunset"] == "Wed, 01 May 2999 00:00:00 GMT"
    where = "<https://example.org/changes?of=total>"
    assert headers["Link"] == f'{where}; rel="deprecation", {where}; rel="sunset"'
    assert set(plan()["headers"]) == {"Deprecation"}
    assert plan(url="http://example.org/")["headers"]["Link"] == '<http://example.org/>; rel="deprecation"'


def test_a_consumer_of_which_nothing_is_known_to_be_live_counts_by_its_main_branch(orders, client, plan):
    made = plan(edits=["remove 'GET /orders/{id} 200 $.total'"])

    assert left(made) == {"(nothing of it is known to be live)": ["mail 1"], "test": ["web 2"]}


@pytest.mark.parametrize(
    ("edit", "body", "response"),
    [
        ("rename 'GET /orders/{id} 200 $.total' to 'sum'", {"sum": 9}, {}),
        ("rename 'GET /orders/{id} 200 $.total' to '$.sum'", {"sum": 9}, {}),
        (REPLACE_TOTAL, {"amount": {"value": "9 EUR"}}, {}),
        ("rename 'GET /orders/{id} 200 $.lines[*].total' to 'sum'", {"lines": [{"sum": 1}]}, {}),
        ("rename 'GET /orders/{id} 200 header X-Total' to X-Sum", {}, {"headers": {"x-sum": "9"}}),
    ],
)
def test_a_new_name_that_a_contract_has_is_there(orders, client, plan, pact_document, an_order, edit, body, response):
    made = plan(edits=[edit])
    assert made["stage"] in ("expand", "contract")

    content = pact_document("mail", "orders", an_order("the new name", body, **response), version="3.0.0")
    orders.published("mail 2", to="orders", branch="main", content=content)

    found = client.get(f"/plans/{made['uuid']}").json()
    assert found["stage"] == ("migrate" if found["left"] else "contract")


def test_several_edits_are_expanded_when_the_new_names_of_all_are_there(
    orders, client, plan, pact_document, an_order, described
):
    edits = [
        "rename 'GET /orders/{id} 200 $.total' to 'sum'",
        "rename 'GET /orders/{id} 200 $.lines[*].total' to 'sum'",
    ]
    own = f"/plans/{plan(edits=edits)['uuid']}"
    assert client.get(own).json()["stage"] == "expand"

    content = pact_document("mail", "orders", an_order("the sum", {"sum": 9}), version="3.0.0")
    orders.published("mail 2", to="orders", branch="main", content=content)
    assert client.get(own).json()["stage"] == "expand"

    described("1", {"lines": {"type": "array", "items": {"type": "object", "properties": {"sum": {}}}}})
    assert client.get(own).json()["stage"] == "migrate"

    assert client.delete("/pacticipants/orders/versions/1/description").status_code == 204
    assert client.get(own).json()["stage"] == "expand"


def test_a_new_name_that_was_seen_in_verification_is_there(orders, client, plan, seen):
    own = f"/plans/{plan(edits=[REPLACE_TOTAL])['uuid']}"
    orders.on_branch("orders 1", "main")
    assert client.get(own).json()["stage"] == "expand"

    seen("1", "$.id", "$.amount", "$.amount.value")
    assert client.get(own).json()["stage"] == "migrate"

    assert client.delete("/pacticipants/orders/versions/1/shape").status_code == 204
    assert client.get(own).json()["stage"] == "expand"


def test_a_new_name_of_a_side_branch_is_there_while_it_is_live(orders, client, plan, seen):
    own = f"/plans/{plan(edits=[REPLACE_TOTAL])['uuid']}"
    client.patch("/pacticipants/orders", json={"mainBranch": "main"})
    orders.on_branch("orders 1", "main").on_branch("orders 2", "side")
    seen("1", "$.id")
    seen("2", "$.id", "$.amount.value")
    assert client.get(own).json()["stage"] == "expand"

    orders.deployed("orders 2", to="production")
    assert client.get(own).json()["stage"] == "migrate"
    orders.deployed("orders 1", to="production")
    assert client.get(own).json()["stage"] == "expand"


@pytest.fixture
def seen(client: Any) -> Any:
    """`seen("1", "$.id")`: an order of orders 1 was seen to have these fields."""

    def add(version: str, *fields: str) -> None:
        answer = {"method": "GET", "template": "/orders/{id}", "side": "response", "status": "200",
                  "body": {"$": ["object"], **{field: ["string"] for field in fields}}}  # fmt: skip
        shape = {"complete": True, "answers": [answer]}
        assert client.post(f"/pacticipants/orders/versions/{version}/shape", json=shape).status_code == 201

    return add


@pytest.fixture
def described(client: Any) -> Any:
    """`described("1", {"sum": {}})`: orders 1 publishes a description in which an order has these fields."""

    def publish(version: str, properties: dict[str, Any], template: str = "/orders/{id}") -> None:
        schema = {"type": "object", "properties": properties}
        answer = {"description": "an order", "content": {"application/json": {"schema": schema}}}
        document = {"openapi": "3.1.0", "info": {"title": "Orders", "version": version},
                    "paths": {template: {"get": {"responses": {"200": answer}}}}}  # fmt: skip
        response = client.put(f"/pacticipants/orders/versions/{version}/description", json=document)
        assert response.is_success, response.text

    return publish


def test_a_field_of_a_message_is_planned_away_like_any_other(world, client, pact_document):
    def message(field: str) -> dict[str, Any]:
        return {
            "consumer": {"name": "mail"}, "provider": {"name": "orders"},
            "messages": [{"description": "an order was paid", "contents": {field: 1},
                          "metaData": {"topic": "orders.paid", "contentType": "application/json"}}],
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }  # fmt: skip

    world.published("mail 1", to="orders", branch="main", content=message("total")).deployed("mail 1", to="test")
    body = {"provider": "orders", "edits": ["rename 'orders.paid $.total' to 'sum'"]}
    made = client.post("/plans", json=body).json()
    assert (made["stage"], left(made)) == ("expand", {"test": ["mail 1"]})

    world.published("mail 2", to="orders", branch="main", content=message("sum"))
    assert client.get(f"/plans/{made['uuid']}").json()["stage"] == "migrate"
    world.deployed("mail 2", to="test")
    assert client.get(f"/plans/{made['uuid']}").json()["stage"] == "contract"


# --- lists --------------------------------------------------------------------------------------------------------


def test_plans_are_listed_in_pages_open_ones_first(orders, client, plan):
    first, second, third = (plan(title=f"plan {number}")["uuid"] for number in (1, 2, 3))
    client.post(f"/plans/{second}/close", json={"as": "given-up"})

    def listed(query: str) -> list[str]:
        return [one["uuid"] for one in client.get(f"/plans{query}").json()["_embedded"]["plans"]]

    assert listed("") == [third, first, second]
    assert listed("?open=true") == [third, first]
    assert listed("?open=false") == [second]
    assert listed("?title=plan%202&provider=orders") == [second]
    assert listed("?provider=web") == []
    page = client.get("/plans?provider=orders&size=2").json()
    assert page["page"] == {"number": 1, "size": 2, "totalElements": 3, "totalPages": 2}
    following = client.get(page["_links"]["next"]["href"]).json()
    assert [one["uuid"] for one in following["_embedded"]["plans"]] == [second]
    assert following["_links"]["previous"]["href"].endswith("provider=orders")
    assert client.get("/plans?open=maybe").status_code == 400
    assert client.get("/plans?size=no").status_code == 400


def test_a_list_says_what_each_plan_would(orders, client, plan):
    made = plan(sunset="2999-05-01", url="https://example.org/")

    [listed] = client.get("/plans").json()["_embedded"]["plans"]

    assert listed == {name: made[name] for name in listed}


# --- changing and closing -----------------------------------------------------------------------------------------


def test_title_sunset_and_url_can_be_changed_and_edits_cannot(orders, client, plan):
    made = plan(sunset="2999-05-01", url="https://example.org/")
    own = f"/plans/{made['uuid']}"

    changed = client.patch(own, json={"title": "another", "sunset": None}).json()

    assert (changed["title"], "sunset" in changed, changed["url"]) == ("another", False, "https://example.org/")
    assert client.patch(own, json={"edits": [EDIT]}).json() == {
        "errors": {"edits": ["cannot be changed: another change is another plan"]}
    }
    assert client.patch(own, json={"title": None}).status_code == 400
    assert client.patch(own, json={"sunset": "2001-01-01"}).status_code == 400
    assert client.patch(own, json={}).json()["title"] == "another"


def test_a_plan_is_closed_as_done_or_given_up_and_stays_so(orders, client, plan):
    own = f"/plans/{plan()['uuid']}"

    refused = client.post(f"{own}/close", json={})
    assert refused.status_code == 422
    assert "its gate is shut" in refused.json()["errors"]["as"][0]
    assert client.post(f"{own}/close", json={"as": "finished"}).status_code == 400
    closed = client.post(f"{own}/close", json={"as": "given-up"}).json()
    assert (closed["stage"], closed["outcome"], closed["canRemove"]) == ("closed", "given-up", False)
    assert closed["reason"] == f"the plan was given up at {closed['closedAt']}, and web still relies on it"

    assert client.post(f"{own}/close", json={}).json()["closedAt"] == closed["closedAt"]
    again = client.post(f"{own}/close", json={"as": "done"})
    assert (again.status_code, again.json()["errors"]["as"]) == (
        422, [f"cannot be changed: it was closed as given-up at {closed['closedAt']}"],
    )  # fmt: skip


def test_a_plan_whose_gate_is_open_is_done_when_it_is_closed(orders, client, plan):
    made = plan(edits=["remove 'GET /orders/{id} 200 $.note'"])
    assert (made["stage"], made["gate"]) == ("contract", "open")

    closed = client.post(f"/plans/{made['uuid']}/close", json={}).json()

    assert (closed["stage"], closed["outcome"], closed["canRemove"]) == ("closed", "done", True)
    assert [one["event"] for one in closed["history"]] == ["opened"]


# --- may it go ----------------------------------------------------------------------------------------------------


def test_whether_the_old_shape_may_go_is_a_resource_of_its_own(orders, client, plan):
    made = plan(title="no totals of lines")

    answer = client.get(made["_links"]["ts:can-i-remove"]["href"]).json()

    assert (answer["canRemove"], answer["verdict"], answer["reason"]) == (False, "no", "web still relies on it")
    assert left(answer) == {"production": ["web 1"], "test": ["web 2"]}
    assert answer["plan"] == {
        "uuid": made["uuid"], "title": "no totals of lines", "provider": "orders", "stage": "migrate",
    }  # fmt: skip


def test_a_slip_in_an_edit_removes_nothing(orders, client, plan):
    made = plan(edits=["remove 'GET /order/{id} 200 $.total'"])

    assert (made["gate"], made["canRemove"]) == ("shut", False)
    assert made["reason"] == "neither a contract nor a description of orders has the operation: check the edits"
    answer = client.get(f"/plans/{made['uuid']}/can-i-remove").json()
    assert (answer["canRemove"], answer["verdict"]) == (None, "unknown")


def test_nobody_knows_what_a_contract_relies_on_that_cannot_be_read(orders, client, plan, pact_document):
    odd = {"description": "odd", "request": 1, "response": []}
    orders.put_pact("old 3", to="orders", content=pact_document("old", "orders", odd))

    made = plan(edits=["remove 'GET /orders/{id} 200 $.note'"])

    assert (made["gate"], made["stage"]) == ("shut", "migrate")
    assert made["reason"] == "a contract of old cannot be read, so nobody knows what it relies on"
    [unread] = client.get(f"/plans/{made['uuid']}/can-i-remove").json()["unread"]
    assert [one["consumer"] for one in unread["consumers"]] == ["old"]


def test_an_unknown_plan_is_told_with_the_one_that_reads_like_it(orders, client, plan):
    uuid = plan()["uuid"]

    for own in (f"/plans/{uuid[:-1]}x", f"/plans/{uuid[:-1]}x/can-i-remove"):
        answer = client.get(own)
        assert (answer.status_code, f"did you mean {uuid}?" in answer.text) == (404, True)
    assert "GET /plans lists them" in client.get("/plans/none").text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"edits": [EDIT]}, 400),
        ({"provider": "orders", "edits": ["delete"]}, 400),
        ({"provider": "orders", "edits": [EDIT], "sunset": "soon"}, 400),
        ({"provider": "orders", "edits": [EDIT], "sunset": "2001-01-01"}, 400),
        ({"provider": "orders", "edits": [EDIT], "url": "javascript:alert(1)"}, 400),
        ({"provider": "orders", "edits": [EDIT], "url": 'https://example.org/">'}, 400),
        ({"provider": "orders", "edits": [EDIT], "url": "https://example.org/\r\nSet-Cookie: a=b"}, 400),
        ({"provider": "nobody", "edits": [EDIT]}, 404),
    ],
)
def test_what_cannot_be_planned_is_refused(orders, client, body, status):
    assert client.post("/plans", json=body).status_code == status
