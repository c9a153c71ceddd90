"""Reading the body of a request: bytes to JSON, or a refusal that says where it breaks."""

from __future__ import annotations

import json
from typing import Any, Final

from tallystick.broker.errors import Malformed

DEEPEST: Final = 50  # levels of nesting


def parse(body: bytes) -> Any:
    """The JSON value; integers and floats as Python has them. Contracts are read by `contract.json_text` instead."""
    try:
        value = json.loads(text(body), parse_constant=_constant)
    except RecursionError:
        raise Malformed(_too_deep()) from None
    except json.JSONDecodeError as error:
        raise Malformed(f"JSON::ParserError - {error.msg} at line {error.lineno} column {error.colno}") from None
    except ValueError as error:  # a constant, or an integer of more digits than Python converts
        raise Malformed(f"JSON::ParserError - {error}") from None
    check(value)
    return value


def text(body: bytes) -> str:
    """The body as text. Invalid UTF-8 is refused with its place and what precedes it."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        raise Malformed(
            f"Request body has a non UTF-8 character at position {len(before) + 1} "
            f"and cannot be parsed as JSON. Preceding characters are: '{before[-100:]}'"
        ) from None


def check(value: Any) -> None:
    """Refuses what is no object or array, and what nests deeper than `DEEPEST` levels."""
    if not isinstance(value, dict | list):
        raise Malformed(f"JSON::ParserError - expected an object or an array, got {json.dumps(value)[:100]}")
    level, depth = [value], 1
    while level:
        if depth > DEEPEST:
            raise Malformed(_too_deep())
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        depth += 1


def _too_deep() -> str:
    return f"JSON::NestingError - nesting is deeper than {DEEPEST} levels"


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
