"""Who needs an operation, or a place in it: the rows of the usage map joined with the versions that count today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.broker.impact import descriptions, places, queries, users
from tallystick.broker.impact.users import Consumer


@dataclass(frozen=True, slots=True)
class Asked:
    """What was meant by the question, and what is used of it."""

    meant: places.Meant
    consumers: tuple[Consumer, ...]
    """Those that use it, with their versions that do."""
    rows: Sequence[Any]
    """Of `queries.uses`."""
    first: Sequence[Any]
    """Of `queries.first_with`."""
    nearest: tuple[str, ...]
    """When nothing is used: operations or places that read most like what was asked for."""

    @property
    def operations(self) -> list[str]:
        return [places.shown(one) for one in self.meant.operations]


def ask(db: queries.Db, provider_id: int, operation: str, wanted: places.Place | None = None) -> Asked:
    """Whose contracts use the operation, or the wanted place in it. Seven statements at most."""
    standings = queries.standings(db, provider_id)
    contract_ids = sorted({row.contract_id for row in standings})
    known = queries.operations(db, provider_id)
    meant = places.meant(operation, list(known), descriptions.templates_of(db, provider_id))
    rows: list[queries.Use] = []
    nearest: tuple[str, ...] = meant.nearest
    if meant.operations:
        every = queries.uses(db, contract_ids, {one: known[one] for one in meant.operations})
        rows = every if wanted is None else [row for row in every if wanted.takes(row)]
        if wanted is not None and not rows:
            nearest = places.nearest_places(wanted, every)
    first = queries.first_with(db, provider_id, {row.interaction_sha for row in rows})
    using = {row.contract_id for row in rows}
    consumers = users.consumers(row for row in standings if row.contract_id in using)
    return Asked(meant, consumers, rows, first, nearest)


def operations(db: queries.Db, provider_id: int) -> dict[str, list[str]]:
    """Every operation that counted contracts use, with the names of its consumers. Two statements."""
    consumers = users.consumers(queries.standings(db, provider_id))
    of_contract: dict[int, list[str]] = {}
    for consumer in consumers:
        for version in consumer.versions:
            of_contract.setdefault(version.contract_id, []).append(consumer.name)
    used: dict[str, set[str]] = {}
    for row in queries.users_of_operations(db, provider_id, users.contract_ids(consumers)):
        used.setdefault(places.shown((row.method, row.template)), set()).update(of_contract[row.contract_id])
    return {operation: sorted(names) for operation, names in sorted(used.items())}
