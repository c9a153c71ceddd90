"""What is known of a pair that does not fit: the interactions that failed, since when, and who could mend it.

Questions about verifications and contracts by id, for every part that explains a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, select, true

from tallystick.broker import tables
from tallystick.broker.deployability.queries import CONTRACT, HEAD, VERSION

FAILURE: Any = tables.VerificationFailure.__table__  # type: ignore[attr-defined]
INTERVAL: Any = tables.FailureInterval.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class FailedInteraction:
    """An interaction that failed in one verification; `mismatches` as the verifier reported them."""

    verification_id: int
    interaction_id: str | None
    interaction_sha: str | None
    description: str | None
    mismatches: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """The first provider version of an unbroken row of failures, and when it was seen."""

    version: str
    at: datetime


def _among(column: Any, name: str) -> Any:
    return column.in_(bindparam(name, expanding=True))


_FAILED = (
    select(
        FAILURE.c.verification_id,
        FAILURE.c.interaction_id,
        FAILURE.c.interaction_sha,
        FAILURE.c.description,
        FAILURE.c.mismatches,
    )
    .where(_among(FAILURE.c.verification_id, "verifications"))
    .order_by(FAILURE.c.verification_id, FAILURE.c.id)
)
_SINCE = (
    select(
        INTERVAL.c.provider,
        INTERVAL.c.consumer,
        INTERVAL.c.interaction_sha,
        INTERVAL.c.since_version,
        func.min(INTERVAL.c.since_at).label("since_at"),
    )
    .where(
        _among(INTERVAL.c.provider, "providers"),
        _among(INTERVAL.c.consumer, "consumers"),
        INTERVAL.c.until_at.is_(None),
    )
    .group_by(INTERVAL.c.provider, INTERVAL.c.consumer, INTERVAL.c.interaction_sha, INTERVAL.c.since_version)
    .order_by(func.min(INTERVAL.c.since_at).desc())
)
_NEWEST_SUCCESS = (
    select(HEAD.c.provider_version_id)
    .where(HEAD.c.contract_id == CONTRACT.c.id, HEAD.c.success == true())
    .order_by(HEAD.c.provider_version_id.desc())
    .limit(1)
    .correlate(CONTRACT)
    .scalar_subquery()
)
_VERIFIED_BY = (
    select(CONTRACT.c.id, VERSION.c.number)
    .select_from(CONTRACT)
    .join(VERSION, VERSION.c.id == _NEWEST_SUCCESS)
    .where(_among(CONTRACT.c.id, "contracts"))
)


def failed_interactions(
    connection: Connection, verifications: Sequence[int]
) -> dict[int, tuple[FailedInteraction, ...]]:
    """What failed in each of these verifications, in the order reported. One statement, none for none."""
    found: dict[int, tuple[FailedInteraction, ...]] = {}
    if verifications:
        for row in connection.execute(_FAILED, {"verifications": list(verifications)}):
            mismatches = orjson.loads(row.mismatches)
            failed = FailedInteraction(
                row.verification_id,
                row.interaction_id,
                row.interaction_sha,
                row.description,
                tuple(mismatches) if isinstance(mismatches, list) else (mismatches,),
            )
            found[row.verification_id] = (*found.get(row.verification_id, ()), failed)
    return found


def failing_since(
    connection: Connection, providers: Sequence[str], consumers: Sequence[str]
) -> dict[tuple[str, str, str], Since]:
    """(provider, consumer, interaction sha) of what fails now, with its beginning; the earliest where branches differ.

    One statement, none for no names.
    """
    if not providers or not consumers:
        return {}
    values = {"providers": sorted(set(providers)), "consumers": sorted(set(consumers))}
    return {
        (row.provider, row.consumer, row.interaction_sha): Since(row.since_version, row.since_at)
        for row in connection.execute(_SINCE, values)
    }


def verified_by(connection: Connection, contracts: Sequence[int]) -> dict[int, str]:
    """The newest provider version that verified each contract successfully, where there is one. One statement."""
    if not contracts:
        return {}
    return {row.id: row.number for row in connection.execute(_VERIFIED_BY, {"contracts": sorted(set(contracts))})}
