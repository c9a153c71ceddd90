"""Reading the body of a request: bytes to JSON, or a refusal that says where it breaks."""

from __future__ import annotations

from typing import Any, Final

import orjson

from tallystick.broker.errors import Malformed

DEEPEST: Final = 50  # levels of nesting


def parse(body: bytes) -> Any:
    """The JSON value, an object or an array. Contracts are read by `contract.json_text`, which keeps numbers."""
    text(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
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
        raise Malformed(f"JSON::ParserError - expected an object or an array, got {str(value)[:100]}")
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Malformed(f"JSON::NestingError - nesting is deeper than {DEEPEST} levels")
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
