"""Which documents are descriptions, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.contract.openapi.descriptions import DescriptionInvalid, check, kind_of

GOOD: dict[str, Any] = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}}


def test_a_good_description_has_no_complaints() -> None:
    assert check(GOOD) == ()
    assert check({"swagger": "2.0", "paths": {}}) == ()
    assert check({"asyncapi": "3.0.0", "operations": {}}) == ()
    assert kind_of(GOOD) == "OpenAPI 3.1.0"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document: an API description is an object"),
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
