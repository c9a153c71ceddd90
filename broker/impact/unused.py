"""What a provider offers and no contract that counts uses: its description joined with the usage map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.impact import fields, queries, users


@dataclass(frozen=True, slots=True)
class Unused:
    """What nobody uses of a version."""

    version: str
    operations: list[dict[str, Any]]
    """`{"operation", "used", "places"}`: an operation that nobody uses stands without places."""


def ask(db: queries.Db, provider_id: int, provider: str, number: str | None = None) -> Unused | None:
    """Against the description of a version, or the newest one; None where there is none. Four statements."""
    row = queries.newest_description(db, provider_id) if number is None else queries.description(db, provider, number)
    if row is None:
        return None
    known = users.consumers(queries.standings(db, provider_id))
    rows = queries.uses(db, provider_id, users.contract_ids(known), None)
    return Unused(row.number, fields.unused(api_descriptions.parsed(row), rows))
