"""Validation against the schemas of API descriptions: JSON Schema as OpenAPI 3.0, 3.1 and Swagger 2 use it.

A module of our own rather than a validator from elsewhere, for three reasons: the core has no third-party packages;
a response is compared with a shape of the schema (closed, nothing required) that is made as the walk goes; and the
faults must name both places. References are local, cycles end with the value, and every walk has a budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote

import regex

from tallystick.contract import json_text, limits
from tallystick.contract.openapi import formats
from tallystick.contract.openapi.shapes import Schema, Side, shaped
from tallystick.contract.openapi.values import (
    MISSING,
    beyond,
    exact,
    is_multiple,
    is_number,
    is_type,
    normal,
    same,
    shown,
    spelled,
)

_OF_VALUES: Final = frozenset({"enum", "const"})
_APPLIED: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if"})
_OF_TEXTS: Final = frozenset({"maxLength", "minLength", "pattern", "format"})
_OF_NUMBERS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"})
_OF_ARRAYS: Final = frozenset({"items", "prefixItems", "maxItems", "minItems", "uniqueItems", "contains"})
_OF_OBJECTS: Final = frozenset(
    {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "required"}
    | {"maxProperties", "minProperties", "dependentRequired", "dependentSchemas"}
)

_MAX_STEPS: Final = 200_000
_MAX_FAULTS: Final = 1_000
_MAX_TYPE_STEPS: Final = 200
_SECONDS_PER_PATTERN: Final = 0.2
_SECONDS_PER_VALUE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a value breaks a schema."""

    message: str
    path: tuple[str, ...]
    """Steps into the value."""
    schema_path: tuple[str, ...]
    """Steps from the schema that was asked about; a reference followed begins again with its own."""


class BudgetExceeded(Exception):
    """The value and the schema together are too large to compare."""


@dataclass(slots=True)
class Validator:
    """Validates against the schemas of one document."""

    document: Mapping[str, Any]
    side: Side
    coerce: bool = False
    """Whether texts are taken for the numbers and booleans they spell, as in parameters."""
    steps: int = 0
    pattern_seconds: float = 0.0
    """What the patterns of the schema may still take for this value."""
    _shapes: dict[int, tuple[Any, Mapping[str, Any]]] = field(default_factory=dict)

    def faults(self, schema: Schema, value: Any) -> list[Fault]:
        """Every fault of the value. Raises `BudgetExceeded`."""
        self.steps = 0
        self.pattern_seconds = _SECONDS_PER_VALUE
        found: list[Fault] = []
        try:
            for fault in self._check(schema, value, (), (), 0):
                found.append(fault)
                if len(found) >= _MAX_FAULTS:
                    break
        except RecursionError:
            raise BudgetExceeded from None
        return found

    def resolve(self, reference: str) -> Any:
        """What a local reference names; None for one that names nothing or leads outside."""
        return pointed(self.document, reference)

    def shape(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        known = self._shapes.get(id(schema))
        if known is None:
            # The schema is kept beside its shape, so that its id cannot be given to another one.
            known = self._shapes[id(schema)] = (schema, shaped(schema, self.side, self.resolve))
        return known[1]

    def types(self, schema: Any) -> frozenset[str]:
        """The types that a value may have, as far as references, `allOf` and alternatives name them."""
        return frozenset(self._types(schema, [_MAX_TYPE_STEPS]))

    def _types(self, schema: Any, budget: list[int]) -> Iterator[str]:
        budget[0] -= 1
        if not isinstance(schema, Mapping) or budget[0] < 0:
            return
        if isinstance(schema.get("$ref"), str):
            yield from self._types(self.resolve(schema["$ref"]), budget)
        here = self.shape(schema)
        written = here.get("type")
        yield from [written] if isinstance(written, str) else [one for one in written or () if isinstance(one, str)]
        if written is None and "items" in here:
            yield "array"
        for keyword in ("oneOf", "anyOf", "allOf"):
            for one in _list(here, keyword):
                yield from self._types(one, budget)

    def member_types(self, schema: Any, name: str) -> frozenset[str]:
        """The types that a member of an object may have."""
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str) and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = self.resolve(schema["$ref"])
        properties = _map(self.shape(schema), "properties") if isinstance(schema, Mapping) else {}
        return self.types(properties.get(name))

    def listed(self, schema: Any, text: str, separator: str) -> Any:
        """A text as the list that it separates, where the schema wants one and the text itself won't do."""
        types = self.types(schema)
        if "array" not in types:
            return text
        try:
            fits = bool(types - {"array", "null"}) and not self.faults(schema, text)
        except BudgetExceeded:
            fits = False
        return text if fits else text.split(separator)

    def _valid(self, schema: Schema, value: Any, depth: int) -> bool:
        return next(self._check(schema, value, (), (), depth), None) is None

    def _check(
        self, schema: Schema, value: Any, path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        self.steps += 1
        if self.steps > _MAX_STEPS or depth > limits.MAX_DEPTH * 2:
            raise BudgetExceeded
        if isinstance(schema, bool):
            if not schema:
                yield Fault("no value is allowed here", path, (*at, "false schema"))
            return
        if not isinstance(schema, Mapping):
            return
        here = self.shape(schema)
        if value is None and here.get("nullable") is True:
            yield from self._values(here, value, path, at)
            return
        reference = here.get("$ref")
        if isinstance(reference, str):
            target = self.resolve(reference)
            if isinstance(target, Mapping | bool):
                yield from self._check(target, value, path, tuple(reference.lstrip("#/").split("/")), depth + 1)
        if isinstance(here.get("type"), str | list):
            value, fits = self._typed(here["type"], value, nullable=here.get("nullable") is True)
            if not fits:
                wanted = here["type"] if isinstance(here["type"], str) else ",".join(map(str, here["type"]))
                yield Fault(f"must be {wanted}", path, (*at, "type"))
        # Most schemas have keywords of few groups, and a group without any costs one look.
        has = here.keys()
        if not _OF_VALUES.isdisjoint(has):
            yield from self._values(here, value, path, at)
        if not _APPLIED.isdisjoint(has):
            yield from self._applied(here, value, path, at, depth)
        if isinstance(value, str):
            if not _OF_TEXTS.isdisjoint(has):
                yield from self._text(here, value, path, at)
        elif isinstance(value, dict):
            if not _OF_OBJECTS.isdisjoint(has):
                yield from self._object(here, value, path, at, depth)
        elif isinstance(value, list):
            if not _OF_ARRAYS.isdisjoint(has):
                yield from self._array(here, value, path, at, depth)
        elif is_number(value) and not _OF_NUMBERS.isdisjoint(has):
            yield from self._number(here, value, path, at)

    def _typed(self, wanted: Any, value: Any, *, nullable: bool) -> tuple[Any, bool]:
        """The value, perhaps taken for what it spells, and whether it is of one of the types."""
        types = [wanted] if isinstance(wanted, str) else [one for one in wanted if isinstance(one, str)]
        if value is MISSING:
            return value, False
        if any(is_type(value, one) for one in types):
            return value, True
        if self.coerce and isinstance(value, str):
            for one in ("number", "integer", "boolean", "null"):
                if (one in types or (one == "null" and nullable)) and (taken := spelled(value, one)) is not MISSING:
                    return taken, True
        return value, False

    def _values(
        self, here: Mapping[str, Any], value: Any, path: tuple[str, ...], at: tuple[str, ...]
    ) -> Iterator[Fault]:
        if isinstance(here.get("enum"), list) and not any(same(value, one) for one in here["enum"]):
            yield Fault("must be equal to one of the allowed values", path, (*at, "enum"))
        if "const" in here and not same(value, here["const"]):
            yield Fault("must be equal to constant", path, (*at, "const"))

    def _applied(
        self, here: Mapping[str, Any], value: Any, path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        """Schemas applied to the same value."""
        for index, one in enumerate(_list(here, "allOf")):
            yield from self._check(one, value, path, (*at, "allOf", str(index)), depth + 1)
        any_of = _list(here, "anyOf")
        if any_of and not any(self._valid(one, value, depth + 1) for one in any_of):
            for index, one in enumerate(any_of):
                yield from self._check(one, value, path, (*at, "anyOf", str(index)), depth + 1)
            yield Fault("must match a schema in anyOf", path, (*at, "anyOf"))
        one_of = _list(here, "oneOf")
        tag = here.get("discriminator")
        if one_of and isinstance(tag, Mapping) and isinstance(tag.get("propertyName"), str):
            yield from self._discriminated(one_of, tag, value, path, at, depth)
        elif one_of:
            fitting = sum(self._valid(one, value, depth + 1) for one in one_of)
            if fitting == 0:
                for index, one in enumerate(one_of):
                    yield from self._check(one, value, path, (*at, "oneOf", str(index)), depth + 1)
            if fitting != 1 and not (fitting and self._one_text(one_of, value, depth)):
                yield Fault("must match exactly one schema in oneOf", path, (*at, "oneOf"))
        if "not" in here and self._valid(here["not"], value, depth + 1):
            yield Fault("must NOT be valid", path, (*at, "not"))
        if "if" in here:
            branch = "then" if self._valid(here["if"], value, depth + 1) else "else"
            if branch in here and not self._valid(here[branch], value, depth + 1):
                yield from self._check(here[branch], value, path, (*at, branch), depth + 1)
                yield Fault(f'must match "{branch}" schema', path, (*at, "if"))

    def _one_text(self, one_of: Sequence[Any], value: Any, depth: int) -> bool:
        """Whether a text that spells something else too is, as the text it is, allowed by exactly one schema."""
        if not self.coerce or not isinstance(value, str):
            return False
        self.coerce = False
        try:
            return sum(self._valid(one, value, depth + 1) for one in one_of) == 1
        finally:
            self.coerce = True

    def _discriminated(
        self, one_of: Sequence[Any], tag: Mapping[str, Any], value: Any, path: tuple[str, ...], at: tuple[str, ...],
        depth: int,
    ) -> Iterator[Fault]:  # fmt: skip
        """Only the schema that the tag names counts."""
        if not isinstance(value, Mapping):
            return
        name = tag["propertyName"]
        if name not in value:
            yield Fault(f"must have required property '{name}'", path, (*at, "required"))
        if not isinstance(value.get(name), str):
            yield Fault(f'tag "{name}" must be string', path, (*at, "discriminator"))
            return
        mapping = tag.get("mapping")
        for index, one in enumerate(one_of):
            if value[name] in self._tags(one, name, mapping if isinstance(mapping, Mapping) else {}):
                yield from self._check(one, value, path, (*at, "oneOf", str(index)), depth + 1)
                return
        yield Fault(f'value of tag "{name}" must be in oneOf', path, (*at, "discriminator"))

    def _tags(self, schema: Any, name: str, mapping: Mapping[str, Any]) -> set[Any]:
        """The tag values that mean this schema: what is mapped to it, else what its property allows, else its name."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        last = str(reference).rpartition("/")[2]
        mapped = {key for key, target in mapping.items() if target == reference or (reference and target == last)}
        if mapped:
            return mapped
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str) and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = self.resolve(schema["$ref"])
        properties = self.shape(schema).get("properties") if isinstance(schema, Mapping) else None
        wanted = properties.get(name) if isinstance(properties, Mapping) else None
        if isinstance(wanted, Mapping) and isinstance(wanted.get("$ref"), str):
            wanted = self.resolve(wanted["$ref"])
        if isinstance(wanted, Mapping) and "const" in wanted:
            return {wanted["const"]}
        if isinstance(wanted, Mapping) and isinstance(wanted.get("enum"), list):
            return {one for one in wanted["enum"] if isinstance(one, str)}
        return {last} if reference else set()

    def _matches(self, source: str, text: str) -> bool:
        """Whether the pattern is found. One that no engine takes, or that takes too long, refuses nothing."""
        compiled = _pattern(source) if len(source) <= limits.MAX_PATTERN_CHARACTERS else None
        if compiled is None or self.pattern_seconds <= 0:
            return True
        start = perf_counter()
        try:
            return compiled.search(text, timeout=min(_SECONDS_PER_PATTERN, self.pattern_seconds)) is not None
        except TimeoutError:
            return True
        finally:
            self.pattern_seconds -= perf_counter() - start

    # --- by the type of the value --------------------------------------------------------------------------------

    def _text(self, here: Mapping[str, Any], value: str, path: tuple[str, ...], at: tuple[str, ...]) -> Iterator[Fault]:
        if (most := _count(here, "maxLength")) is not None and len(value) > most:
            yield Fault(f"must NOT have more than {most} characters", path, (*at, "maxLength"))
        if (least := _count(here, "minLength")) is not None and len(value) < least:
            yield Fault(f"must NOT have fewer than {least} characters", path, (*at, "minLength"))
        if isinstance(here.get("pattern"), str) and not self._matches(here["pattern"], value):
            yield Fault(f'must match pattern "{here["pattern"]}"', path, (*at, "pattern"))
        if isinstance(here.get("format"), str) and not formats.accepts(here["format"], value):
            yield Fault(f'must match format "{here["format"]}"', path, (*at, "format"))

    def _number(
        self, here: Mapping[str, Any], value: int | float | Decimal, path: tuple[str, ...], at: tuple[str, ...]
    ) -> Iterator[Fault]:
        number = exact(value)
        for keyword, strict, sign in (("minimum", "exclusiveMinimum", ">"), ("maximum", "exclusiveMaximum", "<")):
            limit, bound = here.get(keyword), here.get(strict)
            if is_number(limit):
                # OpenAPI 3.0 has the exclusive keywords as booleans beside the limit, 3.1 as limits of their own.
                if bound is True and number == exact(limit):
                    yield Fault(f"must be {sign} {shown(limit)}", path, (*at, strict))
                elif beyond(number, sign, exact(limit)):
                    yield Fault(f"must be {sign}= {shown(limit)}", path, (*at, keyword))
            if is_number(bound) and (number == exact(bound) or beyond(number, sign, exact(bound))):
                yield Fault(f"must be {sign} {shown(bound)}", path, (*at, strict))
        multiple = here.get("multipleOf")
        if is_number(multiple) and exact(multiple) > 0 and not is_multiple(number, exact(multiple)):
            yield Fault(f"must be multiple of {shown(multiple)}", path, (*at, "multipleOf"))
        if isinstance(here.get("format"), str) and not formats.accepts(here["format"], number):
            yield Fault(f'must match format "{here["format"]}"', path, (*at, "format"))

    def _array(
        self, here: Mapping[str, Any], value: list[Any], path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        if (most := _count(here, "maxItems")) is not None and len(value) > most:
            yield Fault(f"must NOT have more than {most} items", path, (*at, "maxItems"))
        if (least := _count(here, "minItems")) is not None and len(value) < least:
            yield Fault(f"must NOT have fewer than {least} items", path, (*at, "minItems"))
        if here.get("uniqueItems") is True:
            seen: set[bytes] = set()
            for index, item in enumerate(value):
                text = json_text.dumps(normal(item), sort_keys=True)
                if text in seen:
                    yield Fault(f"must NOT have duplicate items (item {index})", path, (*at, "uniqueItems"))
                    break
                seen.add(text)
        items = here.get("items")
        first = items if isinstance(items, list) else _list(here, "prefixItems")
        for index, item in enumerate(value):
            step = (*path, str(index))
            if index < len(first):
                yield from self._check(first[index], item, step, (*at, "prefixItems", str(index)), depth + 1)
            elif isinstance(items, Mapping | bool):
                yield from self._check(items, item, step, (*at, "items"), depth + 1)
        if "contains" in here:
            fitting = sum(self._valid(here["contains"], item, depth + 1) for item in value)
            least = _count(here, "minContains")
            if fitting < (1 if least is None else least):
                yield Fault("must contain a valid item", path, (*at, "contains"))

    def _object(
        self, here: Mapping[str, Any], value: Mapping[str, Any], path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        if (most := _count(here, "maxProperties")) is not None and len(value) > most:
            yield Fault(f"must NOT have more than {most} properties", path, (*at, "maxProperties"))
        if (least := _count(here, "minProperties")) is not None and len(value) < least:
            yield Fault(f"must NOT have fewer than {least} properties", path, (*at, "minProperties"))
        for name in here.get("required", ()) if isinstance(here.get("required"), list) else ():
            if isinstance(name, str) and name not in value:
                yield Fault(f"must have required property '{name}'", path, (*at, "required"))
        if "dependentRequired" in here or "dependentSchemas" in here:
            yield from self._dependent(here, value, path, at, depth)
        yield from self._members(here, value, path, at, depth)

    def _dependent(
        self, here: Mapping[str, Any], value: Mapping[str, Any], path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        for name, needed in _map(here, "dependentRequired").items():
            for other in needed if name in value and isinstance(needed, list) else ():
                if isinstance(other, str) and other not in value:
                    message = f"must have property {other} when property {name} is present"
                    yield Fault(message, path, (*at, "dependentRequired"))
        for name, schema in _map(here, "dependentSchemas").items():
            if name in value:
                yield from self._check(schema, value, path, (*at, "dependentSchemas", name), depth + 1)

    def _members(
        self, here: Mapping[str, Any], value: Mapping[str, Any], path: tuple[str, ...], at: tuple[str, ...], depth: int
    ) -> Iterator[Fault]:
        properties, patterns = _map(here, "properties"), _map(here, "patternProperties")
        others = here.get("additionalProperties", True)
        unevaluated = here.get("unevaluatedProperties", True)
        known = self._evaluated(here, value, depth) if unevaluated is False else frozenset()
        for name, member in value.items():
            step, covered = (*path, name), False
            if name in properties:
                covered = True
                yield from self._check(properties[name], member, step, (*at, "properties", name), depth + 1)
            for pattern, schema in patterns.items():
                if self._matches(pattern, name):
                    covered = True
                    yield from self._check(schema, member, step, (*at, "patternProperties", pattern), depth + 1)
            if "propertyNames" in here and not self._valid(here["propertyNames"], name, depth + 1):
                yield Fault("property name must be valid", path, (*at, "propertyNames"))
            if covered:
                continue
            if others is False:
                yield Fault(f"must NOT have additional properties - {name}", path, (*at, "additionalProperties"))
            elif isinstance(others, Mapping):
                yield from self._check(others, member, step, (*at, "additionalProperties"), depth + 1)
            elif unevaluated is False and name not in known:
                yield Fault("must NOT have unevaluated properties", path, (*at, "unevaluatedProperties"))

    def _evaluated(self, here: Mapping[str, Any], value: Mapping[str, Any], depth: int) -> frozenset[str]:
        """The members that a schema applied beside this one looks at."""
        names: set[str] = set()
        for keyword in ("allOf", "anyOf", "oneOf"):
            for one in _list(here, keyword):
                if isinstance(one, Mapping) and self._valid(one, value, depth + 1):
                    if isinstance(one.get("$ref"), str):
                        one = self.resolve(one["$ref"]) or {}
                    if isinstance(one, Mapping):
                        names |= _map(one, "properties").keys() | self._evaluated(one, value, depth + 1)
        return frozenset(names)


# --- parts of schemas and documents ---------------------------------------------------------------------------------


def pointed(document: Any, reference: str) -> Any:
    """What a local JSON pointer (`#/components/schemas/Pet`) names in a document; None for nothing."""
    if not reference.startswith("#"):
        return None
    found = document
    for name in _pointer_steps(reference):
        if isinstance(found, dict):
            # YAML reads the statuses of responses as numbers.
            found = (
                found[name] if name in found else found.get(int(name)) if len(name) < 10 and name.isdecimal() else None
            )
        elif isinstance(found, list) and len(name) < 10 and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


@lru_cache(maxsize=8192)
def _pointer_steps(reference: str) -> tuple[str, ...]:
    steps = reference[1:].split("/")[1:]
    return tuple(unquote(step).replace("~1", "/").replace("~0", "~") for step in steps)


def _count(here: Mapping[str, Any], name: str) -> int | None:
    found = here.get(name)
    return int(found) if is_number(found) and 0 <= exact(found) < 1 << 40 else None


def _list(here: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = here.get(name)
    return found if isinstance(found, list) else ()


def _map(here: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = here.get(name)
    return found if isinstance(found, Mapping) else {}


@lru_cache(maxsize=512)
def _pattern(source: str) -> regex.Pattern[str] | None:
    translated = regex.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda m: regex.escape(chr(int(m[1], 16) % 0x110000)), source)
    try:
        return regex.compile(translated)
    except (regex.error, OverflowError, RecursionError, ValueError):
        return None
