"""Path expressions, as rules and generators are keyed by: `$.lines[*].total`, `$['x-y'].*`, `a.b`.

A path is a tuple of steps below the root, which is not a step: `$` is (). A field is a `str`, an index an `int`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from tallystick.contract import limits
from tallystick.contract.errors import PathInvalid


class Star(Enum):
    """`*`: any one step. `[*]`: any one index, a key of digits included."""

    ANY = ".*"
    INDEX = "[*]"


ANY: Final = Star.ANY
ANY_INDEX: Final = Star.INDEX

Token: TypeAlias = str | int | Star
Path: TypeAlias = tuple[Token, ...]
Fragment: TypeAlias = str | int
"""One step to an actual value: a key or an index."""


@lru_cache(maxsize=8192)
def parse(text: str) -> Path:
    """The steps of a path expression. The leading `$` may be left out before a letter or digit; "" is the root.

    There is no escape inside `['…']`, so no name can hold a single quote. Raises `PathInvalid`.
    """
    if not text or text == "$":
        return ()
    if text[0] == "$":
        return _steps(text, 1)
    if not text[0].isalnum():
        raise PathInvalid(text, 0, "a path starts with $, a letter or a digit")
    end = _identifier_end(text, 0)
    return (text[:end], *_steps(text, end))


def render(path: Sequence[Token]) -> str:
    """The text of a path as the Pact core writes it: `.name` for plain names, `['…']` with escapes for others."""
    return "$" + "".join(_rendered(token) for token in path)


def weight(path: Path, fragments: Sequence[Fragment]) -> int:
    """How well a rule's path fits a value at or below it: the product of 2 for each exact step and 1 for each star.

    0 when it doesn't fit, or when the path is longer than the way to the value. The root counts as an exact step.
    """
    if len(path) > len(fragments):
        return 0
    product = 2
    for token, fragment in zip(path, fragments, strict=False):
        step = token_weight(token, fragment)
        if not step:
            return 0
        product *= step
    return product


def score(path: Path, fragments: Sequence[Fragment]) -> int:
    """What rules are chosen by: weight times the number of steps, root included. The greatest wins."""
    return weight(path, fragments) * (len(path) + 1)


def token_weight(token: Token, fragment: Fragment) -> int:
    """2 when the step names the fragment, 1 when a star covers it, 0 otherwise. A key of digits is an index as well."""
    if token is Star.ANY:
        return 1
    if token is Star.INDEX:
        return 1 if isinstance(fragment, int) or _DIGITS.fullmatch(fragment) else 0
    if isinstance(token, int):
        if isinstance(fragment, str):
            return 2 if _DIGITS.fullmatch(fragment) and int(fragment) == token else 0
        return 2 if fragment == token else 0
    return 2 if str(fragment) == token else 0


_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_PLAIN_NAME: Final = re.compile(r"[_A-Za-z][_A-Za-z0-9]*")
_BRACKET: Final = re.compile(r"\[(?:'([^']+)'|([0-9]+)|(\*))\]")


def _steps(text: str, at: int) -> Path:
    tokens: list[Token] = []
    while at < len(text):
        if len(tokens) >= limits.MAX_PATH_TOKENS:
            raise PathInvalid(text, at, f"more than {limits.MAX_PATH_TOKENS} steps (MAX_PATH_TOKENS)")
        if text[at] == ".":
            if text[at + 1 : at + 2] == "*":
                tokens.append(ANY)
                at += 2
                continue
            end = _identifier_end(text, at + 1)
            if end == at + 1:
                raise PathInvalid(text, at + 1, "a name or * must follow the point")
            tokens.append(text[at + 1 : end])
            at = end
        elif text[at] == "[":
            found = _BRACKET.match(text, at)
            if found is None:
                raise PathInvalid(text, at, "brackets hold 'a name', an index or *")
            name, index, _ = found.groups()
            tokens.append(name if name is not None else ANY_INDEX if index is None else _index(text, at, index))
            at = found.end()
        else:
            raise PathInvalid(text, at, f"expected . or [ but found {text[at]!r}")
    return tuple(tokens)


def _index(text: str, at: int, digits: str) -> int:
    if len(digits) > 20:
        raise PathInvalid(text, at, "the index is too large")
    return int(digits)


def _identifier_end(text: str, at: int) -> int:
    while at < len(text) and (text[at].isalnum() or text[at] in "_-:#@"):
        at += 1
    return at


def _rendered(token: Token) -> str:
    if isinstance(token, Star):
        return token.value
    if isinstance(token, int):
        return f"[{token}]"
    if _PLAIN_NAME.fullmatch(token):
        return "." + token
    escaped = token.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"
