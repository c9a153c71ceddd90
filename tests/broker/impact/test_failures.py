"""Since which versions an interaction fails."""

from __future__ import annotations

from typing import Any


def report(world: Any, consumer_version: str, *, success: bool) -> dict[str, Any]:
    document = world.pact_of(consumer_version, "orders")
    return {"tests": [{"interactionId": one["_id"], "success": success} for one in document["interactions"]]}


def test_a_failure_says_since_which_provider_version_and_which_consumer_version(orders, client, expect):
    for number, success in (("7", True), ("8", False), ("9", False)):
        orders.on_branch(f"orders {number}", "main")
        orders.verified(f"orders {number}", "web 1", success=success, results=report(orders, "web 1", success=success))

    line = {
        "consumer": "web",
        "interaction": "an order with lines",
        "providerBranch": "main",
        "sinceProviderVersion": "8",
        "since": "{time}",
        "sinceConsumerVersion": "1",
        "lastFailed": {"providerVersion": "9", "at": "{time}"},
        "lastPassed": {"providerVersion": "7", "at": "{time}", "branch": "main"},
        "firstChange": {
            "kind": "provider",
            "sentence": "orders 8 broke it: it passed with 7.",
            "provider": {"version": "8", "after": {"version": "7", "branch": "main"}},
        },
        "askedFor": True,
    }
    answer = {
        "provider": {"name": "orders"},
        "verified": True,
        "failures": [line],
        "_links": {
            "self": {"href": "{base}/pacticipants/orders/failures", "title": "Failures of orders"},
            "pb:provider": {"href": "{base}/pacticipants/orders"},
        },
    }
    expect(client.get("/pacticipants/orders/failures"), 200, answer)
    assert client.get("/pacticipants/orders/failures", params={"consumer": "mail"}).json()["failures"] == []

    orders.on_branch("orders 10", "main")
    orders.verified("orders 10", "web 1", results=report(orders, "web 1", success=True))
    assert client.get("/pacticipants/orders/failures").json()["failures"] == []
    [past] = client.get("/pacticipants/orders/failures", params={"ended": "true"}).json()["failures"]
    assert (past["sinceProviderVersion"], past["untilProviderVersion"]) == ("8", "10")
