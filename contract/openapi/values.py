"""Values as JSON Schema sees them: types, equality, numbers without loss, and texts taken for what they spell."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeGuard

import regex

from tallystick.contract import json_text

MISSING: Final = object()
"""Stands for a value that is not there: a required parameter that a request leaves out."""


def is_type(value: Any, name: str) -> bool:
    """Whether a value has a JSON Schema type; a number without fraction is an integer, however it is written."""
    match name:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "number":
            return is_number(value)
        case "integer":
            return is_number(value) and exact(value) == exact(value).to_integral_value()
    return False


def same(one: Any, other: Any) -> bool:
    """JSON equality: 1 and 1.0 are the same number, true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if is_number(one) and is_number(other):
        return exact(one) == exact(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def spelled(text: str, kind: str) -> Any:
    if kind == "null":
        return None if text == "" else MISSING
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, MISSING)
    number = _NUMBER.fullmatch(text.strip()) if text.strip() and len(text) < 400 else None
    if number is None:
        return MISSING
    value = Decimal(int(text.strip(), 0)) if number[1] else Decimal(text.strip())
    if kind == "integer" and value.adjusted() < 400 and value != value.to_integral_value():
        return MISSING
    return int(value) if value.adjusted() < 400 and value == value.to_integral_value() else value


_NUMBER: Final = regex.compile(
    r"(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)|[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
)


def is_number(value: Any) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def exact(value: int | float | Decimal) -> Decimal:
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


def beyond(number: Decimal, sign: str, limit: Decimal) -> bool:
    return number < limit if sign == ">" else number > limit


def is_multiple(number: Decimal, of: Decimal) -> bool:
    """In decimal, where 0.3 is a multiple of 0.1 as everyone expects."""
    if number.adjusted() - of.adjusted() > 1_000:
        return True
    return number == 0 or (number / of) == (number / of).to_integral_value()


def normal(value: Any) -> Any:
    if is_number(value):
        return str(exact(value).normalize())
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, Mapping):
        return {key: normal(item) for key, item in value.items()}
    # Told from the numbers above, which are texts now.
    return f"={value}" if isinstance(value, str) else value


def shown(value: Any) -> str:
    return json_text.dumps(value).decode()
