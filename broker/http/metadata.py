"""What the link to a contract remembers: the opaque segment `/metadata/{M}`.

M is URL-safe base64 without padding of a nested query string. It says for which consumer versions and selectors a
contract was fetched, and whether it was pending or work in progress; the result posted through the link is marked
accordingly. What cannot be read says nothing: links outlive the code that made them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

LONGEST_ID: Final = 18
"""Digits; more would be no id of any database."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a link said."""

    wip: bool = False
    pending: bool | None = None
    version_ids: tuple[int, ...] = ()
    """Consumer versions, by id."""
    version_numbers: tuple[str, ...] = ()
    """Consumer versions, by number."""
    tags: tuple[str, ...] = ()
    selectors: tuple[Pairs, ...] = ()
    """(key, text) pairs of each selector: t tag, b branch, e environment, l latest, cv consumer version's id."""


NOTHING = Remembered()


def encode(
    *,
    selectors: Iterable[Pairs] = (),
    pending: bool | None = None,
    wip: bool = False,
    version_id: int | None = None,
    version_number: str | None = None,
    tags: Sequence[str] = (),
) -> str:
    """The segment; "" when there is nothing to remember."""
    pairs: list[tuple[str, str]] = [(f"s[][{key}]", value) for selector in selectors for key, value in selector]
    pairs += [("cvt[]", tag) for tag in tags]
    if version_id is not None:
        pairs.append(("cv", str(version_id)))
    if version_number is not None:
        pairs.append(("cvn", version_number))
    if pending is not None:
        pairs.append(("p", "true" if pending else "false"))
    if wip:
        pairs.append(("w", "true"))
    text = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(segment: str | None) -> Remembered:
    """What the segment remembers; `NOTHING` for what is not of ours."""
    if not segment:
        return NOTHING
    try:
        text = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return NOTHING
    pairs = [
        (unquote(key), unquote(value)) for key, _, value in (part.partition("=") for part in text.split("&")) if key
    ]
    selectors = _selectors(pairs)
    ids = [value for key, value in pairs if key == "cv"]
    ids += [value for selector in selectors for key, value in selector if key == "cv"]
    plain = dict(pairs)
    return Remembered(
        wip=plain.get("w") == "true",
        pending={"true": True, "false": False}.get(plain.get("p", "")),
        version_ids=tuple(
            dict.fromkeys(int(each) for each in ids if each.isascii() and each.isdigit() and len(each) <= LONGEST_ID)
        ),
        version_numbers=tuple(value for key, value in pairs if key in ("cvn", "cvn[]")),
        tags=tuple(value for key, value in pairs if key in ("cvt", "cvt[]")),
        selectors=tuple(selectors),
    )


def _selectors(pairs: Pairs) -> list[list[tuple[str, str]]]:
    """A repeated key begins the next selector; so does whatever follows a `cv`, which ends ours."""
    selectors: list[list[tuple[str, str]]] = []
    for key, value in pairs:
        if not (key.startswith("s[][") and key.endswith("]")):
            continue
        name = key[4:-1]
        seen = {before for before, _ in selectors[-1]} if selectors else set()
        if not selectors or name in seen or "cv" in seen:
            selectors.append([])
        selectors[-1].append((name, value))
    return selectors
