"""Planned changes: counted anew at every look, and told when the last live consumer has moved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from tallystick.broker.webhooks.queries import DELIVERY

EDIT = "remove 'GET /orders/{id} 200 $.lines[*].total'"


def plan(client: Any, **more: Any) -> dict[str, Any]:
    response = client.post("/plans", json={"provider": "orders", "edits": [EDIT], **more})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    assert response.headers["location"] == made["_links"]["self"]["href"]
    return made


def left(found: dict[str, Any]) -> dict[str, list[str]]:
    return {
        one["environment"]: [f"{each['consumer']} {each['version']}" for each in one["consumers"]]
        for one in found["left"]
    }


def moved_on(orders: Any, pact_document: Any, an_order: Any) -> None:
    content = pact_document("web", "orders", an_order("less", {"id": 7}), version="3.0.0")
    orders.published("web 3", to="orders", branch="main", content=content)


def test_a_plan_says_who_is_left_by_environment(orders, client):
    made = plan(client, title="no totals of lines", sunset="2031-05-01")

    assert (made["title"], made["stage"], made["canRemove"]) == ("no totals of lines", "migrate", False)
    assert left(made) == {"production": ["web 1"], "test": ["web 2"]}
    assert made["reason"] == "web still relies on it"
    assert made["headers"]["Sunset"] == "Thu, 01 May 2031 00:00:00 GMT"
    assert made["headers"]["Deprecation"].startswith("@")


def test_the_gate_opens_when_the_last_live_consumer_has_moved(orders, client, pact_document, an_order, broker):
    hook = {"events": [{"name": "plan_gate_opened"}], "provider": {"name": "orders"},
            "request": {"method": "POST", "url": "https://example.org/hook"}}  # fmt: skip
    assert client.post("/webhooks", json=hook).status_code == 201
    made = plan(client)
    own = f"/plans/{made['uuid']}"
    moved_on(orders, pact_document, an_order)

    orders.deployed("web 3", to="test")
    found = client.get(own).json()
    assert (found["stage"], left(found)) == ("migrate", {"production": ["web 1"]})
    assert deliveries(broker) == []

    orders.deployed("web 3", to="production")
    found = client.get(own).json()
    assert (found["stage"], found["canRemove"], left(found)) == ("contract", True, {})
    assert found["reason"] == "no live consumer relies on it"
    assert found["forecast"]["actualDays"] == 0.0
    assert found["forecast"]["made"]["note"] == "not enough history of web"
    [told] = deliveries(broker)
    assert (told["eventName"], told["providerName"], told["planUrl"]) == (
        "plan_gate_opened", "orders", f"{broker.url}{own}",
    )  # fmt: skip

    orders.deployed("web 3", to="shops")
    assert len(deliveries(broker)) == 1  # told once


def deliveries(broker: Any) -> list[dict[str, Any]]:
    with broker.engine.connect() as connection:
        return [json.loads(one) for one in connection.execute(select(DELIVERY.c.parameters)).scalars()]


def test_the_old_shape_that_comes_back_closes_the_gate_again(orders, client, pact_document, an_order):
    made = plan(client)
    moved_on(orders, pact_document, an_order)
    orders.deployed("web 3", to="test").deployed("web 3", to="production")
    orders.deployed("web 1", to="production")

    assert client.get(f"/plans/{made['uuid']}").json()["canRemove"] is False


def test_a_consumer_of_which_nothing_is_known_to_be_live_counts_by_its_main_branch(orders, client):
    made = plan(client, edits=["remove 'GET /orders/{id} 200 $.total'"])

    assert left(made) == {"(nothing of it is known to be live)": ["mail 1"], "test": ["web 2"]}


def test_a_rename_whose_new_name_nobody_has_is_still_to_be_expanded(orders, client, pact_document, an_order):
    made = plan(client, edits=["rename 'GET /orders/{id} 200 $.total' to 'sum'"])
    assert made["stage"] == "expand"

    content = pact_document("mail", "orders", an_order("the sum", {"sum": 9}), version="3.0.0")
    orders.published("mail 2", to="orders", branch="main", content=content)

    assert client.get(f"/plans/{made['uuid']}").json()["stage"] == "migrate"


def test_plans_are_listed_and_closed(orders, client):
    made = plan(client)

    closed = client.post(f"/plans/{made['uuid']}/close", json={})
    assert (closed.status_code, closed.json()["stage"]) == (200, "closed")
    listed = client.get("/plans", params={"provider": "orders"}).json()["_embedded"]["plans"]
    assert [(one["uuid"], one["stage"]) for one in listed] == [(made["uuid"], "closed")]
    assert client.get("/plans", params={"provider": "web"}).json()["_embedded"]["plans"] == []


def test_a_slip_in_an_edit_removes_nothing(orders, client):
    made = plan(client, edits=["remove 'GET /order/{id} 200 $.total'"])

    assert made["canRemove"] is False
    assert made["reason"] == "neither a contract nor a description of orders has the operation: check the edits"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"edits": [EDIT]}, 400),
        ({"provider": "orders", "edits": ["delete"]}, 400),
        ({"provider": "orders", "edits": [EDIT], "sunset": "soon"}, 400),
        ({"provider": "nobody", "edits": [EDIT]}, 404),
    ],
)
def test_what_cannot_be_planned_is_refused(orders, client, body, status):
    assert client.post("/plans", json=body).status_code == status
    assert client.get("/plans/none").status_code == 404
