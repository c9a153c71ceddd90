"""Reports of what differs: a person sees at once what is wrong, and no content acts on the place it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.contract import rendering
from tallystick.contract.matching import Outcome, Undecided, match_message, match_request, match_response
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import (
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

JSON = (("Content-Type", "application/json"),)


def order(**changes: Any) -> dict[str, Any]:
    lines = [{"sku": f"a{number}", "total": 1.5, "tags": ["x", "y"]} for number in range(40)]
    return {"id": 7, "customer": {"name": "Ada", "address": "Oslo"}, "colour": "red", "lines": lines, **changes}


def compared(expected: Any, actual: Any, rules: dict[str, Matcher] | None = None) -> tuple[Outcome, bytes, bytes]:
    wanted, came = json.dumps(expected).encode(), json.dumps(actual).encode()
    response = HttpResponse(
        body=Body("present", wanted, "application/json"),
        rules={"body": {path: Rule((matcher,)) for path, matcher in (rules or {}).items()}},
    )
    return match_response(response, ActualResponse(200, JSON, came)), wanted, came


def shown(expected: Any, actual: Any, rules: dict[str, Matcher] | None = None, **options: Any) -> list[str]:
    outcome, wanted, came = compared(expected, actual, rules)
    return rendering.text(outcome, expected=wanted, actual=came, **options).splitlines()


def test_nothing_wrong_is_nothing_to_say() -> None:
    assert rendering.text(Outcome()) == ""
    assert rendering.text([]) == ""


def test_one_wrong_value_in_a_long_body_is_shown_where_it_is() -> None:
    bad = order()
    bad["lines"][17] = {"sku": "a17", "total": "abc", "tags": ["x", "y"]}

    lines = shown(order(), bad, {"$.lines[*].total": Matcher("type")})

    assert lines == [
        "body $.lines[17].total",
        "    Expected 'abc' (String) to be the same type as 1.5 (Decimal)",
        "    rule: type at $.lines[*].total",
        "",
        "          …",
        "    144       },",
        "    145       {",
        '    146         "sku": "a17",',
        '        -       "total": 1.5   (type)',
        '    147 +       "total": "abc",',
        '    148         "tags": [',
        '    149           "x",',
        '    150           "y"',
        "          …",
    ]


def test_a_misspelled_key_is_told_with_the_nearest_candidate() -> None:
    bad = order()
    bad["color"] = bad.pop("colour")

    lines = shown(order(), bad)

    assert lines[:3] == [
        "body $",
        "    Actual map is missing the following keys: colour",
        '    "colour" is missing, and there is "color": is it that?',
    ]
    assert '        -   "colour": "red"' in lines


def test_candidates_may_differ_in_case_separators_or_name_alone() -> None:
    assert rendering.nearest_name("created_at", ["createdAt", "created"]) == "createdAt"
    assert rendering.nearest_name("address", ["adress", "name"]) == "adress"
    assert rendering.nearest_name("address", ["zip", "name"]) is None
    assert '"customer" is missing, and there is "buyer": is it that?' in "".join(
        shown({"customer": {"id": 12345}}, {"buyer": {"id": 12345}})
    )


def test_a_moved_item_is_told_with_its_new_place() -> None:
    lines = shown(["alpha", "beta"], ["beta", "alpha"])

    assert "    the expected item is at index 1: the order may have changed" in lines
    assert "    the expected item is at index 0: the order may have changed" in lines


def test_a_shorter_list_says_which_item_is_gone() -> None:
    lines = shown([{"n": 1}, {"n": 2}, {"n": 3}], [{"n": 1}, {"n": 3}])

    assert "    missing: item 1; the others are there" in lines


def test_faults_that_are_alike_are_told_once() -> None:
    bad = order(lines=[{"sku": number, "total": 1.5, "tags": ["x", "y"]} for number in range(40)])

    lines = shown(order(), bad, {"$.lines[*].sku": Matcher("type")})

    assert lines[:4] == [
        "body $.lines[0].sku",
        "    Expected 0 (Integer) to be the same type as 'a0' (String)",
        "    rule: type at $.lines[*].sku",
        "    and 39 more like this: $.lines[1].sku, $.lines[2].sku, $.lines[3].sku, …",
    ]
    assert len(lines) < 30


def test_what_a_request_must_not_have_is_marked() -> None:
    request = HttpRequest("POST", body=Body("present", b'{"a":1}', "application/json"))
    body = b'{"a":1,"b":{"c":2}}'

    text = rendering.text(match_request(request, ActualRequest("POST", "/", None, JSON, body)), actual=body)

    assert '      3 +   "b": {' in text.splitlines()


def test_the_nearest_item_to_a_variant_is_named() -> None:
    variants = Matcher("arrayContains", {"variants": [{"index": 0, "rules": {}}]})

    lines = shown([{"id": 1, "kind": "a"}], [{"id": 9, "kind": "b"}, {"id": 1, "kind": "c"}], {"$": variants})

    assert "    the nearest item is at index 1, other in: kind" in lines


def test_a_missing_parameter_and_an_unexpected_one_are_brought_together() -> None:
    outcome = match_request(HttpRequest(query={"colour": ("red",)}), ActualRequest("GET", "/", "color=red"))

    assert "    there is 'color': is it that?" in rendering.text(outcome).splitlines()


def test_what_could_not_be_checked_is_told_apart() -> None:
    text = rendering.text(Outcome(undecided=(Undecided("regex-time-limit", "$.a", "it took too long", "body", "$.a"),)))

    assert text.splitlines() == ["body $.a: not checked", "    it took too long", "    rule at $.a"]


def test_colour_only_when_asked_for() -> None:
    outcome, wanted, came = compared({"a": 1}, {"a": 2})

    plain = rendering.text(outcome, expected=wanted, actual=came)
    coloured = rendering.text(outcome, expected=wanted, actual=came, colour=True)

    assert "\x1b" not in plain
    assert "\x1b[31m" in coloured
    assert "\x1b[32m" in coloured


def test_content_cannot_act_on_a_terminal_or_a_page() -> None:
    evil = "\x1b]0;owned\x07\u202e<script>alert(1)</script>"
    outcome, wanted, came = compared({"a": 1, evil: 1}, {"a": evil})

    text = rendering.text(outcome, expected=wanted, actual=came, colour=False)
    page = rendering.html(outcome, expected=wanted, actual=came)

    assert not set("\x1b\x07\u202e") & set(text + page)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert rendering.safe_html(b'<a href="x">\xff') == "&lt;a href=&quot;x&quot;&gt;\ufffd"


@given(st.text(), st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_is_made_safe(sentence: str, path: str) -> None:
    mismatch = Mismatch("body", "equality", path, sentence, path, sentence)

    page = rendering.html([mismatch])

    inside = page.removeprefix('<pre class="mismatches">').removesuffix("</pre>")
    assert inside.count("<") == 2 * inside.count("<span class=")
    assert "\x1b" not in rendering.text([mismatch])


def test_long_lines_are_cut() -> None:
    lines = shown({"a": 1}, {"a": "x" * 500}, width=60)

    assert max(map(len, lines[1:])) <= 600
    assert any(line.endswith("…") and len(line) == 60 for line in lines)


WIRE = [
    (
        Mismatch("status", "equality", "", 200, 404, "expected 200 but was 404"),
        {"type": "StatusMismatch", "expected": 200, "actual": 404, "mismatch": "expected 200 but was 404"},
        "expected 200 but was 404",
    ),
    (
        Mismatch("method", "equality", "", "GET", "PUT", "expected GET but was PUT"),
        {"type": "MethodMismatch", "expected": "GET", "actual": "PUT", "mismatch": ""},
        "expected GET but was PUT",
    ),
    (
        Mismatch("path", "equality", "", "/a", "/b", "s"),
        {"type": "PathMismatch", "expected": "/a", "actual": "/b", "mismatch": "s"},
        "s",
    ),
    (
        Mismatch("query", "type", "$['x-y']", ["1"], ["2"], "s"),
        {"type": "QueryMismatch", "expected": '["1"]', "actual": '["2"]', "parameter": "x-y", "mismatch": "s"},
        "s",
    ),
    (
        Mismatch("header", "missing", "X-A", ["1"], None, "s"),
        {"type": "HeaderMismatch", "expected": '["1"]', "actual": "", "key": "X-A", "mismatch": "s"},
        "s",
    ),
    (
        Mismatch("metadata", "equality", "k", 5, "5", "s"),
        {"type": "MetadataMismatch", "expected": "5", "actual": "5", "key": "k", "mismatch": "s"},
        "s",
    ),
    (
        Mismatch("body-type", "content-type", "", "a/b", "c/d", "s"),
        {"type": "BodyTypeMismatch", "expected": "a/b", "actual": "c/d", "expectedBody": None, "actualBody": None,
         "mismatch": "s"},
        "s",
    ),
    (
        Mismatch("body", "type", "$.a", 1, {"b": None}, "s"),
        {"type": "BodyMismatch", "path": "$.a", "expected": "1", "actual": '{"b":null}', "mismatch": "s"},
        "$.a -> s",
    ),
    (
        Mismatch("body", "equality", "$", b"\xff", None, "s"),
        {"type": "BodyMismatch", "path": "$", "expected": "\ufffd", "actual": None, "mismatch": "s"},
        "$ -> s",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("mismatch", "written", "described"), WIRE)
def test_the_objects_and_lines_that_pact_clients_know(mismatch: Mismatch, written: Any, described: str) -> None:
    assert rendering.to_json(mismatch) == written
    assert rendering.describe(mismatch) == described


def test_other_text_is_shown_line_by_line() -> None:
    wanted = "<a>\n" + "  <b>1</b>\n" * 50 + "  <c>2</c>\n</a>\n"
    came = wanted.replace("<c>2", "<c>3")
    message = MessageContents(Body("present", wanted.encode(), "text/xml"))

    outcome = match_message(message, ActualMessage(came.encode(), {}, "text/xml"))

    assert rendering.text(outcome, expected=wanted, actual=came, context=1).splitlines() == [
        "body $.a.c['#text']",
        "    Expected '3' to be equal to '2'",
        "",
        "          …",
        "     51     <b>1</b>",
        "        -   <c>2</c>",
        "     52 +   <c>3</c>",
        "     53   </a>",
    ]


def test_bodies_that_are_no_json_are_told_without_a_document() -> None:
    message = MessageContents(Body("present", b"<a>1</a>", "text/xml"))

    outcome = match_message(message, ActualMessage(b"<a>2</a>", {}, "text/xml"))

    assert rendering.text(outcome, actual=b"<a>2</a>").splitlines() == [
        "body $.a['#text']", "    Expected '2' to be equal to '1'",
    ]  # fmt: skip
