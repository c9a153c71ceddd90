"""What a change would break, asked over HTTP before it is made."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from tallystick.broker.db import now, write
from tallystick.broker.impact.queries import HAPPENED

REMOVE = "remove 'GET /orders/{id} 200 $.lines[*].total'"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/orders/{id}": {
            "get": {
                "responses": {
                    "200": {
                        "description": "an order",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "id": {"type": "integer"},
                                        "total": {"type": "integer"},
                                        "note": {"type": "string"},
                                    },
                                }
                            }
                        },
                    }
                }
            }
        }
    },
}


def ask(client: Any, **body: Any) -> Any:
    response = client.post("/pacticipants/orders/impact", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def without(*names: str) -> dict[str, Any]:
    changed = copy.deepcopy(DOCUMENT)
    media = changed["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    for name in names:
        del media["schema"]["properties"][name]
    return changed


def test_an_edit_tells_who_breaks_where_and_whom_to_ask(orders, client):
    found = ask(client, edits=[REMOVE])

    assert (found["verdict"], found["strength"], found["edits"]) == ("breaks", "C", [REMOVE])
    assert [one["name"] for one in found["consumers"]] == ["web"]
    web = found["consumers"][0]
    assert [(one["number"], one["live"]) for one in web["versions"]] == [("1", True), ("2", True)]
    assert web["versions"][0]["standings"][0]["environment"] == "production"
    assert web["usedSince"]["version"] == "1"
    assert web["contacts"] == [{"environment": "production", "name": "Team Web"}]
    [line] = web["breaks"]
    assert {name: line[name] for name in ("edit", "interaction", "field", "strictness", "certain", "versions")} == {
        "edit": REMOVE,
        "interaction": "an order with lines",
        "field": "$.lines[*].total",
        "strictness": "type",
        "certain": True,
        "versions": ["1", "2"],
    }
    assert "total" in line["sentence"]


def test_the_cost_is_the_sum_of_its_parts(orders, client):
    cost = ask(client, edits=[REMOVE])["cost"]

    assert {part["what"]: part["count"] for part in cost["parts"]} == {
        "consumers": 1,
        "interactions": 1,
        "live versions": 2,
        "environments": 2,
        "production environments": 1,
        "strict expectations": 0,
    }
    assert all(part["points"] == part["count"] * part["weight"] for part in cost["parts"])
    assert cost["points"] == sum(part["points"] for part in cost["parts"])


def test_what_nobody_relies_on_is_safe_and_a_slip_is_unknown(orders, client):
    gone = ask(client, edits=["remove 'GET /orders/{id} 200 $.note'"])
    assert (gone["verdict"], gone["consumers"], gone["cost"]["points"], gone["ways"]) == ("safe", [], 0, [])
    assert gone["unused"][0]["operationUsed"] is True

    slip = ask(client, edits=["remove 'GET /order/{id} 200 $.total'"])
    assert (slip["verdict"], slip["unused"][0]["nearest"]) == ("unknown", ["GET /orders/{id}"])


def test_too_little_history_gives_no_forecast_and_says_so(orders, client):
    found = ask(client, edits=[REMOVE])

    assert found["forecast"] == {
        "days": None,
        "lowDays": None,
        "highDays": None,
        "slowest": None,
        "atLeastDays": 0,
        "note": "not enough history of web",
    }
    assert found["consumers"][0]["forecast"]["note"] == "not enough history in production, test"


def test_the_forecast_is_the_median_between_deployments_with_its_spread(orders, client, broker):
    orders.deployed("web 1", to="test")  # web 1 is what is live there, and the only one
    with write(broker.engine) as session:
        session.execute(HAPPENED.delete())
        at = now(session)
        for environment, days in (("production", (40, 30, 20, 8, 0)), ("test", (8, 6, 4, 2))):
            for number, ago in enumerate(days):
                session.execute(
                    HAPPENED.insert().values(
                        kind="deployed", participant="web", version=str(number), environment=environment,
                        production=environment == "production", application_instance="", at=at - timedelta(days=ago),
                    )
                )  # fmt: skip

    found = ask(client, edits=[REMOVE])

    assert found["consumers"][0]["forecast"] == {
        "days": 10.0,
        "lowDays": 9.5,
        "highDays": 10.5,
        "cadence": [
            {"environment": "production", "intervals": 4, "medianDays": 10.0, "lowDays": 9.5, "highDays": 10.5},
            {"environment": "test", "intervals": 3, "medianDays": 2.0, "lowDays": 2.0, "highDays": 2.0},
        ],
    }
    assert (found["forecast"]["days"], found["forecast"]["slowest"]) == (10.0, "web")


def test_three_ways_are_compared_for_this_case(orders, client):
    ways = {one["way"]: one for one in ask(client, edits=["rename 'GET /orders/{id} 200 $.total' to 'sum'"])["ways"]}

    assert list(ways) == ["tolerant addition", "expand and contract", "side-by-side version"]
    assert [one["acts"] for one in ways.values()] == [
        ["orders"], ["orders", "mail", "web"], ["orders", "mail", "old", "web"],
    ]  # fmt: skip
    assert [one["interactionsToRewrite"] for one in ways.values()] == [0, 2, 4]
    assert ways["tolerant addition"]["forecast"]["days"] == 0


def test_a_changed_description_is_compared_with_the_published_one(orders, client):
    client.put("/pacticipants/orders/versions/1/description", json=DOCUMENT)

    found = ask(client, description=without("total", "note"))

    assert (found["verdict"], found["strength"]) == ("breaks", "B")
    assert [one["name"] for one in found["consumers"]] == ["mail", "web"]
    # By the rulebook a break as well, and nobody relies on it.
    assert [one["edit"] for one in found["unused"]] == ["remove 'GET /orders/{id} 200 $.note'"]


def test_two_descriptions_can_be_compared_without_any_published(orders, client):
    assert ask(client, description=without("note"), **{"from": DOCUMENT})["verdict"] == "safe"
    assert ask(client, description=without("total"), **{"from": DOCUMENT})["verdict"] == "breaks"


@pytest.mark.parametrize(
    ("body", "status", "key", "said"),
    [
        ({}, 400, "edits", "is missing"),
        ({"edits": []}, 400, "edits", "must have at least one edit"),
        ({"edits": ["delete it"]}, 400, "edits", "(at index 0)"),
        ({"edits": [7]}, 400, "edits", "must be a string (at index 0)"),
        ({"description": {"openapi": "9"}}, 422, "description", "OpenAPI 9 is not supported"),
        ({"description": DOCUMENT}, 422, "from", "tallystick publish-description"),
        ({"description": DOCUMENT, "edits": [REMOVE]}, 400, "edits", "ask twice"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(orders, client, body, status, key, said):
    response = client.post("/pacticipants/orders/impact", json=body)

    assert response.status_code == status
    assert any(said in one for one in response.json()["errors"][key]), response.text
