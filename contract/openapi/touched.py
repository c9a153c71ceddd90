"""Which operations mean something else in another description: what contracts rely on elsewhere need not be asked.

Compared is what `operations` reads of a description, with every schema that is reached from there. Words for people
(titles, examples) are left out, so that a release which only explains itself better touches nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.contract.openapi.operations import Operation, operations
from tallystick.contract.openapi.schema import pointed
from tallystick.contract.templates import Templates

_FOR_PEOPLE: Final = (
    "description",
    "title",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "deprecated",
)
_DATA: Final = ("enum", "const", "default")


@dataclass(frozen=True, slots=True)
class Touched:
    """The operations that two descriptions have in different ways, those that only one of them has included."""

    operations: tuple[tuple[str, str], ...]
    """Method and template."""
    by_method: Mapping[str, Templates[None]]

    def meets(self, method: str, path: str) -> bool:
        """Whether a request may be one of these operations, in either description."""
        known = self.by_method.get(method.upper())
        return known is not None and bool(known.find(path if path.startswith("/") else "/" + path))


def touched(old: Mapping[str, Any], new: Mapping[str, Any]) -> Touched:
    """What differs between two descriptions."""
    before, after = _prints(old), _prints(new)
    if _order(before, after) == _order(after, before) and not (_folds(old) or _folds(new)):
        found = [one for one in dict.fromkeys([*before, *after]) if before.get(one) != after.get(one)]
    else:
        # Among equals the first operation is taken for a path; and templates that ignore case meet other paths.
        found = list(dict.fromkeys([*before, *after]))
    by_method: dict[str, Templates[None]] = {}
    for method, template in found:
        by_method.setdefault(method, Templates(ignore_case=True)).add(template, None)
    return Touched(tuple(found), by_method)


def _order(one: Mapping[tuple[str, str], str], other: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [key for key in one if key in other]


def _folds(document: Mapping[str, Any]) -> bool:
    information = document.get("info")
    return isinstance(information, Mapping) and information.get("x-opc-config-case-insensitive") is True


def _prints(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(method, template) -> a digest of all that the operation means."""
    reader = _Reader(document)
    found: dict[tuple[str, str], str] = {}
    for one in operations(document):
        key = one.method, one.template
        found[key] = found.get(key, "") + reader.digest(one)
    return found


@dataclass(slots=True)
class _Reader:
    document: Mapping[str, Any]
    _parts: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """reference -> the text of what it names, and the references in there."""

    def digest(self, operation: Operation) -> str:
        references: set[str] = set()
        own = json.dumps(self._plain(_meant(operation), references))
        waiting, reached = list(references), set(references)
        while waiting:
            for one in self._part(waiting.pop())[1] - reached:
                reached.add(one)
                waiting.append(one)
        parts = [own, *(f"{one} {self._part(one)[0]}" for one in sorted(reached))]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _part(self, reference: str) -> tuple[str, frozenset[str]]:
        known = self._parts.get(reference)
        if known is None:
            references: set[str] = set()
            text = json.dumps(self._plain(pointed(self.document, reference), references))
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            known = self._parts[reference] = digest, frozenset(references)
        return known

    def _plain(self, value: Any, references: set[str], name: str = "") -> Any:
        """The value without words for people; the references in it are added to the set."""
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                references.add(value["$ref"])
            named = name in ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
            return {
                str(key): self._plain(member, references, name if name in _DATA else "" if named else str(key))
                for key, member in value.items()
                if named or name in _DATA or key not in _FOR_PEOPLE
            }
        if isinstance(value, list | tuple):
            return [self._plain(one, references, name if name in _DATA else "") for one in value]
        return value


def _meant(operation: Operation) -> list[Any]:
    """What an operation is compared by; where it stands in the description is no part of it."""
    return [
        [operation.media_types, operation.body_required, list(operation.body.items())],
        [[one.name, one.place, one.required, one.separator, one.schema] for one in operation.parameters],
        [
            [key, list(one.headers.items()), list(one.content.items()), one.media_types]
            for key, one in operation.responses.items()
        ],
        [[one.place, one.name, one.prefix] for one in operation.schemes] if operation.schemes is not None else None,
    ]
