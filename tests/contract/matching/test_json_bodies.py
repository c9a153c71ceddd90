"""Comparing JSON: objects, arrays, and what rules on them change (Pact, "Body algorithms" and "Matchers")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Found = Callable[..., list[tuple[str, str]]]

TYPE = {"match": "type"}


def each_value(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"match": "eachValue", "rules": list(rules)}


def each_key(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"match": "eachKey", "rules": list(rules)}


def test_equal_documents_fit_whatever_the_order_of_their_keys(found: Found) -> None:
    assert found(b'{"a": 1, "b": [1.50, null]}', b'{ "b" : [1.5,null], "a":1 }') == []


def test_further_keys_are_allowed_in_responses_and_not_in_requests(found: Found) -> None:
    assert found({"a": 1}, {"a": 1, "b": 2}) == []
    assert found({"a": 1}, {"a": 1, "b": 2}, strict=True) == [("unexpected-keys", "$")]
    assert found({}, {"b": 2}, strict=True) == [("unexpected-keys", "$")]
    assert found({"a": {}}, {"a": {"b": 1}}, {"$.a": TYPE}, strict=True) == [("unexpected-keys", "$.a")]


def test_missing_keys_are_reported_at_their_object(found: Found) -> None:
    assert found({"a": {"b": 1, "c": 2}}, {"a": {}}) == [("missing-keys", "$.a")]


def test_a_container_is_never_another_kind_whatever_the_rules(found: Found) -> None:
    either = {"matchers": [TYPE, {"match": "null"}], "combine": "OR"}

    assert found({"a": {"b": 1}}, {"a": None}, {"$.a": either}) == [("kind", "$.a")]
    assert found({"a": []}, {"a": {}}, {"$.a": TYPE}) == [("kind", "$.a")]


def test_numbers_keep_their_kind(found: Found) -> None:
    assert found(b"[1, 1.0, 1e2]", b"[1, 1.00, 100.0]") == []
    assert found(b"[1]", b"[1.0]") == [("equality", "$[0]")]
    assert found(b"[true]", b"[1]") == [("equality", "$[0]")]
    assert found(b"[100000000000000000000]", b"[100000000000000000001]") == []


def test_arrays_without_rules_have_the_same_length(found: Found) -> None:
    assert found([1, 2], [1, 2, 3]) == [("length", "$")]
    assert found([1, 2], [1]) == [("length", "$"), ("missing-item", "$")]
    assert found([], [1]) == [("unexpected-items", "$")]
    assert found([1], [1, 2], {"$[*]": TYPE}) == [("length", "$")]


def test_a_rule_on_an_array_accepts_fewer_items_and_compares_more_with_the_first(found: Found) -> None:
    assert found([1, "x"], [1], {"$": TYPE}) == []
    assert found([1, "x"], [1, "q", 7], {"$": TYPE}) == []
    assert found([1, "x"], [1, "x", "y"], {"$": TYPE}) == [("type", "$[2]")]


def test_an_empty_array_under_any_rule_accepts_every_array(found: Found) -> None:
    assert found({"a": []}, {"a": [1, "x"]}, {"$.a": {"match": "type", "min": 5}}) == []


def test_limits_count_where_the_rule_stands_and_not_below(found: Found) -> None:
    at_least_two = {"match": "type", "min": 2}

    assert found([[1]], [[1]], {"$": at_least_two}) == [("type", "$")]
    assert found([[1]], [[1], [1]], {"$": at_least_two}) == []
    assert found({"a": 1}, {"a": 1}, {"$": at_least_two}) == [("type", "$")]
    assert found({"a": {"b": 1}, "c": 1}, {"a": {"b": 1}, "c": 1}, {"$": at_least_two}) == []


def test_a_type_rule_reaches_everything_below_it(found: Found) -> None:
    assert found({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [2, {"c": "y"}]}}, {"$": TYPE}) == []
    assert found({"a": {"b": "x"}}, {"a": {"b": 1}}, {"$": TYPE}) == [("type", "$.a.b")]


def test_values_frees_the_keys_and_compares_every_actual_value(found: Found) -> None:
    rules = {"$.m": {"match": "values"}, "$.m.*": TYPE}

    assert found({"m": {"a": 1}}, {"m": {"x": 5, "y": 6}}, rules) == []
    assert found({"m": {"a": 1}}, {"m": {"x": "no"}}, rules) == [("type", "$.m.x")]
    assert found({"m": {"a": {"k": 1}}}, {"m": {"x": {}}}, rules) == [("missing-keys", "$.m.x")]
    assert found({"m": {"a": 1}}, {"m": {"x": 2}}, {"$.m": {"match": "values"}}) == [("values", "$.m.x")]


def test_each_value_hides_the_other_rules_below_it(found: Found) -> None:
    assert found({"m": {"a": 1}}, {"m": {"x": 9}}, {"$.m": each_value({"match": "integer"})}) == []
    assert found({"m": {"a": "1"}}, {"m": {"x": "q"}}, {"$.m": each_value(TYPE), "$.m.x": {"match": "null"}}) == []
    assert found([1], [2, "x"], {"$": each_value({"match": "integer"})}) == [("integer", "$[1]")]
    assert found([1], [2], {"$": each_value()}) == [("no-matcher", "$[0]")]


def test_each_key_tests_the_keys_and_leaves_the_values_alone(found: Found) -> None:
    upper = each_key({"match": "regex", "regex": "[A-Z]+"})

    assert found({"m": {"A": 1}}, {"m": {"B": "anything"}}, {"$.m": upper}) == []
    assert found({"m": {"A": 1}}, {"m": {"A": "else", "b": 1}}, {"$.m": upper}) == [("eachKey", "$.m.b")]


def test_each_key_and_each_value_type_a_dictionary(found: Found) -> None:
    rules = {"$.m": [each_key({"match": "regex", "regex": "[a-z]+"}), each_value({"match": "integer"})]}

    assert found({"m": {"a": 1}}, {"m": {"x": 2, "y": 3}}, rules) == []
    assert found({"m": {"a": 1}}, {"m": {"x": "2"}}, rules) == [("integer", "$.m.x")]
    assert found({"m": {"a": 1}}, {"m": {"X": 2}}, rules) == [("eachKey", "$.m.X")]


def contains(*variants: dict[str, Any]) -> dict[str, Any]:
    return {"$": {"match": "arrayContains", "variants": list(variants)}}


def test_array_contains_looks_for_an_item_like_each_variant(found: Found) -> None:
    by_type = contains({"index": 0, "rules": {"$.id": {"matchers": [TYPE]}}}, {"index": 1, "rules": {}})

    assert found([{"id": 1}, {"n": "x"}], [{"z": 0}, {"n": "x", "more": 1}, {"id": 9}], by_type) == []
    assert found([{"id": 1}, {"n": "x"}], [{"n": "x"}], by_type) == [("arrayContains", "$")]
    assert found([1], [1], contains({"index": 3})) == [("arrayContains", "$")]


def test_array_contains_without_rules_of_a_variant_wants_the_item_itself(found: Found) -> None:
    assert found([{"id": 1}], [{"id": 1, "more": 2}], contains({"index": 0})) == [("arrayContains", "$")]
    assert found([1, 2], [2, 3, 1], contains()) == []


def test_any_matcher_of_an_or_rule_is_enough_for_scalars_and_all_are_needed_for_objects(found: Found) -> None:
    either = {"matchers": [{"match": "integer"}, {"match": "null"}], "combine": "OR"}
    both = {"matchers": [TYPE, {"match": "notEmpty"}], "combine": "OR"}

    assert found({"a": 1}, {"a": None}, {"$.a": either}) == []
    assert found({"a": 1}, {"a": "x"}, {"$.a": either}) == [("integer", "$.a"), ("null", "$.a")]
    assert found({"a": {}}, {"a": {}}, {"$.a": both}) == [("notEmpty", "$.a")]


def test_matchers_that_know_no_objects_refuse_them(found: Found) -> None:
    assert found({"a": {"b": 1}}, {"a": {"b": 1}}, {"$.a": {"match": "integer"}}) == [("integer", "$.a")]
    assert found([1], [1], {"$": {"match": "null"}}) == [("null", "$"), ("null", "$[0]")]


def test_text_that_is_no_json_is_a_mismatch(found: Found) -> None:
    assert found({"a": 1}, b'{"a": 1} trailing') == [("unparsable", "$")]
    assert found({"a": 1}, b"\xff") == [("unparsable", "$")]
    assert found(b"{", b"[") == [("unparsable", "$"), ("unparsable", "$")]


RULES_BY_WEIGHT = [
    (["$", "$.a", "$.a.b"], "$.a.b"),
    (["$.a", "$.*.*"], "$.a"),
    (["$.a", "$.*.b"], "$.*.b"),
    (["$.*.*", "$.*"], "$.*.*"),
    (["$.a.b", "$.a.*"], "$.a.b"),
    (["$", "$.*"], "$.*"),
]


@pytest.mark.parametrize(("keys", "chosen"), RULES_BY_WEIGHT)
def test_the_heaviest_rule_is_chosen(compare: Any, keys: list[str], chosen: str) -> None:
    rules = {key: {"match": "include", "value": f"<{number}>"} for number, key in enumerate(keys)}

    outcome = compare({"a": {"b": "x"}}, {"a": {"b": "y"}}, rules)

    assert {one.rule_path for one in outcome.mismatches if one.path == "$.a.b"} == {chosen}


def test_stars_indexes_and_digits(found: Found) -> None:
    number = {"match": "number"}

    assert found({"a": [1, "x"]}, {"a": [2, "x"]}, {"$.a[0]": number}) == []
    assert found({"a": [1, "x"]}, {"a": [2, "x"]}, {"$.a.0": number}) == []
    assert found({"a": {"0": 1}}, {"a": {"0": 2}}, {"$.a[0]": number}) == []
    assert found({"a": {"7": 1}}, {"a": {"7": 2}}, {"$.a[*]": number}) == []
    assert found({"a": {"k": 1}}, {"a": {"k": 2}}, {"$.a[*]": number}) == [("equality", "$.a.k")]
    assert found({"a": [[1]]}, {"a": [[2]]}, {"$.*.*.*": number}) == []


def test_equally_heavy_rules_have_an_order(compare: Any) -> None:
    rules = {"$.*.b": {"match": "integer"}, "$.a.*": {"match": "decimal"}}
    for ordered in (rules, dict(reversed(rules.items()))):
        outcome = compare({"a": {"b": 1}}, {"a": {"b": "x"}}, ordered)
        assert [one.rule_path for one in outcome.mismatches] == ["$.a.*"]


def test_a_mismatch_says_where_in_the_actual_where_in_the_contract_and_by_which_rule(compare: Any) -> None:
    outcome = compare([{"n": 1}], [{"n": 1}, {"n": "x"}], {"$": TYPE})

    (mismatch,) = outcome.mismatches
    assert (mismatch.path, mismatch.contract_path) == ("$[1].n", "$[0].n")
    assert mismatch.rule is not None
    assert (mismatch.rule.name, mismatch.rule_path) == ("type", "$")
    assert (mismatch.expected, mismatch.actual) == (1, "x")


def test_an_object_shows_its_odd_keys_as_the_core_does(found: Found) -> None:
    body = {"x-a": {"'": 1, "*": 2, "5": 3}}
    other = {"x-a": {"'": 0, "*": 0, "5": 0}}

    assert found(body, other) == [
        ("equality", "$['x-a'].*"), ("equality", "$['x-a']['\\'']"), ("equality", "$['x-a'][5]"),
    ]  # fmt: skip
