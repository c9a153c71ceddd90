"""What a provider still owes: contracts that are live or on a main branch, without a result for its own versions that
matter. Computed from what is stored, so it survives every lost webhook; a list to pull, not an event to catch.

Pure, but for `owed`, which asks the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from tallystick.broker.selection import owed_queries, resolve
from tallystick.broker.selection.decide import Selected
from tallystick.broker.selection.selectors import DEFAULT


@dataclass(frozen=True, slots=True)
class Own:
    """A version of the provider that must have results, and why. `id` is None for one that does not exist yet."""

    id: int | None
    number: str | None
    reasons: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """One missing result."""

    contract: Selected
    version: Own


def owed(connection: Connection, provider_id: int, number: str | None = None) -> list[Owed]:
    """What is missing, for the versions that matter or for one version only (it need not exist yet).

    Seven statements at most. A provider without any version owes every contract to no version in particular.
    """
    required = resolve.select(connection, provider_id, DEFAULT, None)
    if number is not None:
        row = owed_queries.own_version(connection, provider_id, number)
        versions = [Own(row.id if row else None, number, ({"kind": "asked"},))]
    else:
        versions = _that_matter(connection, provider_id) or [Own(None, None, ({"kind": "noVersion"},))]
    known = [version.id for version in versions if version.id is not None]
    exist = owed_queries.results_that_exist(connection, [each.contract_id for each in required], known)
    return missing(required, versions, exist)


def missing(required: Sequence[Selected], versions: Iterable[Own], exist: frozenset[tuple[int, int]]) -> list[Owed]:
    """Every pair without a result, by version and then in the order of the contracts."""
    return [
        Owed(contract, version)
        for version in versions
        for contract in required
        if version.id is None or (contract.contract_id, version.id) not in exist
    ]


def _that_matter(connection: Connection, provider_id: int) -> list[Own]:
    """The latest main version, then what is deployed, then what is released and supported; each version once."""
    found: dict[int, tuple[str, list[dict[str, str]]]] = {}

    def note(row: Any, reason: dict[str, str]) -> None:
        reasons = found.setdefault(row.id, (row.number, []))[1]
        if reason not in reasons:
            reasons.append(reason)

    main = owed_queries.own_main_version(connection, provider_id)
    if main is not None:
        if main.branch is not None:
            note(main, {"kind": "mainBranch", "branch": main.branch})
        else:
            note(main, {"kind": "latest"} if main.tagged is None else {"kind": "latestWithTag", "tag": main.tag})
    for row in owed_queries.own_deployed(connection, provider_id):
        note(row, {"kind": "deployed", "environment": row.environment})
    for row in owed_queries.own_released(connection, provider_id):
        note(row, {"kind": "released", "environment": row.environment})
    return [Own(version_id, number, tuple(reasons)) for version_id, (number, reasons) in found.items()]
