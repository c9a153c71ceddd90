"""What holds for every document, rule and actual, whoever wrote them."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.contract import dates, rendering
from tallystick.contract.matching import (
    Outcome,
    compile_message,
    compile_request,
    compile_response,
    match_message,
    match_request,
    match_response,
    nearest,
    regexes,
)
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.json_body import Explanation, fits
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.rule_tree import tree
from tallystick.contract.mismatch import KINDS
from tallystick.contract.model import (
    ActualMessage,
    ActualRequest,
    ActualResponse,
    Body,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Matcher,
    MessageContents,
    Rule,
)

settings.register_profile("matching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("matching")

KEYS = st.sampled_from(["a", "b", "c", "0", "x-y", "*", "[*]", "é", "", "a'b"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "true", "2020-01-31", "1.2.3", "12", "null"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
PATHS = st.lists(
    st.sampled_from([".a", ".b", ".c", ".*", "[*]", "[0]", "[1]", ".0", "['x-y']", "['é']", "['*']"]), max_size=3
).map(lambda steps: "$" + "".join(steps))
SIMPLE = st.sampled_from(
    [
        {"match": "type"}, {"match": "type", "min": 1}, {"match": "type", "max": 2},
        {"match": "type", "min": 2, "max": 3},
        {"match": "equality"}, {"match": "regex", "regex": "\\w+"}, {"match": "regex", "regex": "(a|b"},
        {"match": "include", "value": "a"}, {"match": "integer"}, {"match": "decimal"}, {"match": "number"},
        {"match": "boolean"}, {"match": "null"}, {"match": "notEmpty"}, {"match": "semver"}, {"match": "values"},
        {"match": "date", "format": ""}, {"match": "time", "format": "HH:mm"}, {"match": "datetime", "format": "[x"},
        {"match": "contentType", "value": "text/plain"}, {"match": "statusCode", "status": "success"},
        {"match": "nobody-knows"}, {"match": "regex", "regex": "(?~a)"},
    ]
)  # fmt: skip
NESTED = st.lists(SIMPLE, max_size=2)
MATCHERS = (
    SIMPLE
    | NESTED.map(lambda rules: {"match": "eachKey", "rules": rules})
    | NESTED.map(lambda rules: {"match": "eachValue", "rules": rules})
    | st.lists(
        st.fixed_dictionaries(
            {"index": st.integers(0, 2)},
            optional={"rules": st.dictionaries(PATHS, NESTED.map(lambda rules: {"matchers": rules}), max_size=2)},
        ),
        max_size=2,
    ).map(lambda variants: {"match": "arrayContains", "variants": variants})
)


def rule(written: list[dict[str, Any]], combine: Any) -> Rule:
    return Rule(
        tuple(Matcher(one["match"], {k: v for k, v in one.items() if k != "match"}) for one in written), combine
    )


RULE = st.builds(rule, st.lists(MATCHERS, min_size=1, max_size=2), st.sampled_from(["AND", "AND", "OR"]))
RULES = st.dictionaries(PATHS, RULE, max_size=4)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A document and another one, often the same but for a change somewhere."""
    expected = draw(DOCUMENTS)
    return expected, draw(st.just(expected) | DOCUMENTS | changed(expected))


def changed(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, dict) and value:
        return st.sampled_from(sorted(value)).flatmap(
            lambda key: (
                changed(value[key]).map(lambda other: {**value, key: other})
                | st.just({k: v for k, v in value.items() if k != key})
                | DOCUMENTS.map(lambda other: {**value, "more": other})
            )
        )
    if isinstance(value, list) and value:
        return st.integers(0, len(value) - 1).flatmap(
            lambda index: (
                changed(value[index]).map(lambda other: [*value[:index], other, *value[index + 1 :]])
                | st.just(value[:index])
                | st.just([*value, value[index]])
            )
        )
    return DOCUMENTS


@given(pairs(), RULES, st.booleans())
@settings(max_examples=400)
def test_deciding_and_explaining_agree(pair: tuple[Any, Any], rules: dict[str, Rule], strict: bool) -> None:
    expected, actual = pair
    regexes.new_run()
    findings = Findings("body")

    Explanation(findings, strict).value(expected, actual, tree(rules), Steps())

    try:
        decided = fits(expected, actual, tree(rules), strict)
    except CannotCheck:
        decided = False
    assert decided is findings.clean


@given(pairs(), RULES)
def test_a_compiled_contract_and_an_uncompiled_one_agree(pair: tuple[Any, Any], rules: dict[str, Rule]) -> None:
    expected, actual = (json.dumps(one).encode() for one in pair)
    response = HttpResponse(body=Body("present", expected, "application/json"), rules={"body": rules})
    came = ActualResponse(200, (("Content-Type", "application/json"),), actual)
    compiled = compile_response(response)

    outcomes = [match_response(response, came), compiled.match(came), compiled.match(came)]

    assert outcomes[0] == outcomes[1] == outcomes[2]


@given(pairs(), RULES, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(pair: tuple[Any, Any], rules: dict[str, Rule], rng: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            rng.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    def outcome(expected: Any, actual: Any) -> Outcome:
        body = Body("present", json.dumps(expected).encode(), "application/json")
        message = ActualMessage(json.dumps(actual).encode(), {}, "application/json")
        return match_message(MessageContents(body, rules={"body": rules}), message)

    one, other = outcome(*pair), outcome(*map(shuffled, pair))

    assert one.ok is other.ok
    assert {(m.kind, m.path, m.rule_path) for m in one.mismatches} == {
        (m.kind, m.path, m.rule_path) for m in other.mismatches
    }


EXAMPLES: dict[str, st.SearchStrategy[tuple[Any, dict[str, Any]]]] = {
    "equality": DOCUMENTS.map(lambda v: (v, {})),
    "type": DOCUMENTS.map(lambda v: (v, {"min": len(v) if isinstance(v, list | dict) else 5})),
    "regex": st.from_regex(r"[a-z]{1,3}(-\d+)?", fullmatch=True).map(lambda v: (v, {"regex": r"[a-z]{1,3}(-\d+)?"})),
    "include": st.text("ab", min_size=1).map(lambda v: (v, {"value": v[:1]})),
    "number": (st.integers() | st.floats(allow_nan=False, allow_infinity=False)).map(lambda v: (v, {})),
    "integer": st.integers(-(2**63), 2**64 - 1).map(lambda v: (v, {})),
    "decimal": st.floats(allow_nan=False, allow_infinity=False).map(lambda v: (v, {})),
    "boolean": (st.booleans() | st.sampled_from(["true", "false"])).map(lambda v: (v, {})),
    "null": st.just((None, {})),
    "notEmpty": SCALARS.filter(lambda v: v not in (None, "")).map(lambda v: (v, {})),
    "semver": st.tuples(*[st.integers(0, 99)] * 3).map(lambda v: (".".join(map(str, v)), {})),
    "values": st.dictionaries(KEYS, DOCUMENTS).map(lambda v: (v, {})),
    "eachKey": st.dictionaries(KEYS, DOCUMENTS).map(lambda v: (v, {"rules": [{"match": "type"}]})),
    "eachValue": st.dictionaries(KEYS, DOCUMENTS).map(lambda v: (v, {"rules": [{"match": "type"}]})),
    "arrayContains": st.lists(DOCUMENTS).map(
        lambda v: (v, {"variants": [{"index": i, "rules": {"$": {"matchers": [{"match": "type"}]}}}
                                    for i in range(len(v))]})
    ),
    "contentType": st.just(("GIF89a", {"value": "image/gif"})),
    "statusCode": st.integers(200, 299).map(lambda v: (v, {"status": "success"})),
}  # fmt: skip
for name in ("date", "time", "datetime"):
    EXAMPLES[name] = st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)).map(
        lambda moment, name=name: (dates.format(moment, dates.DEFAULTS[name]), {})
    )


@given(st.sampled_from(sorted(EXAMPLES)).flatmap(lambda n: EXAMPLES[n].map(lambda made: (n, *made))), st.booleans())
@settings(max_examples=400)
def test_every_matcher_accepts_its_own_example(made: tuple[str, Any, dict[str, Any]], strict: bool) -> None:
    name, example, config = made
    body = json.dumps({"v": example}).encode()
    rules = {"body": {"$.v": Rule((Matcher(name, config),))}}
    expected = Body("present", body, "application/json")
    headers = (("Content-Type", "application/json"),)
    if strict:
        outcome = match_request(
            HttpRequest("PUT", body=expected, rules=rules), ActualRequest("PUT", "/", None, headers, body)
        )
    else:
        outcome = match_response(HttpResponse(body=expected, rules=rules), ActualResponse(200, headers, body))

    assert outcome == Outcome()


def test_the_examples_are_for_every_matcher_there_is() -> None:
    from tallystick.contract.matching.matchers import MATCHERS

    assert set(EXAMPLES) == set(MATCHERS)


TYPES = st.sampled_from(
    ["application/json", "application/xml", "text/xml", "text/plain", "application/x-www-form-urlencoded", "a/b",
     "multipart/form-data; boundary=X", "multipart/mixed", "application/octet-stream", "nonsense", "", "*/*"]
)  # fmt: skip
CONTENT = (
    st.binary(max_size=60)
    | DOCUMENTS.map(lambda value: json.dumps(value).encode())
    | st.text("<>/ab=\"' &;!-[]?:", max_size=40).map(str.encode)
    | st.text('--X\r\n:;="abContent-Disposition: form-data; name', max_size=80).map(lambda t: b"--X\r\n" + t.encode())
    | st.sampled_from([b"<a>", b"<a b='1'>t<c/></a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"a=1&b=%ff&a"])
)
NAMES = st.sampled_from(["A", "Content-Type", "accept", "Vary", "a b", ""])
LINES = st.lists(st.tuples(NAMES, st.text(max_size=8) | TYPES), max_size=4).map(tuple)
PART_RULES = st.fixed_dictionaries(
    {},
    optional={
        "body": RULES,
        "path": st.dictionaries(st.just(""), RULE),
        "status": st.dictionaries(st.just(""), RULE),
        "header": st.dictionaries(NAMES, RULE),
        "query": st.dictionaries(st.sampled_from("ab"), RULE),
        "metadata": RULES,
    },
)
EXPECTED_HEADERS = st.none() | st.dictionaries(NAMES, st.lists(st.text(max_size=5) | TYPES, max_size=2).map(tuple))
BODIES = st.builds(
    Body, st.sampled_from(["missing", "empty", "null", "present", "present"]), CONTENT, st.none() | TYPES
)


def sound(outcome: Outcome) -> None:
    assert {one.kind for one in outcome.mismatches} <= KINDS
    assert all(isinstance(one.sentence, str) for one in outcome.mismatches)
    assert rendering.text(outcome, colour=True, actual=b"{}") or outcome.ok


@given(BODIES, EXPECTED_HEADERS, PART_RULES, st.integers(-1, 700), LINES, CONTENT)
@settings(max_examples=200)
def test_no_response_makes_matching_fail(
    body: Body, headers: Any, rules: Any, status: int, lines: Any, content: bytes
) -> None:
    response = HttpResponse(200, headers, body, rules)
    actual = ActualResponse(status, lines, content)

    sound(match_response(response, actual))


@given(
    BODIES,
    EXPECTED_HEADERS,
    PART_RULES,
    st.text(max_size=10),
    st.none() | st.text("ab=&%2+", max_size=9),
    LINES,
    CONTENT,
)
@settings(max_examples=200)
def test_no_request_makes_matching_fail(
    body: Body, headers: Any, rules: Any, path: str, query: str | None, lines: Any, content: bytes
) -> None:
    expected = HttpRequest("GET", "/", {"a": ("1", None), "b": ()}, headers, body, rules)
    actual = ActualRequest("get", path, query, lines, content)

    sound(compile_request(expected).match(actual))
    (candidate,) = nearest([HttpInteraction(description="d", request=expected)], actual)
    assert candidate.outcome == match_request(expected, actual)


@given(BODIES, PART_RULES, st.dictionaries(st.sampled_from(["a", "contentType", "b"]), DOCUMENTS), CONTENT, TYPES)
@settings(max_examples=200)
def test_no_message_makes_matching_fail(body: Body, rules: Any, metadata: Any, content: bytes, kind: str) -> None:
    expected = MessageContents(body, {"a": 1, "contentType": kind}, rules)

    sound(compile_message(expected).match(ActualMessage(content, metadata, kind)))


SYNTAX = r"""
    a b . * + ? {2} {1,} | ( ) [ ] ^ $ \d \h \p{L} (?: (?= (?<n> \k<n> (?i) (?m: [^ && [:alpha:] \ { - \1 (?> ++
    (a+)+ \x{41} {2,1} {3}? [a-c] [^\d]
"""
PIECES = st.sampled_from(SYNTAX.split())


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=12), st.text("ab1 \n", max_size=30))
@settings(max_examples=500)
def test_a_pattern_answers_or_says_why_not(pattern: str, text: str) -> None:
    regexes.new_run()
    with contextlib.suppress(regexes.PatternInvalid, regexes.PatternUnsupported, regexes.TimeLimit):
        assert regexes.compiled(pattern).accepts(text) in (True, False)
