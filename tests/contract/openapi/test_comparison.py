"""The rules by which an interaction is compared with a description."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract import openapi, reading
from tallystick.contract.json_text import dumps
from tallystick.contract.openapi import compare

ORDER = {"type": "object", "properties": {"id": {"type": "integer"}, "total": {"type": "string"}}, "required": ["id"]}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/orders/latest": {"get": {"responses": {"204": {"description": "none"}}}},
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "parameters": [
                    {"name": "full", "in": "query", "schema": {"type": "boolean"}},
                    {"name": "tags", "in": "query",
                     "schema": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}},
                    {"name": "filter", "in": "query",
                     "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}},
                    {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "integer"}},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "headers": {"X-Rate": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": ORDER}, "text/csv": {"schema": {"type": "string"}}},
                    },
                    "4XX": {"description": "bad"},
                    "default": {"description": "else"},
                },
            },
        },
        "/orders": {
            "post": {
                "security": [{"key": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": ORDER}}},
                "responses": {"201": {"description": "made"}},
            }
        },
    },
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}  # fmt: skip


def codes(
    request: Mapping[str, Any], response: Mapping[str, Any] | None = None, description: Any = DESCRIPTION
) -> list[str]:
    """Code and place in the interaction, of everything found."""
    contract = {
        "consumer": {"name": "c"},
        "provider": {"name": "p"},
        "interactions": [{"description": "d", "request": request, "response": {"status": 200, **(response or {})}}],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    found = compare(contract, description).found
    assert found == compare(reading.read(dumps(contract)), description).found  # type: ignore[arg-type]
    return [f"{one.code} {one.location.removeprefix('[root].interactions[0].')}" for one in found]


def get(path: str = "/orders/5", **parts: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "headers": {"X-Trace": "1"}, **parts}


def post(body: Any = None, **headers: str) -> dict[str, Any]:
    sent = {"Authorization": "Bearer x", "Content-Type": "application/json"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    return {"method": "POST", "path": "/orders", "headers": {k: v for k, v in sent.items() if v}} | (
        {"body": body} if body else {}
    )


def test_what_the_description_allows_finds_nothing() -> None:
    assert codes(get(), {"headers": {"Content-Type": "application/json"}, "body": {"total": "5"}}) == []
    assert codes(post({"id": 1}), {"status": 201}) == []


@pytest.mark.parametrize("path", ["/orders/abc", "/orders/5/", "/Orders/5", "/orders", "/v1/orders/5"])
def test_a_path_must_fit_with_its_values(path: str) -> None:
    assert codes(get(path)) == ["request.path-or-method.unknown request.path"]


def test_the_most_literal_path_is_the_one_meant() -> None:
    assert codes(get("/orders/latest"), {"status": 204}) == ["request.header.unknown request.headers.x-trace"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("full=true&tags=a&tags=b", []), ("tags=a,b", []), ("tags=a", []), ("filter[n]=1", []),
        ("full=yes", ["request.query.incompatible request.query.full"]),
        ("tags=a&tags=z", ["request.query.incompatible request.query.tags.1"]),
        ("filter[n]=x", ["request.query.incompatible request.query.filter.n"]),
        ("filter=x", ["request.query.incompatible request.query.filter"]),
        ("page=1", ["request.query.unknown request.query.page"]),
    ],
)  # fmt: skip
def test_query_values_are_decoded_as_the_schema_wants(query: str, found: list[str]) -> None:
    assert codes(get(query=query)) == found


def test_headers_are_required_typed_and_known() -> None:
    assert codes({"method": "GET", "path": "/orders/5"}) == ["request.header.incompatible request.headers.X-Trace"]
    assert codes(get(headers={"x-trace": "abc", "X-Odd": "1", "User-Agent": "me"})) == [
        "request.header.incompatible request.headers.X-Trace", "request.header.unknown request.headers.x-odd",
    ]  # fmt: skip
    assert codes(get(), {"headers": {"x-rate": "many", "X-Odd": "1", "ETag": "x"}}) == [
        "response.header.incompatible response.headers.X-Rate", "response.header.unknown response.headers.x-odd",
        "response.header.undefined response.headers.etag",
    ]  # fmt: skip


def test_credentials_are_asked_for_where_they_can_be_seen() -> None:
    missing = "request.authorization.missing request.headers"

    assert codes(post({"id": 1}, Authorization=""), {"status": 201}) == [missing]
    assert codes(post({"id": 1}, Authorization="Basic x"), {"status": 201}) == [missing]
    optional = copy.deepcopy(DESCRIPTION)
    optional["paths"]["/orders"]["post"]["security"].append({})
    assert codes(post({"id": 1}, Authorization=""), {"status": 201}, optional) == []


def test_a_request_that_is_to_fail_may_be_wrong() -> None:
    bad = {"method": "GET", "path": "/orders/5", "query": "full=maybe&odd=1"}

    assert codes(bad, {"status": 400}) == []
    assert codes(bad, {"status": 200}) != []


def test_a_path_value_that_is_wrong_on_purpose_still_finds_its_operation() -> None:
    assert codes(get("/orders/abc"), {"status": 404}) == []
    assert codes(get("/orders/abc/lines"), {"status": 404}) == ["request.path-or-method.unknown request.path"]


def test_fields_of_forms_are_texts_that_may_spell_numbers() -> None:
    form = copy.deepcopy(DESCRIPTION)
    fields = {"n": {"type": "integer"}, "l": {"type": "array", "items": {"type": "integer"}}}
    schema = {"type": "object", "properties": fields, "required": ["n"]}
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    form["paths"]["/orders"]["post"]["requestBody"]["content"] = {kind: {"schema": schema} for kind in kinds}
    part = '--X\r\nContent-Disposition: form-data; name="n"\r\n\r\n{}\r\n--X--\r\n'

    def found(body: str, kind: str) -> list[str]:
        return codes(post(body, Content_Type=kind), {"status": 201}, form)

    assert found("n=5&l=1&l=2", kinds[0]) == found("n=5&l=1", kinds[0]) == []
    assert found("n=five&l=x", kinds[0]) == [
        "request.body.incompatible request.body.n", "request.body.incompatible request.body.l.0",
    ]  # fmt: skip
    assert found("l=1", kinds[0]) == ["request.body.incompatible request.body"]
    assert found(part.format("5"), kinds[1] + "; boundary=X") == []
    assert found(part.format("five"), kinds[1] + "; boundary=X") == ["request.body.incompatible request.body.n"]


def test_bodies_of_requests_keep_the_schema() -> None:
    body = "request.body.incompatible request.body"

    assert codes(post({"id": "x"}), {"status": 201}) == [body + ".id"]
    assert codes(post({"total": "x", "more": 1}), {"status": 201}) == [body]
    assert codes(post(), {"status": 201}) == [body]
    assert codes(post({"id": 1}, Content_Type=""), {"status": 201}) == [
        "request.content-type.missing request.headers.content-type"
    ]
    assert codes(post("x", Content_Type="text/plain"), {"status": 201}) == [
        "request.content-type.incompatible request.headers.content-type"
    ]


def test_bodies_of_responses_may_leave_out_but_not_add() -> None:
    assert codes(get(), {"body": {}}) == []
    assert codes(get(), {"body": {"id": 1, "more": 2}}) == ["response.body.incompatible response.body"]
    assert codes(get(), {"body": {"id": "x"}}) == ["response.body.incompatible response.body.id"]
    assert codes(get(), {"status": 404, "body": {"a": 1}}) == ["response.body.unknown response.body"]


def test_what_cannot_be_checked_is_said() -> None:
    csv = get()

    assert codes(csv, {"headers": {"Content-Type": "text/csv"}, "body": "a,b"}) == [
        "response.body.unvalidatable response.body"
    ]


def test_a_status_is_known_by_number_class_or_default() -> None:
    assert codes(get(), {"status": 404}) == []
    assert codes(get(), {"status": 500}) == ["response.status.default response.status"]
    assert codes(get("/orders/latest", headers={}), {"status": 200}) == ["response.status.unknown response.status"]


def test_what_is_accepted_must_be_sent() -> None:
    for accept, found in [("application/json", []), ("text/html, */*;q=0.1", []), ("application/hal+json", [])]:
        assert codes(get(headers={"X-Trace": "1", "Accept": accept})) == found
    assert codes(get(headers={"X-Trace": "1", "Accept": "image/png"})) == [
        "request.accept.incompatible request.headers.accept"
    ]


def with_parameters(*parameters: Mapping[str, Any]) -> dict[str, Any]:
    schemas = {
        "Numbers": {"type": "array", "items": {"type": "integer"}},
        "Same": {"$ref": "#/components/schemas/Numbers"},
    }
    operation = {"parameters": list(parameters), "responses": {"200": {"description": "ok"}}}
    return {"openapi": "3.0.3", "paths": {"/a/{id}": {"get": operation}}, "components": {"schemas": schemas}}


NUMBERS = {"$ref": "#/components/schemas/Same"}
TEXT_OR_NUMBER = {"oneOf": [{"type": "string"}, {"type": "number"}]}
TWO_NUMBERS = {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 1}]}


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        ({"type": "integer", "nullable": True}, "", True),
        ({"type": "integer"}, "", False),
        (NUMBERS, "1,2", True),
        (NUMBERS, "1", True),
        (NUMBERS, "1,x", False),
        ({"allOf": [NUMBERS]}, "1,2", True),
        ({"anyOf": [NUMBERS, {"type": "string", "pattern": "z"}]}, "1,2", True),
        ({"anyOf": [NUMBERS, {"type": "string", "pattern": "z"}]}, "z,a", True),
        ({"anyOf": [NUMBERS, {"type": "string", "pattern": "z"}]}, "a,b", False),
        (TEXT_OR_NUMBER, "5", True),
        (TEXT_OR_NUMBER, "x", True),
        (TWO_NUMBERS, "5", False),
        (TWO_NUMBERS, "0", True),
    ],
)
@pytest.mark.parametrize("place", ["query", "header", "path"])
def test_parameters_are_texts_of_what_their_schema_wants(
    place: str, schema: Mapping[str, Any], value: str, fits: bool
) -> None:
    if place == "path" and not value:
        return
    described = with_parameters({"name": "id", "in": place, "required": True, "schema": schema})
    request: dict[str, Any] = {"method": "GET", "path": f"/a/{value if place == 'path' else 7}"}
    if place != "path":
        request["query" if place == "query" else "headers"] = {"id": [value]}

    assert (codes(request, description=described) == []) is fits


def test_what_is_required_is_so_without_a_schema() -> None:
    header = {"name": "X-Key", "in": "header", "required": True}

    assert codes({"method": "GET", "path": "/a/1"}, description=with_parameters(header)) == [
        "request.header.incompatible request.headers.X-Key"
    ]


def test_a_parameter_given_twice_is_a_list_or_one_text_of_both() -> None:
    text = with_parameters({"name": "sort", "in": "query", "schema": {"type": "string"}})
    number = with_parameters({"name": "sort", "in": "query", "schema": {"type": "integer"}})
    request = {"method": "GET", "path": "/a/1", "query": {"sort": ["1", "2"]}}

    assert codes(request, description=text) == []
    assert codes(request, description=number) == ["request.query.incompatible request.query.sort"]


def test_a_path_value_is_wrong_on_purpose_only_where_the_status_is_about_values() -> None:
    described = with_parameters({"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})
    described["paths"]["/a/{id}"]["get"]["responses"]["default"] = {"description": "else"}
    request = {"method": "GET", "path": "/a/x"}

    for status in (400, 404, 422):
        assert codes(request, {"status": status}, described) == ["response.status.default response.status"]
    for status in (200, 401, 500):
        assert codes(request, {"status": status}, described) == ["request.path-or-method.unknown request.path"]


def test_multipart_bodies_are_forms_even_when_they_hold_nothing() -> None:
    form = {"multipart/form-data": {"schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    operation = {"requestBody": {"content": form}, "responses": {"200": {"description": "ok"}}}
    described = {"openapi": "3.1.0", "paths": {"/a": {"post": operation}}}

    def sent(body: str) -> list[str]:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        return codes({"method": "POST", "path": "/a", "headers": headers, "body": body}, description=described)

    assert sent("--b--\r\n") == []
    assert sent('--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n--b--\r\n') == [
        "request.body.incompatible request.body.n"
    ]


def test_what_is_accepted_is_asked_of_the_response_that_has_the_status() -> None:
    content = {"application/json": {"schema": {}}}
    request = {"method": "GET", "path": "/a", "headers": {"Accept": "image/png"}}

    def found(key: str) -> list[str]:
        described = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {key: {"content": content}}}}}}
        return codes(request, description=described)

    assert found("200") == ["request.accept.incompatible request.headers.accept"]
    assert found("2XX") == []


def test_swagger_2_is_read_into_the_same_rules() -> None:
    swagger = {
        "swagger": "2.0", "basePath": "/v1", "consumes": ["application/json"], "produces": ["application/json"],
        "paths": {"/a": {"post": {
            "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}, "required": True},
                           {"name": "q", "in": "query", "type": "array",
                            "items": {"type": "integer"}, "collectionFormat": "pipes"}],
            "responses": {"200": {"schema": {"$ref": "#/definitions/A"}}}}}},
        "definitions": {"A": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    }  # fmt: skip
    headers = {"Content-Type": "application/json"}

    def found(path: str, query: str, body: Any) -> list[str]:
        return codes(
            {"method": "POST", "path": path, "query": query, "headers": headers, "body": body}, {"body": body}, swagger
        )

    assert found("/v1/a", "q=1|2", {"n": 1}) == []
    assert found("/a", "q=1", {"n": 1}) == ["request.path-or-method.unknown request.path"]
    assert found("/v1/a", "q=1|x", {"n": "x"}) == [
        "request.query.incompatible request.query.q.1", "request.body.incompatible request.body.n",
        "response.body.incompatible response.body.n",
    ]  # fmt: skip


def test_statuses_read_from_yaml_are_numbers() -> None:
    numbered: dict[str, Any] = {"openapi": "3.0.0", "paths": {"/orders/{id}": {"get": {"responses": {
        200: {"content": {"application/json": {"schema": ORDER}}},
        201: {"$ref": "#/paths/~1orders~1{id}/get/responses/200"}}}}}}  # fmt: skip

    assert codes(get(headers={}), {"status": 201, "body": {"id": "x"}}, numbered) == [
        "response.body.incompatible response.body.id"
    ]


def test_messages_are_compared_with_an_asyncapi_description() -> None:
    message = {"payload": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    described = {"asyncapi": "3.0.0", "channels": {"c": {"messages": {"m": message}}},
                 "operations": {"told": {"channel": {"$ref": "#/channels/c"}}}}  # fmt: skip

    def found(content: Any, operation: str | None = "told", spec: Any = described) -> list[str]:
        one: dict[str, Any] = {"type": "Asynchronous/Messages", "description": "d", "contents": {"content": content}}
        if operation:
            one["comments"] = {"references": {"AsyncAPI": {"operationId": operation}}}
        contract = {"interactions": [one], "metadata": {"pactSpecification": {"version": "4.0"}}}
        return [each.code for each in compare(contract, None, spec).found]

    assert found({"id": 1}) == ["message.matched"]
    assert found({"id": "x"}) == ["message.no.match"]
    assert found({"id": 1}, None) == ["message.references.missing"]
    assert found({"id": 1}, "heard") == ["message.operation.unknown"]
    assert found({"id": 1}, "told", None) == ["message.spec.missing"]


def test_without_a_description_nothing_is_compared() -> None:
    assert codes(get(), description=None) == []


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["paths", "/", "get", "responses", "200", "content", "schema", "parameters", "in",
                                       "name", "$ref", "security", "headers", "a"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JUNK, JUNK)
def test_no_description_and_no_contract_break_the_comparison(description: Any, part: Any) -> None:
    document = {"openapi": "3.0.0", "paths": {"/": {"get": description}}, "components": description}
    request = {"method": "GET", "path": "/", "body": part, "query": part, "headers": part}
    pact = {"interactions": [{"request": request, "response": {"status": 200, "body": part, "headers": part}}, part]}

    for spec in (document, description if isinstance(description, dict) else {}):
        assert isinstance(compare(pact, spec, spec), openapi.Findings)
