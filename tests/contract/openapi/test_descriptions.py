"""Which documents are descriptions, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.contract.openapi.descriptions import DescriptionInvalid, check, kind_of
from tallystick.contract.openapi.yaml_text import YamlInvalid, loads

GOOD: dict[str, Any] = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}}


def test_a_good_description_has_no_complaints() -> None:
    assert check(GOOD) == ()
    assert check({"swagger": "2.0", "paths": {}}) == ()
    assert check({"asyncapi": "3.0.0", "operations": {}}) == ()
    assert kind_of(GOOD) == "OpenAPI 3.1.0"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document: an API description is an object, and this is an array"),
        (None, "the document: an API description is an object, and this is nothing"),
        ({"paths": {}}, "the document: this names no version (add `openapi: 3.1.0`, if that is what it is)"),
        ({"openapi": "2.5"},
         "the document: OpenAPI 2.5 is not supported (OpenAPI 3.0 and 3.1, Swagger 2.0 and AsyncAPI 3 are)"),
        ({"openapi": "3.0.0"}, "/paths: this is missing or no object: path items by path"),
        ({"openapi": "3.0.0", "paths": {"a": {}}}, "/paths/a: a path starts with a slash"),
        ({"openapi": "3.0.0", "paths": {"/a": 1}}, "/paths/~1a: a path item is an object"),
        ({"openapi": "3.0.0", "paths": {"/a": {"get": []}}}, "/paths/~1a/get: an operation is an object"),
        ({"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{}]}}}},
         "/paths/~1a/get/parameters/0: a parameter has `name` and `in`, or is a reference"),
        ({"openapi": "3.0.0", "paths": {"/a": {"$ref": "other.yaml#/a"}}},
         "/paths/~1a: the reference 'other.yaml#/a' leads outside the document "
         "(put what it names into this document, bundling tools do that)"),
    ],
)  # fmt: skip
def test_a_bad_description_says_where(document: Any, complaint: str) -> None:
    with pytest.raises(DescriptionInvalid) as refused:
        check(document)

    assert [str(one) for one in refused.value.complaints] == [complaint]


def test_all_complaints_are_listed() -> None:
    with pytest.raises(DescriptionInvalid) as refused:
        check({"openapi": "3.0.0", "paths": {"/a": {"get": 1}, "b": {}, "/c": {"put": {"responses": []}}}})

    assert len(refused.value.complaints) == 3


def test_a_reference_to_nothing_is_odd_and_one_in_an_example_is_data() -> None:
    document = {**GOOD, "components": {"schemas": {"A": {"$ref": "#/gone"}, "B": {"example": {"$ref": "x.yaml"}}}}}

    assert [one.pointer for one in check(document)] == ["/components/schemas/A"]


def test_a_description_nested_without_end_is_refused() -> None:
    deep: Any = {}
    for _ in range(1000):
        deep = {"x": deep}

    with pytest.raises(DescriptionInvalid, match="MAX_DEPTH"):
        check({**GOOD, "components": deep})


def described(*paths: str, **operation: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": {path: {"get": dict(operation)} for path in paths}}


@pytest.mark.parametrize(
    ("document", "odd"),
    [
        (described("/a/{id}", "/a/{number}"),
         ["/paths/~1a~1{number}/get: GET /a/x fits /a/{id} too (give one of them a segment of its own)"]),
        (described("/orders/{id}/items", "/{kind}/7/items"),
         ["/paths/~1{kind}~17~1items/get: GET /orders/7/items fits /orders/{id}/items too "
          "(give one of them a segment of its own)"]),
        (described("/orders/{id}", "/orders/latest", "/files/{name}.json", "/files/{name}"), []),
        (described("/a", "/b", operationId="read"),
         ["/paths/~1b/get/operationId: /paths/~1a/get is called 'read' too"]),
        (described("/a", responses={"2xx": {}}),
         ["/paths/~1a/get/responses/2xx: this is no status (a status is a number, a class such as 4XX, or `default`)"]),
        (described("/a", responses={"200": None}),
         ["/paths/~1a/get/responses/200: a response is an object; this one is not checked"]),
        (described("/a", parameters=[{"name": "page", "in": "query"}, {"name": "page", "in": "query"}]),
         ["/paths/~1a/get/parameters/1: the query parameter 'page' is there already; the last one counts"]),
        ({"openapi": "3.0.0", "paths": {"/a": {"GET": {}}}},
         ["/paths/~1a/GET: methods are written in lower case; this one is not read"]),
    ],
)  # fmt: skip
def test_what_hardly_means_what_it_says_is_listed(document: Any, odd: list[str]) -> None:
    assert [str(one) for one in check(document)] == odd


@pytest.mark.parametrize(
    ("schema", "odd"),
    [
        ({"type": "strng"}, ["/components/schemas/A/type: 'strng' is no type"]),
        ({"type": ["string", "nil"]}, ["/components/schemas/A/type: 'nil' is no type"]),
        ({"$ref": 5}, ["/components/schemas/A/$ref: a reference is a text"]),
        ({"properties": ["id"]}, ["/components/schemas/A/properties: properties are an object: schemas by name"]),
        ({"properties": {"type": {"type": "string"}, "$ref": {}, "properties": {}}}, []),
        ({"x-form": {"type": "dropdown"}, "example": {"type": "dropdown", "$ref": 1}}, []),
    ],
)
def test_what_a_schema_cannot_mean_is_listed(schema: Any, odd: list[str]) -> None:
    assert [str(one) for one in check({**GOOD, "components": {"schemas": {"A": schema}}})] == odd


def test_a_name_that_yaml_holds_twice_is_told_with_both_lines() -> None:
    with pytest.raises(YamlInvalid, match=r"the name '/a' is there already, in line 2 \(line 4, column 3\)"):
        loads("paths:\n  /a:\n    get: {}\n  /a:\n    put: {}\n")


def test_what_yaml_merges_may_be_named_again() -> None:
    assert loads("a: &a {k: 1, l: 2}\nb: {<<: *a, l: 3}")["b"] == {"k": 1, "l": 3}
