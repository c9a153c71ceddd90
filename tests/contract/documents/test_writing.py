"""A contract is written in any version that can hold what it expects, and refused with every reason otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from tallystick.contract.errors import CannotWrite
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Contract,
    Generator,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    Matcher,
    MessageContents,
    ProviderState,
    Rule,
    SyncMessage,
)
from tallystick.contract.reading import read
from tallystick.contract.writing import VERSIONS, to_document, write

TYPE = Rule((Matcher("type"),))


def contract(*interactions: Interaction, version: Any = "4.0", **members: Any) -> Contract:
    return Contract(consumer="Web", provider="Orders", interactions=interactions, version=version, **members)


PLAIN = HttpInteraction(
    description="an order",
    states=(ProviderState("there is one"),),
    request=HttpRequest(
        path="/orders", query={"q": ("a b", None), "é": ("/",)}, headers={"Accept": ("text/html", "text/plain")}
    ),
    response=HttpResponse(
        status=201,
        headers={"Content-Type": ("application/json",)},
        body=Body("present", b'{"total":1}', "application/json"),
        rules={"body": {"$.total": TYPE}, "header": {"Content-Type": TYPE}},
    ),
)


def test_a_plain_interaction_is_written_in_version_2_with_flat_rules_and_strings() -> None:
    assert to_document(contract(PLAIN), "2.0.0") == {
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "interactions": [
            {
                "description": "an order",
                "providerState": "there is one",
                "request": {
                    "method": "GET",
                    "path": "/orders",
                    "query": "q=a+b&q&%C3%A9=%2F",
                    "headers": {"Accept": "text/html, text/plain"},
                },
                "response": {
                    "status": 201,
                    "headers": {"Content-Type": "application/json"},
                    "body": {"total": 1},
                    "matchingRules": {
                        "$.body.total": {"match": "type"},
                        "$.headers['Content-Type']": {"match": "type"},
                    },
                },
            }
        ],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }


def test_the_same_interaction_is_written_in_version_4_with_lists_and_a_body_object() -> None:
    (written,) = to_document(contract(PLAIN))["interactions"]

    assert written == {
        "type": "Synchronous/HTTP",
        "description": "an order",
        "providerStates": [{"name": "there is one"}],
        "pending": False,
        "request": {
            "method": "GET",
            "path": "/orders",
            "query": {"q": ["a b", None], "é": ["/"]},
            "headers": {"Accept": ["text/html", "text/plain"]},
        },
        "response": {
            "status": 201,
            "headers": {"Content-Type": ["application/json"]},
            "body": {"content": {"total": 1}, "encoded": False, "contentType": "application/json"},
            "matchingRules": {
                "body": {"$.total": {"combine": "AND", "matchers": [{"match": "type"}]}},
                "header": {"Content-Type": {"combine": "AND", "matchers": [{"match": "type"}]}},
            },
        },
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plain_interaction_says_the_same_in_every_version(version: Any) -> None:
    (interaction,) = read(write(contract(PLAIN), version)).interactions
    assert isinstance(interaction, HttpInteraction)

    body = interaction.response.body
    assert interaction == replace(PLAIN, response=replace(PLAIN.response, body=body))
    assert body.content == PLAIN.response.body.content


def test_a_message_is_written_under_messages_before_version_4() -> None:
    message = AsyncMessage(
        description="placed",
        contents=MessageContents(body=Body("present", b'{"id":1}'), metadata={"contentType": "application/json"}),
    )

    assert to_document(contract(message), "3.0.0")["messages"] == [
        {"description": "placed", "contents": {"id": 1}, "metadata": {"contentType": "application/json"}}
    ]
    assert "interactions" not in to_document(contract(message), "3.0.0")
    assert to_document(contract(message))["interactions"][0]["type"] == "Asynchronous/Messages"


SYNC = SyncMessage(description="s", request=MessageContents(), responses=(MessageContents(),))
ASYNC = AsyncMessage(description="m")
HTTP = HttpInteraction(description="h")


def of_request(**members: Any) -> HttpInteraction:
    return replace(HTTP, request=HttpRequest(**members))


@pytest.mark.parametrize(
    ("interactions", "version", "reason"),
    [
        ([SYNC], "3.0.0", '"s" is a synchronous message'),
        ([HTTP, ASYNC], "3.0.0", "both HTTP interactions and messages"),
        ([ASYNC], "2.0.0", "version 2.0.0 has no messages"),
        ([replace(HTTP, pending=True)], "3.0.0", '"h" is pending'),
        ([replace(HTTP, plugin_configuration={"csv": {}})], "3.0.0", "needs a plugin: csv"),
        ([replace(ASYNC, transport="kafka")], "3.0.0", "names the transport kafka"),
        ([replace(HTTP, states=(ProviderState("a"), ProviderState("b")))], "2.0.0", "several provider states"),
        ([replace(HTTP, states=(ProviderState("a", {"b": 1}),))], "1.0.0", "a provider state with parameters"),
        ([of_request(generators={"path": {"": Generator("Uuid")}})], "2.0.0", "request has generators"),
        ([of_request(rules={"path": {"": Rule((Matcher("type"), Matcher("notEmpty")))}})], "2.0.0", "2 matchers"),
        ([of_request(query={"a": ()})], "2.0.0", "query parameter without any value"),
        ([of_request(body=Body("present", b"{}", "text/csv"))], "3.0.0", "a body of text/csv that no header says"),
        ([of_request(body=Body("present", b"\xff"))], "3.0.0", "a body that version 3.0.0 cannot express"),
    ],
)
def test_what_an_older_version_cannot_say_is_refused_with_the_reason(
    interactions: list[Interaction], version: Any, reason: str
) -> None:
    with pytest.raises(CannotWrite) as refused:
        to_document(contract(*interactions), version)

    assert reason in str(refused.value)
    assert f"cannot write this contract as version {version}" in str(refused.value)


def test_every_obstacle_is_named_and_the_next_version_that_takes_it() -> None:
    broken = replace(HTTP, states=(ProviderState("a"), ProviderState("b")))
    with pytest.raises(CannotWrite) as refused:
        to_document(contract(broken, of_request(query={"a": ()})), "2.0.0")

    assert "several provider states" in refused.value.reason
    assert "without any value" in refused.value.reason
    assert refused.value.fix == "write it as version 3.0.0"


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(CannotWrite, match="there is no such version"):
        to_document(contract(HTTP), "5.0")  # type: ignore[arg-type]


def test_what_only_informs_is_left_out_of_older_versions() -> None:
    told = replace(HTTP, key="k", comments={"text": ["why"]}, markup={"markup": "#"}, transport="http", id="broker")

    (written,) = to_document(contract(told), "3.0.0")["interactions"]

    assert set(written) == {"description", "request", "response"}
    assert "_id" not in to_document(contract(told))["interactions"][0]


def test_a_file_of_version_2_with_richer_members_than_its_version_is_written_back_whole() -> None:
    source = {
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "interactions": [
            {
                "description": "x",
                "providerStates": [{"name": "a", "params": {"b": 1}}],
                "request": {
                    "matchingRules": {"path": {"matchers": [{"match": "type"}, {"match": "notEmpty"}]}},
                    "generators": {"path": {"type": "Uuid"}},
                },
            }
        ],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }

    assert read(write(read(source))) == read(source)


@pytest.mark.parametrize("stated", ["2", "2.0", "2.0.0"])
def test_the_version_stays_as_the_file_stated_it(stated: str) -> None:
    source = {"metadata": {"pactSpecification": {"version": stated}, "tool": {"a": "b"}}}

    assert to_document(read(source))["metadata"] == source["metadata"]
    assert to_document(read(source), "3.0.0")["metadata"]["pactSpecification"] == {"version": "3.0.0"}


def test_what_an_older_version_ignored_means_nothing_in_a_newer_one() -> None:
    source = {
        "interactions": [{"description": "x", "pending": True, "transport": "grpc", "odd": 1}],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }

    (interaction,) = read(write(read(source), "4.0")).interactions

    assert (interaction.pending, interaction.transport, interaction.extra) == (False, None, {"odd": 1})


def test_text_is_indented_by_two_and_ends_without_a_line_break() -> None:
    text = write(contract(HTTP)).decode()

    assert text.startswith('{\n  "consumer": {\n    "name": "Web"\n  },\n')
    assert text.endswith("\n}")
