"""What is known of a pair that does not fit: the interactions that failed, since when, and who could mend it.

Questions about verifications and contracts by id, for every part that explains a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, true

from tallystick.broker import tables
from tallystick.broker.deployability.queries import CONTRACT, HEAD, VERSION
from tallystick.broker.deployability.rows import Row
from tallystick.broker.verifications import queries
from tallystick.broker.verifications.failures import whole
from tallystick.broker.verifications.past import Past, chosen, read

FAILURE: Any = tables.VerificationFailure.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class FailedInteraction:
    """An interaction that failed in one verification; `mismatches` as the verifier reported them."""

    verification_id: int
    interaction_id: str | None
    interaction_sha: str | None
    description: str | None
    mismatches: tuple[Any, ...]


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


@dataclass(frozen=True, slots=True)
class Pasts:
    """What is recorded of failures between some applications, and where the code of their providers is."""

    recorded: Mapping[tuple[str, str, str], Sequence[Past]] = field(default_factory=dict)
    branches: Mapping[int, Sequence[str]] = field(default_factory=dict)
    repositories: Mapping[int, str] = field(default_factory=dict)

    def of(self, row: Row, interaction_sha: str | None) -> Past | None:
        """The past of an interaction that failed in a row's result; None is for the contract as a whole."""
        sha = whole(row.contract_sha) if interaction_sha is None else interaction_sha
        return self.about(row.provider, row.consumer, row.provider_version_id or 0, sha)

    def about(self, provider: str, consumer: str, provider_version_id: int, sha: str) -> Past | None:
        """The same by names; `sha` is the interaction's, or `whole(…)` of a contract's."""
        recorded = self.recorded.get((provider, consumer, sha), ())
        return chosen(recorded, provider_version_id, self.branches.get(provider_version_id, ()))


def pasts(connection: Connection, rows: Sequence[Any], branches: Mapping[int, Sequence[str]]) -> Pasts:
    """The past of rows that failed: `Row`s, or rows of results. `branches` are those of their provider versions.

    Two statements, none for no rows.
    """
    if not rows:
        return Pasts()
    versions = {row.provider_version_id for row in rows if row.provider_version_id is not None}
    found: dict[tuple[str, str, str], list[Past]] = {}
    providers, consumers = {row.provider for row in rows}, {row.consumer for row in rows}
    for each in queries.failures_among(connection, providers, consumers, versions):
        told = read(each)
        found.setdefault((told.provider, told.consumer, told.sha), []).append(told)
    return Pasts(found, branches, queries.repositories(connection, {row.provider_id for row in rows}))


def verified_by(connection: Connection, contracts: Sequence[int]) -> dict[int, str]:
    """The newest provider version that verified each contract successfully, where there is one. One statement."""
    if not contracts:
        return {}
    return {row.id: row.number for row in connection.execute(_VERIFIED_BY, {"contracts": sorted(set(contracts))})}
