"""Comparisons as resources, and what providers say of their own check of a description."""

import base64
import json

import pytest

from tallystick.broker.impact.self_verification import LARGEST

JSON = "application/json"
OF_7 = "/pacticipants/orders/versions/7/description"
TOTAL = {"type": "object", "properties": {"total": {"type": "integer"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {"/orders/{id}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": TOTAL}}}}}}},
}


def encoded(content):
    return base64.b64encode(content).decode()


@pytest.fixture
def publish(client):
    def post(said=None, document=DOCUMENT):
        contract = {"content": encoded(json.dumps(document).encode()), "specification": "oas"}
        if said is not None:
            contract["selfVerificationResults"] = said
        return client.post(
            "/provider-contracts/provider/orders/publish", json={"pacticipantVersionNumber": "7", "contract": contract}
        )

    return post


def test_the_contracts_that_count_are_compared_with_a_description(client, orders, publish):
    publish()

    found = client.get(f"{OF_7}/comparisons").json()

    assert (found["outcome"], found["evidence"]) == ("incompatible", "static")
    shown = [
        (one["consumer"]["name"], one["consumer"]["versions"], one["outcome"], one["errors"])
        for one in found["_embedded"]["comparisons"]
    ]
    assert shown == [
        ("mail", ["1"], "compatible", 0),
        ("old", ["2"], "incompatible", 1),
        ("web", ["1"], "incompatible", 2),
        ("web", ["2"], "incompatible", 2),
    ]
    finding = found["_embedded"]["comparisons"][1]["findings"][0]
    assert finding == {
        "code": "response.body.incompatible",
        "level": "error",
        "message": "must NOT have additional properties - id",
        "interaction": "nothing much",
        "contractLocation": "[root].interactions[0].response.body",
        "descriptionLocation": "[root].paths./orders/{id}.get.responses.200.content.application/json.schema"
        ".additionalProperties",
    }


def test_one_consumer_or_one_version_of_it(client, orders, publish):
    publish()

    def of(**query):
        found = client.get(f"{OF_7}/comparisons", params=query).json()["_embedded"]["comparisons"]
        return [(one["consumer"]["name"], one["consumer"]["versions"]) for one in found]

    assert of(consumer="mail") == [("mail", ["1"])]
    assert of(consumer="old", consumerVersion="1") == [("old", ["1"])]  # which does not count, and was asked for


def test_links_lead_from_the_contract_and_the_description_to_the_comparison(client, orders, publish):
    document = publish().json()
    assert client.get(document["_links"]["ts:comparisons"]["href"]).status_code == 200
    pact = client.get("/pacts/provider/orders/consumer/mail/version/1").json()

    href = pact["_links"]["ts:comparison"]["href"].replace("{providerVersion}", "7")
    found = client.get(href).json()

    assert (found["outcome"], found["provider"]) == ("compatible", {"name": "orders", "version": "7"})
    assert found["_links"]["self"]["href"] == href
    assert client.get(found["_links"]["ts:description"]["href"]).json() == DOCUMENT


def test_what_is_not_there_is_named(client, orders, publish, expect):
    missing = "No API description of version 7 of orders: publish one with `tallystick publish-description`"
    expect(client.get(f"{OF_7}/comparisons"), 404, {"error": missing}, media=JSON)
    publish()
    nobody = client.get(f"{OF_7}/comparisons", params={"consumer": "nobody"})
    expect(nobody, 404, {"error": "No consumer with name 'nobody' found"})
    other = client.get(f"{OF_7}/comparisons", params={"consumer": "mail", "consumerVersion": "5"})
    expect(other, 404, {"error": "Version 5 of mail has no contract with orders"}, media=JSON)
    sha = "0" * 40
    strange = client.get(f"/pacts/provider/orders/consumer/mail/pact-version/{sha}/comparison/provider-version/7")
    expect(strange, 404, {"error": f"mail has no contract {sha} with orders"}, media=JSON)


def test_a_provider_without_contracts_has_an_empty_list(client, publish):
    publish()
    found = client.get(f"{OF_7}/comparisons").json()
    assert (found["outcome"], found["_embedded"]["comparisons"]) == (None, [])


def test_a_changed_description_is_compared_anew(client, orders, publish):
    publish()
    path = f"{OF_7}/comparisons?consumer=mail"
    assert client.get(path).json()["outcome"] == "compatible"

    publish(document={**DOCUMENT, "paths": {}})

    assert client.get(path).json()["outcome"] == "incompatible"


def test_comparisons_of_other_rules_are_made_anew(client, orders, publish, broker):
    publish()
    client.get(f"{OF_7}/comparisons")
    with broker.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE static_comparison SET edition = 0, outcome = 'incompatible'")

    assert client.get(f"{OF_7}/comparisons?consumer=mail").json()["outcome"] == "compatible"


def test_comparisons_go_with_what_they_compared(client, orders, publish, broker):
    def kept():
        with broker.engine.connect() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM static_comparison").scalar()

    publish()
    client.get(f"{OF_7}/comparisons")
    assert kept() == 4
    client.delete("/pacticipants/mail")
    assert kept() == 3


# --- what the provider says of its own check ----------------------------------------------------------------------


def test_the_providers_own_check_is_kept_as_it_was_sent(client, publish):
    said = {
        "success": True,
        "verifier": "schemathesis",
        "verifierVersion": "4.1",
        "format": "junit",
        "contentType": "application/xml",
        "content": encoded(b"<ok/>"),
    }
    assert publish(said).status_code == 200

    found = client.get(f"{OF_7}/self-verification").json()

    assert found.pop("_links")["ts:description"]["href"].endswith(OF_7)
    assert found == said


def test_nothing_said_is_told_and_a_new_description_forgets_what_was_said(client, publish, expect):
    publish({"success": False})
    assert client.get(f"{OF_7}/self-verification").json()["success"] is False

    publish()

    silent = "orders 7 published its API description without a check of its own"
    expect(client.get(f"{OF_7}/self-verification"), 404, {"error": silent}, media=JSON)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("passed", {"contract.selfVerificationResults": ["must be a hash"]}),
        ({}, {"contract.selfVerificationResults.success": ["is missing"]}),
        ({"success": "true"}, {"contract.selfVerificationResults.success": ["must be boolean"]}),
        ({"success": True, "verifier": 5}, {"contract.selfVerificationResults.verifier": ["must be a string"]}),
        ({"success": True, "content": "%"}, {"contract.selfVerificationResults.content": ["is not base64"]}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(client, publish, expect, said, complaint):
    expect(publish(said), 400, {"errors": complaint})
    assert client.get(OF_7).status_code == 404


def test_a_report_that_is_too_large_is_left_out_and_said_to_be(client, publish):
    told = publish({"success": True, "content": encoded(b"x" * (LARGEST + 1))}).json()

    text = f"The report of the check is not kept: {LARGEST + 1} bytes are more than the {LARGEST} allowed"
    assert text in [one["text"] for one in told["notices"]]
    found = client.get(f"{OF_7}/self-verification").json()
    assert (found["success"], "content" in found) == (True, False)
