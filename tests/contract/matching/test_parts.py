"""Method, path, query, headers and status (Pact, "Matching the parts"); choosing among interactions."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.contract import reading
from tallystick.contract.matching import match_request, match_response, nearest
from tallystick.contract.model import (
    ActualRequest,
    ActualResponse,
    AsyncMessage,
    Body,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Matcher,
    Rule,
)


def rule(name: str, combine: Any = "AND", **config: Any) -> Rule:
    return Rule((Matcher(name, config),), combine)


def query(expected: Any, actual: str | None, **rules: Rule) -> list[tuple[str, str]]:
    outcome = match_request(HttpRequest(query=expected, rules={"query": rules}), ActualRequest("GET", "/", actual))
    return sorted((one.kind, one.path) for one in outcome.mismatches)


def headers(name: str, expected: tuple[str, ...], *lines: str, **rules: Rule) -> list[str]:
    response = HttpResponse(headers={name: expected}, rules={"header": {name.upper(): r for r in rules.values()}})
    outcome = match_response(response, ActualResponse(200, tuple((name.lower(), line) for line in lines)))
    assert all(one.path.strip("$[]'.").lower() == name.lower() for one in outcome.mismatches)
    return [one.kind for one in outcome.mismatches]


def test_methods_compare_ignoring_case_and_paths_do_not() -> None:
    assert match_request(HttpRequest("get", "/a"), ActualRequest("GET", "/a")).ok
    for actual in ("/A", "/a/", "/%61"):
        assert [
            one.part for one in match_request(HttpRequest(path="/a"), ActualRequest("POST", actual)).mismatches
        ] == [
            "method",
            "path",
        ]


def test_a_rule_sees_the_path_as_text() -> None:
    request = HttpRequest(path="/a/1", rules={"path": {"": rule("regex", regex=r"/a/\d+")}})

    assert match_request(request, ActualRequest("GET", "/a/77")).ok
    assert not match_request(request, ActualRequest("GET", "/a/x")).ok


def test_query_parameters_are_compared_in_both_directions_by_name() -> None:
    assert query({"a": ("1",), "b": ("2",)}, "b=2&a=1") == []
    assert query(None, "a=1") == [("unexpected", "a")]
    assert query({}, "a=1") == [("unexpected", "a")]
    assert query({"a": ("1",)}, None) == [("missing", "a")]
    assert query({"a": (None,)}, "a=") == []
    assert query({"a": ("",)}, "a") == []
    assert query({"a b": ("ü",)}, "a%20b=%C3%BC") == []


def test_values_of_a_parameter_are_a_list_in_order() -> None:
    assert query({"a": ("1", "2")}, "a=2&a=1") == [("equality", "a"), ("equality", "a")]
    assert query({"a": ("1",)}, "a=1&a=2") == [("equality", "a"), ("length", "a")]
    assert query({"a": ("1", "2")}, "a=1") == [("length", "a"), ("missing-item", "a")]
    assert query({"a": ()}, "a=1") == [("length", "a")]


def test_a_rule_on_a_parameter_sees_the_list_and_then_each_value() -> None:
    assert query({"a": ("1",)}, "a=5&a=6", a=rule("integer")) == []
    assert query({"a": ("1",)}, "a=5&a=x", a=rule("integer")) == [("integer", "a")]
    assert query({"a": ("1", "2")}, "a=5", a=rule("type")) == []
    assert query({"a": ("1",)}, "a=5&a=6", a=rule("type", max=1)) == [("type", "$.a")]


def test_headers_have_names_of_any_case_and_values_of_one() -> None:
    assert headers("X-A", ("v",), "v") == []
    assert headers("X-A", ("v",), "V") == ["equality"]
    assert headers("X-A", ("v",)) == ["missing"]
    assert headers("X-A", ("a, b",), "a,b") == []
    assert headers("X-A", ("a,b",), "b,a") == ["equality"]


def test_lists_of_header_values() -> None:
    assert headers("Accept", ("a/b", "c/d"), "a/b, c/d") == []
    assert headers("Accept", ("a/b",), "a/b, c/d") == ["equality"]
    assert headers("Vary", ("A", "B"), "A") == ["missing-item"]
    assert headers("X-A", ("a", "b"), "a, b") == ["equality", "missing-item"]
    assert headers("X-A", ("a", "b"), "a", "b") == []


def test_parameters_of_content_types_in_any_order() -> None:
    assert headers("Content-Type", ("a/b; x=1; y=U",), "a/b;y=u;x=1;z=2") == []
    assert headers("Content-Type", ("a/b;charset=utf-8",), "a/b") == ["equality"]
    assert headers("Content-Type", ("a/b",), "A/b") == ["equality"]
    assert headers("Content-Type", ('a/b;x="1"',), "a/b;x=1") == ["equality"]


def test_rules_of_headers_are_found_in_any_case() -> None:
    digits = rule("regex", regex=r"\d+")

    assert headers("X-A", ("1",), "22", r=digits) == []
    assert headers("X-A", ("1",), "x", r=digits) == ["regex"]
    assert headers("Vary", ("1",), "2, x", r=digits) == ["regex"]


def test_headers_that_nobody_expects_are_ignored() -> None:
    assert match_response(HttpResponse(headers=None), ActualResponse(200, (("X", "y"),))).ok
    assert match_response(HttpResponse(headers={}), ActualResponse(200, (("X", "y"),))).ok


def test_status() -> None:
    assert match_response(HttpResponse(200), ActualResponse(200)).ok
    (mismatch,) = match_response(HttpResponse(200), ActualResponse(404)).mismatches
    assert (mismatch.part, mismatch.sentence) == ("status", "expected 200 but was 404")
    classes = HttpResponse(200, rules={"status": {"$": rule("statusCode", status="error")}})
    assert match_response(classes, ActualResponse(503)).ok


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(?:a|b|ab)*c"])
def test_a_pattern_that_takes_too_long_is_undecided_and_no_mismatch(pattern: str) -> None:
    request = HttpRequest(path="/", rules={"path": {"": rule("regex", regex=pattern)}})

    outcome = match_request(request, ActualRequest("GET", "a" * 64 + "!"))

    if outcome.undecided:
        assert [(one.reason, one.part) for one in outcome.undecided] == [("regex-time-limit", "path")]
        assert outcome.mismatches == ()
    assert not outcome.ok


def test_a_construct_we_do_not_have_is_undecided_and_named() -> None:
    request = HttpRequest(path="/", rules={"path": {"": rule("regex", regex="(?~abc)")}})

    (undecided,) = match_request(request, ActualRequest("GET", "/")).undecided

    assert undecided.reason == "regex-unsupported"
    assert "(?~" in undecided.sentence


def test_an_alternative_that_could_not_be_checked_leaves_an_or_undecided_unless_another_accepts() -> None:
    matchers = (Matcher("regex", {"regex": "(?~abc)"}), Matcher("include", {"value": "x"}))
    request = HttpRequest(path="/", rules={"path": {"": Rule(matchers, "OR")}})

    assert match_request(request, ActualRequest("GET", "/x")).ok
    outcome = match_request(request, ActualRequest("GET", "/y"))
    assert (len(outcome.undecided), outcome.mismatches) == (1, ())


def interaction(name: str, **request: Any) -> HttpInteraction:
    return HttpInteraction(description=name, request=HttpRequest(**request))


def test_the_nearest_interaction_comes_first_and_the_first_defined_where_equal() -> None:
    interactions = (
        interaction("other path", path="/x"),
        interaction("with header", path="/a", headers={"X": ("1",)}),
        interaction("plain", path="/a"),
        AsyncMessage(description="no request at all"),
        interaction("plain again", path="/a"),
    )

    candidates = nearest(interactions, ActualRequest("GET", "/a"))

    assert [(c.interaction.description, c.score) for c in candidates] == [
        ("plain", 2), ("plain again", 2), ("with header", 1), ("other path", 0),
    ]  # fmt: skip
    assert [c.is_addressed for c in candidates] == [True, True, True, False]
    assert candidates[0].outcome.ok


def test_each_differing_path_of_a_body_takes_a_point_off() -> None:
    body = Body("present", b'{"a": 1, "b": 2}', "application/json")
    json = (("Content-Type", "application/json"),)

    (candidate,) = nearest([interaction("b", body=body)], ActualRequest("GET", "/", None, json, b'{"a": 0, "b": 0}'))

    assert candidate.score == 0


def test_a_name_with_a_point_in_the_flat_layout_reads_as_a_path_and_its_rule_never_applies() -> None:
    request = {
        "query": "a.b=1&c=1",
        "matchingRules": {"$.query['a.b']": {"match": "type"}, "$.query.c": {"match": "type"}},
    }
    document = {
        "interactions": [{"description": "d", "request": request}],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }
    (interaction,) = reading.read(document).interactions
    assert isinstance(interaction, HttpInteraction)

    assert [
        one.path for one in match_request(interaction.request, ActualRequest("GET", "/", "a.b=2&c=2")).mismatches
    ] == ["a.b"]
