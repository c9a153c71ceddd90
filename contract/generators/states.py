"""ProviderState expressions: values that the provider's state setup returned, looked up by `${name}`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from tallystick.contract import json_text
from tallystick.contract.generators.errors import CannotGenerate
from tallystick.contract.model import Json

_MAX_NUMBER_CHARACTERS: Final = 400


def look_up(expression: str, context: Mapping[str, Json]) -> Json:
    """The value of an expression. Raises `CannotGenerate` for a name that the context lacks and for a missing `}`.

    Without `${` the expression is a name. One `${name}` alone keeps the value's kind; anything more is text.
    """
    if "${" not in expression:
        return _known(expression, context)
    parts: list[Json] = []
    rest = expression
    while rest:
        before, opened, after = rest.partition("${")
        if before:
            parts.append(before)
        if opened:
            name, closed, after = after.partition("}")
            if not closed:
                raise CannotGenerate(f"the expression {expression!r} has ${{ without }}")
            if name:
                parts.append(_known(name, context))
        rest = after
    if len(parts) == 1:
        return parts[0]
    return "".join(as_text(part) for part in parts)


def as_text(value: Json) -> str:
    """Text as it is, null as nothing, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text.dumps(value).decode()


def convert(value: Json, data_type: str | None) -> Json:
    """The value as the kind that `dataType` names; unknown kinds and RAW leave it. Raises `CannotGenerate`."""
    match data_type:
        case "STRING":
            return value if isinstance(value, str) else json_text.dumps(value).decode()
        case "INTEGER":
            return _integer(value)
        case "DECIMAL" | "FLOAT":
            return _decimal(value)
        case "BOOLEAN":
            return _boolean(value)
        case _:
            return value


def _known(name: str, context: Mapping[str, Json]) -> Json:
    if name not in context:
        known = ", ".join(sorted(context)) or "none"
        raise CannotGenerate(f"the provider state gave no value named {name!r} (given: {known})")
    return context[name]


def _integer(value: Json) -> int:
    if value is None or isinstance(value, bool):
        return int(value or 0)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_NUMBER_CHARACTERS:
        return int(value)
    if isinstance(value, int | float | Decimal):
        try:
            if abs(Decimal(value).adjusted()) <= _MAX_NUMBER_CHARACTERS:
                return int(value)
        except (ValueError, OverflowError):
            pass
    raise CannotGenerate(f"{_shown(value)} is no integer")


def _decimal(value: Json) -> Decimal:
    if value is None or isinstance(value, bool):
        return Decimal("1.0" if value else "0.0")
    if isinstance(value, str | int | float | Decimal):
        try:
            number = Decimal(value if isinstance(value, int) else str(value))
        except (InvalidOperation, ValueError):
            number = Decimal("NaN")
        if number.is_finite() and abs(number.adjusted()) <= _MAX_NUMBER_CHARACTERS:
            # A whole number is written with its point, so that it stays a decimal.
            return number if number.as_tuple().exponent != 0 else number + Decimal("0.0")
    raise CannotGenerate(f"{_shown(value)} is no decimal number")


def _boolean(value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, int | float | Decimal):
        return value > 0
    if value in ("true", "false"):
        return value == "true"
    raise CannotGenerate(f"{_shown(value)} is neither true nor false")


def _shown(value: Json) -> str:
    text = json_text.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
