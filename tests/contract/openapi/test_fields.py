"""Which described places nobody relies on."""

from __future__ import annotations

from typing import Any

from tallystick.contract.openapi.fields import described, unused
from tallystick.contract.usage import UsageRow

LINE = {"type": "object", "properties": {"sku": {}, "order": {"$ref": "#/components/schemas/Order"}}}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/orders/{id}": {"get": {
        "parameters": [{"name": "full", "in": "query"}, {"name": "X-Key", "in": "header"}],
        "responses": {
            "2XX": {"headers": {"ETag": {}}, "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Order"}}}},
            "default": {"content": {"application/json": {"schema": {"properties": {"error": {}}}}}},
        },
    }}},
    "components": {"schemas": {"Order": {"allOf": [
        {"properties": {"id": {}, "lines": {"type": "array", "items": LINE}}},
        {"properties": {"tags": {"additionalProperties": {"properties": {"n": {}}}}}},
    ]}}},
}  # fmt: skip


def test_every_described_place_is_named_once() -> None:
    assert [str(one) for one in described(DESCRIPTION)] == [
        "GET /orders/{id} query full",
        "GET /orders/{id} header x-key",
        "GET /orders/{id} 2XX header etag",
        "GET /orders/{id} 2XX $.id",
        "GET /orders/{id} 2XX $.lines",
        "GET /orders/{id} 2XX $.lines[*].sku",
        "GET /orders/{id} 2XX $.lines[*].order",
        "GET /orders/{id} 2XX $.tags",
        "GET /orders/{id} 2XX $.tags.*.n",
        "GET /orders/{id} default $.error",
    ]


def test_what_a_row_is_about_is_used() -> None:
    def row(part: str, path: str, status: str = "") -> UsageRow:
        return UsageRow("GET", "/orders/{orderId}", part, path, "type", status)

    rows = [
        row("request query", "full"),
        row("response body", "$.id", "200"),
        row("response body", "$.lines[*].sku", "201"),
        row("response body", "$.error", "404"),
        row("response header", "etag", "200"),
    ]

    assert [str(one) for one in unused(DESCRIPTION, rows)] == [
        "GET /orders/{id} header x-key",
        "GET /orders/{id} 2XX $.lines",
        "GET /orders/{id} 2XX $.lines[*].order",
        "GET /orders/{id} 2XX $.tags",
        "GET /orders/{id} 2XX $.tags.*.n",
    ]
