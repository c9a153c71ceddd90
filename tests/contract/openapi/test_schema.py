"""Validation against the schemas of API descriptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract.openapi.schema import BudgetExceeded, Validator
from tallystick.contract.openapi.shapes import Side
from tallystick.contract.openapi.values import MISSING

A = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
B = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}


def messages(schema: Any, value: Any, side: Side = "request", *, coerce: bool = False, **schemas: Any) -> list[str]:
    validator = Validator({"components": {"schemas": schemas}}, side, coerce)
    return [fault.message for fault in validator.faults(schema, value)]


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"type": "integer"}, [1, Decimal("1.0"), 1.0], [Decimal("1.5"), "1", True, None]),
        ({"type": "number"}, [1, Decimal("1.5")], ["1", False]),
        ({"type": ["string", "null"]}, ["", None], [1]),
        ({"type": "string", "nullable": True}, [None, ""], [1]),
        ({"enum": [1, "a", None]}, [Decimal("1.0"), "a", None], [True, "b"]),
        ({"const": {"a": 1}}, [{"a": 1.0}], [{"a": 2}]),
        ({"minLength": 2, "maxLength": 3}, ["ab", 5], ["a", "abcd", "😀"]),
        ({"pattern": "^a"}, ["ab", 5], ["b"]),
        ({"pattern": "["}, ["not checked"], []),
        ({"minimum": 1, "exclusiveMinimum": True}, [2, "x"], [1, 0]),
        ({"exclusiveMaximum": 3}, [2], [3, 4]),
        ({"minimum": 1, "maximum": 3}, [1, 3], [0, 4]),
        ({"multipleOf": Decimal("0.1")}, [Decimal("0.3"), 1], [Decimal("0.35")]),
        ({"items": {"type": "integer"}, "minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3], ["x"]]),
        ({"uniqueItems": True}, [[1, "1", True, [1]]], [[1, Decimal("1.0")], [{"a": 1}, {"a": 1}]]),
        ({"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, [[1, "x"]], [["x"], [1, 2]]),
        ({"contains": {"type": "integer"}}, [["x", 1]], [["x"], []]),
        ({"required": ["a"], "minProperties": 1, "maxProperties": 2},
         [{"a": 1}], [{}, {"b": 1}, {"a": 1, "b": 2, "c": 3}]),
        ({"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
         [{"a": 1}, {}], [{"a": "x"}, {"b": 1}]),
        ({"additionalProperties": {"type": "integer"}}, [{"x": 1}], [{"x": "s"}]),
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False},
         [{"x1": 1}], [{"x1": "s"}, {"y": 1}]),
        ({"propertyNames": {"pattern": "^x"}}, [{"x": 1}], [{"y": 1}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 1}, {"b": 1}], [{"a": 1}]),
        ({"allOf": [A, B]}, [{"a": "", "b": ""}], [{"a": ""}, {"b": ""}]),
        ({"anyOf": [A, B]}, [{"a": ""}, {"a": "", "b": ""}], [{}]),
        ({"oneOf": [A, B]}, [{"a": ""}], [{}, {"a": "", "b": ""}]),
        ({"not": {"type": "string"}}, [1], ["x"]),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, [{"a": 1, "b": 1}, {}], [{"a": 1}]),
        ({"allOf": [A], "unevaluatedProperties": False}, [{"a": ""}], [{"a": "", "b": ""}]),
        (True, [1, None], []),
        (False, [], [1, None]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31]),
        ({"format": "date"}, ["2020-02-29", 5], ["2021-02-29", "2020-1-1"]),
        ({"format": "date-time"}, ["2020-01-01T10:00:00Z", "2020-01-01 10:00:00+02:00"], ["2020-01-01T10:00:00", "x"]),
        ({"format": "time"}, ["23:59:60Z", "10:00:00.5+01:00"], ["10:00:00", "24:00:00Z", "12:00:60Z"]),
        ({"format": "duration"}, ["P1D", "PT1H", "P2W"], ["P", "PT", "1D"]),
        ({"format": "uuid"}, ["e43d2c1a-0000-4000-8000-123456789abc"], ["e43d2c1a"]),
        ({"format": "email"}, ["a@b.co"], ["a", "a@", "a b@c.d"]),
        ({"format": "hostname"}, ["a.b-c"], ["-a", "a..b"]),
        ({"format": "ipv4"}, ["1.2.3.4"], ["1.2.3", "256.1.1.1"]),
        ({"format": "ipv6"}, ["::1"], ["1.2.3.4", "x"]),
        ({"format": "uri"}, ["http://a/b?c#d", "urn:x"], ["/x", "a b"]),
        ({"format": "uri-reference"}, ["/x", "../y"], ["\\"]),
        ({"format": "uri-template"}, ["/a/{b}"], ["/{"]),
        ({"format": "json-pointer"}, ["", "/a~1b"], ["a", "/~2"]),
        ({"format": "byte"}, ["YQ=="], ["!!"]),
        ({"format": "regex"}, ["a+"], ["["]),
        ({"format": "never heard of"}, ["x"], []),
    ],
)  # fmt: skip
def test_a_keyword_accepts_and_refuses(schema: Any, valid: list[Any], invalid: list[Any]) -> None:
    assert [value for value in valid if messages(schema, value)] == []
    assert [value for value in invalid if not messages(schema, value)] == []


def test_a_fault_names_both_places() -> None:
    validator = Validator({"components": {"schemas": {"Line": {"properties": {"n": {"type": "integer"}}}}}}, "request")
    schema = {"properties": {"lines": {"items": {"$ref": "#/components/schemas/Line"}}}}

    (fault,) = validator.faults(schema, {"lines": [{"n": 1}, {"n": "x"}]})

    assert (fault.message, fault.path) == ("must be integer", ("lines", "1", "n"))
    assert fault.schema_path == ("components", "schemas", "Line", "properties", "n", "type")


def test_a_response_is_closed_and_requires_nothing() -> None:
    assert messages(A, {}, "response") == []
    assert messages(A, {"a": "", "x": 1}, "response") == ["must NOT have additional properties - x"]
    assert messages({**A, "additionalProperties": {}}, {"x": 1}, "response") == []
    assert messages({"allOf": [A, B]}, {"a": "", "x": 1}, "response") == ["must NOT have additional properties - x"]
    assert messages({"properties": {"a": {}}}, {"x": 1}, "response") == []
    assert messages({**A, "oneOf": [{"properties": {"a": {}}}]}, {"x": 1}, "response") == [
        "must have required property 'a'"
    ]


def test_members_of_all_of_are_merged_without_losing_a_demand() -> None:
    assert messages({"allOf": [{"minimum": 5}, {"minimum": 3}]}, 4) == ["must be >= 5"]
    assert messages({"allOf": [{"minimum": 3}, {"minimum": 5}]}, 4) == ["must be >= 5"]
    assert messages({"required": ["p"], "allOf": [A]}, {}) == [
        "must have required property 'p'",
        "must have required property 'a'",
    ]
    assert messages({"allOf": [{"$ref": "#/components/schemas/A"}, B]}, {"b": 1, "a": ""}, A=A) == ["must be string"]
    assert messages({"allOf": [{**A, "additionalProperties": False}, B]}, {"a": "", "b": ""}) == []


TAGGED = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "t"},
}
CAT = {"type": "object", "properties": {"t": {"enum": ["Cat"]}, "lives": {"type": "integer"}}}
DOG = {"type": "object", "properties": {"t": {"const": "Dog"}, "barks": {"type": "boolean"}}}


def test_a_discriminator_chooses_the_schema() -> None:
    def found(value: Any, schema: Any = TAGGED) -> list[str]:
        return messages(schema, value, Cat=CAT, Dog=DOG)

    assert found({"t": "Cat", "lives": 9}) == found({"t": "Dog", "lives": "many"}) == []
    assert found({"t": "Cat", "lives": "x"}) == ["must be integer"]
    assert found({"t": "Cow"}) == ['value of tag "t" must be in oneOf']
    assert found({"t": 1}) == ['tag "t" must be string']
    assert found({}) == ["must have required property 't'", 'tag "t" must be string']
    mapped = {**TAGGED, "discriminator": {"propertyName": "t", "mapping": {"c": "#/components/schemas/Cat"}}}
    plain = {"type": "object", "properties": {"t": {"type": "string"}}}
    assert messages(mapped, {"t": "c"}, Cat=plain, Dog=DOG) == []
    assert messages(mapped, {"t": "Cat"}, Cat=plain, Dog=DOG) == ['value of tag "t" must be in oneOf']
    assert messages(TAGGED, {"t": "Cat"}, Cat=plain, Dog=DOG) == []


@pytest.mark.parametrize(
    ("schema", "text", "valid"),
    [
        ({"type": "integer"}, "12", True), ({"type": "integer"}, "1.5", False), ({"type": "integer"}, "", False),
        ({"type": "integer"}, "0x1f", True), ({"type": "integer"}, "1e2", True), ({"type": "number"}, "-.5", True),
        ({"type": "boolean"}, "true", True), ({"type": "boolean"}, "1", False), ({"type": "boolean"}, "TRUE", False),
        ({"type": ["integer", "null"]}, "", True), ({"type": "integer", "nullable": True}, "x", False),
        ({"type": "integer", "minimum": 5}, "4", False), ({"type": "integer", "enum": [1, 2]}, "2", True),
        ({"type": "object"}, "x", False), ({"anyOf": [{"type": "integer"}, {"enum": ["a"]}]}, "a", True),
        ({"type": "number"}, "9" * 500, False),
    ],
)  # fmt: skip
def test_a_parameter_is_taken_for_what_it_spells(schema: Any, text: str, valid: bool) -> None:
    assert (messages(schema, text, coerce=True) == []) is valid
    assert messages(schema, MISSING, coerce=True) != []


def test_references_go_round_and_nowhere_without_harm() -> None:
    node = {"type": "object", "properties": {"n": {"$ref": "#/components/schemas/Node"}, "v": {"type": "integer"}}}

    assert messages({"$ref": "#/components/schemas/Node"}, {"n": {"n": {"v": "x"}}}, Node=node) == ["must be integer"]
    assert messages({"$ref": "#/components/schemas/Gone"}, 1) == []
    assert messages({"$ref": "http://elsewhere/x.json"}, 1) == []
    for loop in ({"$ref": "#/components/schemas/L"}, {"allOf": [{"$ref": "#/components/schemas/L"}]}):
        try:
            assert messages(loop, 1, L=loop) == []
        except BudgetExceeded:
            continue


def test_a_walk_has_a_budget() -> None:
    deep: Any = {}
    for _ in range(20):
        deep = {"anyOf": [deep, {"type": "string"}], "oneOf": [deep, {"not": deep}]}

    with pytest.raises(BudgetExceeded):
        messages(deep, 1)


def test_patterns_share_their_time() -> None:
    slow = {"items": {"pattern": "^(a|aa)+$"}}

    assert messages(slow, ["a" * 60 + "!"] * 200) == []


def test_deep_values_and_schemas_end_in_the_budget_and_not_in_python() -> None:
    nested: Any = {}
    for _ in range(400):
        nested = {"n": nested}
    node = {"anyOf": [{"properties": {"n": {"$ref": "#/components/schemas/Node"}}}]}

    with pytest.raises(BudgetExceeded):
        messages({"$ref": "#/components/schemas/Node"}, nested, Node=node)


KEYWORDS = st.sampled_from(
    ["type", "enum", "const", "properties", "required", "items", "allOf", "anyOf", "oneOf", "not", "$ref", "minimum",
     "multipleOf", "pattern", "format", "nullable", "additionalProperties", "discriminator", "minLength", "if", "then"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["string", "object", "date", "#/components/schemas/X", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=15,
)


@given(VALUES, VALUES, st.sampled_from(["request", "response"]), st.booleans())
def test_any_schema_and_any_value_give_faults_and_nothing_else(
    schema: Any, value: Any, side: Side, coerce: bool
) -> None:
    try:
        found = messages(schema, value, side, coerce=coerce, X=schema)
    except BudgetExceeded:
        return

    assert all(isinstance(one, str) for one in found)
