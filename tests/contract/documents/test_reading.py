"""Documents of every version become one model; what is wrong is said all at once, with its place."""

from typing import Any

import pytest

from tallystick.contract import limits, reading
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Contract,
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
from tallystick.contract.reading import read, warnings


def document(*interactions: Any, version: str = "4.0", **members: Any) -> dict[str, Any]:
    return {
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": version}},
        **members,
    }


def http(**members: Any) -> dict[str, Any]:
    return {"type": "Synchronous/HTTP", "description": "an order", "request": {"path": "/"}, "response": {}, **members}


def complaints(source: Any) -> list[str]:
    with pytest.raises(ContractInvalid) as refused:
        read(source)
    return [str(complaint) for complaint in refused.value.complaints]


def test_a_contract_of_version_2_becomes_the_same_model_as_any_other() -> None:
    source = document(
        {
            "description": "an order",
            "providerState": "there is one",
            "request": {
                "method": "get",
                "path": "/orders/1",
                "query": "a=1&a=2&b&c=x+y%2F",
                "headers": {"Accept": "text/html, application/json", "X-Ids": "1, 2"},
            },
            "response": {
                "status": 201,
                "headers": {"Content-Type": "application/json"},
                "body": {"total": 1},
                "matchingRules": {
                    "$.body.total": {"match": "type"},
                    "$.headers['Content-Type']": {"regex": "json"},
                    "$.status": {"match": "real"},
                    "$.body.at": {"timestamp": "yyyy"},
                },
            },
        },
        version="2.0.0",
    )

    assert read(source) == Contract(
        consumer="Web",
        provider="Orders",
        version="2.0.0",
        metadata={"pactSpecification": {"version": "2.0.0"}},
        interactions=(
            HttpInteraction(
                description="an order",
                states=(ProviderState("there is one"),),
                request=HttpRequest(
                    method="GET",
                    path="/orders/1",
                    query={"a": ("1", "2"), "b": (None,), "c": ("x y/",)},
                    headers={"Accept": ("text/html", "application/json"), "X-Ids": ("1, 2",)},
                ),
                response=HttpResponse(
                    status=201,
                    headers={"Content-Type": ("application/json",)},
                    body=Body("present", b'{"total":1}'),
                    rules={
                        "body": {
                            "$.at": Rule((Matcher("datetime", {"format": "yyyy"}),)),
                            "$.total": Rule((Matcher("type"),)),
                        },
                        "header": {"Content-Type": Rule((Matcher("regex", {"regex": "json"}),))},
                        "status": {"": Rule((Matcher("decimal"),))},
                    },
                ),
            ),
        ),
    )


def test_a_message_of_version_3_becomes_an_asynchronous_message() -> None:
    source = document(
        version="3.0.0",
        messages=[
            {
                "_id": "abc",
                "description": "an order was placed",
                "providerStates": [{"name": "one", "params": {"id": 1}}, {"name": "two"}],
                "contents": {"id": 1},
                "metaData": {"contentType": "application/json"},
                "matchingRules": {"body": {"$.id": {"combine": "or", "matchers": [{"match": "min", "min": "1"}]}}},
                "generators": {"body": {"$.id": {"type": "RandomInt", "min": 1}}},
            }
        ],
    )

    assert read(source).interactions == (
        AsyncMessage(
            id="abc",
            description="an order was placed",
            states=(ProviderState("one", {"id": 1}), ProviderState("two")),
            contents=MessageContents(
                body=Body("present", b'{"id":1}'),
                metadata={"contentType": "application/json"},
                rules={"body": {"$.id": Rule((Matcher("type", {"min": 1}),), "OR")}},
                generators={"body": {"$.id": Generator("RandomInt", {"min": 1})}},
            ),
        ),
    )


def test_a_synchronous_message_of_version_4_keeps_its_key_comments_markup_plugin_and_transport() -> None:
    source = document(
        {
            "type": "Synchronous/Messages",
            "key": "k",
            "description": "a question",
            "pending": True,
            "comments": {"text": ["why"], "references": {"Jira": {"id": "X-1"}}},
            "interactionMarkup": {"markup": "# A", "markupType": "COMMON_MARK"},
            "pluginConfiguration": {"protobuf": {"service": "S/M"}},
            "transport": "grpc",
            "request": {"contents": {"content": "q"}, "metadata": {"a": 1}},
            "response": [{"contents": {"content": "r"}, "matchingRules": {"content": {"$": RULE}}}],
        }
    )

    (message,) = read(source).interactions

    assert message == SyncMessage(
        description="a question",
        key="k",
        pending=True,
        comments={"text": ["why"], "references": {"Jira": {"id": "X-1"}}},
        markup={"markup": "# A", "markupType": "COMMON_MARK"},
        plugin_configuration={"protobuf": {"service": "S/M"}},
        transport="grpc",
        request=MessageContents(body=Body("present", b"q"), metadata={"a": 1}),
        responses=(MessageContents(body=Body("present", b"r"), rules={"body": {"$": Rule((Matcher("type"),))}}),),
    )


RULE = {"matchers": [{"match": "type"}]}


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        (None, "3.0.0"),
        ({}, "3.0.0"),
        ({"pactSpecificationVersion": "1.0.0"}, "3.0.0"),
        ({"pactSpecification": {"version": "1.0.0"}}, "1.0.0"),
        ({"pactSpecification": {"version": "1.1"}}, "1.1.0"),
        ({"pact-specification": {"version": "2"}}, "2.0.0"),
        ({"pactSpecification": {"version": "3.9.9"}}, "3.0.0"),
        ({"pactSpecification": {"version": "4.0"}}, "4.0"),
        ({"pactSpecification": {"version": "5.0"}}, None),
        ({"pactSpecification": {"version": "latest"}}, None),
        ({"pactSpecification": {"version": 4}}, None),
    ],
)
def test_the_version_is_looked_up_leniently(metadata: Any, version: str | None) -> None:
    assert reading.detect_version(metadata) == version


def test_an_unknown_version_is_read_as_version_2_with_a_warning() -> None:
    source = document({"description": "a", "request": {"path": "/", "query": {"a": ["1"]}}}, version="9.0")

    contract = read(source)

    assert contract.version == "2.0.0"
    assert contract.interactions[0].request.query is None  # type: ignore[union-attr]
    assert {warning.pointer for warning in warnings(source)} >= {"/metadata", "/interactions/0/request/query"}


def test_what_is_missing_gets_the_defaults_of_the_pact_core() -> None:
    contract = read({"interactions": [{}], "messages": [{}]})

    assert (contract.consumer, contract.provider, contract.version) == ("consumer", "provider", "3.0.0")
    assert contract.interactions == (
        HttpInteraction(description="Interaction 0"),
        AsyncMessage(description="Message 0"),
    )


def test_unknown_members_are_kept_where_they_stood() -> None:
    source = document(
        http(odd=1, request={"path": "/", "odd": 2}, response={"odd": 3}, providerStates=[{"name": "s", "odd": 4}]),
        consumer={"name": "Web", "odd": 5},
        _links={"self": {}},
    )

    contract = read(source)
    (interaction,) = contract.interactions

    assert isinstance(interaction, HttpInteraction)
    assert interaction.extra == {"odd": 1}
    assert interaction.request.extra == {"odd": 2}
    assert interaction.response.extra == {"odd": 3}
    assert interaction.states[0].extra == {"odd": 4}
    assert contract.extra == {"consumer": {"odd": 5}, "_links": {"self": {}}}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"providerState": "a"}, ["a"]),
        ({"provider_state": "a"}, ["a"]),
        ({"providerState": ""}, []),
        ({"providerState": None}, []),
        ({"providerState": 5}, ["5"]),
        ({"providerState": "a", "providerStates": []}, []),
        ({"providerState": "a", "providerStates": "b"}, []),
        ({"providerStates": [{"name": "a"}, {}]}, ["a", "unknown provider states"]),
        ({"providerStates": ["a"]}, ["a"]),
    ],
)
def test_provider_states_are_found_under_all_their_names(states: Any, expected: list[str]) -> None:
    (interaction,) = read(document({"description": "x", **states}, version="3.0.0")).interactions

    assert [state.name for state in interaction.states] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("a=1&&b=%zz&c=%e9&d=%C3%A9", {"a": ("1",), "b": ("%zz",), "c": ("é",), "d": ("é",)}),
        ({"a": "1", "b": ["x", None], "c": [], "d": [5]}, {"a": ("1",), "b": ("x", None), "c": (), "d": ("5",)}),
    ],
)
def test_a_query_of_version_3_is_a_map_or_a_string(query: Any, expected: Any) -> None:
    (interaction,) = read(document({"request": {"query": query}}, version="3.0.0")).interactions

    assert isinstance(interaction, HttpInteraction)
    assert interaction.request.query == expected


def test_a_document_broken_in_several_places_reports_all_of_them() -> None:
    source = document(
        "no",
        {"description": "typeless"},
        http(
            response={
                "status": "200",
                "matchingRules": {
                    "body": {
                        "$..x": RULE,
                        "$.a": {"matchers": [{"match": "regex"}, {"match": "include"}, {"no": 1}, 5]},
                        "$.b/c": RULE,
                        "$.d": {"matchers": [{"match": "statusCode", "status": 200}]},
                    }
                },
            }
        ),
        {"type": "Synchronous/Messages", "description": "sync", "request": [], "response": {}},
    )

    with pytest.raises(ContractInvalid) as refused:
        read(source, name="web-orders.json")

    found = {complaint.pointer for complaint in refused.value.complaints}
    rules = "/interactions/2/response/matchingRules/body"
    assert found == {
        "/interactions/0",
        "/interactions/1/type",
        "/interactions/2/response/status",
        f"{rules}/$..x",
        f"{rules}/$.a/matchers/0",
        f"{rules}/$.a/matchers/1",
        f"{rules}/$.a/matchers/2",
        f"{rules}/$.a/matchers/3",
        f"{rules}/$.b~1c",
        f"{rules}/$.d/matchers/0",
        "/interactions/3/request",
        "/interactions/3/response",
    }
    assert str(refused.value).startswith("web-orders.json is not a valid contract: ")
    assert 'the matcher regex needs `regex`, in the interaction "an order"' in str(refused.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "the document: not JSON: there is no text"),
        (b"[1]", "a contract is a JSON object (this is an array)"),
        (b"null", "a contract is a JSON object (this is null)"),
        (b'{"interactions": {}}', "/interactions: `interactions` is an array (this is an object)"),
        (b"{'a': 1}", "line 1, column 2"),
    ],
)
def test_what_is_no_contract_is_refused_in_words(source: bytes, message: str) -> None:
    assert any(message in complaint for complaint in complaints(source))


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0"])
def test_messages_before_version_3_are_refused(version: str) -> None:
    assert "/messages" in complaints(document(version=version, messages=[{}]))[0]


def test_a_byte_order_mark_before_a_contract_is_overlooked() -> None:
    assert read(b"\xef\xbb\xbf{}") == read("\ufeff{}") == read(b"{}") == read({})


def test_limits_are_named_when_they_are_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_INTERACTIONS", 2)
    monkeypatch.setattr(limits, "MAX_RULES", 1)

    assert "MAX_INTERACTIONS" in complaints(document(http(), http(), http()))[0]
    assert (
        "MAX_RULES"
        in complaints(
            document(http(response={"matchingRules": {"body": {"$.a": {"matchers": [{"match": "type"}] * 2}}}}))
        )[0]
    )


def test_rules_and_patterns_that_cannot_work_are_warned_of_with_the_description_of_their_interaction() -> None:
    source = document(
        http(
            request={
                "path": "/",
                "query": {"page": ["1"]},
                "headers": {"Accept": ["a"]},
                "matchingRules": {
                    "query": {"page": RULE, "size": RULE},
                    "header": {"accept": RULE, "X-None": RULE},
                    "path": {"matchers": [{"match": "regex", "regex": "("}]},
                    "odd": {"$.x": RULE},
                },
                "generators": {"body": {"$.a": {"type": "Nope"}}, "content": {}},
            },
            response={
                "body": {"content": {"a": [{"b": 1}], "m": {"k": 1}}, "contentType": "application/json"},
                "matchingRules": {
                    "body": {
                        "$.a[*].b": {"matchers": [{"match": "unheard"}]},
                        "$.a[*].c": RULE,
                        "$.m.*": {"matchers": [{"match": "date", "format": "yyyy-TT"}]},
                        "$.m": {"matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "[z-a]"}]}]},
                    }
                },
            },
        )
    )

    found = {warning.pointer: warning.message for warning in warnings(source)}

    request, response = "/interactions/0/request/matchingRules", "/interactions/0/response/matchingRules/body"
    assert set(found) == {
        f"{request}/query/size",
        f"{request}/header/X-None",
        f"{request}/path",
        f"{request}/odd",
        f"{request}/odd/$.x",
        "/interactions/0/request/generators/body",
        "/interactions/0/request/generators/content",
        f"{response}/$.a[*].b/matchers/0",
        f"{response}/$.a[*].c",
        f"{response}/$.m.*",
        f"{response}/$.m",
    }
    assert all(message.endswith('in the interaction "an order"') for message in found.values())
    assert 'no matcher "unheard"' in found[f"{response}/$.a[*].b/matchers/0"]
    assert "'(' is not a regular expression" in found[f"{request}/path"]
    assert "'yyyy-TT' is not a date format" in found[f"{response}/$.m.*"]


def test_interactions_that_cannot_be_told_apart_are_warned_of() -> None:
    source = document(http(), http(), http(key="k"), http(key="k"), http(providerStates=[{"name": "other"}]))

    assert {warning.pointer for warning in warnings(source)} == {"/interactions/1", "/interactions/3/key"}


def test_a_contract_without_fault_has_no_warnings() -> None:
    assert warnings(document(http(request={"path": "/"}, response={"status": 200}))) == ()


def test_members_of_another_kind_are_ignored_with_a_warning_and_survive_where_nothing_takes_their_place() -> None:
    source = document(http(pending=[], comments="x", key=5, request={"path": "/"}, response={"status": 200}))

    (interaction,) = read(source).interactions

    assert (interaction.pending, interaction.comments, interaction.key) == (False, {}, None)
    assert interaction.extra == {"comments": "x", "key": 5}
    assert {warning.pointer for warning in warnings(source)} == {
        "/interactions/0/pending",
        "/interactions/0/comments",
        "/interactions/0/key",
    }
