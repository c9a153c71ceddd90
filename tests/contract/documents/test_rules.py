"""Matching rules and generators in both layouts."""

from typing import Any

import pytest

from tallystick.contract.complaints import Notes
from tallystick.contract.model import Generator, Matcher, Rule
from tallystick.contract.rules import (
    RuleInvalid,
    places,
    read_generators,
    read_matcher,
    read_rules,
    read_variant_rules,
    write_by_category,
    write_flat,
    write_generators,
)

TYPE = Rule((Matcher("type"),))


def rules_of(written: Any) -> Any:
    notes = Notes()
    found, _ = read_rules(written, "", notes)
    assert not notes.errors
    return found


@pytest.mark.parametrize(
    ("written", "matcher"),
    [
        ({"match": "equality"}, Matcher("equality")),
        ({"pact:matcher:type": "type"}, Matcher("type")),
        ({"match": "min", "min": 2}, Matcher("type", {"min": 2})),
        ({"match": "max-type", "max": "3"}, Matcher("type", {"max": 3})),
        ({"match": "type", "min": 1.9, "max": -1}, Matcher("type", {"min": 1, "max": -1})),
        ({"match": "real"}, Matcher("decimal")),
        ({"match": "timestamp", "timestamp": "yyyy"}, Matcher("datetime", {"format": "yyyy"})),
        ({"match": "datetime", "format": "yyyy"}, Matcher("datetime", {"format": "yyyy"})),
        ({"match": "date"}, Matcher("date")),
        ({"match": "content-type", "value": "a/b"}, Matcher("contentType", {"value": "a/b"})),
        ({"match": "status-code", "status": ["200", 201]}, Matcher("statusCode", {"status": ["200", 201]})),
        ({"match": "not-empty"}, Matcher("notEmpty")),
        ({"match": "each-key", "rules": []}, Matcher("eachKey", {"rules": []})),
        ({"match": "array-contains", "variants": [5, {}]}, Matcher("arrayContains", {"variants": [{}]})),
        ({"match": "statusCode", "status": [200, -1, 1.5]}, Matcher("statusCode", {"status": [200]})),
        ({"match": "unheard", "a": 1}, Matcher("unheard", {"a": 1})),
        ({"regex": "a"}, Matcher("regex", {"regex": "a"})),
        ({"min": 1, "max": 2}, Matcher("type", {"min": 1, "max": 2})),
        ({"date": "yyyy"}, Matcher("date", {"format": "yyyy"})),
    ],
)
def test_a_matcher_gets_its_canonical_name(written: Any, matcher: Matcher) -> None:
    assert read_matcher(written) == matcher


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"match": "regex"},
        {"match": "include"},
        {"match": "contentType"},
        {"match": "min"},
        {"match": "max-type", "min": 1},
        {"match": "arrayContains"},
        {"match": "min", "min": "some"},
        {"max": None},
        {"match": None, "regex": "a"},
        {"match": ""},
        {"match": "statusCode", "status": ["fine"]},
        {"match": "statusCode", "status": [True]},
        {"match": "arrayContains", "variants": [{"rules": {"$..": {"matchers": [{"match": "type"}]}}}]},
        {"match": "eachValue", "rules": {}},
        {"match": "eachKey", "rules": [{"match": "regex"}]},
        {"match": "statusCode", "status": "fine"},
        {"match": "statusCode", "status": 200},
    ],
)
def test_a_matcher_without_what_it_needs_is_refused(written: Any) -> None:
    with pytest.raises(RuleInvalid):
        read_matcher(written)


@pytest.mark.parametrize(
    ("text", "category", "key"),
    [
        ("$.path", "path", ""),
        ("$.status", "status", ""),
        ("$.body", "body", "$"),
        ("$.body.a[*].b", "body", "$.a[*].b"),
        ("$.body['x-y']", "body", "$['x-y']"),
        ("$['body']['a']['b']", "body", "$.a"),
        ("$.headers.Accept", "header", "Accept"),
        ("$.header['X-Y']", "header", "X-Y"),
        ("$.headers['X-Y'][0]", "header", "X-Y"),
        ("$.query.a[0]", "query", "a"),
    ],
)
def test_the_flat_layout_names_a_category_and_a_key(text: str, category: str, key: str) -> None:
    written = {text: {"match": "type"}}

    assert rules_of(written) == {category: {key: TYPE}}
    assert places(written) == {(category, key): (text,)}


def test_the_layout_shows_in_the_first_key_by_alphabet() -> None:
    flat = {"$.path": {"match": "type"}}

    assert rules_of(flat) == {"path": {"": TYPE}}
    assert rules_of({"path": {"matchers": [{"match": "type"}]}}) == {"path": {"": TYPE}}


@pytest.mark.parametrize("path", [{"matchers": [{"match": "type"}]}, {"": {"matchers": [{"match": "type"}]}},
                                  {"$": {"matchers": [{"match": "type"}]}}])  # fmt: skip
@pytest.mark.parametrize("category", ["path", "status", "STATUS"])
def test_path_and_status_hold_their_rule_directly_or_under_any_key(path: Any, category: str) -> None:
    assert rules_of({category: path}) == {category.lower(): {"": TYPE}}


def test_header_and_query_keys_are_names_and_unknown_categories_mean_the_body() -> None:
    rule = {"matchers": [{"match": "type"}]}

    assert rules_of({"headers": {"X-A": rule}, "query": {"a[]": rule}, "content": {"$.a": rule}}) == {
        "body": {"$.a": TYPE},
        "header": {"X-A": TYPE},
        "query": {"a[]": TYPE},
    }


def test_an_empty_list_of_matchers_is_no_rule() -> None:
    assert rules_of({"body": {"$.a": {"matchers": []}}}) == {}


def test_rules_are_written_by_category_with_the_path_alone_and_the_status_under_the_root() -> None:
    rules = {"path": {"": TYPE}, "status": {"": TYPE}, "body": {"$.a": Rule((Matcher("min", {"x": 1}),), "OR")}}

    written = write_by_category(rules)

    assert written == {
        "path": {"combine": "AND", "matchers": [{"match": "type"}]},
        "status": {"$": {"combine": "AND", "matchers": [{"match": "type"}]}},
        "body": {"$.a": {"combine": "OR", "matchers": [{"match": "min", "x": 1}]}},
    }


def test_rules_are_written_flat_where_each_has_one_matcher() -> None:
    rules = {
        "path": {"": TYPE},
        "header": {"X-A": TYPE},
        "query": {"a": TYPE},
        "body": {"$": TYPE, "$.a[*]": TYPE},
    }

    written = write_flat(rules)

    assert list(written) == ["$.path", "$.headers['X-A']", "$.query['a']", "$.body", "$.body.a[*]"]
    assert rules_of(written) == rules


@pytest.mark.parametrize(
    "rules",
    [
        {"body": {"$": Rule((Matcher("type"), Matcher("notEmpty")))}},
        {"header": {"it's": TYPE}},
        {"query": {"a[]": TYPE}},
        {"metadata": {"a": TYPE}},
    ],
)
def test_what_the_flat_layout_cannot_say_is_refused(rules: Any) -> None:
    with pytest.raises(RuleInvalid):
        write_flat(rules)


def test_generators_are_read_and_written_and_what_means_nothing_is_kept_apart() -> None:
    notes = Notes()
    written = {
        "path": {"type": "Uuid"},
        "body": {"$.a": {"type": "RandomInt", "min": 1}, "$.b": 5},
        "content": {"$": {"type": "Uuid"}},
        "header": {"X": {"type": "Unheard"}},
    }

    found, rest = read_generators(written, "/g", notes)

    assert found == {
        "body": {"$.a": Generator("RandomInt", {"min": 1})},
        "header": {"X": Generator("Unheard")},
        "path": {"": Generator("Uuid")},
    }
    assert rest == {"body": {"$.b": 5}, "content": {"$": {"type": "Uuid"}}}
    assert write_generators(found) == {
        "body": {"$.a": {"type": "RandomInt", "min": 1}},
        "header": {"X": {"type": "Unheard"}},
        "path": {"type": "Uuid"},
    }
    assert not notes.errors
    assert len(notes.warnings) == 3


def test_the_rules_of_a_variant_are_paths_below_the_item() -> None:
    assert read_variant_rules({"index": 0}) is None
    assert read_variant_rules({"rules": {}}) == {}
    assert read_variant_rules({"rules": {"$.a": {"matchers": [{"match": "type"}]}}}) == {"$.a": TYPE}


@pytest.mark.parametrize(
    "written",
    [
        {"body": None},
        {"header": [5]},
        {"path": {"a b": {"matchers": []}}},
        {"status": {"a b": 5}},
        {"odd": {"$..": 5}},
        {"$": {"match": "type"}},
        {"$[0].a": {"match": "type"}},
        {"$.headers": {"match": "type"}},
        {"$.headers['a b']": {"match": "type"}},
        {"$.body": [{"match": "type"}]},
        {"$.body.a b": {"match": "type"}},
    ],
)
def test_rules_that_the_pact_core_does_not_load_are_refused(written: Any) -> None:
    notes = Notes()

    read_rules(written, "", notes)

    assert len(notes.errors) == 1


def test_a_generator_under_a_bad_path_is_refused_and_a_header_may_have_any_name() -> None:
    notes = Notes()

    read_generators({"metadata": {"a b": {"type": "Uuid"}}, "header": {"a b": {"type": "Uuid"}}}, "", notes)

    assert [complaint.pointer for complaint in notes.errors] == ["/metadata/a b"]
