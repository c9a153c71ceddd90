"""Which versions a clean-up keeps: selectors as the incumbent writes them. Pure; `cleaning.py` asks the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Keep:
    """Versions for which everything that is stated holds."""

    participant: str | None = None
    latest: bool = False
    tag: str | bool | None = None  # True: any
    branch: str | bool | None = None  # True: any
    main_branch: bool = False
    environment: str | None = None
    deployed: bool = False
    released: bool = False
    max_age_days: int | None = None


DEFAULT: Final = (
    Keep(tag=True, latest=True),
    Keep(branch=True, latest=True),
    Keep(latest=True),
    Keep(deployed=True),
    Keep(released=True),
    Keep(max_age_days=90),
)

MEMBERS: Final[dict[str, tuple[str, Any]]] = {
    "pacticipant": ("participant", str),
    "latest": ("latest", bool),
    "tag": ("tag", (str, bool)),
    "branch": ("branch", (str, bool)),
    "mainBranch": ("main_branch", bool),
    "main_branch": ("main_branch", bool),
    "environment": ("environment", str),
    "deployed": ("deployed", bool),
    "released": ("released", bool),
    "maxAge": ("max_age_days", int),
    "max_age": ("max_age_days", int),
}


def selectors(sent: Any) -> tuple[Keep, ...]:
    """The selectors of a JSON list; what is deployed or released is always kept.

    Raises `ValueError` with the reason.
    """
    if not isinstance(sent, list) or not sent:
        raise ValueError("the versions to keep must be a list of selectors, and at least one")
    kept = [_selector(each, index) for index, each in enumerate(sent)]
    for always in (Keep(deployed=True), Keep(released=True)):
        if always not in kept:
            kept.append(always)
    return tuple(kept)


def _selector(sent: Any, index: int) -> Keep:
    if not isinstance(sent, dict) or not sent:
        raise ValueError(f"selector {index} must be an object that states something")
    values: dict[str, Any] = {}
    for member, value in sent.items():
        if member not in MEMBERS:
            raise ValueError(f"selector {index} has an unknown member {member!r}; known are {', '.join(MEMBERS)}")
        name, kind = MEMBERS[member]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"selector {index}: {member} has the wrong type: {value!r}")
        values[name] = value
    return Keep(**values)


def summary(rows: Sequence[Any], kept_ids: frozenset[int]) -> dict[str, Any]:
    """Per participant how many versions go and stay, with the first and last number of each. `rows` by order."""
    found: dict[str, Any] = {}
    for row in rows:
        side = "toKeep" if row.id in kept_ids else "toDelete"
        entry = found.setdefault(row.participant, {"toDelete": {"count": 0}, "toKeep": {"count": 0}})[side]
        entry["count"] += 1
        entry.setdefault("firstVersion", row.number)
        entry["latestVersion"] = row.number
    return found
