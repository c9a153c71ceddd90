"""JSON with matchers in it: the example, the rules and the generators that it means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract import json_text
from tallystick.contract.dsl import integration_json, xml_json
from tallystick.contract.dsl.integration_json import Category, expand, expand_form
from tallystick.contract.model import Generator, Json, Matcher, Rule

M, G = "pact:matcher:type", "pact:generator:type"


def meaning(document: Json) -> tuple[Json, dict[str, list[dict[str, Json]]]]:
    """The example, and the rules as a file would hold them."""
    expanded = expand(document)
    assert expanded.complaints == ()
    return expanded.example, {
        key: [{"match": m.name, **m.config} for m in rule.matchers] for key, rule in expanded.rules.items()
    }


@pytest.mark.parametrize(
    ("document", "example", "rules"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, {}),
        ({M: "integer", "value": 5}, 5, {"$": [{"match": "integer"}]}),
        ({"a": {M: "type"}}, {"a": None}, {"$.a": [{"match": "type"}]}),
        ({"a b": {M: "min", "min": 1, "value": [1]}}, {"a b": [1]}, {"$['a b']": [{"match": "type", "min": 1}]}),
        ([{M: "type", "value": 1}, [{M: "type", "value": 2}]], [1, [2]],
         {"$[0]": [{"match": "type"}], "$[1][0]": [{"match": "type"}]}),
        ({"a": {M: "type", "value": {"x": {M: "number", "value": 2}}}}, {"a": {"x": 2}},
         {"$.a": [{"match": "type"}], "$.a.x": [{"match": "number"}]}),
        ({"a": {M: "values", "value": {"x": {M: "number", "value": 2}}}}, {"a": {"x": 2}},
         {"$.a": [{"match": "values"}], "$.a.*": [{"match": "number"}]}),
        ({"a": {M: "type", "value": [{"b": {M: "integer", "value": 1}},
                                    {"b": {M: "regex", "regex": "x", "value": "x"}}]}},
         {"a": [{"b": 1}, {"b": "x"}]},
         {"$.a": [{"match": "type"}], "$.a[*].b": [{"match": "integer"}, {"match": "regex", "regex": "x"}]}),
        ({"a": {M: "type", "value": [[{M: "type", "value": 1}]]}}, {"a": [[1]]},
         {"$.a": [{"match": "type"}], "$.a[*][0]": [{"match": "type"}]}),
        ({"a": {M: [{M: "type"}, {M: "include", "value": "x"}], "value": "xy"}}, {"a": "xy"},
         {"$.a": [{"match": "type"}, {"match": "include", "value": "x"}]}),
        ({"a": {M: "eachKey", "rules": [{M: "regex", "regex": "k"}], "value": {"k": 1}}}, {"a": {"k": 1}},
         {"$.a": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "k"}], "value": '{"k":1}'}]}),
        ({"a": {M: "eachValue(matching(type,'x'))", "value": {"k": "v"}}}, {"a": {"k": "v"}},
         {"$.a": [{"match": "eachValue", "rules": [{"match": "type"}], "value": "x"}]}),
        ({"a": {M: "matching($'item')", "item": 8, "value": 7}}, {"a": 7}, {"$.a": [{"match": "type"}]}),
        ({"a": {M: "nope", "x": 1, "value": 2}}, {"a": 2}, {"$.a": [{"match": "nope", "x": 1}]}),
        ({"a": {M: "timestamp", "timestamp": "yyyy", "value": "2"}}, {"a": "2"},
         {"$.a": [{"match": "datetime", "format": "yyyy"}]}),
        ({"a": {M: "statusCode", "value": 1}}, {"a": 1}, {"$.a": [{"match": "statusCode", "status": "success"}]}),
        ({"a": {M: "type", "min": -1, "max": 2, "value": []}}, {"a": []}, {"$.a": [{"match": "type", "max": 2}]}),
        ({"a": {G: "RandomInt", "value": 3}}, {"a": {"value": 3}}, {}),
        ({"pact:note": 1, "b": 2}, {"b": 2}, {}),
        ({"a": {M: "type", "value": {M: "integer", "value": 1}}}, {"a": 1},
         {"$.a": [{"match": "integer"}, {"match": "type"}]}),
    ],
)  # fmt: skip
def test_a_document_means_an_example_and_rules(document: Json, example: Json, rules: dict[str, Any]) -> None:
    assert meaning(document) == (example, rules)


def test_variants_of_array_contains_have_rules_and_generators_of_their_own() -> None:
    variants: list[Json] = [{"z": {M: "integer", "value": 1}}, {M: "type", "value": 3, G: "RandomInt", "max": 9}, 4]

    example, rules = meaning({"a": {M: "arrayContains", "variants": variants}})

    assert example == {"a": [{"z": 1}, 3, 4]}
    assert rules["$.a"][0]["variants"] == [
        {"index": 0, "rules": {"$.z": {"combine": "AND", "matchers": [{"match": "integer"}]}}},
        {
            "index": 1,
            "rules": {"$": {"combine": "AND", "matchers": [{"match": "type", "max": 9}]}},
            "generators": {"$": {"type": "RandomInt", "max": 9}},
        },
        {"index": 2, "rules": {}},
    ]


@pytest.mark.parametrize(
    ("document", "generator"),
    [
        ({M: "type", G: "RandomInt", "min": 1, "value": 3}, Generator("RandomInt", {"min": 1})),
        ({M: [{M: "type"}], G: "Date", "format": "yyyy", "value": ""}, Generator("Date", {"format": "yyyy"})),
        ({M: "matching(date,'yyyy','2000')", "value": ""}, Generator("Date", {"format": "yyyy"})),
        ({M: "type", G: "ProviderState", "value": 1}, None),
        ({M: "type", G: "Own", "x": 1, "value": 1}, Generator("Own", {"x": 1})),
    ],
)
def test_a_generator_stands_beside_its_matcher(document: Json, generator: Generator | None) -> None:
    assert expand({"a": document}).generators == ({"$.a": generator} if generator else {})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({M: "regex", "value": "x"}, "/a: the matcher regex needs `regex`"),
        ({M: "arrayContains"}, "/a: the matcher arrayContains needs `variants`, an array"),
        ({M: ["type"]}, '/a: a list of matchers holds objects with pact:matcher:type, not "type"'),
        ({M: "eachKey", "rules": 3}, "/a: `rules` of the matcher eachKey is an array of matchers, not 3"),
        ({M: "matching($'b')"}, "/a: the expression refers to the key 'b', which is not in the object"),
        ({M: "eachValue(matching($'b'))", "b": 1}, "/a: a reference inside eachValue can only be resolved by a plugin"),
        ({M: "matching(type)"}, "/a: a comma expected at position 13 of the expression 'matching(type)', found ')'"),
    ],
)
def test_what_cannot_be_read_matches_null_and_is_complained_about(document: Json, complaint: str) -> None:
    expanded = expand({"a": document})

    assert (expanded.example, expanded.rules) == ({"a": None}, {})
    assert [str(one) for one in expanded.complaints] == [complaint]


@pytest.mark.parametrize(
    ("text", "example", "matchers"),
    [
        ("a, b", "a, b", ()),
        ("[1]", "[1]", ()),
        ('{"a":1}', "", ()),
        ('{"a"', '{"a"', ()),
        ('{"value": 5}', "5", ()),
        ('{"value": ["a", "b"]}', ["a", "b"], ()),
        ('{"value": {"a": 1}}', '{"a":1}', ()),
        ('{"pact:matcher:type": "regex", "regex": "a|b", "value": ["a", "b"]}', ["a", "b"],
         (Matcher("regex", {"regex": "a|b"}),)),
        ('{"pact:matcher:type": "matching(type,1)"}', "", (Matcher("type"),)),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("category", "name"), [("header", "X-A"), ("query", "q"), ("path", ""), ("status", "")])
def test_outside_bodies_only_the_text_of_an_object_is_more_than_text(
    category: Category, name: str, text: str, example: Json, matchers: tuple[Matcher, ...]
) -> None:
    expanded = expand(text, category, name)

    assert expanded.example == example
    assert expanded.rules == ({name: Rule(matchers)} if matchers else {})


def test_metadata_is_keyed_by_its_name() -> None:
    expanded = expand({M: "type", G: "RandomInt", "value": {"a": {M: "integer", "value": 1}}}, "metadata", "topic")

    assert expanded.example == {"a": 1}
    assert expanded.rules == {"topic": Rule((Matcher("type"),)), "topic.a": Rule((Matcher("integer"),))}
    assert set(expanded.generators) == {"topic"}


def test_a_form_may_be_given_as_json() -> None:
    matched: Json = {M: "type", "value": "x y"}
    expanded = expand_form(
        {"a": 1, "b": matched, "c": ["1", {M: "integer", "value": 2}], "d": {"e": matched}, "f": None}
    )

    assert expanded.example == "a=1&b=x+y&c=1&c=2"
    assert set(expanded.rules) == {"$.b", "$.c[1]"}
    assert [one.pointer for one in expanded.complaints] == ["/d", "/f"]
    assert expand_form("a=b&c").example == "a=b&c"


def test_xml_may_be_given_as_json() -> None:
    attribute: Json = {M: "integer", "value": 3}
    item: Json = {
        "name": "ns:i",
        "attributes": {"id": attribute},
        "children": [{"content": 5, "matcher": {M: "integer"}}],
    }
    document: Json = {
        "root": {
            "name": "r",
            "attributes": {"k": "<'\">"},
            "children": [{M: "type", "min": 1, "value": item, "examples": 2}, {"content": "a<b"}],
        }
    }

    expanded = xml_json.expand(document)

    assert expanded.complaints == ()
    assert expanded.example == (
        "<?xml version='1.0'?><r k='&lt;&apos;&quot;&gt;'><ns:i id='3'>5</ns:i><ns:i id='3'>5</ns:i>a&lt;b</r>"
    )
    assert expanded.rules == {
        "$.r.ns:i": Rule((Matcher("type", {"min": 1}),)),
        "$.r.ns:i['@id']": Rule((Matcher("integer"),)),
        "$.r.ns:i.#text": Rule((Matcher("integer"),)),
    }


@pytest.mark.parametrize(
    ("root", "complaint"),
    [
        (None, "the document: an XML body is an object with a `root` element"),
        ({"name": "1a"}, "/root: an element has a `name` that XML allows"),
        ({"name": "a", "children": ["x"]},
         "/root/children/0: a child is an element, a matcher or a text, each an object"),
        ({M: "type", "value": 3}, "/root: the `value` of a matcher between elements is an element with a `name`"),
        ({"name": "a", "attributes": {"b c": 1}}, "/root/attributes/b c: this is no name of an attribute"),
        ({"name": "a", "children": [{"content": "\x00"}]},
         "/root/children/0: the text has characters that XML cannot hold; they are left out"),
        ({"name": "a", "attributes": {"b": {M: "regex"}}}, "/root/attributes/b: the matcher regex needs `regex`"),
    ],
)  # fmt: skip
def test_what_is_no_xml_is_complained_about(root: Json, complaint: str) -> None:
    assert [str(one) for one in xml_json.expand({"root": root}).complaints] == [complaint]


KEYS = st.sampled_from(
    [M, G, "value", "min", "rules", "variants", "regex", "a", "pact:x", "name", "children", "content"]
)
WORDS = st.sampled_from(
    ["type", "regex", "eachKey", "arrayContains", "values", "matching(type,1)", "matching(", "Date"]
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_any_document_is_read_into_something_that_can_be_written(document: Json) -> None:
    for expanded in (
        expand(document),
        expand_form(document),
        xml_json.expand({"root": document}),
        expand(document, "path"),
    ):
        json_text.dumps(expanded.example)
        for rule in expanded.rules.values():
            json_text.dumps([dict(matcher.config) for matcher in rule.matchers])


PLAIN = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda j: st.lists(j, max_size=3) | st.dictionaries(st.text(max_size=3), j, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_a_document_without_matchers_is_its_own_example(document: Json) -> None:
    if "pact:" in json.dumps(document):
        return

    assert expand(document) == integration_json.Expanded(document)
