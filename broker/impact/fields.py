"""The fields that a provider offers, by its description or its shape, as the usage map writes them. Pure."""

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
from tallystick.contract.shape import Shape

_DEEPEST: Final = 12
_MOST: Final = 50_000  # places of one description


@dataclass(frozen=True, slots=True)
class Offered:
    """A place of an operation."""

    operation: str
    side: str
    """request, response or message."""
    status: str
    """As the description has it: 200, 2XX, default; "" for requests and messages."""
    word: str
    path: str

    @property
    def text(self) -> str:
        words = (self.status, "" if self.word == "body" else self.word, self.path)
        shown = " ".join(word for word in words if word)
        return f"request {shown}" if self.side == "request" else shown


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


# --- what nobody uses ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that a provider offers."""

    operations: tuple[str, ...]
    places: tuple[Offered, ...]
    templates: tuple[str, ...]
    """Path templates of a description, which say of a literal path which operation it is."""


def described(document: Mapping[str, Any]) -> Offer:
    """What a description offers."""
    known = list(operations(document))
    templates = dict.fromkeys(one.template for one in known)
    return Offer(tuple(one.name for one in known), tuple(offered(document)), tuple(templates))


def seen(shape: Shape, templates: tuple[str, ...] = ()) -> Offer:
    """What the answers of a provider had, by operation."""
    names: dict[str, None] = {}
    found: dict[Offered, None] = {}
    for answer in sorted(shape.answers, key=lambda one: (one.template, one.method, one.side, one.status)):
        name = _operation(answer.method, answer.template, templates)
        names[name] = None
        for word, path in sorted(shape.answers[answer]):
            if path != "$":
                found[Offered(name, answer.side.partition(" ")[0], answer.status, word, path)] = None
    return Offer(tuple(names), tuple(found), templates)


def unused(offer: Offer, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The operations with places that none of the rows uses, in the order of the offer."""
    used = _used(offer, rows)
    found: dict[str, list[str]] = {name: [] for name in offer.operations}
    for one in offer.places:
        uses = used.get(normal_operation(one.operation))
        if uses is not None and not uses.has(one):
            found[one.operation].append(one.text)
    return [
        {"operation": name, "used": normal_operation(name) in used, "places": some}
        for name, some in found.items()
        if some or normal_operation(name) not in used
    ]


def unseen(offer: Offer, rows: Iterable[Any]) -> list[str]:
    """The operations of the rows that are not offered, in order."""
    known = set(map(normal_operation, offer.operations))
    names = dict.fromkeys(_operation(row.method, row.template, offer.templates) for row in rows)
    return sorted(name for name in names if normal_operation(name) not in known)


def _operation(method: str, template: str, templates: tuple[str, ...]) -> str:
    return f"{method} {(best_template(template, templates) if method else None) or template}".strip()


@dataclass(slots=True)
class _Uses:
    """What is used of one operation."""

    exact: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(side, status, word, path), of responses once more with the class of the status and without any."""
    free: list[Any] = field(default_factory=list)
    """Rows whose paths have free names."""
    rows: dict[tuple[str, str, str | None], Any] = field(default_factory=dict)
    """One of each part, path and status."""

    def add(self, row: Any) -> None:
        key = (row.part, row.path, row.detail)
        if key in self.rows:
            return
        self.rows[key] = row
        side, word, status = places.side(row), row.part.rpartition(" ")[2], (row.detail or "").partition(" ")[0]
        self.exact.update((side, one, word, row.path) for one in ("", status, f"{status[:1]}XX"))
        if ".*" in row.path:
            self.free.append(row)

    def has(self, one: Offered) -> bool:
        status = "" if one.status == "default" else one.status
        if (one.side, status, one.word, one.path) in self.exact:
            return True
        wanted = places.Place("", status, one.word, one.path)
        candidates = self.rows.values() if ".*" in one.path else self.free
        return any(places.side(row) == one.side and wanted.takes(row) for row in candidates)


def _used(offer: Offer, rows: Iterable[Any]) -> dict[str, _Uses]:
    """By normal operation."""
    names: dict[tuple[str, str], str] = {}
    found: dict[str, _Uses] = {}
    for row in rows:
        operation = (row.method, row.template)
        name = names.get(operation)
        if name is None:
            name = names[operation] = normal_operation(_operation(*operation, offer.templates))
        found.setdefault(name, _Uses()).add(row)
    return found
