"""The digests: the broker's vectors, and what does and does not change them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tallystick.contract import json_text
from tallystick.contract.identity import (
    contract_sha,
    interaction_id,
    interaction_sha,
    with_interaction_ids,
)
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Generator,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Matcher,
    MessageContents,
    ProviderState,
    Rule,
    SyncMessage,
)

VERSION_2 = '"metadata":{"pactSpecification":{"version":"2.0.0"}}'


@pytest.mark.parametrize(
    ("document", "sha"),
    [
        ('{"interactions":[]}', "ed7c1aebc3e11064ce9afc29297e1e36203583cd"),
        ('{"consumer":{"name":"x"},"interactions":[]}', "ed7c1aebc3e11064ce9afc29297e1e36203583cd"),
        (
            '{"interactions":[{"response":{"status":200},"request":{"path":"/","method":"GET"},"description":"b"},'
            '{"description":"a","x":"é/<&","n":1.0,"e":1E3}],' + VERSION_2 + "}",
            "066981860f353f4866b1104c1c3aa728d5bba0f3",
        ),
        (
            '{"messages":[{"z":1,"a":2}],"metadata":{"pact-specification":{"version":"3.0.0"},"tool":"y"}}',
            "56f1aec1be8fb07ebb6556285aea07dfe42d656d",
        ),
        (
            '{"messages":[{"z":1,"a":2}],"interactions":[{"z":1}],"metadata":{"pactSpecificationVersion":"3"}}',
            "e4adedb111ed61d6e1b9a771a4c112fd120b53bb",
        ),
        ('{"b":1,"a":2}', "28a29a145787d0a9496f0901057dff556ca547fa"),
    ],
)
def test_a_contract_has_the_digest_that_the_broker_gives_it(document: str, sha: str) -> None:
    assert contract_sha(json_text.loads(document)) == sha


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1.0", "1.0"),
        ("1E3", "1000.0"),
        ("1E5", "100000.0"),
        ("1.50", "1.5"),
        ("0.00001", "0.00001"),
        ("-0.0", "-0.0"),
        ("-2.5e-3", "-0.0025"),
        ("1e16", "1e+16"),
        ("1e20", "1e+20"),
        ("12345678901234567890.0", "1.2345678901234567e+19"),
        ("123456.789", "123456.789"),
        ("0.1234567", "0.1234567"),
        ("1e-400", "0.0"),
        ("2.25e-12", "2.25e-12"),
    ],
)
def test_numbers_are_hashed_as_the_broker_writes_them(number: str, written: str) -> None:
    # Only the text differs from the number as written; an object of neither list is hashed as it stands.
    assert interaction_id(json_text.loads(f'{{"n":{number}}}')) == sha1(f'{{"n":{written}}}')


def test_integers_keep_every_digit() -> None:
    assert interaction_id({"n": 10**40}) == sha1('{"n":1' + "0" * 40 + "}")


def sha1(text: str) -> str:
    import hashlib

    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def test_two_contracts_that_differ_in_1_and_1_point_0_differ() -> None:
    assert contract_sha({"interactions": [{"a": 1}]}) != contract_sha({"interactions": [{"a": Decimal("1.0")}]})


def test_the_order_of_interactions_and_keys_does_not_matter_but_that_of_inner_arrays_does() -> None:
    first = {"interactions": [{"a": [1, 2], "b": 1}, {"c": 1}]}

    assert contract_sha(first) == contract_sha({"interactions": [{"c": 1}, {"b": 1, "a": [1, 2]}]})
    assert contract_sha(first) != contract_sha({"interactions": [{"a": [2, 1], "b": 1}, {"c": 1}]})


def test_an_id_is_put_first_into_what_has_none() -> None:
    source = {"interactions": [{"description": "x", "b": {"d": 1, "c": 2}}, {"_id": "own"}, 5], "messages": "no"}

    document = with_interaction_ids(source)

    assert document["interactions"][0] == {
        "_id": "711f53fef97a256075b2df3038efc339b548fae8",
        **source["interactions"][0],  # type: ignore[dict-item]
    }
    assert next(iter(document["interactions"][0])) == "_id"
    assert document["interactions"][1:] == [{"_id": "own"}, 5]


BASE = HttpInteraction(
    description="an order",
    states=(ProviderState("a", {"id": 1}), ProviderState("b")),
    request=HttpRequest("POST", "/x", {"q": ("1", None)}, {"Accept": ("a", "b")}, Body("present", b'{"a":1,"b":2}')),
    response=HttpResponse(
        200,
        {"Content-Type": ("application/json",), "X": ("1",)},
        Body("present", b"[1]"),
        {"body": {"$[0]": Rule((Matcher("type", {"min": 1, "max": 2}),))}},
        {"body": {"$[0]": Generator("RandomInt", {"min": 1})}},
    ),
)


def response(**members: Any) -> HttpInteraction:
    return replace(BASE, response=replace(BASE.response, **members))


def request(**members: Any) -> HttpInteraction:
    return replace(BASE, request=replace(BASE.request, **members))


@pytest.mark.parametrize(
    "same",
    [
        replace(BASE, description="another", key="k", comments={"text": ["x"]}, pending=True, id="1", extra={"odd": 1}),
        replace(BASE, markup={"markup": "#"}, transport="http"),
        response(headers={"x": ("1",), "content-type": ("application/json",)}),
        response(body=Body("present", b"[ 1 ]", "application/json")),
        response(body=Body("present", b"[1]", hint="TEXT")),
        response(rules={"body": {"$[0]": Rule((Matcher("type", {"max": 2, "min": 1}),), "OR")}}),
        request(body=Body("present", b'{"b":2,"a":1}')),
        request(method="post"),
    ],
)
def test_what_changes_nothing_sent_or_checked_changes_no_digest(same: HttpInteraction) -> None:
    assert interaction_sha(same) == interaction_sha(BASE)


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, states=BASE.states[::-1]),
        replace(BASE, states=(ProviderState("a", {"id": Decimal("1.0")}), ProviderState("b"))),
        replace(BASE, plugin_configuration={"csv": {}}),
        replace(BASE, transport="quic"),
        request(method="PUT"),
        request(path="/y"),
        request(query={"q": ("1", "")}),
        request(headers={"Accept": ("b", "a")}),
        request(body=Body("present", b'{"a":1,"b":2.0}')),
        request(body=Body("present", b'{"a":1,"b":2}', "text/plain")),
        request(body=Body("empty")),
        request(body=Body()),
        response(status=201),
        response(rules={}),
        response(rules={"body": {"$[*]": BASE.response.rules["body"]["$[0]"]}}),
        response(rules={"body": {"$[0]": Rule((Matcher("type", {"min": 1}),))}}),
        response(generators={}),
        AsyncMessage(description="an order"),
    ],
)
def test_what_is_sent_or_checked_otherwise_has_another_digest(other: Any) -> None:
    assert interaction_sha(other) != interaction_sha(BASE)


def test_messages_are_told_apart_by_contents_metadata_and_responses() -> None:
    contents = MessageContents(body=Body("present", b"x"), metadata={"a": 1})
    messages = [
        AsyncMessage(description="m", contents=contents),
        AsyncMessage(description="m", contents=replace(contents, metadata={"a": "1"})),
        AsyncMessage(description="m", contents=replace(contents, body=Body("present", b"y"))),
        AsyncMessage(description="m", contents=contents, transport="kafka"),
        SyncMessage(description="m", request=contents),
        SyncMessage(description="m", request=contents, responses=(contents,)),
    ]

    assert len({interaction_sha(message) for message in messages}) == len(messages)
