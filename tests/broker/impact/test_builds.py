"""What a build would break: from a replay that is sent, or from results that are published. Evidence A."""

from __future__ import annotations

from typing import Any

import pytest

REMOVE = "remove 'GET /orders/{id} 200 $.lines[*].total'"
NO_TOTAL = {
    "attribute": "body",
    "identifier": "$.lines[0].total",
    "description": "Actual map is missing the following keys: total",
    "rule": "integer at $.lines[*].total",
}


def ask(client: Any, **body: Any) -> Any:
    response = client.post("/pacticipants/orders/impact", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def contracts(client: Any) -> list[dict[str, Any]]:
    """What counts, as entries of a replay in which everything holds."""
    listed = client.get("/pacticipants/orders/impact").json()["_embedded"]["contracts"]
    return [{name: one[name] for name in ("consumer", "contractSha")} for one in listed]


def failing(description: str, *mismatches: Any, entries: list[dict[str, Any]], name: str = "failed") -> dict[str, Any]:
    """A replay in which the interaction fails in every contract of web."""
    for one in entries:
        if one["consumer"] == "web":
            one[name] = [{"interactionDescription": description, "mismatches": list(mismatches)}]
    return {"build": "http://127.0.0.1:8080", "contracts": entries}


def test_the_resource_lists_what_a_build_is_asked_of(orders, client):
    found = client.get("/pacticipants/orders/impact").json()

    listed = [(one["consumer"], [v["number"] for v in one["versions"]]) for one in found["_embedded"]["contracts"]]
    assert listed == [("mail", ["1"]), ("old", ["2"]), ("web", ["1"]), ("web", ["2"])]
    assert found["counted"].startswith("contracts of versions that are deployed")
    for one in found["_embedded"]["contracts"]:
        document = client.get(one["_links"]["self"]["href"]).json()
        assert document["consumer"]["name"] == one["consumer"]


def test_a_contract_that_several_versions_share_is_listed_once(world, client):
    for number in "12":
        world.published(f"web {number}", to="orders").deployed(f"web {number}", to=f"place-{number}")

    [found] = client.get("/pacticipants/orders/impact").json()["_embedded"]["contracts"]

    assert [one["number"] for one in found["versions"]] == ["1", "2"]


def test_a_replay_tells_who_breaks_where_and_whom_to_ask(orders, client):
    found = ask(client, replay=failing("an order with lines", NO_TOTAL, entries=contracts(client)))

    assert (found["verdict"], found["strength"], found["build"]) == ("breaks", "A", "http://127.0.0.1:8080")
    [web] = found["consumers"]
    assert (web["name"], web["usedSince"]["version"], web["contacts"][0]["name"]) == ("web", "1", "Team Web")
    assert web["versions"][0]["standings"][0]["environment"] == "production"
    assert web["breaks"] == [
        {
            "edit": None,
            "interaction": "an order with lines",
            "field": "$.lines[*].total",
            "path": "$.lines[0].total",
            "rule": "integer at $.lines[*].total",
            "sentence": "Actual map is missing the following keys: total",
            "strictness": "type",
            "certain": True,
            "strength": "A",
            "versions": ["1", "2"],
        }
    ]
    assert [one["name"] for one in found["untouched"]] == ["mail", "old"]
    assert found["cost"]["points"] == 5 + 1 + 4 + 4 + 5
    assert [one["way"] for one in found["ways"]] == ["tolerant addition", "expand and contract", "side-by-side version"]
    assert found["ways"][1]["steps"][0]["does"] == "tells that GET /orders/{id} 200 $.lines[*].total will go"
    # Who calls the operation and is not broken would move too.
    assert found["ways"][2]["acts"] == ["orders", "mail", "old", "web"]
    assert "agreement" not in found
    assert "agreement" not in web["breaks"][0]


def test_a_field_of_every_item_is_one_line(orders, client):
    places = [{**NO_TOTAL, "identifier": f"$.lines[{index}].total"} for index in range(3)]

    found = ask(client, replay=failing("an order with lines", *places, entries=contracts(client)))

    assert [line["field"] for line in found["consumers"][0]["breaks"]] == ["$.lines[*].total"]


def test_a_replay_in_which_everything_holds_is_safe_and_names_who_is_not_touched(orders, client):
    found = ask(client, replay={"build": "a build", "contracts": contracts(client)})

    assert (found["verdict"], found["consumers"], found["notAsked"], found["ways"]) == ("safe", [], [], [])
    assert [one["name"] for one in found["untouched"]] == ["mail", "old", "web"]
    assert found["asked"] == {"consumers": 3, "contracts": 4}


def test_what_could_not_be_asked_is_named_and_makes_a_yes_impossible(orders, client):
    entries = contracts(client)
    replay = failing("an order with lines", entries=entries, name="notAsked")
    for one in entries:
        for said in one.get("notAsked", ()):
            said["reason"] = "the state 'an order' could not be set up"
    del entries[0]  # mail's
    entries[0]["reason"] = "cannot be read"  # old's

    found = ask(client, replay=replay)

    assert (found["verdict"], found["reason"]) == ("unknown", "not everything that counts was asked")
    state = {"reason": "the state 'an order' could not be set up", "interactions": ["an order with lines"]}
    assert found["notAsked"] == [
        {"consumer": "mail", "version": "1", "reason": "it was not replayed"},
        {"consumer": "old", "version": "2", "reason": "cannot be read"},
        {"consumer": "web", "version": "1", **state},
        {"consumer": "web", "version": "2", **state},
    ]
    assert found["untouched"] == []


def test_published_results_of_a_version_are_joined_the_same_way(orders, client):
    results = [
        {"interactionDescription": "an order with lines", "success": False, "mismatches": [NO_TOTAL]},
        {"interactionDescription": "a total", "success": True},
    ]
    orders.verified("orders 2.0.0", "web 2", success=False, results=results)
    orders.verified("orders 2.0.0", "mail 1").verified("orders 2.0.0", "old 2")

    asked = client.get("/pacticipants/orders/impact", params={"providerVersion": "2.0.0"}).json()

    assert asked == {**ask(client, providerVersion="2.0.0"), "_links": asked["_links"]}
    assert (asked["verdict"], asked["strength"], asked["build"]) == ("breaks", "A", "orders 2.0.0")
    assert [(one["name"], one["breaks"][0]["versions"]) for one in asked["consumers"]] == [("web", ["2"])]
    assert asked["notAsked"] == [
        {"consumer": "web", "version": "1", "reason": "no result of orders 2.0.0 is published for its contract"}
    ]
    assert [one["name"] for one in asked["untouched"]] == ["mail", "old"]
    assert "nothing was run" in asked["evidence"]


def test_a_failed_result_without_details_is_a_line_of_the_whole_contract(orders, client):
    orders.verified("orders 2.0.0", "mail 1", success=False)

    found = ask(client, providerVersion="2.0.0")

    [line] = found["consumers"][0]["breaks"]
    assert (line["interaction"], line["field"]) == ("the contract as a whole", "")
    assert line["sentence"] == "the result says that it failed, and no more"


def test_exceptions_of_any_verifier_are_told(orders, client):
    for number, entry in enumerate(({"exceptions": [{"message": "boom"}]}, {"exception": "boom"})):
        entry |= {"interactionDescription": "one total", "success": False}
        orders.verified(f"orders {number}", "mail 1", success=False, results=[entry])
        [line] = ask(client, providerVersion=str(number))["consumers"][0]["breaks"]
        assert (line["sentence"], line["interaction"]) == ("boom", "one total")


def test_a_version_that_nobody_knows_is_refused_with_those_that_have_results(orders, client):
    orders.verified("orders 2.0.0", "mail 1")

    for response in (
        client.get("/pacticipants/orders/impact", params={"providerVersion": "2.0"}),
        client.post("/pacticipants/orders/impact", json={"providerVersion": "2.0"}),
    ):
        assert response.status_code == 404
        assert "No version 2.0 of orders found (the newest with results: 2.0.0)" in response.text


def test_edits_can_be_asked_with_a_get(orders, client):
    found = client.get("/pacticipants/orders/impact", params={"edit": [REMOVE, "remove 'GET /orders/{id} 200 $.note'"]})

    assert (found.json()["verdict"], len(found.json()["edits"])) == ("breaks", 2)
    refused = client.get("/pacticipants/orders/impact", params={"edit": "delete it"})
    assert (refused.status_code, "edits" in refused.json()["errors"]) == (400, True)


@pytest.mark.parametrize(
    ("name", "description", "mismatches", "edit", "agreement", "strength", "certain"),
    [
        ("failed", "an order with lines", [NO_TOTAL], REMOVE, "predicted", "A", True),
        ("failed", "an order with lines", [{"attribute": "body", "identifier": "$", "description": "no total"}], REMOVE,
         "predicted", "A", True),
        ("failed", "an order with lines", [{"attribute": "body", "description": "no JSON"}], REMOVE,
         "fails otherwise", "C", True),
        ("failed", "nothing of web's", [NO_TOTAL], REMOVE, "not replayed", "C", True),
        ("failed", "an order with lines", [{"attribute": "status", "description": "500"}], REMOVE,
         "fails otherwise", "C", True),
        ("notAsked", "an order with lines", [], REMOVE, "not replayed", "C", True),
        ("passed", "an order with lines", [], REMOVE, "not confirmed", "C", False),
        ("failed", "an order with lines", [NO_TOTAL], "remove 'GET /orders/{id} 200 $.note'",
         "not predicted", "A", True),
        ("failed", "an order with lines", [{"attribute": "status", "description": "404"}],
         "drop operation 'GET /orders/{id}'", "predicted", "A", True),
    ],
)  # fmt: skip
def test_a_prediction_and_a_replay_agree_or_say_that_they_do_not(
    orders, client, name, description, mismatches, edit, agreement, strength, certain
):
    replay = failing(description, *mismatches, entries=contracts(client), name=name)

    found = ask(client, edits=[edit], replay=replay)

    [web] = [one for one in found["consumers"] if one["name"] == "web"]
    line = next(one for one in web["breaks"] if one["agreement"] == agreement)
    assert (line["strength"], line["certain"]) == (strength, certain)
    assert line["edit"] == (None if agreement == "not predicted" else edit)
    assert found["agreement"][agreement] >= 1
    assert found["strength"] == "A"


def test_many_places_are_counted_in_the_ways_and_listed_in_the_lines(orders, client):
    places = [{**NO_TOTAL, "identifier": f"$.field{index}"} for index in range(9)]

    found = ask(client, replay=failing("an order with lines", *places, entries=contracts(client)))

    assert len(found["consumers"][0]["breaks"]) == 9
    assert found["ways"][0]["steps"][0]["does"].endswith("GET /orders/{id} 200 $.field4 and 4 more places")


def test_a_prediction_that_the_build_does_not_confirm_may_break(orders, client):
    found = ask(client, edits=[REMOVE], replay={"build": "a build", "contracts": contracts(client)})

    assert (found["verdict"], found["agreement"]["not confirmed"]) == ("may break", 1)


def test_what_is_confirmed_is_told_and_counted_once(orders, client):
    replay = failing("an order with lines", NO_TOTAL, entries=contracts(client))

    found = ask(client, edits=[REMOVE], replay=replay)

    [line] = found["consumers"][0]["breaks"]
    assert (line["edit"], line["strength"], line["agreement"]) == (REMOVE, "A", "predicted")
    assert found["cost"] == ask(client, edits=[REMOVE])["cost"]


def test_an_interaction_that_its_contract_calls_pending_only_may_break(world, client, pact_document, an_order):
    waiting = {**an_order("a total", {"total": 7}), "type": "Synchronous/HTTP", "pending": True}
    waiting["response"] = {"status": 200, "body": {"content": {"total": 7}, "contentType": "application/json"}}
    world.published("web 1", to="orders", branch="main", content=pact_document("web", "orders", waiting, version="4.0"))

    found = ask(client, replay=failing("a total", NO_TOTAL, entries=contracts(client)))

    assert (found["verdict"], found["consumers"][0]["breaks"][0]["certain"]) == ("may break", False)


def test_a_provider_without_contracts_is_unknown_and_says_so(world, client):
    world.participant("orders")

    assert client.get("/pacticipants/orders/impact").json()["_embedded"]["contracts"] == []
    for body in ({"edits": [REMOVE]}, {"replay": {"build": "a build", "contracts": []}}):
        found = ask(client, **body)
        assert (found["verdict"], found["reason"]) == ("unknown", "no contract with orders is published")


@pytest.mark.parametrize(
    ("body", "key", "said"),
    [
        ({"replay": []}, "replay", "must be a hash"),
        ({"replay": {}}, "replay", "build is missing"),
        ({"replay": {"build": "b", "contracts": {}}}, "replay", "contracts must be an array"),
        ({"replay": {"build": "b", "contracts": [7]}}, "replay", "contracts must be a hash (at index 0)"),
        ({"replay": {"build": "b", "contracts": [{"consumer": "web"}]}}, "replay",
         "contracts contractSha is missing (at index 0)"),
        ({"replay": {"build": "b", "contracts": [{"consumer": "web", "contractSha": "1", "failed": [{}]}]}}, "replay",
         "contracts failed names no interaction: interactionId or interactionDescription (at index 0) (at index 0)"),
        ({"replay": {"build": "b", "contracts": []}, "providerVersion": "1"}, "providerVersion", "which build"),
        ({"providerVersion": 7}, "providerVersion", "must be a string"),
    ],
)  # fmt: skip
def test_a_replay_that_cannot_be_read_is_refused(orders, client, body, key, said):
    response = client.post("/pacticipants/orders/impact", json=body)

    assert response.status_code == 400
    assert any(said in one for one in response.json()["errors"][key]), response.text


def test_asking_publishes_nothing(orders, client):
    ask(client, replay=failing("an order with lines", NO_TOTAL, entries=contracts(client)))

    url = client.get("/pacts/provider/orders/consumer/web/version/2").json()["_links"]
    assert client.get(url["pb:latest-verification-results"]["href"]).status_code == 404
    assert client.get("/pacticipants/orders/versions").json()["_embedded"]["versions"] == []
