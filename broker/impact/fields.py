"""The fields that an API description offers, as the usage map writes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.broker.impact import places
from tallystick.contract import paths
from tallystick.contract.openapi import media
from tallystick.contract.openapi.operations import Operation, operations
from tallystick.contract.openapi.schema import Validator
from tallystick.contract.operation import best_template, normal_operation

_DEEPEST: Final = 12
_MOST: Final = 50_000  # places of one description


@dataclass(frozen=True, slots=True)
class Offered:
    """A place of an operation."""

    operation: str
    side: str
    """request or response."""
    status: str
    """As the description has it: 200, 2XX, default; "" for requests."""
    word: str
    path: str

    @property
    def text(self) -> str:
        words = (self.status, "" if self.word == "body" else self.word, self.path)
        shown = " ".join(word for word in words if word)
        return shown if self.side == "response" else f"request {shown}"


def offered(document: Mapping[str, Any]) -> Iterator[Offered]:
    """Every place of every operation: fields of JSON bodies, parameters of the query, headers of responses."""
    walk = _Walk(Validator(document, "response"))
    count = 0
    for operation in operations(document):
        for one in dict.fromkeys(_of(operation, walk)):
            count += 1
            if count > _MOST:
                return
            yield one


def _of(operation: Operation, walk: _Walk) -> Iterator[Offered]:
    name = operation.name
    for parameter in operation.parameters:
        if parameter.place == "query":
            yield Offered(name, "request", "", "query", parameter.name)
    for path in walk.body(operation.body):
        yield Offered(name, "request", "", "body", path)
    for status, response in operation.responses.items():
        for header in response.headers:
            yield Offered(name, "response", status, "header", header.lower())
        for path in walk.body(response.content):
            yield Offered(name, "response", status, "body", path)


@dataclass(slots=True)
class _Walk:
    validator: Validator
    _known: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def body(self, content: Mapping[str, Any]) -> Iterator[str]:
        chosen = media.best(["application/json"], content)
        schema = content.get(chosen) if chosen else None
        if isinstance(schema, Mapping):
            for path in self._below(schema, (), frozenset()):
                if path:
                    yield paths.render(path)

    def _below(self, schema: Any, path: paths.Path, above: frozenset[int]) -> Iterator[paths.Path]:
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str) and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = self.validator.resolve(schema["$ref"])
        if not isinstance(schema, Mapping):
            return
        yield path
        if id(schema) in above or len(path) >= _DEEPEST:
            return
        above |= {id(schema)}
        shape = self.validator.shape(schema)
        for word in ("oneOf", "anyOf"):
            variants = shape.get(word)
            for one in variants if isinstance(variants, list) else ():
                yield from self._below(one, path, above)
        members = shape.get("properties")
        for name, member in members.items() if isinstance(members, Mapping) else ():
            yield from self._below(member, (*path, str(name)), above)
        for word, step in (("items", paths.ANY_INDEX), ("additionalProperties", paths.ANY)):
            if isinstance(shape.get(word), Mapping):
                yield from self._below(shape[word], (*path, step), above)


def unused(document: Mapping[str, Any], rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The operations with places that none of the rows uses, in the order of the description."""
    templates = list(dict.fromkeys(one.template for one in operations(document)))
    used: dict[str, list[Any]] = {}
    for row in rows:
        template = best_template(row.template, templates) or row.template
        used.setdefault(normal_operation(f"{row.method} {template}"), []).append(row)
    exact = {
        operation: {(places.side(row), row.part.rpartition(" ")[2], row.path) for row in some}
        for operation, some in used.items()
    }
    found: dict[str, list[str]] = {one.name: [] for one in operations(document)}
    for one in offered(document):
        operation = normal_operation(one.operation)
        if operation not in used:
            continue
        free = ".*" in one.path
        if not free and one.status in ("", "default") and (one.side, one.word, one.path) in exact[operation]:
            continue
        wanted = places.Place("", "" if one.status == "default" else one.status, one.word, one.path)
        if not any(places.side(row) == one.side and wanted.takes(row) for row in used[operation]):
            found[one.operation].append(one.text)
    return [
        {"operation": name, "used": normal_operation(name) in used, "places": some}
        for name, some in found.items()
        if some or normal_operation(name) not in used
    ]
