"""Matching-rule expressions: what each means, and where the broken ones break."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract.dsl.expressions import ExpressionInvalid, Reference, is_expression, parse
from tallystick.contract.model import Generator, Json, Matcher


@pytest.mark.parametrize(
    ("expression", "matchers", "example"),
    [
        ("matching(type,'Name')", [Matcher("type")], "Name"),
        ("matching( type , true )", [Matcher("type")], True),
        ("matching(type, null)", [Matcher("type")], ""),
        ("matching(number, -1.5)", [Matcher("number")], Decimal("-1.5")),
        ("matching(number, 3)", [Matcher("number")], 3),
        ("matching(decimal, 15)", [Matcher("decimal")], Decimal(15)),
        ("matching(integer, -5)", [Matcher("integer")], -5),
        ("matching(equalTo, 1.50)", [Matcher("equality")], Decimal("1.50")),
        ("matching(boolean, false)", [Matcher("boolean")], False),
        ("matching(include,'a')", [Matcher("include", {"value": "a"})], "a"),
        ("matching(semver,'1.0.0-a')", [Matcher("semver")], "1.0.0-a"),
        ("matching(regex,'\\d+','1')", [Matcher("regex", {"regex": "\\d+"})], "1"),
        ("matching(regex,'\\u0041\\u{1F600}\\n','x')", [Matcher("regex", {"regex": "A😀\n"})], "x"),
        ("matching(contentType,'a/b','{}')", [Matcher("contentType", {"value": "a/b"})], "{}"),
        ("matching(nope,'a',3)", [Matcher("nope", {"value": "a"})], 3),
        ("matching(equality,'x')", [Matcher("equality")], "x"),
        ("notEmpty(5)", [Matcher("notEmpty")], 5),
        ("atLeast(2), atMost(5)", [Matcher("type", {"min": 2}), Matcher("type", {"max": 5})], ""),
        ("eachKey(matching(regex,'k\\d','k1'))",
         [Matcher("eachKey", {"rules": [{"match": "regex", "regex": "k\\d"}], "value": "k1"})], ""),
        ("eachKey(eachValue(matching(type,'a')))",
         [Matcher("eachKey", {"rules": [{"match": "eachValue", "rules": [{"match": "type"}], "value": "a"}]})], ""),
        ("notEmpty(''), matching(type,'b')", [Matcher("notEmpty"), Matcher("type")], "b"),
        ("matching(type,'it\\'s')", [Matcher("type")], "it\\'s"),
    ],
)  # fmt: skip
def test_an_expression_means_rules_and_an_example(expression: str, matchers: list[Matcher], example: Json) -> None:
    definition = parse(expression)

    assert list(definition.rules) == matchers
    assert (type(definition.example), definition.example) == (type(example), example)


@pytest.mark.parametrize(
    ("expression", "generator"),
    [
        ("matching(date,'yyyy','2000')", Generator("Date", {"format": "yyyy"})),
        ("matching(time,'HH','10')", Generator("Time", {"format": "HH"})),
        ("matching(datetime,'HH','10')", Generator("DateTime", {"format": "HH"})),
        ("matching(type,'x'),matching(date,'yyyy','2000')", Generator("Date", {"format": "yyyy"})),
        ("matching(equalTo, fromProviderState('${a}', 10))",
         Generator("ProviderState", {"expression": "${a}", "dataType": "INTEGER"})),
        ("matching(date,'yyyy',fromProviderState('d','2000'))",
         Generator("ProviderState", {"expression": "d", "dataType": "STRING"})),
        ("notEmpty(fromProviderState('x',true))",
         Generator("ProviderState", {"expression": "x", "dataType": "BOOLEAN"})),
        ("matching(number,fromProviderState('x',1.5))",
         Generator("ProviderState", {"expression": "x", "dataType": "DECIMAL"})),
        ("matching(type,'x')", None),
    ],
)  # fmt: skip
def test_an_expression_may_bring_a_generator(expression: str, generator: Generator | None) -> None:
    assert parse(expression).generator == generator


def test_array_contains_has_a_variant_for_each_argument() -> None:
    definition = parse("arrayContains(matching(equalTo,'X'), matching(date,'yyyy','2000'))")

    assert definition.value == "X"
    assert definition.rules == (
        Matcher(
            "arrayContains",
            {
                "variants": [
                    {"index": 0, "rules": {"$": {"combine": "AND", "matchers": [{"match": "equality"}]}}},
                    {
                        "index": 1,
                        "rules": {"$": {"combine": "AND", "matchers": [{"match": "date", "format": "yyyy"}]}},
                        "generators": {"$": {"type": "Date", "format": "yyyy"}},
                    },
                ]
            },
        ),
    )


def test_a_reference_is_kept_with_what_stands_around_it() -> None:
    assert parse("matching($'item')").rules == (Reference("item"),)
    assert parse("eachValue(matching($'item'))").rules == (Reference("item", "eachValue"),)


@pytest.mark.parametrize(
    ("expression", "position", "expected"),
    [
        ("matching(integer, 1.5)", 18, "an integer"),
        ("matching(number,'1')", 16, "a number"),
        ("matching(boolean,'true')", 17, "true or false"),
        ("matching(semver,'1')", 16, "a semantic version like '1.0.0'"),
        ("matching(type,'a'", 17, "a closing bracket"),
        ('matching(type,"a")', 14, "a text in single quotes, a number, true, false, null or fromProviderState(…)"),
        ("matching(type,'a'),", 19, "one of matching, notEmpty, eachKey, eachValue, arrayContains, atLeast, atMost"),
        ("matching(type,'a') x", 19, "a comma or the end"),
        ("atLeast(-1)", 8, "a whole number that is not negative"),
        ("matching(date,'yyyy')", 20, "a comma"),
        ("matching(include,fromProviderState('a','b'))", 17, "a text in single quotes"),
        ("matching(regex,'\\u00','x')", 15, "a character code like \\u0041 or \\u{1F600}"),
        ("matching(integer,99999999999999999999999)", 17, "an integer of 64 bits"),
        ("", 0, "one of matching, notEmpty, eachKey, eachValue, arrayContains, atLeast, atMost"),
        ("eachValue(" * 60, 500, "no more than 50 expressions inside one another"),
    ],
)
def test_a_broken_expression_says_what_was_expected_and_where(expression: str, position: int, expected: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse(expression)

    assert (refused.value.position, refused.value.expected) == (position, expected)
    assert f"at position {position} " in str(refused.value)


def test_the_place_can_be_shown() -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse("atLeast(1),\n matching(integer, 1.5)")

    assert refused.value.shown() == " matching(integer, 1.5)\n" + " " * 19 + "^ an integer expected here"


@pytest.mark.parametrize("text", ["type", "eachKey", "notEmpty", "foo(bar)", "Matching(type,'a')", "matchingX(", ""])
def test_other_texts_are_no_expressions(text: str) -> None:
    assert not is_expression(text)


def test_a_keyword_with_its_bracket_is_an_expression() -> None:
    assert is_expression(" matching (type,'a')")


PIECES = ["matching(", "eachKey(", "arrayContains(", "atLeast(", ")", ",", "type", "integer", "date", "'a'", "'", "\\"]
PIECES += ["1", "-1.5", "true", "null", "fromProviderState(", " ", "$", "\\u{"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    with contextlib.suppress(ExpressionInvalid):
        try:
            assert parse(text).rules
        except ExpressionInvalid as refused:
            assert 0 <= refused.position <= len(text)  # noqa: PT017 - both outcomes are checked
            raise
