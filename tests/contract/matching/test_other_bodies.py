"""XML, forms, multipart, text and bytes (Pact, "Body algorithms"), and the gate before them ("Body gate")."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.contract.matching import match_message, match_request, match_response
from tallystick.contract.model import (
    EMPTY,
    MISSING,
    NULL,
    ActualMessage,
    ActualRequest,
    ActualResponse,
    Body,
    HttpRequest,
    HttpResponse,
    Matcher,
    MessageContents,
    Rule,
)

TYPE = Matcher("type")


def rules(written: dict[str, Matcher]) -> dict[str, Any]:
    return {"body": {path: Rule((matcher,)) for path, matcher in written.items()}}


def found(
    kind: str, expected: str, actual: str, written: dict[str, Matcher] | None = None, *, strict: bool = False
) -> Any:
    """The kinds and paths of what differs between two bodies of a media type."""
    headers = {"Content-Type": (kind,)}
    lines = (("Content-Type", kind),)
    body = Body("present", expected.encode())
    if strict:
        request = HttpRequest("POST", headers=headers, body=body, rules=rules(written or {}))
        outcome = match_request(request, ActualRequest("POST", "/", None, lines, actual.encode()))
    else:
        response = HttpResponse(headers=headers, body=body, rules=rules(written or {}))
        outcome = match_response(response, ActualResponse(200, lines, actual.encode()))
    assert not outcome.undecided
    return sorted((one.kind, one.path) for one in outcome.mismatches)


def xml(*arguments: Any, **options: Any) -> Any:
    return found("application/xml", *arguments, **options)


def test_xml_ignores_prefixes_comments_and_blanks_around_text() -> None:
    assert xml('<a xmlns:x="urn:n"><x:b> t </x:b></a>', '<a xmlns:y="urn:n">\n <y:b>t<!-- c --></y:b></a>') == []
    assert xml('<b xmlns="urn:n"/>', "<b/>") == [("equality", "$['urn:n:b']")]


def test_xml_siblings_of_other_names_may_change_places() -> None:
    assert xml("<a><b/><c/></a>", "<a><c/><b/></a>") == []
    assert xml("<a><b>1</b><b>2</b></a>", "<a><b>2</b><b>1</b></a>") == [
        ("equality", "$.a.b['#text']"), ("equality", "$.a.b['#text']"),
    ]  # fmt: skip


def test_xml_children_that_are_missing_or_too_many() -> None:
    assert xml("<a><b/></a>", "<a/>") == [("missing-child", "$.a")]
    assert xml("<a><b/><b/></a>", "<a><b/></a>") == [("missing-child", "$.a.b")]
    assert xml("<a/>", "<a><b/></a>") == []
    assert xml("<a/>", "<a><b/></a>", strict=True) == [("unexpected-children", "$.a")]
    assert xml("<a><b/></a>", "<a><b/><c/></a>", strict=True) == [("unexpected-child", "$.a")]


def test_xml_attributes() -> None:
    assert xml('<a b="1"/>', '<a c="2" b="1"/>') == []
    assert xml('<a b="1"/>', '<a c="2" b="1"/>', strict=True) == [("attributes", "$.a")]
    assert xml("<a/>", '<a c="2"/>', strict=True) == [("unexpected-attributes", "$.a")]
    assert xml('<a b="1"/>', '<a c="1"/>') == [("missing", "$.a['@b']")]
    assert xml('<a b="1"/>', '<a b="x"/>', {"$.a['@b']": Matcher("integer")}) == [("integer", "$.a['@b']")]


def test_a_type_rule_on_xml_allows_more_of_a_name_and_nothing_of_another() -> None:
    assert xml("<a><b>1</b></a>", "<a><b>x</b><b>y</b></a>", {"$.a": TYPE}) == []
    assert xml("<a><b>1</b></a>", "<a><b>x</b><c/></a>", {"$.a": TYPE}) == [("unexpected-child", "$.a")]


def test_a_regex_at_an_element_looks_at_its_name_and_its_text() -> None:
    digits = Matcher("regex", {"regex": r"\d+"})

    assert xml("<a>1</a>", "<a>2</a>", {"$.a['#text']": digits}) == []
    assert xml("<a>1</a>", "<a>2</a>", {"$.a": digits}) == [("regex", "$.a")]


def test_limits_on_xml_count_child_nodes() -> None:
    at_least_two = {"$.a": Matcher("type", {"min": 2})}

    assert xml("<a><b/></a>", "<a><b/>text</a>", at_least_two) == []
    assert xml("<a><b/></a>", "<a><b/></a>", at_least_two) == [("type", "$.a")]


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        "<!DOCTYPE a><a>x</a>",
        "<a><b></a>",
        "",
    ],
)
def test_xml_with_entities_or_external_parts_is_not_read(hostile: str) -> None:
    assert xml("<a>x</a>", hostile or " ") == [("unparsable", "$")]


def test_xml_nested_beyond_reason_is_undecided() -> None:
    deep = "<a>" * 300 + "</a>" * 300
    lines = (("Content-Type", "text/xml"),)

    outcome = match_response(
        HttpResponse(body=Body("present", b"<a/>", "text/xml")), ActualResponse(200, lines, deep.encode())
    )

    assert [one.reason for one in outcome.undecided] == ["limit"]
    assert not outcome.ok


def form(*arguments: Any, **options: Any) -> Any:
    return found("application/x-www-form-urlencoded", *arguments, **options)


def test_forms_compare_by_name_and_refuse_what_is_unexpected_even_in_responses() -> None:
    assert form("a=1&b=x+y", "b=x%20y&a=1") == []
    assert form("a=1", "a=1&b=2") == [("unexpected", "$.b")]
    assert form("a=1&b=2", "a=1") == [("missing", "$.b")]
    assert form("a=1&a=2", "a=2&a=1") == [("equality", "$.a"), ("equality", "$.a")]
    assert form("a", "a=") == []


def test_rules_of_forms() -> None:
    assert form("a=1", "a=2&a=3", {"$.a": TYPE}) == []
    assert form("a=1&b=2", "a=x&b=y", {"$": TYPE}) == []
    assert form("a=1", "a=x", {"$.a[0]": Matcher("integer")}) == [("integer", "$.a")]
    assert form("a=1", "a=2&a=3", {"$.a": Matcher("type", {"max": 1})}) == [("type", "$.a")]


def part(name: str, content: str, *headers: str, file: str = "") -> str:
    disposition = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    return "\r\n".join(["--X", disposition, *headers, "", content]) + "\r\n"


def multipart(expected: list[str], actual: list[str], written: dict[str, Matcher] | None = None) -> Any:
    bodies = ("".join(parts) + "--X--\r\n" for parts in (expected, actual))
    return found("multipart/form-data; boundary=X", *bodies, written)


def test_multipart_finds_parts_by_name_and_ignores_further_ones() -> None:
    assert multipart([part("a", "1"), part("b", "2")], [part("c", "3"), part("b", "2"), part("a", "1")]) == []
    assert multipart([part("a", "1")], [part("b", "1")]) == [("missing", "$")]
    assert multipart([part("a", "1")], [part("a", "2")]) == [("equality", "$.a")]
    assert multipart([part("a", "1")], [part("a", "x")], {"$.a": Matcher("integer")}) == [("integer", "$.a")]
    assert multipart([part("a", "1")], [part("a", "1", file="f")]) == [("kind", "$")]


def test_files_in_multipart_are_bodies_of_their_own() -> None:
    kind = "Content-Type: application/json"

    assert multipart([part("f", '{"k":1}', kind, file="f")], [part("f", '{ "k": 1 }', kind, file="g")]) == []
    assert multipart(
        [part("f", '{"k":1}', kind, file="f")], [part("f", '{"k":"x"}', kind, file="f")], {"$.f.k": TYPE}
    ) == [("type", "$.k")]
    assert ("content-type", "$") in multipart(
        [part("f", "{}", kind, file="f")], [part("f", "{}", "Content-Type: text/csv", file="f")]
    )


def test_multipart_headers_of_parts() -> None:
    assert multipart([part("a", "1", "X-A: 1")], [part("a", "1")]) == [("missing", "$.a['x-a']")]
    assert multipart([part("a", "1", "X-A: 1")], [part("a", "1", "X-A: 2")]) == [("equality", "$.a['x-a']")]
    assert multipart([part("a", "1", "X-A: 1")], [part("a", "1", "X-A: 2")], {"$.a['x-a']": TYPE}) == []
    assert multipart(
        [part("a", "1")], [part("a", "MQ==", "Content-Transfer-Encoding: base64")]
    ) == []  # fmt: skip


def test_text_is_compared_byte_for_byte_or_by_the_rule_at_the_root() -> None:
    assert found("text/plain", "a\n", "a") == [("equality", "$")]
    assert found("text/plain", "abc", "xbz", {"$": Matcher("include", {"value": "b"})}) == []
    assert found("text/csv", "1", "x", {"$": Matcher("integer")}) == [("integer", "$")]


def test_binary_bodies_have_matchers_of_bytes() -> None:
    png = Matcher("contentType", {"value": "image/png"})

    assert found("application/octet-stream", "a", "b") == [("equality", "$")]
    assert found("image/png", "x", "\x89") == [("equality", "$")]
    assert found("application/javascript", "x", "GIF89a", {"$": png}) == [("contentType", "$")]


STATES = [
    (MISSING, b"x", []), (MISSING, b"", []), (NULL, b"", []), (NULL, b"null", ["empty"]), (EMPTY, b"", []),
    (EMPTY, b"x", ["empty"]), (Body("present", b"1"), b"", ["missing"]), (Body("present", b"1"), b"1", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "content", "kinds"), STATES)
def test_what_each_state_of_a_body_asks(body: Body, content: bytes, kinds: list[str]) -> None:
    outcome = match_response(HttpResponse(body=body), ActualResponse(200, (), content))

    assert [one.kind for one in outcome.mismatches] == kinds
    assert all(one.path == "/" for one in outcome.mismatches)


TYPES = [
    ("application/json", "application/json;charset=utf-8", True),
    ("application/json;charset=utf-8", "application/json", False),
    ("application/json", "application/hal+json", True),
    ("application/hal+json", "application/json", False),
    ("text/xml", "application/xml", True),
    ("text/plain", "text/html", False),
    ("text/plain", "*/*", True),
]


@pytest.mark.parametrize(("expected", "actual", "passes"), TYPES)
def test_bodies_of_other_types_are_not_compared(expected: str, actual: str, passes: bool) -> None:
    content = b"<a/>" if "xml" in expected else b"{}"
    body = Body("present", content, expected)

    outcome = match_response(HttpResponse(body=body), ActualResponse(200, (("Content-Type", actual),), content))

    assert [(one.part, one.kind) for one in outcome.mismatches] == ([] if passes else [("body-type", "content-type")])


def test_a_rule_on_the_content_type_header_opens_the_gate() -> None:
    response = HttpResponse(
        headers={"Content-Type": ("text/plain",)}, body=Body("present", b"a"),
        rules={"header": {"content-type": Rule((Matcher("regex", {"regex": "text/.*"}),))}},
    )  # fmt: skip

    assert match_response(response, ActualResponse(200, (("CONTENT-TYPE", "text/html"),), b"a")).ok
    assert not match_response(response, ActualResponse(200, (("Content-Type", "image/png"),), b"a")).ok


def test_an_object_whose_first_key_looks_like_no_json_is_taken_for_text() -> None:
    response = HttpResponse(body=Body("present", b'{"b": 1, "$ref": 2}'))

    outcome = match_response(
        response, ActualResponse(200, (("Content-Type", "application/json"),), b'{"b":1,"$ref":2}')
    )

    assert [one.kind for one in outcome.mismatches] == ["content-type"]


def test_the_gate_of_messages_is_stricter() -> None:
    body = Body("present", b"{}", "application/json")

    assert match_message(MessageContents(body), ActualMessage(b"{}", {"contentType": "application/json"})).ok
    for kind in ("application/hal+json", "*/*"):
        (mismatch,) = match_message(MessageContents(body), ActualMessage(b"{}", {"contentType": kind})).mismatches
        assert mismatch.sentence == f"Expected message with content type application/json but was {kind}"
    assert match_message(MessageContents(NULL), ActualMessage(b"GIF89a", {}, "image/gif")).ok
    (gone,) = match_message(MessageContents(body), ActualMessage(None, {}, "application/json")).mismatches
    assert gone.sentence.endswith("but was missing")


def test_metadata_compares_expected_entries_with_their_kinds() -> None:
    expected = MessageContents(
        metadata={"n": 5, "contentType": "a/b;x=1", "o": {"k": 1}, "t": "x"},
        rules={"metadata": {"$.t": Rule((Matcher("regex", {"regex": "[a-z]"}),)), "$.o.k": Rule((TYPE,))}},
    )

    assert match_message(
        expected, ActualMessage(b"", {"n": 5, "contentType": "a/b; x=1; y=2", "o": {"k": 1}, "t": "y"})
    ).ok
    outcome = match_message(expected, ActualMessage(b"", {"n": "5", "contentType": "a/c", "o": {"k": 2}}))
    assert [(one.kind, one.path) for one in outcome.mismatches] == [
        ("equality", "n"), ("equality", "contentType"), ("equality", "o"), ("missing", "t"),
    ]  # fmt: skip


def test_an_empty_body_has_no_type_of_its_own() -> None:
    response = HttpResponse(body=Body("empty", b"", "image/png"))

    (mismatch,) = match_response(response, ActualResponse(200, (("Content-Type", "text/plain"),), b"x")).mismatches

    assert mismatch.kind == "empty"


def test_bytes_without_a_stated_type_open_the_gate_and_are_compared_as_bytes() -> None:
    response = HttpResponse(body=Body("present", b"\xff\xfe"))
    json = (("Content-Type", "application/json"),)

    assert match_response(response, ActualResponse(200, json, b"\xff\xfe")).ok
    assert [one.kind for one in match_response(response, ActualResponse(200, json, b"{}")).mismatches] == ["equality"]
