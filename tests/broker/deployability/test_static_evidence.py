"""Comparisons with API descriptions answer where results are owed: for who asks, labelled, and never over a result."""

import base64
import json

import pytest

ASKED = {"pacticipant": "web", "version": "1", "environment": "production"}
PUBLISH = "/provider-contracts/provider/orders/publish"


def described(properties):
    answer = {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}
    return {"openapi": "3.1.0", "paths": {"/orders/{id}": {"get": {"responses": {"200": answer}}}}}


FITTING = described({"total": {"type": "integer"}})
ANOTHER = described({"sum": {"type": "integer"}})


@pytest.fixture
def expecting(pact_document, an_interaction):
    """A contract of a consumer with orders, that expects a total."""

    def contract(consumer, *more):
        response = {"status": 200, "body": {"total": 5}}
        return pact_document(consumer, "orders", an_interaction("an order", path="/orders/7", response=response), *more)

    return contract


@pytest.fixture
def owed(world, expecting):
    """web 1 wants to production, where orders 7 owes a result."""
    world.published("web 1", to="orders", branch="main", content=expecting("web")).on_branch("orders 7", "main")
    return world.deployed("orders 7", to="production")


@pytest.fixture
def describe(client):
    def publish(document, number="7", **said):
        contract = {"content": base64.b64encode(json.dumps(document).encode()).decode(), "specification": "oas"}
        if said:
            contract["selfVerificationResults"] = said
        response = client.post(PUBLISH, json={"pacticipantVersionNumber": number, "contract": contract})
        assert response.status_code == 200, response.text
        return response.json()

    return publish


@pytest.fixture
def ask(client):
    def get(**query):
        response = client.get("/can-i-deploy", params={**ASKED, **query})
        assert response.status_code == 200, response.text
        return response.json()

    return get


def said(document):
    return (
        document["summary"]["ts:verdict"],
        document["summary"]["deployable"],
        [
            (row["provider"]["version"] and row["provider"]["version"]["number"], row.get("ts:evidence"))
            for row in document["matrix"]
        ],
    )


def test_who_does_not_ask_is_answered_byte_for_byte_as_without_descriptions(client, owed, describe):
    for accept in ("application/hal+json", "text/plain"):
        before = client.get("/can-i-deploy", params=ASKED, headers={"accept": accept}).content
        describe(FITTING)
        client.get("/can-i-deploy", params={**ASKED, "staticEvidence": "true"})
        assert client.get("/can-i-deploy", params=ASKED, headers={"accept": accept}).content == before
        client.delete("/pacticipants/orders/versions/7/description")


def test_a_comparison_without_errors_counts_as_success_and_says_what_it_is(client, owed, describe, ask):
    describe(FITTING)

    answer = ask(staticEvidence="true")

    assert said(answer) == ("yes", True, [("7", "static")])
    summary, (row,) = answer["summary"], answer["matrix"]
    assert (summary["success"], summary["unknown"], summary["ts:static"]) == (1, 0, {"success": 1, "failed": 0})
    assert summary["reason"].split("\n") == [
        "Static evidence only: the pact between version 1 of web and the version of orders currently in production (7) "
        "fits the provider's API description (0 errors, 0 warnings), which comes without the provider's own check of "
        "it; nothing was run",
        "All required verification results are successful, 1 of 1 by static evidence only",
    ]
    assert [notice["type"] for notice in answer["notices"]] == ["warning", "success"]
    assert row["verificationResult"] is None
    assert (row["ts:comparison"]["outcome"], row["ts:comparison"]["selfVerified"]) == ("compatible", None)
    found = client.get(row["ts:comparison"]["_links"]["self"]["href"])
    assert (found.json()["outcome"], found.json()["evidence"]) == ("compatible", "static")
    text = client.get(
        "/can-i-deploy", params={**ASKED, "staticEvidence": "true"}, headers={"accept": "text/plain"}
    ).text
    assert "| true (static)" in text


def test_a_comparison_with_errors_counts_as_failure_and_says_where(owed, describe, ask):
    describe(ANOTHER)

    answer = ask(staticEvidence="true")

    assert said(answer) == ("no", False, [("7", "static")])
    assert "Static evidence: the pact between version 1 of web and " in answer["summary"]["reason"]
    (cause,) = answer["summary"]["ts:causes"]
    assert (cause["kind"], cause["evidence"], cause["comparison"]["errors"]) == ("comparison-failed", "static", 1)
    assert cause["interactions"] == [
        {
            "description": "an order",
            "mismatches": [
                {
                    "path": "[root].interactions[0].response.body",
                    "mismatch": "must NOT have additional properties - total",
                    "code": "response.body.incompatible",
                    "descriptionLocation": "[root].paths./orders/{id}.get.responses.200.content.application/json.schema"
                    ".additionalProperties",
                }
            ],
        }
    ]
    assert cause["nextCommand"].startswith(
        "tallystick compare --provider orders --provider-version 7 --consumer web --consumer-version 1"
    )


@pytest.mark.parametrize(("success", "description"), [(False, FITTING), (True, ANOTHER)])
def test_a_result_wins_whatever_a_comparison_finds(client, owed, describe, ask, success, description):
    describe(description)
    owed.verified("orders 7", "web 1", success=success)
    without = client.get("/can-i-deploy", params=ASKED).content

    assert client.get("/can-i-deploy", params={**ASKED, "staticEvidence": "true"}).content == without
    assert ask(staticEvidence="true")["summary"]["deployable"] is success


def test_a_version_without_a_description_still_owes_and_is_told_what_to_publish(owed, ask):
    answer = ask(staticEvidence="true")

    assert said(answer) == ("unknown", None, [(None, None)])
    (cause,) = answer["summary"]["ts:causes"]
    assert (cause["kind"], cause["comparison"]["outcome"]) == ("not-verified", "not-described")
    assert "orders 7 has published no API description to compare it with" in answer["summary"]["reason"]
    assert cause["nextCommand"].startswith(
        "tallystick publish-description orders openapi.yaml --provider-app-version 7 "
    )


def test_a_description_that_the_providers_own_check_refutes_is_no_evidence(owed, describe, ask):
    told = describe(FITTING, success=False, verifier="schemathesis")

    assert "is not taken as evidence" in told["notices"][-1]["text"]
    answer = ask(staticEvidence="true")
    assert said(answer) == ("unknown", None, [(None, None)])
    assert "is no evidence, since the provider's own check of it failed" in answer["summary"]["reason"]
    describe(ANOTHER, success=False)
    assert said(ask(staticEvidence="true")) == ("unknown", None, [(None, None)])  # nor is it evidence against
    describe(FITTING, success=True, verifier="schemathesis")
    answer = ask(staticEvidence="true")
    assert said(answer) == ("yes", True, [("7", "static")])
    assert "without the provider's own check" not in answer["summary"]["reason"]


def test_a_description_that_has_no_say_in_some_interactions_is_not_enough(world, expecting, describe, ask):
    message = {"type": "Asynchronous/Messages", "description": "placed", "contents": {"content": {}}}
    contract = {**expecting("web", message), "metadata": {"pactSpecification": {"version": "4.0"}}}
    contract["interactions"][0] |= {"type": "Synchronous/HTTP"}
    contract["interactions"][0]["response"]["body"] = {"content": {"total": 5}, "contentType": "application/json"}
    world.published("web 1", to="orders", content=contract).on_branch("orders 7", "main")
    world.deployed("orders 7", to="production")
    describe(FITTING)

    answer = ask(staticEvidence="true")

    assert said(answer) == ("unknown", None, [(None, None)])
    assert "says nothing about 1 of the 2 interactions" in answer["summary"]["reason"]


def test_a_provider_may_want_it_once_and_for_all(client, owed, describe, ask):
    describe(FITTING)
    changed = client.patch("/pacticipants/orders", json={"ts:staticEvidence": True})
    assert changed.json()["ts:staticEvidence"] is True
    assert client.get("/pacticipants/orders").json()["ts:staticEvidence"] is True

    assert said(ask()) == ("yes", True, [("7", "static")])
    assert said(ask(staticEvidence="false")) == ("unknown", None, [(None, None)])

    client.put("/pacticipants/orders", json={"mainBranch": "main"})  # as clients do that do not know it
    assert said(ask())[0] == "yes"
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": False})
    assert "ts:staticEvidence" not in client.get("/pacticipants/orders").json()
    assert said(ask())[0] == "unknown"


def test_what_is_no_boolean_is_refused_by_name(client, owed, expect):
    wrong = client.patch("/pacticipants/orders", json={"ts:staticEvidence": "yes"})
    expect(wrong, 400, {"errors": {"ts:staticEvidence": ["must be boolean"]}})
    asked = client.get("/can-i-deploy", params={**ASKED, "staticEvidence": "yes"})
    expect(asked, 400, {"errors": {"staticEvidence": ["must be true or false (not 'yes')"]}})
    matrix = client.get("/matrix?q[][pacticipant]=web&staticEvidence=1")
    assert (matrix.status_code, matrix.json()) == (400, {"errors": ["staticEvidence must be true or false (not '1')"]})


def test_the_setting_of_one_provider_says_nothing_of_another(
    client, owed, describe, ask, pact_document, an_interaction
):
    owed.published("web 1", to="stock", content=pact_document("web", "stock", an_interaction("stock")))
    owed.on_branch("stock 3", "main").deployed("stock 3", to="production")
    describe(FITTING)
    stock = {"openapi": "3.1.0", "paths": {"/": {"get": {"responses": {"200": {}}}}}}
    client.put("/pacticipants/stock/versions/3/description", json=stock)
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": True})

    assert said(ask()) == ("unknown", None, [("7", "static"), (None, None)])
    assert said(ask(staticEvidence="true"))[0] == "yes"


def test_a_provider_asks_for_itself_against_the_consumers_that_are_live(client, world, expecting, describe, ask):
    for consumer in ("web", "mail"):
        world.published(f"{consumer} 1", to="orders", content=expecting(consumer)).deployed(
            f"{consumer} 1", to="production"
        )
    describe(FITTING, "8")
    world.verified("orders 8", "mail 1")

    answer = ask(pacticipant="orders", version="8", staticEvidence="true")

    assert answer["summary"]["ts:verdict"] == "yes"
    shown = [
        (row["consumer"]["name"], bool(row["verificationResult"]), row.get("ts:evidence")) for row in answer["matrix"]
    ]
    assert shown == [("mail", True, None), ("web", False, "static")]
    assert "1 of 2 by static evidence only" in answer["summary"]["reason"]


def test_every_live_version_of_a_provider_is_compared_that_owes_a_result(owed, describe, ask, client):
    """One verified, one is described and does not fit: the other runs all the same."""
    owed.verified("orders 7", "web 1").on_branch("orders 8", "main")
    owed.deployed("orders 8", to="production", instance="blue")
    assert said(ask())[:2] == ("unknown", True)

    describe(FITTING, "8")
    assert said(ask(staticEvidence="true")) == ("yes", True, [("8", "static"), ("7", None)])
    describe(ANOTHER, "8")
    assert said(ask(staticEvidence="true"))[:2] == ("no", False)


def test_ignored_applications_are_ignored_by_comparison_too(owed, describe, client):
    describe(ANOTHER)
    query = {**ASKED, "staticEvidence": "true", "ignore[]": "orders"}

    summary = client.get("/can-i-deploy", params=query).json()["summary"]

    assert (summary["deployable"], summary["ignored"], summary.get("ts:static")) == (True, 1, None)


def test_a_comparison_is_made_once_and_read_from_then_on(owed, describe, ask, broker, watch_statements):
    describe(FITTING)
    ask(staticEvidence="true")
    with watch_statements(broker.engine) as again:
        ask(staticEvidence="true")
    assert [one for one in again.all if not one.lstrip().startswith(("SELECT", "WITH", "SET"))] == []
    assert not any("contract.content" in one or "api_description.content" in one for one in again.all)

    with watch_statements(broker.engine) as without:
        ask(staticEvidence="false")
    # The descriptions of what is owed, and the comparisons; a yes needs fewer to be explained.
    assert len(again) <= len(without) + 2


def test_equal_descriptions_of_several_versions_are_compared_once(owed, describe, ask, broker, client):
    describe(FITTING)
    ask(staticEvidence="true")
    describe(FITTING, "8")
    owed.deployed("orders 8", to="production")  # publishing made the version

    assert said(ask(staticEvidence="true")) == ("yes", True, [("8", "static")])
    with broker.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM static_comparison").scalar() == 1


def test_a_contract_that_nobody_can_read_is_no_evidence_and_no_error(world, describe, ask, client):
    world.put_pact("web 1", to="orders", content={"anything": [1]}).on_branch("orders 7", "main")
    world.deployed("orders 7", to="production")
    describe(FITTING)

    assert said(ask(staticEvidence="true")) == ("unknown", None, [(None, None)])


def test_nothing_else_counts_static_evidence_as_verified(client, owed, describe, ask):
    client.post("/webhooks", json={
        "events": [{"name": "provider_verification_succeeded"}, {"name": "provider_verification_published"}],
        "request": {"method": "POST", "url": "https://ci.example.org/hook"},
    })  # fmt: skip
    owed_before = client.get("/pacticipants/orders/owed-verifications").json()
    describe(FITTING)
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": True})

    assert said(ask())[0] == "yes"

    pair = client.get("/pacts/provider/orders/consumer/web/latest/badge.svg").text
    assert "web/orders pact: unknown" in pair
    dashboard = client.get("/dashboard", headers={"accept": "application/hal+json"}).json()
    assert [item["verificationStatus"] for item in dashboard["items"]] == ["never"]
    assert client.get("/pacticipants/orders/owed-verifications").json() == owed_before
    triggered = client.get("/pacts/provider/orders/consumer/web/version/1/triggered-webhooks").json()
    assert triggered["_embedded"]["triggeredWebhooks"] == []


def test_badges_are_not_silently_green(client, owed, describe):
    describe(FITTING)
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": True, "mainBranch": "main"})
    client.patch("/pacticipants/web", json={"mainBranch": "main"})
    owed.tagged("web 1", "prod").tagged("orders 7", "prod")

    def shown(path):
        text = client.get(path).text
        return text.split("<title>")[1].split("</title>")[0], "#667a12" in text, "#2f8a3c" in text

    to = "latest-version/can-i-deploy/to-environment/production/badge.svg"
    assert shown(f"/pacticipants/web/branches/main/{to}") == ("can-i-deploy: main to production (static)", True, False)
    assert shown("/pacticipants/web/main-branch/can-i-merge/badge.svg") == (
        "can-i-merge: success (static)",
        True,
        False,
    )
    tagged = "/matrix/provider/orders/latest/prod/consumer/web/latest/prod/badge.svg"
    assert shown(tagged) == ("web (prod)/orders (prod) pact: compatible (static)", True, False)


def test_the_pages_label_it(client, owed, describe):
    describe(ANOTHER)
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": True})
    html = {"accept": "text/html"}

    page = client.get("/can-i-deploy", params=ASKED, headers=html).text
    assert "Incompatible (static)" in page
    assert "must NOT have additional properties - total" in page
    assert "Static evidence" in client.get("/pacticipants/orders", headers=html).text
    query = "q[][pacticipant]=web&q[][version]=1&environment=production&latestby=cvpv"
    assert "Incompatible (static)" in client.get(f"/matrix?{query}", headers=html).text
    row = client.get("/can-i-deploy", params=ASKED).json()["matrix"][0]
    comparison = client.get(row["ts:comparison"]["_links"]["self"]["href"], headers=html)
    assert comparison.status_code == 200
    assert "The API description does not allow what is expected" in comparison.text
