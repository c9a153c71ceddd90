"""Whether a document is an API description that contracts can be compared with; every complaint says where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tallystick.contract import limits
from tallystick.contract.complaints import pointer
from tallystick.contract.errors import Complaint, ContractError
from tallystick.contract.openapi.operations import METHODS, Router, is_swagger
from tallystick.contract.openapi.schema import pointed
from tallystick.contract.templates import PARAMETER

MAX_OPERATIONS: Final = 20_000
"""Of one description."""


@dataclass(eq=False)
class DescriptionInvalid(ContractError):
    """The document is no API description that can be used. All complaints are listed, not only the first."""

    complaints: tuple[Complaint, ...]

    def __str__(self) -> str:
        return "not a valid API description: " + "; ".join(str(one) for one in self.complaints)


def check(document: Any) -> tuple[Complaint, ...]:
    """Refuse what cannot be used, by `DescriptionInvalid`; answer what is odd but can.

    Refused: no description at all, a version that nobody here knows, paths or operations of the wrong kind, references
    outside the document, and too much of it. Odd: references that lead nowhere and statuses and methods that are none
    (what they stand for is not checked), operations of the same name, and templates that the same requests fit.
    """
    complaints = list(_kind(document))
    odd: list[Complaint] = []
    if not complaints:
        complaints.extend(_paths(document))
        odd.extend(_oddities(document))
    if isinstance(document, Mapping):
        for place, value in _objects(document, complaints):
            reference = value.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                message = f"the reference {reference!r} leads outside the document"
                fix = "put what it names into this document, bundling tools do that"
                complaints.append(Complaint(_pointer(place), message, fix))
            elif isinstance(reference, str) and pointed(document, reference) is None:
                message = f"the reference {reference!r} leads nowhere; this part is not checked"
                odd.append(Complaint(_pointer(place), message))
            elif place is not None and "asyncapi" not in document:
                odd.extend(_odd_schema(value, place))
    if complaints:
        raise DescriptionInvalid(tuple(complaints))
    return tuple(odd)


def kind_of(document: Mapping[str, Any]) -> str:
    """`OpenAPI 3.1.0`, `Swagger 2.0`, `AsyncAPI 3.0.0`; "" for none of them."""
    for member, name in (("openapi", "OpenAPI"), ("swagger", "Swagger"), ("asyncapi", "AsyncAPI")):
        if member in document:
            return f"{name} {document[member]}"
    return ""


def _kind(document: Any) -> Iterator[Complaint]:
    if not isinstance(document, Mapping):
        found = "nothing" if document is None else "an array" if isinstance(document, list) else "a single value"
        yield Complaint("", f"an API description is an object, and this is {found}")
        return
    kind = kind_of(document)
    if not kind:
        yield Complaint("", "this names no version", "add `openapi: 3.1.0`, if that is what it is")
    elif not kind.startswith(("OpenAPI 3.0", "OpenAPI 3.1", "Swagger 2", "AsyncAPI 3")):
        yield Complaint("", f"{kind} is not supported", "OpenAPI 3.0 and 3.1, Swagger 2.0 and AsyncAPI 3 are")


def _paths(document: Mapping[str, Any]) -> Iterator[Complaint]:
    if "asyncapi" in document:
        if not isinstance(document.get("operations", {}), Mapping):
            yield Complaint("/operations", "this is an object: operations by name")
        return
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        if is_swagger(document) or "webhooks" not in document:
            yield Complaint("/paths", "this is missing or no object: path items by path")
        return
    count = 0
    for path, item in paths.items():
        at = pointer("/paths", str(path))
        if not str(path).startswith("/") and not str(path).startswith("x-"):
            yield Complaint(at, "a path starts with a slash")
        elif not isinstance(item, Mapping):
            yield Complaint(at, "a path item is an object")
        else:
            for method in METHODS:
                if method in item:
                    count += 1
                    yield from _operation(item[method], pointer(at, method))
    if count > MAX_OPERATIONS:
        yield Complaint("/paths", f"{count} operations are more than the {MAX_OPERATIONS} allowed (MAX_OPERATIONS)")


def _operation(operation: Any, at: str) -> Iterator[Complaint]:
    if not isinstance(operation, Mapping):
        yield Complaint(at, "an operation is an object")
        return
    if not isinstance(operation.get("responses", {}), Mapping):
        yield Complaint(pointer(at, "responses"), "responses are an object, by status")
    parameters = operation.get("parameters", [])
    if not isinstance(parameters, list):
        yield Complaint(pointer(at, "parameters"), "parameters are an array")
        return
    for index, one in enumerate(parameters):
        if not isinstance(one, Mapping) or not ({"name", "in"} <= one.keys() or "$ref" in one):
            yield Complaint(pointer(at, "parameters", index), "a parameter has `name` and `in`, or is a reference")


def _oddities(document: Mapping[str, Any]) -> Iterator[Complaint]:
    """What can be read, but hardly means what it says."""
    paths = document.get("paths")
    names: dict[str, str] = {}
    routes: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for path, item in paths.items() if isinstance(paths, Mapping) and "asyncapi" not in document else ():
        if not isinstance(item, Mapping) or not str(path).startswith("/"):
            continue
        at = pointer("/paths", str(path))
        for method, operation in item.items():
            here = pointer(at, str(method))
            if method in METHODS and isinstance(operation, Mapping):
                routes.setdefault((method, str(path).count("/")), []).append((str(path), here))
                yield from _odd_operation(operation, here, names)
            elif str(method).lower() in METHODS and method not in METHODS:
                yield Complaint(here, "methods are written in lower case; this one is not read")
    yield from _ambiguous(document, routes)


def _odd_operation(operation: Mapping[str, Any], at: str, names: dict[str, str]) -> Iterator[Complaint]:
    name = operation.get("operationId")
    if isinstance(name, str) and names.setdefault(name, at) != at:
        yield Complaint(pointer(at, "operationId"), f"{names[name]} is called {name!r} too")
    responses = operation.get("responses")
    for status, response in responses.items() if isinstance(responses, Mapping) else ():
        here = pointer(at, "responses", str(status))
        if not _STATUS.fullmatch(str(status)):
            yield Complaint(here, "this is no status", "a status is a number, a class such as 4XX, or `default`")
        elif not isinstance(response, Mapping):
            yield Complaint(here, "a response is an object; this one is not checked")
    seen: set[tuple[Any, Any]] = set()
    parameters = operation.get("parameters")
    for index, one in enumerate(parameters if isinstance(parameters, list) else ()):
        if isinstance(one, Mapping) and isinstance(one.get("name"), str) and isinstance(one.get("in"), str):
            if (one["name"], one["in"]) in seen:
                message = f"the {one['in']} parameter {one['name']!r} is there already; the last one counts"
                yield Complaint(pointer(at, "parameters", index), message)
            seen.add((one["name"], one["in"]))


def _ambiguous(
    document: Mapping[str, Any], routes: Mapping[tuple[str, int], list[tuple[str, str]]]
) -> Iterator[Complaint]:
    """Pairs of templates that the same path fits, none of them the more literal one."""
    budget = _MAX_PAIRS
    router: Router | None = None
    for (method, _), found in routes.items():
        for index, (template, _) in enumerate(found):
            for other, at in found[index + 1 :]:
                budget -= 1
                if budget < 0:
                    return
                example, crossing = _common(template, other)
                if crossing:
                    # What a parameter's schema does not allow is no value of it: `comments` is no issue's number.
                    router = router or Router(document)
                    fitting = {one.spec for one in router.all(method, example)}
                    crossing = {f"[root].paths.{one}.{method}" for one in (template, other)} <= fitting
                    example = example if crossing else ""
                if example:
                    reason = f"{method.upper()} {example} fits {template} too"
                    yield Complaint(at, reason, "give one of them a segment of its own")


def _common(one: str, other: str) -> tuple[str, bool]:
    """A path that fits both templates, where neither is the more literal one throughout; "" for no such path.

    And whether each has a literal where the other has a parameter.
    """
    steps: list[str] = []
    wins: set[bool] = set()
    for mine, yours in zip(one.split("/"), other.split("/"), strict=True):
        mine_open, yours_open = PARAMETER.fullmatch(mine), PARAMETER.fullmatch(yours)
        if mine_open and yours_open:
            steps.append("x")
        elif mine_open or yours_open:
            wins.add(mine_open is None)
            steps.append(yours if mine_open else mine)
        elif mine == yours:
            steps.append(mine)
        else:
            return "", False
    return (PARAMETER.sub("x", "/".join(steps)), bool(wins)) if len(wins) != 1 else ("", False)


_STATUS: Final = re.compile("[1-5](?:[0-9]{2}|XX)|default|x-.*")
_MAX_PAIRS: Final = 500_000


def _odd_schema(value: Mapping[str, Any], place: tuple[Any, Any]) -> Iterator[Complaint]:
    """What a schema can't mean, and what is therefore passed over. Names of fields are no keywords."""
    if place[1] in _NAMES:
        return
    found: list[tuple[str, str]] = []
    if "$ref" in value and not isinstance(value["$ref"], str):
        found.append(("$ref", "a reference is a text"))
    if isinstance(value.get("schema"), list | str):
        found.append(("schema", "a schema is an object"))
    if isinstance(value.get("properties"), list | str):
        found.append(("properties", "properties are an object: schemas by name"))
    types = value.get("type")
    for one in [types] if isinstance(types, str) else types if isinstance(types, list) else ():
        if isinstance(one, str) and one not in _TYPES:
            found.append(("type", f"{one!r} is no type"))
    at = _pointer(place) if found else ""
    if "/x-" not in at:
        yield from (Complaint(pointer(at, name), message) for name, message in found)


_NAMES: Final = frozenset({"properties", "patternProperties", "definitions", "schemas", "dependentSchemas", "$defs"})
_TYPES: Final = frozenset(
    {"string", "number", "integer", "boolean", "object", "array", "null", "file"}
    | {"apiKey", "http", "oauth2", "openIdConnect", "mutualTLS", "basic"}
)
"""Of schemas, and of security schemes."""


def _objects(document: Mapping[str, Any], complaints: list[Complaint]) -> Iterator[tuple[_Place, Mapping[str, Any]]]:
    """Every object with its place; examples and the like are data, where no word means anything."""
    # A place is (place above, name), made a pointer for those that are told.
    waiting: list[tuple[_Place, Any, int]] = [(None, document, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > limits.MAX_DEPTH:
            complaints.append(Complaint(_pointer(place), f"this is nested deeper than {limits.MAX_DEPTH} (MAX_DEPTH)"))
            return
        if isinstance(value, Mapping):
            yield place, value
            named = place is not None and place[1] == "properties"
            for name, member in value.items():
                if isinstance(member, dict | list) and (named or name not in _DATA):
                    waiting.append(((place, name), member, depth + 1))
        elif isinstance(value, list):
            waiting.extend(
                ((place, index), item, depth + 1) for index, item in enumerate(value) if isinstance(item, dict | list)
            )


_DATA: Final = frozenset({"example", "examples", "default", "enum", "const"})
_Place: TypeAlias = "tuple[Any, Any] | None"


def _pointer(place: _Place) -> str:
    steps: list[Any] = []
    while place is not None:
        place, step = place
        steps.append(step if isinstance(step, int) else str(step))
    return pointer("", *reversed(steps))
