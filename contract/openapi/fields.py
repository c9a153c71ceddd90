"""The places of an API that its description names, and which no contract relies on. Names only, never values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tallystick.contract import paths
from tallystick.contract.openapi import media
from tallystick.contract.openapi.edits import Part, Target
from tallystick.contract.openapi.operations import Operation, operations
from tallystick.contract.openapi.schema import Validator
from tallystick.contract.openapi.shapes import Schema
from tallystick.contract.operation import normal_operation
from tallystick.contract.usage import UsageRow

MAX_FIELDS: Final = 200_000
"""Of one description."""

_MAX_DEPTH: Final = 20


def described(document: Mapping[str, Any]) -> tuple[Target, ...]:
    """Every place that a caller may rely on: query parameters, request headers, and fields of bodies.

    Of a schema that contains itself the first round only; alternatives (`oneOf`, `anyOf`) all together.
    """
    validator = Validator(document, "request")
    found: dict[Target, None] = {}
    for operation in operations(document):
        for one in _places(operation, validator):
            found[one] = None
            if len(found) >= MAX_FIELDS:
                return tuple(found)
    return tuple(found)


def unused(document: Mapping[str, Any], rows: Iterable[UsageRow]) -> tuple[Target, ...]:
    """The described places that none of the rows is about. A status class or default is used by any of its statuses."""
    used: set[tuple[str, str, str, str]] = set()
    for row in rows:
        for status in (row.status, f"{row.status[:1]}XX" if row.status else "", "default" if row.status else ""):
            used.add((normal_operation(row.operation), status, row.part, row.path))
    return tuple(
        one
        for one in described(document)
        if (normal_operation(one.operation), one.status, one.part, one.path) not in used
    )


def _places(operation: Operation, validator: Validator) -> Iterator[Target]:
    method, template = operation.method, operation.template
    for parameter in operation.parameters:
        if parameter.place == "query":
            yield Target(method, template, "", "request query", parameter.name)
        elif parameter.place == "header":
            yield Target(method, template, "", "request header", parameter.name.lower())
    for path in _fields(_json(operation.body), validator, (), frozenset()):
        yield Target(method, template, "", "request body", paths.render(path))
    for status, response in operation.responses.items():
        for name in response.headers:
            yield Target(method, template, status, "response header", name.lower())
        part: Part = "response body"
        for path in _fields(_json(response.content), validator, (), frozenset()):
            yield Target(method, template, status, part, paths.render(path))


def _json(content: Mapping[str, Schema | None]) -> Any:
    chosen = media.best(["application/json"], content)
    return content.get(chosen) if chosen else None


def _fields(schema: Any, validator: Validator, path: paths.Path, seen: frozenset[str]) -> Iterator[paths.Path]:
    while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        if schema["$ref"] in seen:
            return
        seen |= {schema["$ref"]}
        schema = validator.resolve(schema["$ref"])
    if not isinstance(schema, Mapping) or len(path) > _MAX_DEPTH:
        return
    shape = validator.shape(schema)
    properties = shape.get("properties")
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        yield (*path, str(name))
        yield from _fields(inner, validator, (*path, str(name)), seen)
    for keyword, step in (("items", paths.ANY_INDEX), ("additionalProperties", paths.ANY)):
        if isinstance(shape.get(keyword), Mapping):
            yield from _fields(shape[keyword], validator, (*path, step), seen)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for one in shape[keyword] if isinstance(shape.get(keyword), list) else ():
            yield from _fields(one, validator, path, seen)
