"""Query strings and header values, between their text and the lists that contracts hold."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote_to_bytes

from tallystick.contract.model import Query

MULTI_VALUE_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
        "access-control-request-headers",
        "allow",
        "cache-control",
        "if-match",
        "if-none-match",
        "vary",
    }
)
"""Only these are split on commas, in files as on the wire; any other header line is one value."""


def split_header(name: str, value: str) -> tuple[str, ...]:
    """The values that one header line carries, trimmed."""
    if name.lower() in MULTI_VALUE_HEADERS:
        return tuple(piece.strip() for piece in value.split(","))
    return (value.strip(),)


def parse_query(text: str) -> dict[str, tuple[str | None, ...]]:
    """Names to decoded values, in order; None for a parameter without `=`. Bad percent sequences stay as they are."""
    found: dict[str, list[str | None]] = {}
    for piece in text.split("&"):
        if not piece:
            continue
        name, equals, value = piece.partition("=")
        found.setdefault(decode(name), []).append(decode(value) if equals else None)
    return {name: tuple(values) for name, values in found.items()}


def render_query(query: Query) -> str:
    """The encoded text of a query, names sorted; a value of None is a bare name."""
    return "&".join(
        _encoded(name) if value is None else f"{_encoded(name)}={_encoded(value)}"
        for name in sorted(query)
        for value in query[name]
    )


def decode(text: str) -> str:
    """Percent-decoded text, `+` a space. Bytes that are not UTF-8 are code points, as some older files hold them."""
    if "%" not in text:
        return text.replace("+", " ")
    data = unquote_to_bytes(text.replace("+", " "))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _encoded(text: str) -> str:
    return quote(text, safe=" -._~").replace(" ", "+")
