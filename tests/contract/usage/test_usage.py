"""The usage map: what an interaction relies on, place by place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick.contract import reading
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.model import Interaction
from tallystick.contract.operation import best_template, normal_operation, same_operation
from tallystick.contract.usage import MAX_ROWS, STRICTNESS, UsageRow, usage


def interaction(version: str = "4.0", **members: Any) -> Interaction:
    whole = {"type": "Synchronous/HTTP", "description": "d", "request": {"method": "GET", "path": "/"}} | members
    if whole["type"] == "Synchronous/HTTP":
        whole.setdefault("response", {"status": 200})
    else:
        del whole["request"]
        whole |= {"request": members["request"]} if "request" in members else {}
    contract = {
        "consumer": {"name": "c"},
        "provider": {"name": "p"},
        "interactions": [whole],
        "metadata": {"pactSpecification": {"version": version}},
    }
    return reading.read(json.dumps(contract)).interactions[0]


def places(rows: tuple[UsageRow, ...], part: str) -> dict[str, tuple[str, str]]:
    return {row.path: (row.strictness, row.value_type) for row in rows if row.part == part}


def rule(*matchers: dict[str, Any]) -> dict[str, Any]:
    return {"matchers": list(matchers)}


BODY: dict[str, Any] = {
    "id": 5, "at": "2000-01-01", "note": None, "ok": True, "price": 1.5,
    "lines": [{"sku": "a1", "total": 3}, {"sku": "b2", "total": 4, "gift": False}],
}  # fmt: skip
RULES = {
    "$.id": rule({"match": "integer"}),
    "$.at": rule({"match": "date", "format": "yyyy-MM-dd"}),
    "$.lines": rule({"match": "type", "min": 1}),
    "$.lines[*].sku": rule({"match": "regex", "regex": "[a-z]\\d"}),
}


def answered(body: Any, rules: dict[str, Any], **response: Any) -> tuple[UsageRow, ...]:
    content = {"content": body, "contentType": "application/json", "encoded": False}
    return usage(interaction(response={"status": 200, "body": content, "matchingRules": {"body": rules}, **response}))


def test_a_body_is_taken_apart_with_its_indexes_generalised() -> None:
    assert places(answered(BODY, RULES), "response body") == {
        "$": ("type", "object"),
        "$.id": ("type", "integer"),
        "$.at": ("format", "string"),
        "$.note": ("value", "null"),
        "$.ok": ("value", "boolean"),
        "$.price": ("value", "number"),
        "$.lines": ("range", "array"),
        "$.lines[*]": ("type", "object"),
        "$.lines[*].sku": ("regex", "string"),
        "$.lines[*].total": ("type", "integer"),
        "$.lines[*].gift": ("type", "boolean"),
    }


def test_rows_hold_names_and_types_but_no_values() -> None:
    rows = answered({"secret": "hunter2"}, {})

    assert "hunter2" not in repr(rows)
    assert {row.status for row in rows if row.part.startswith("response")} == {"200"}
    assert next(row.detail for row in rows if row.path == "$.secret") == "200 string"


@pytest.mark.parametrize(
    ("body", "rules", "expected"),
    [
        ({"m": {"k": {"v": 1}}}, {"$.m": rule({"match": "values"}), "$.m.*.v": rule({"match": "type"})},
         {"$.m": ("type", "object"), "$.m.*": ("type", "object"), "$.m.*.v": ("type", "integer")}),
        ({"m": {"k": "v"}}, {"$.m": rule({"match": "eachValue", "rules": [{"match": "regex", "regex": "v"}]})},
         {"$.m": ("type", "object"), "$.m.*": ("regex", "string")}),
        ({"m": [{"a": 1}, {"b": "x"}]},
         {"$.m": rule({"match": "arrayContains", "variants": [
             {"index": 0, "rules": {"$.a": rule({"match": "type"})}}, {"index": 1, "rules": {}}]})},
         {"$.m": ("type", "array"), "$.m[*]": ("type", "object"), "$.m[*].a": ("type", "integer"),
          "$.m[*].b": ("value", "string")}),
        ({"m": [1, 2]}, {}, {"$.m": ("value", "array"), "$.m[*]": ("value", "integer")}),
        ({"m": {"k": 1}}, {"$.m": rule({"match": "equality"})},
         {"$.m": ("value", "object"), "$.m.k": ("value", "integer")}),
        ({"m": 1}, {"$.m": rule({"match": "notEmpty"})}, {"$.m": ("presence", "integer")}),
        ({"m": 1}, {"$.m": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "regex", "regex": "1"}]}},
         {"$.m": ("type", "integer")}),
        ({"m": [1]}, {"$": rule({"match": "type", "min": 1})},
         {"$.m": ("type", "array"), "$.m[*]": ("type", "integer")}),
    ],
)  # fmt: skip
def test_rules_say_how_strictly_a_place_is_held(body: Any, rules: Any, expected: dict[str, tuple[str, str]]) -> None:
    found = places(answered(body, rules), "response body")
    del found["$"]

    assert found == expected


def test_request_and_response_are_mapped_in_every_part() -> None:
    rows = usage(
        interaction(
            request={
                "method": "post", "path": "/orders/5/lines", "query": {"page": ["1"]}, "headers": {"X-Key": ["k"]},
                "body": {"content": "a=1&b=2", "contentType": "application/x-www-form-urlencoded", "encoded": False},
                "matchingRules": {"query": {"page": rule({"match": "integer"})},
                                  "header": {"x-key": rule({"match": "type"})}},
            },
            response={"status": 201, "headers": {"Location": ["/orders/5"]},
                      "body": {"content": "<o id='1'><n>x</n><n/></o>", "contentType": "text/xml", "encoded": False},
                      "matchingRules": {"status": rule({"match": "statusCode", "status": "success"}),
                                        "body": {"$.o.n.#text": rule({"match": "type"})}}},
        )
    )  # fmt: skip

    assert {row.operation for row in rows} == {"POST /orders/{id}/lines"}
    assert [(row.part, row.path, row.strictness) for row in rows] == [
        ("request path", "", "value"),
        ("request query", "page", "type"),
        ("request header", "x-key", "type"),
        ("request body", "$.a", "value"),
        ("request body", "$.b", "value"),
        ("response status", "", "range"),
        ("response header", "location", "value"),
        ("response body", "$.o", "value"),
        ("response body", "$.o['@id']", "value"),
        ("response body", "$.o.n", "value"),
        ("response body", "$.o.n['#text']", "type"),
    ]


def test_a_body_that_must_be_empty_and_one_that_cannot_be_read_are_one_place() -> None:
    for body in (None, {"content": ""}):
        rows = usage(interaction(response={"status": 200, "body": body}))
        assert places(rows, "response body") == {"$": ("value", "null")}
    for content_type in ("text/plain", "application/xml", "application/octet-stream"):
        rows = usage(interaction(response={"status": 200, "body": {"content": "<x", "contentType": content_type}}))
        assert places(rows, "response body") == {"$": ("value", "string")}


def test_messages_are_known_by_their_topic_or_their_description() -> None:
    contents = {"content": {"a": 1}, "contentType": "application/json", "encoded": False}
    by_topic = usage(
        interaction(type="Asynchronous/Messages", contents=contents, metadata={"kafka_topic": "orders", "n": 1})
    )
    by_name = usage(interaction(type="Asynchronous/Messages", contents=contents))
    answering = usage(
        interaction(
            type="Synchronous/Messages", request={"contents": contents}, response=[{"contents": contents}] * 2
        )
    )  # fmt: skip

    assert {row.operation for row in by_topic} == {"orders"}
    assert places(by_topic, "message metadata")["n"] == ("value", "integer")
    assert {row.operation for row in by_name} == {"d"}
    assert [(row.part, row.path) for row in answering] == [
        ("request message", ""), ("request message body", "$"), ("request message body", "$.a"),
        ("response message", ""), ("response message body", "$"), ("response message body", "$.a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "rules", "generators", "template"),
    [
        ("/orders/5", {}, {}, "/orders/{id}"),
        ("/a/5/b/7", {}, {}, "/a/{id}/b/{id2}"),
        ("/x/e43d2c1a-0000-4000-8000-123456789abc", {}, {}, "/x/{id}"),
        ("/orders/latest/v2", {}, {}, "/orders/latest/v2"),
        ("/users/ann/x", {"path": rule({"match": "regex", "regex": "^\\/users\\/\\w+\\/x$"})}, {}, "/users/{id}/x"),
        ("/users/ann", {"path": rule({"match": "regex", "regex": "/users/(a|b)/c"})}, {}, "/users/ann"),
        ("/users/ann", {}, {"path": {"type": "ProviderState", "expression": "/users/${name}"}}, "/users/{id}"),
    ],
)
def test_path_values_are_generalised(path: str, rules: Any, generators: Any, template: str) -> None:
    request = {"method": "GET", "path": path, "matchingRules": rules, "generators": generators}

    assert usage(interaction(request=request))[0].template == template


def test_the_providers_own_templates_come_first() -> None:
    request = {"method": "GET", "path": "/orders/5"}
    templates = ["/{what}/{id}", "/orders/{orderId}", "/orders/5/x"]

    assert usage(interaction(request=request), templates)[0].template == "/orders/{orderId}"
    assert best_template("/orders/5/", templates) == "/orders/{orderId}"
    assert best_template("/a", templates) is None


def test_operations_are_compared_without_the_names_of_their_parameters() -> None:
    assert same_operation("get /orders/{id}/", "GET /orders/{orderId}")
    assert not same_operation("GET /orders/{id}", "PUT /orders/{id}")
    assert normal_operation("orders topic") == "ORDERS topic"
    assert normal_operation("orders") == "orders"


def test_the_number_of_rows_is_bounded() -> None:
    rows = answered({f"k{n}": n for n in range(MAX_ROWS + 100)}, {})

    assert len(rows) == MAX_ROWS


def test_real_contracts_are_mapped_without_repeating_a_place(shared: Path) -> None:
    mapped = 0
    for file in sorted((shared / "real-pacts").rglob("*.json")):
        try:
            contract = reading.read(file.read_bytes())
        except ContractInvalid:
            continue
        for one in contract.interactions:
            rows = usage(one)
            assert rows
            assert len({(row.part, row.path) for row in rows}) == len(rows)
            assert {row.strictness for row in rows} <= set(STRICTNESS)
            mapped += 1

    assert mapped > 300
