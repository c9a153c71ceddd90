"""The difference of two descriptions, as the edits that could break somebody."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tallystick.contract.openapi.changes import difference

LINE = {"type": "object", "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}, "required": ["sku"]}
OLD: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/orders/{id}": {"get": {"responses": {
            "200": {"description": "", "headers": {"ETag": {"schema": {"type": "string"}}},
                    "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Order"}}}},
            "404": {"description": ""},
        }}},
        "/orders": {"post": {
            "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
                "name": {"type": "string"}, "size": {"type": "string", "enum": ["s", "m", "l"]}}}}}},
            "responses": {"201": {"description": ""}},
        }},
    },
    "components": {"schemas": {
        "Line": LINE,
        "Order": {"type": "object", "required": ["id", "state"], "properties": {
            "id": {"type": "integer"}, "state": {"type": "string", "enum": ["open", "paid"]},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            "parent": {"$ref": "#/components/schemas/Order"}}},
    }},
}  # fmt: skip


def edits(change: Any) -> list[str]:
    """What `change(new)` makes of a copy of the description, as text."""
    new = copy.deepcopy(OLD)
    change(new)
    return [str(one) for one in difference(OLD, new)]


def order(new: Any) -> Any:
    return new["components"]["schemas"]["Order"]


def posted(new: Any) -> Any:
    return new["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def fetched(new: Any) -> Any:
    return new["paths"]["/orders/{id}"]["get"]["responses"]


def test_the_same_description_has_no_edits() -> None:
    assert difference(OLD, copy.deepcopy(OLD)) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda new: new["paths"].pop("/orders"), ["drop operation 'POST /orders'"]),
        (lambda new: fetched(new).pop("404"), ["remove 'GET /orders/{id} 404'"]),
        (lambda new: fetched(new)["200"].pop("headers"), ["remove 'GET /orders/{id} 200 header etag'"]),
        (lambda new: fetched(new)["200"].pop("content"), ["remove 'GET /orders/{id} 200 $'"]),
        (lambda new: order(new)["properties"].pop("tags"), ["remove 'GET /orders/{id} 200 $.tags'"]),
        (lambda new: new["components"]["schemas"]["Line"]["properties"].pop("n"),
         ["remove 'GET /orders/{id} 200 $.lines[*].n'"]),
        (lambda new: order(new)["properties"].update(id={"type": "string"}),
         ["type 'GET /orders/{id} 200 $.id' string"]),
        (lambda new: order(new)["properties"]["tags"].update(additionalProperties={"type": "integer"}),
         ["type 'GET /orders/{id} 200 $.tags.*' integer"]),
        (lambda new: order(new)["properties"]["id"].update(nullable=True),
         ["nullable 'GET /orders/{id} 200 $.id'"]),
        (lambda new: order(new).update(required=["id"]), ["optional 'GET /orders/{id} 200 $.state'"]),
        (lambda new: order(new)["properties"]["state"]["enum"].append("lost"),
         ["enum 'GET /orders/{id} 200 $.state' 'lost'"]),
        (lambda new: order(new)["properties"].update(rows=order(new)["properties"].pop("lines")),
         ["rename 'GET /orders/{id} 200 $.lines' to rows"]),
        (lambda new: posted(new).update(required=["name"]), ["require 'POST /orders $.name'"]),
        (lambda new: posted(new)["properties"]["size"].update(enum=["s", "m"]), ["enum 'POST /orders $.size' 'l'"]),
        (lambda new: posted(new)["properties"]["name"].update(type="integer"),
         ["type 'POST /orders $.name' integer"]),
        (lambda new: new["paths"]["/orders"]["post"]["parameters"][0].update(required=True),
         ["require 'POST /orders query dry'"]),
        (lambda new: new["paths"]["/orders"]["post"]["parameters"][0]["schema"].update(type="integer"),
         ["type 'POST /orders query dry' integer"]),
        (lambda new: new["paths"]["/orders"]["post"]["requestBody"].update(required=True),
         ["require 'POST /orders $'"]),
    ],
)  # fmt: skip
def test_a_change_that_could_break_somebody_is_an_edit(change: Any, expected: list[str]) -> None:
    assert edits(change)[: len(expected)] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda new: order(new)["properties"].update(more={"type": "boolean"}),
        lambda new: order(new)["required"].append("lines"),
        lambda new: order(new)["properties"]["state"].update(enum=["open"]),
        lambda new: posted(new)["properties"].pop("name"),
        lambda new: posted(new)["properties"]["size"]["enum"].append("xl"),
        lambda new: posted(new)["properties"]["name"].update(nullable=True),
        lambda new: new["paths"].update({"/new": {"get": {"responses": {}}}}),
        lambda new: new["paths"].update({"/orders/{orderId}": new["paths"].pop("/orders/{id}")}),
        lambda new: fetched(new).update({"4XX": fetched(new).pop("404")}),
    ],
)
def test_giving_more_and_asking_less_is_no_edit(change: Any) -> None:
    assert edits(change) == []


def test_a_schema_that_contains_itself_ends() -> None:
    def change(new: Any) -> None:
        order(new)["properties"]["id"]["type"] = "string"

    assert edits(change) == ["type 'GET /orders/{id} 200 $.id' string"]


def test_an_integer_that_becomes_a_number_widens_a_response_only() -> None:
    assert edits(lambda new: order(new)["properties"]["id"].update(type="number")) == [
        "type 'GET /orders/{id} 200 $.id' number"
    ]
    assert edits(lambda new: posted(new)["properties"].update(n={"type": "number"})) == []


def test_descriptions_that_branch_without_end_are_compared_within_a_budget() -> None:
    names = [f"S{n}" for n in range(30)]
    schemas = {
        name: {"properties": {f"p{i}": {"$ref": f"#/components/schemas/{other}"} for i, other in enumerate(names)}}
        for name in names
    }
    old = {"paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {
        "schema": {"$ref": "#/components/schemas/S0"}}}}}}}}, "components": {"schemas": schemas}}  # fmt: skip

    assert difference(old, copy.deepcopy(old)) == ()


def renamed(*, required_before: bool, required_after: bool) -> list[tuple[str, bool]]:
    old, new = copy.deepcopy(OLD), copy.deepcopy(OLD)
    posted(old)["required"] = ["name"] if required_before else []
    posted(new)["properties"]["title"] = posted(new)["properties"].pop("name")
    posted(new)["required"] = ["title"] if required_after else []
    return [(str(one), one.certain) for one in difference(old, new)]


def test_a_renamed_field_of_a_request_is_sure_to_break_only_where_all_send_it() -> None:
    rename, require = "rename 'POST /orders $.name' to title", "require 'POST /orders $.title'"

    assert renamed(required_before=True, required_after=True) == [(rename, True)]
    assert renamed(required_before=True, required_after=False) == [(rename, False)]
    assert renamed(required_before=False, required_after=False) == [(rename, False)]
    assert renamed(required_before=False, required_after=True) == [(require, True)]


def test_null_that_may_no_longer_be_sent_is_a_value_that_is_gone() -> None:
    old = copy.deepcopy(OLD)
    posted(old)["properties"]["name"]["nullable"] = True

    assert [str(one) for one in difference(old, OLD)] == ["enum 'POST /orders $.name' None"]
