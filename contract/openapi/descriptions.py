"""Whether a document is an API description that contracts can be compared with; every complaint says where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.contract import limits
from tallystick.contract.complaints import pointer
from tallystick.contract.errors import Complaint, ContractError
from tallystick.contract.openapi.operations import METHODS, is_swagger
from tallystick.contract.openapi.schema import pointed

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
    outside the document, and too much of it. Odd: references that lead nowhere (what they stand for is not checked).
    """
    complaints = list(_kind(document))
    if not complaints:
        complaints.extend(_paths(document))
    odd: list[Complaint] = []
    if isinstance(document, Mapping):
        for at, reference in _references(document, complaints):
            if not reference.startswith("#"):
                fix = "put what it names into this document, bundling tools do that"
                complaints.append(Complaint(at, f"the reference {reference!r} leads outside the document", fix))
            elif pointed(document, reference) is None:
                odd.append(Complaint(at, f"the reference {reference!r} leads nowhere; this part is not checked"))
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
        yield Complaint("", "an API description is an object")
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


def _references(document: Mapping[str, Any], complaints: list[Complaint]) -> Iterator[tuple[str, str]]:
    """Every `$ref` with its place; examples and the like are data, where the word means nothing."""
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    while waiting:
        at, value, depth = waiting.pop()
        if depth > limits.MAX_DEPTH:
            complaints.append(Complaint(at, f"this is nested deeper than {limits.MAX_DEPTH} (MAX_DEPTH)"))
            return
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                yield at, value["$ref"]
            for name, member in value.items():
                if name not in ("example", "examples", "default", "enum", "const") or at.endswith("/properties"):
                    waiting.append((pointer(at, str(name)), member, depth + 1))
        elif isinstance(value, list):
            waiting.extend((pointer(at, index), item, depth + 1) for index, item in enumerate(value))
