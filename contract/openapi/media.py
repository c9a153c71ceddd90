"""Media types as a comparison weighs them: by what they are read as, parameters aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

_Value = TypeVar("_Value")


def normal(text: str) -> tuple[str, str]:
    """Type and subtype to compare by: lower case, without parameters, `hal+json` as `json`."""
    main, _, sub = text.partition(";")[0].strip().lower().partition("/")
    return main, sub.rpartition("+")[2]


def alike(one: str, other: str) -> bool:
    """Whether two types, or ranges of types, have something in common."""
    (main, sub), (other_main, other_sub) = normal(one), normal(other)
    return all(a == b or "*" in (a, b) for a, b in ((main, other_main), (sub, other_sub)))


def best(wanted: Iterable[str], offered: Mapping[str, _Value]) -> str | None:
    """The offered type that the first satisfiable wish fits.

    One that is written the same comes first, then one that differs in parameters, then one that is read alike.
    """
    for wish in wanted:
        for media in offered:
            if media.replace(" ", "").lower() == wish.replace(" ", "").lower():
                return media
        plain = wish.partition(";")[0].strip().lower()
        for media in offered:
            if media.partition(";")[0].strip().lower() == plain:
                return media
        for media in offered:
            if alike(wish, media):
                return media
    return None


def accepted(header: str) -> list[str]:
    """The types that an Accept header names, without their weights, in order."""
    return [one.partition(";")[0].strip() for one in header.split(",") if one.strip()]


def checkable(media: str) -> bool:
    """Whether bodies of this type can be compared with a schema."""
    return normal(media) in {
        ("application", "json"), ("application", "x-www-form-urlencoded"), ("multipart", "form-data"), ("*", "*"),
        ("application", "*"),
    }  # fmt: skip
