"""Names that may mean an application that exists under a slightly other name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

IGNORED: Final = frozenset({"api", "provider", "service"})
_CAMEL: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> tuple[str, ...]:
    """What counts of a name: its words in lower case, singular, without "api", "provider" and "service"."""
    text = re.sub(r"[\s-]", "_", name.replace("::", "/"))
    parts = [part for part in _CAMEL.sub("_", text).lower().split("_") if part]
    singular = (part.removesuffix("s") if len(part) > 1 else part for part in parts)
    return tuple(part for part in singular if part not in IGNORED)


def similar(name: str, existing: Iterable[str]) -> list[str]:
    """Those of the existing names that may mean the same; [] when the name itself exists."""
    existing = list(existing)
    if name in existing:
        return []
    own = words(name)
    return [other for other in existing if words(other) == own]


def explanation(name: str, others: Iterable[str]) -> str:
    """What to do about it."""
    listed = "\n".join(f"* {other}" for other in others)
    return (
        f"This is the first time a pact has been published for '{name}'.\n"
        f"The name '{name}' is very similar to the following existing pacticipants:\n{listed}\n"
        "If you meant to publish a pact for one of these, correct the name and publish again. If "
        f"'{name}' is a different application, create it first, with PUT or PATCH, or with "
        "create-or-update-pacticipant of the command line, and publish again."
    )
