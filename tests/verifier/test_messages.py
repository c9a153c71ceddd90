"""Messages, made by functions and asked for over HTTP."""

import base64
import json

import pytest

from tallystick.verifier.api import verify
from tallystick.verifier.messages import MessageProducers, ProducedMessage


def contract_of(*interactions, consumer="billing"):
    return {
        "consumer": {"name": consumer},
        "provider": {"name": "orders"},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }


def body(value):
    return {"content": value, "contentType": "application/json", "encoded": False}


PLACED = {
    "type": "Asynchronous/Messages",
    "description": "an order was placed",
    "providerStates": [{"name": "a shop", "params": {"id": 3}}],
    "contents": body({"id": 1, "total": 9.5}),
    "metadata": {"topic": "orders"},
    "matchingRules": {"body": {"$.id": {"matchers": [{"match": "integer"}]}}},
}
PRICED = {
    "type": "Synchronous/Messages",
    "description": "what does it cost",
    "request": {"contents": body({"sku": "TS-1"})},
    "response": [{"contents": body({"sku": "TS-1", "price": 12})}],
}


def test_functions_make_messages_and_answer_them():
    messages = MessageProducers()
    seen = {}

    @messages("an order was placed")
    def placed(states, params):
        seen.update(states=states, params=params)
        return ProducedMessage({"id": 77, "total": 9.5}, {"topic": "orders"})

    @messages("what does it cost")
    async def price(request):
        return {**request, "price": 12}

    report = verify(contract_of(PLACED, PRICED), messages=messages, states={"a shop": lambda id: {"id": id + 1}})

    assert report.exit_code == 0, report.text()
    assert seen == {"states": ["a shop"], "params": {"id": 4}}


@pytest.mark.parametrize(
    ("producer", "place"),
    [
        (lambda: {"id": "77", "total": 9.5}, "body $.id"),
        (lambda: ProducedMessage({"id": 1, "total": 9.5}, {"topic": "other"}), "metadata topic"),
    ],
)
def test_a_message_that_differs_is_a_failure_with_its_place(producer, place):
    report = verify(contract_of(PLACED), messages={"an order was placed": producer})

    assert report.exit_code == 1
    assert place in [f.place for f in report.impact.broken[0].fields]


def test_a_missing_producer_comes_with_a_stub_and_a_near_miss():
    problem = verify(contract_of(PLACED), messages={"An order was plced": dict}).results[0].replayed.problem

    assert problem.kind == "message-missing"
    assert "did you mean 'An order was plced'?" in problem.fix
    assert "@messages('an order was placed')\ndef an_order_was_placed():" in problem.fix


def test_what_a_producer_raises_is_told():
    def broken():
        raise LookupError("no template")

    problem = verify(contract_of(PLACED), messages={"an order was placed": broken}).results[0].replayed.problem

    assert (problem.kind, "LookupError: no template" in problem.sentence) == ("message-failed", True)


def test_over_http_the_description_and_states_are_posted_and_metadata_comes_in_its_header(provider):
    metadata = base64.b64encode(json.dumps({"topic": "orders"}).encode()).decode()
    asked = []

    def answer(path, headers, content):
        asked.append(json.loads(content))
        value = {"id": 5, "total": 9.5} if "placed" in asked[-1]["description"] else {"sku": "TS-1", "price": 12}
        return 200, {"Pact-Message-Metadata": metadata, "Content-Type": "application/json"}, json.dumps(value).encode()

    provider.answers["POST", "/"] = answer

    report = verify(contract_of(PLACED, PRICED), provider_base_url=provider.url)

    assert report.exit_code == 0, report.text()
    assert asked[0] == {
        "description": "an order was placed",
        "providerStates": [{"name": "a shop", "params": {"id": 3}}],
    }
    assert asked[1]["request"]["contents"]["content"] == {"sku": "TS-1"}


def test_the_status_counts_for_answers_only(provider):
    provider.on(
        "/", 500, {"id": 5, "total": 9.5}, Pact_Message_Metadata=base64.b64encode(b'{"topic":"orders"}').decode()
    )

    report = verify(contract_of(PLACED, PRICED), provider_base_url=provider.url)

    assert [r.status for r in report.results] == ["passed", "error"]
    assert report.results[1].replayed.problem.kind == "unexpected-status"


def test_a_message_url_of_its_own(provider, another_provider, tell):
    provider.on("/orders/1")
    another_provider.on("/messages", 200, {"id": 5, "total": 9.5}, topic="x")
    asynchronous = {**PLACED, "metadata": {}}

    report = verify(
        contract_of(asynchronous),
        tell.contract(tell.interaction("an order")),
        provider_base_url=provider.url,
        message_url=f"{another_provider.url}/messages",
    )

    assert report.exit_code == 0, report.text()
    assert another_provider.asked() == [("POST", "/messages")]


def test_an_interaction_goes_to_the_transport_that_it_names(provider, another_provider):
    provider.on("/orders/1")
    another_provider.on("/api/orders/1")
    another_provider.on("/api", 200, {"id": 5, "total": 9.5})
    http = {"type": "Synchronous/HTTP", "request": {"method": "GET", "path": "/orders/1"}, "response": {"status": 200}}
    document = contract_of(
        {**http, "description": "plain"},
        {**http, "description": "elsewhere", "transport": "internal"},
        {**http, "description": "of no transport that was named", "transport": "grpc"},
        {**PLACED, "metadata": {}, "transport": "internal"},
    )

    report = verify(
        document, provider_base_url=provider.url, transport=[f"internal={another_provider.url}/api"], no_dedupe=True
    )

    assert report.exit_code == 0, report.text()
    assert provider.asked() == [("GET", "/orders/1")] * 2
    assert another_provider.asked() == [("GET", "/api/orders/1"), ("POST", "/api")]
