"""Who uses what of a provider: over HTTP, whole answers."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

COUNTED = (
    "contracts of versions that are deployed, or released and supported, or the head of the consumer's main branch "
    "(the newest version with a contract, where no version of a main branch is known)"
)
PRODUCTION = {"kind": "deployed", "environment": "production", "production": True, "since": "{time}"}
TEST = {"kind": "deployed", "environment": "test", "production": False, "since": "{time}"}
MAIN = {"kind": "main", "since": "{time}"}


def ask(client: httpx.Client, **query: str) -> httpx.Response:
    return client.get("/pacticipants/orders/usage", params=query)


def names(document: dict[str, Any]) -> list[str]:
    return [one["name"] for one in document["consumers"]]


def test_a_field_tells_consumers_strictness_versions_environments_and_since_when(orders, client, expect):
    use = {
        "operation": "GET /orders/{id}",
        "side": "response",
        "place": "200 $.lines[*].total",
        "strictness": "type",
        "type": "integer",
        "interactions": ["an order with lines"],
    }
    expect(
        ask(client, operation="GET /orders/{id}", path="$.lines[*].total"),
        200,
        {
            "provider": {"name": "orders"},
            "asked": {"operation": "GET /orders/{id}", "path": "$.lines[*].total"},
            "operations": ["GET /orders/{id}"],
            "counted": COUNTED,
            "consumers": [
                {
                    "name": "web",
                    "strictness": "type",
                    "live": True,
                    "usedSince": {"version": "1", "at": "{time}"},
                    "versions": [
                        {"number": "1", "standings": [PRODUCTION], "uses": [use]},
                        {"number": "2", "standings": [TEST, MAIN], "uses": [use]},
                    ],
                }
            ],
            "nearest": [],
            "ambiguous": [],
            "_links": {
                "self": {
                    "href": "{base}/pacticipants/orders/usage?operation=GET+%2Forders%2F%7Bid%7D"
                    "&path=%24.lines%5B%2A%5D.total",
                    "title": "Who uses what of orders",
                },
                "pb:provider": {"href": "{base}/pacticipants/orders", "title": "Provider", "name": "orders"},
            },
        },
    )


def test_a_consumer_that_is_on_its_main_branch_only_is_a_user_that_is_not_live(orders, client):
    found = ask(client, operation="GET /orders/{id}", path="$.total").json()["consumers"]

    assert [(one["name"], one["live"], one["strictness"]) for one in found] == [
        ("mail", False, "value"),
        ("web", True, "value"),
    ]
    assert [v["number"] for v in found[1]["versions"]] == ["2"]
    assert found[1]["usedSince"]["version"] == "2"


def test_a_contract_that_was_replaced_and_is_nowhere_live_does_not_count(orders, client):
    answer = ask(client, operation="GET /orders/{id}", path="$.note").json()

    assert answer["consumers"] == []
    # Of what counts, not of what once did.
    assert answer["nearest"] == ["200 $.total", "200 $.lines", "200 $.lines[*]"]


def test_it_counts_again_once_that_version_is_deployed_or_released(orders, client):
    orders.deployed("old 1", to="test")
    assert names(ask(client, operation="GET /orders/{id}", path="$.note").json()) == ["old"]

    orders.released("old 1", to="shops")
    kinds = ask(client, operation="GET /orders/{id}", path="$.note").json()["consumers"][0]["versions"][0]["standings"]
    assert [(one["kind"], one["environment"]) for one in kinds] == [("released", "shops"), ("deployed", "test")]


def test_an_operation_alone_tells_all_that_is_used_of_it(orders, client):
    found = ask(client, operation="get /orders/{orderId}").json()

    assert names(found) == ["mail", "old", "web"]
    places = {use["place"] for one in found["consumers"] for version in one["versions"] for use in version["uses"]}
    assert places == {"path", "200", "200 $", "200 $.id", "200 $.lines", "200 $.lines[*]", "200 $.lines[*].total",
                      "200 $.total"}  # fmt: skip


def test_a_status_narrows_a_place(orders, client):
    assert names(ask(client, operation="GET /orders/{id}", path="200 $.total").json()) == ["mail", "web"]
    assert names(ask(client, operation="GET /orders/{id}", path="2XX $.total").json()) == ["mail", "web"]
    assert names(ask(client, operation="GET /orders/{id}", path="404 $.total").json()) == []


def test_without_an_operation_all_are_listed_with_their_consumers(orders, client, an_order, pact_document):
    content = pact_document("web", "orders", an_order("all", [], path="/orders"), version="3.0.0")
    orders.published("web 3", to="orders", branch="main", content=content)

    found = ask(client).json()

    assert found["usedBy"] == {"GET /orders": ["web"], "GET /orders/{id}": ["mail", "old", "web"]}


def test_a_concrete_path_is_taken_for_the_operation_it_fits(orders, client):
    found = ask(client, operation="GET /orders/12", path="$.total").json()

    assert (found["operations"], names(found)) == (["GET /orders/{id}"], ["mail", "web"])


def test_an_operation_that_nobody_uses_says_the_nearest(orders, client):
    found = ask(client, operation="GET /order/{id}").json()

    assert (found["operations"], found["nearest"]) == ([], ["GET /orders/{id}"])


def test_a_path_without_a_method_that_several_have_is_ambiguous(orders, client, an_order, pact_document):
    delete = {"description": "gone", "request": {"method": "DELETE", "path": "/orders/7"}, "response": {"status": 204}}
    orders.published("shop 1", to="orders", content=pact_document("shop", "orders", delete, version="3.0.0"))

    found = ask(client, operation="/orders/{id}").json()

    assert found["ambiguous"] == ["DELETE /orders/{id}", "GET /orders/{id}"]
    assert names(found) == ["mail", "old", "shop", "web"]


def test_a_literal_path_that_the_template_could_mean_is_told(orders, client, an_order, pact_document):
    latest = an_order("the latest", {"id": 1}, path="/orders/latest")
    orders.published("shop 1", to="orders", content=pact_document("shop", "orders", latest, version="3.0.0"))

    found = ask(client, operation="GET /orders/{id}").json()

    assert (found["operations"], found["ambiguous"]) == (["GET /orders/{id}"], ["GET /orders/latest"])


def test_messages_are_found_by_topic_or_description(world, client):
    message = {
        "description": "an order was placed",
        "contents": {"total": 7},
        "metadata": {"topic": "orders.placed", "key": "k"},
    }
    content = {
        "consumer": {"name": "mail"},
        "provider": {"name": "orders"},
        "messages": [message],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    world.published("mail 1", to="orders", content=content)

    assert names(ask(client, operation="orders.placed", path="$.total").json()) == ["mail"]
    assert names(ask(client, operation="orders.placed", path="metadata key").json()) == ["mail"]


def test_csv_has_a_line_for_each_standing_and_use(orders, client):
    response = client.get(
        "/pacticipants/orders/usage",
        params={"operation": "GET /orders/{id}", "path": "$.lines[*].total"},
        headers={"accept": "text/csv"},
    )

    assert response.headers["content-type"] == "text/csv;charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [(one["consumer"], one["version"], one["kind"], one["environment"], one["production"]) for one in lines] == [
        ("web", "1", "deployed", "production", "yes"),
        ("web", "2", "deployed", "test", "no"),
        ("web", "2", "main", "", ""),
    ]
    assert {(one["place"], one["strictness"], one["type"]) for one in lines} == {
        ("200 $.lines[*].total", "type", "integer")
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"path": "$.total"}, "path needs an operation: add operation=GET%20/orders/%7Bid%7D, or whichever is meant"),
        ({"operation": "GET /orders/{id}", "path": "total["}, "path: "),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_with_the_reason(orders, client, query, said):
    response = ask(client, **query)

    assert response.status_code == 400
    assert response.json()["errors"][0].startswith(said)


def test_an_unknown_provider_is_not_found(client, broker):
    response = client.get("/pacticipants/nobody/usage")

    assert (response.status_code, response.json()) == (404, {"error": "No provider with name 'nobody' found"})


def test_the_answer_costs_a_fixed_number_of_statements(orders, broker, client, watch_statements):
    def cost() -> int:
        with watch_statements(broker.engine) as ran:
            ask(client, operation="GET /orders/{id}", path="$.total")
        return len(ran)

    before = cost()
    for number in range(3, 8):
        orders.published(f"web {number}", to="orders", branch="main", content=f"other {number}")
        orders.published(f"more{number} 1", to="orders", content=f"other {number}")

    assert (before, cost()) == (7, 7)
