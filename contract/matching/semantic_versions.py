"""Semantic versions, strictly: three numbers, then perhaps a pre-release and a build."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER: Final = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION: Final = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_PARTS: Final = ("major", "minor", "patch")


def why_not(text: str) -> str | None:
    """Why the text is no semantic version; None when it is one."""
    found = _VERSION.fullmatch(text)
    if found is not None:
        return None if all(int(n[:25]) < 2**64 for n in found.groups()) else "a number is too large"
    if not text:
        return "empty string, expected a semver version"
    at = 0
    for index, name in enumerate(_PARTS):
        number = re.compile("[0-9]+").match(text, at)
        if number is None:
            found_text = f"character {text[at]!r}" if at < len(text) else "end of input"
            return f"unexpected {found_text} while parsing {name} version number"
        if len(number[0]) > 1 and number[0][0] == "0":
            return f"invalid leading zero in {name} version number"
        at = number.end()
        if index < 2:
            if text[at : at + 1] != ".":
                found_text = f"character {text[at]!r}" if at < len(text) else "end of input"
                return f"unexpected {found_text} after {name} version number"
            at += 1
    return f"unexpected {text[at:]!r} after patch version number"
