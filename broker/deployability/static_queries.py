"""What is known of descriptions and comparisons, for the versions that owe a result."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, true

from tallystick.broker import tables
from tallystick.broker.contracts import comparisons
from tallystick.broker.contracts.comparisons import Pair
from tallystick.broker.deployability.queries import PARTICIPANT
from tallystick.broker.deployability.rows import Static
from tallystick.broker.deployability.static import Owed

DESCRIPTION: Any = tables.ApiDescription.__table__  # type: ignore[attr-defined]

_WILLING = select(PARTICIPANT.c.id).where(
    PARTICIPANT.c.id.in_(bindparam("participants", expanding=True)), PARTICIPANT.c.static_evidence == true()
)
_DESCRIBED = select(DESCRIPTION.c.version_id, DESCRIPTION.c.sha, DESCRIPTION.c.self_verified).where(
    DESCRIPTION.c.version_id.in_(bindparam("versions", expanding=True))
)


def willing(connection: Connection, providers: Collection[int]) -> frozenset[int]:
    """Those of these providers whose descriptions may stand in, once and for all. One statement, none for none."""
    if not providers:
        return frozenset()
    return frozenset(connection.execute(_WILLING, {"participants": sorted(providers)}).scalars())


def static_evidence(
    connection: Connection, owed: Sequence[Owed]
) -> tuple[dict[tuple[int, int], Static], tuple[Pair, ...]]:
    """What can be said of what is owed without running anything, and the comparisons that would have to be made first.

    One statement, none for nothing owed, and one per 500 contracts that have a description to be compared with.
    """
    if not owed:
        return {}, ()
    versions = sorted({one.version[0] for one in owed})
    described = {row.version_id: row for row in connection.execute(_DESCRIBED, {"versions": versions})}
    usable = [one for one in owed if (row := described.get(one.version[0])) and row.self_verified is not False]
    kept = comparisons.known(
        connection, (one.row.contract_id for one in usable), (described[one.version[0]].sha for one in usable)
    )
    found: dict[tuple[int, int], Static] = {}
    missing: list[Pair] = []
    for one in owed:
        number, row = one.version[1], described.get(one.version[0])
        if row is None:
            found[one.pair] = Static(number, "not-described")
        elif row.self_verified is False:
            found[one.pair] = Static(number, "not-trusted", self_verified=False)
        elif made := kept.get((one.row.contract_id, row.sha)):
            found[one.pair] = Static(
                number,
                made.outcome,
                made.errors,
                made.warnings,
                made.interactions,
                made.not_compared,
                row.self_verified,
                row.sha,
            )
        else:
            found[one.pair] = Static(number, "not-compared", self_verified=row.self_verified)
            missing.append((one.row.contract_id, row.sha))
    return found, tuple(dict.fromkeys(missing))
