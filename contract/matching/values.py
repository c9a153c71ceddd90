"""Values as the Pact core sees them: their kinds, their equality, their text in messages.

All numbers with a fraction or an exponent are doubles, and so are integers beyond 64 bits: 1.10 equals 1.1, but 1 does
not equal 1.0. Values of a message that show a number in full keep what was read.
"""

from __future__ import annotations

from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, Final, Literal

Kind = Literal["Null", "Boolean", "Integer", "Decimal", "String", "Array", "Object"]

_KINDS: Final[dict[type, Kind]] = {
    type(None): "Null", bool: "Boolean", float: "Decimal", Decimal: "Decimal", str: "String",
    list: "Array", tuple: "Array", dict: "Object",
}  # fmt: skip
_MOST: Final = 2**64 - 1
_LEAST: Final = -(2**63)


def kind(value: Any) -> Kind:
    """The JSON kind of a value; an integer beyond 64 bits is a Decimal."""
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    return "Integer" if _LEAST <= value <= _MOST else "Decimal"


def equal(expected: Any, actual: Any) -> bool:
    """Equal values of equal kinds: 1 is not 1.0, and true is not 1."""
    if type(expected) is type(actual):
        if isinstance(expected, dict):
            return expected.keys() == actual.keys() and all(equal(v, actual[k]) for k, v in expected.items())
        if isinstance(expected, list):
            return len(expected) == len(actual) and all(map(equal, expected, actual))
        if expected == actual:
            return True
        if not isinstance(expected, int | float | Decimal):
            return False
    if kind(expected) != "Decimal" or kind(actual) != "Decimal":
        return False
    wanted, found = double(expected), double(actual)
    # Beyond the doubles all would be infinite: there the numbers themselves are compared.
    return wanted == found and (isfinite(wanted) or expected == actual)


def double(value: int | float | Decimal) -> float:
    """The nearest double; infinite where there is none."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def number_text(value: int | float | Decimal) -> str:
    """A number as the Pact core prints it: integers in full, others as the shortest text of their double."""
    if isinstance(value, int) and _LEAST <= value <= _MOST:
        return str(value)
    text = repr(double(value))
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    if exponent == "-05":
        digits = mantissa.lstrip("-").replace(".", "")
        return ("-" if mantissa[0] == "-" else "") + "0.0000" + digits
    return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"


def text_of(value: Any) -> str:
    """What a regex or a date pattern looks at: a string as it is, anything else as compact JSON."""
    return value if isinstance(value, str) else json_text_of(value)


def json_text_of(value: Any) -> str:
    """Compact JSON with sorted keys, numbers as `number_text`."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode_basestring(k)}:{json_text_of(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text_of, value)) + "]"
    return number_text(value)


def quoted(value: Any) -> str:
    """A value as sentences show it: strings in single quotes, others as JSON."""
    return f"'{value}'" if isinstance(value, str) else json_text_of(value)


def shown(value: Any) -> str:
    """A value and its kind: `'b' (String)`."""
    return f"{quoted(value)} ({kind(value)})"


def utf8(content: bytes) -> str | None:
    """The text of some bytes, None where they are not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
