"""Schemas as a comparison needs them: `allOf` merged into one, and, for responses, closed and without `required`.

A consumer's example of a response holds what it reads: fields it leaves out are no fault, so nothing is required; a
field that the description does not know is one, so objects are closed. Requests are taken as the schema says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

Schema: TypeAlias = "Mapping[str, Any] | bool"
Side: TypeAlias = Literal["request", "response"]
Resolve: TypeAlias = Callable[[str], Any]

_MAX_ALL_OF: Final = 100


def shaped(schema: Mapping[str, Any], side: Side, resolve: Resolve) -> Mapping[str, Any]:
    """One level of a schema ready to validate against; what is below it is shaped when it is reached."""
    merged = _merged(schema, resolve, frozenset(), [0]) if "allOf" in schema else dict(schema)
    if side == "response":
        alternatives = "oneOf" in merged or "anyOf" in merged
        if merged.get("type") == "object" and not alternatives and _open(merged) and not merged.get("nullable"):
            merged["additionalProperties"] = False
        # Alternatives are told apart by what they require; elsewhere a consumer may leave out what it doesn't read.
        if "oneOf" not in merged:
            merged.pop("required", None)
    return merged


def _open(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties", True) is True


def _merged(schema: Mapping[str, Any], resolve: Resolve, seen: frozenset[str], budget: list[int]) -> dict[str, Any]:
    """The schema with its `allOf` members, and theirs, merged into it. Cycles and excess stay as they are written."""
    merged = {key: value for key, value in schema.items() if key != "allOf"}
    rest: list[Any] = []
    members = schema.get("allOf")
    for member in members if isinstance(members, list) else ():
        budget[0] += 1
        found, path = member, seen
        while isinstance(found, Mapping) and isinstance(found.get("$ref"), str) and len(found) == 1:
            reference = found["$ref"]
            if reference in path:
                found = {}
                break
            path |= {reference}
            found = resolve(reference)
        if not isinstance(found, Mapping) or "$ref" in found or budget[0] > _MAX_ALL_OF:
            if found not in (None, True):
                rest.append(member)
            continue
        inner = _merged(found, resolve, path, budget)
        rest.extend(inner.pop("allOf", []))
        conflicting = _join(merged, inner)
        if conflicting:
            rest.append(conflicting)
    if rest:
        merged["allOf"] = rest
    return merged


def _join(merged: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Take the keywords of another schema in; those that contradict what is there are given back."""
    conflicting: dict[str, Any] = {}
    for key, value in other.items():
        if key not in merged:
            merged[key] = value
        elif key == "properties" and isinstance(value, Mapping) and isinstance(merged[key], Mapping):
            properties = dict(merged[key])
            for name, schema in value.items():
                both = name in properties and properties[name] != schema
                properties[name] = {"allOf": [properties[name], schema]} if both else schema
            merged[key] = properties
        elif key == "required" and isinstance(value, list) and isinstance(merged[key], list):
            merged[key] = [*merged[key], *(name for name in value if name not in merged[key])]
        elif key == "additionalProperties":
            # One member's "nothing else" is about its own properties; the merged object has those of all members.
            if isinstance(value, Mapping) or (value is False and merged[key] is True):
                merged[key] = value
        elif key == "nullable":
            merged[key] = bool(merged[key]) and bool(value)
        elif merged[key] != value and key not in _NOTES:
            conflicting[key] = value
    return conflicting


_NOTES: Final = frozenset(
    {"title", "description", "example", "examples", "default", "deprecated", "discriminator", "xml", "externalDocs"}
    | {"readOnly", "writeOnly", "$schema", "$id", "$comment"}
)
"""Keywords that say nothing about which values are valid."""
