"""Matchers become examples, rules and generators, and say at once when they are misused."""

import pytest

import tallystick as t
from tallystick.client_sdk.templates import expand, scalar_text, texts
from tallystick.contract.model import Generator, Matcher, Rule


def rules(template):
    return {path: [m.name for m in rule.matchers] for path, rule in expand(template).rules.items()}


def test_a_literal_has_no_rule():
    assert rules({"a": 1, "b": [True, None, "x", 1.5]}) == {}


def test_each_matcher_puts_its_rule_at_its_path():
    assert rules({"id": t.integer(1), "lines": t.each_like({"sku": t.like("A")})}) == {
        "$.id": ["integer"],
        "$.lines": ["type"],
        "$.lines[*].sku": ["type"],
    }


def test_names_that_are_not_plain_are_quoted():
    assert rules({"a-b": {"1": t.integer(1)}}) == {"$['a-b']['1']": ["integer"]}


def test_matchers_within_matchers_hold_both():
    assert rules(t.like({"a": t.not_empty(t.regex("x+", example="xx"))})) == {
        "$": ["type"],
        "$.a": ["notEmpty", "regex"],
    }


def test_the_example_of_a_list_has_as_many_copies_as_it_needs():
    assert expand(t.each_like({"a": 1}, min=3)).example == [{"a": 1}] * 3
    assert expand(t.each_like({"a": 1}, min=0)).example == [{"a": 1}]
    assert expand(t.each_like("x", examples=2)).example == ["x", "x"]


def test_variants_of_a_list_have_rules_of_their_own():
    found = expand({"tags": t.array_containing({"id": t.integer(1)}, "plain")})

    assert found.example == {"tags": [{"id": 1}, "plain"]}
    assert found.rules["$.tags"].matchers[0].config == {
        "variants": [
            {"index": 0, "rules": {"$.id": {"combine": "AND", "matchers": [{"match": "integer"}]}}},
            {"index": 1, "rules": {}},
        ]
    }


def test_entries_of_a_mapping_share_their_rules():
    found = expand(t.mapping_of({"n": t.integer(1)}, key=t.regex("k.", example="k1")))

    assert found.example == {"k1": {"n": 1}}
    assert {path: [m.name for m in rule.matchers] for path, rule in found.rules.items()} == {
        "$": ["eachKey", "values"],
        "$.*.n": ["integer"],
    }


def test_nullable_and_any_of_need_one_of_their_rules():
    assert expand(t.nullable(t.integer(7))).rules["$"] == Rule((Matcher("integer"), Matcher("null")), "OR")
    assert expand(t.any_of(t.string("x"), t.boolean())).rules["$"].combine == "OR"


def test_an_optional_field_is_served_and_not_asked_for():
    template = {"id": 1, "note": t.optional(t.string("hi"))}

    assert expand(template).example == {"id": 1}
    assert expand(template).rules == {}
    assert expand(template, keep_optional=True).example == {"id": 1, "note": "hi"}


def test_generators_stand_beside_the_rules():
    found = expand({"id": t.integer(1, generate=True, at_least=3, at_most=9), "when": t.date(generate="+ 1 day")})

    assert found.generators == {
        "$.id": Generator("RandomInt", {"min": 3, "max": 9}),
        "$.when": Generator("Date", {"format": "yyyy-MM-dd", "expression": "+ 1 day"}),
    }


def test_headers_and_query_parameters_are_named_texts():
    found = texts({"n": 7, "many": ["a", "b"], "some": t.each_like(t.regex("x+", example="x"), min=2)}, place="query")

    assert found.values == {"n": ("7",), "many": ("a", "b"), "some": ("x", "x")}
    assert [m.name for m in found.rules["some"].matchers] == ["type", "regex"]


def test_a_header_whose_value_is_a_list_is_split_as_the_matching_splits_it():
    assert texts({"Accept": "text/html, */*", "X-A": "a, b"}, place="header").values == {
        "Accept": ("text/html", "*/*"),
        "X-A": ("a, b",),
    }


def test_a_path_may_be_a_matcher():
    text, rule, generator = scalar_text(t.from_provider_state("/orders/${id}", "/orders/7"), place="path")

    assert (text, rule.matchers[0].name) == ("/orders/7", "type")
    assert generator == Generator("ProviderState", {"expression": "/orders/${id}", "dataType": "STRING"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: t.regex("[", example="a") and t.regex(r"\d+", example="x"), "does not match the pattern"),
        (lambda: t.regex(r"\d+"), "needs an example"),
        (lambda: t.integer(True), "whole number"),
        (lambda: t.integer(1.0), "whole number"),
        (lambda: t.integer(1, at_least=1), "generated values only"),
        (lambda: t.decimal(1), "must have a fraction"),
        (lambda: t.number("1"), "must be a number"),
        (lambda: t.boolean(1), "type bool"),
        (lambda: t.string(1), "type str"),
        (lambda: t.like(1, min=2), "must be a list or a dict"),
        (lambda: t.each_like(1, min=-1), "0 or more"),
        (lambda: t.each_like(1, min=3, max=2), "max is smaller"),
        (lambda: t.each_like(1, examples=0), "needs an item"),
        (lambda: t.each_like(1, min=2, examples=1), "does not lie between"),
        (lambda: t.one_of({"a": 1}), "texts, numbers"),
        (lambda: t.nullable({"a": 1}), "two interactions"),
        (lambda: t.any_of(t.like([]), t.null()), "reads it as all_of"),
        (lambda: t.not_empty(""), "is empty"),
        (lambda: t.includes("a", example="b"), "does not hold"),
        (lambda: t.uuid("x"), "not a UUID"),
        (lambda: t.uuid(format="other"), "known formats"),
        (lambda: t.date("yyyy-MM-ddT"), "single quotes"),
        (lambda: t.date(example="31.1.2000"), "does not fit"),
        (lambda: t.status_class("fine"), "known classes"),
        (lambda: t.mock_server_url("http://a/b", regex="x"), "needs a group"),
        (lambda: t.array_containing(), "at least one"),
        (lambda: t.content_type("image/png", "text"), "type bytes"),
        (lambda: expand({"a": object()}), "is not a JSON value"),
        (lambda: expand({1: "a"}), "is not a text"),
        (lambda: expand({"it's": t.integer(1)}), "apostrophe"),
        (lambda: expand([float("nan")]), "not a JSON number"),
        (lambda: expand(t.like([t.integer(1)]) and t.each_value(t.integer(1), [t.string("a"), t.integer(2)])), "meet"),
        (lambda: texts({"q": [t.string("x")]}, place="query"), "around the whole list"),
        (lambda: texts({"q": t.optional("x")}, place="query"), "response's JSON body"),
        (lambda: texts({"q": {"a": 1}}, place="query"), "not a text or a number"),
        (lambda: texts({"X-Ü": "a"}, place="header"), "no header can have such a name"),
        (lambda: texts({"X-A": "a\nb"}, place="header"), "what no header can"),
    ],
)
def test_a_misuse_says_what_is_wrong(wrong, message):
    with pytest.raises(t.MatcherMisuse, match=message.replace("(", r"\(")):
        wrong()
