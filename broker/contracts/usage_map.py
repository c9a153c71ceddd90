"""The usage map: what the interactions of a consumer rely on in a provider, written when they are first published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

import orjson
from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from tallystick.broker.contracts.content import Known
from tallystick.broker.contracts.queries import OPERATION, USAGE
from tallystick.broker.http.checks import storable
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.contract.model import Interaction
from tallystick.contract.usage import usage

Operation: TypeAlias = tuple[str, str]
"""Method ("" for messages) and template."""


class Place(NamedTuple):
    """Where the map has an interaction."""

    usage_id: int
    operation_id: int


@dataclass(frozen=True, slots=True)
class First:
    """The version that publishes, of one consumer, with one provider."""

    integration_id: int
    provider_id: int
    version_id: int
    number: str
    at: datetime


_KNOWN: Final = select(USAGE.c.interaction_sha, USAGE.c.id, USAGE.c.operation_id).where(
    USAGE.c.interaction_sha.in_(bindparam("shas", expanding=True)),
    USAGE.c.integration_id == bindparam("integration"),
)
_OPERATIONS: Final = select(OPERATION.c.method, OPERATION.c.template, OPERATION.c.id).where(
    OPERATION.c.provider_id == bindparam("provider"),
    OPERATION.c.template.in_(bindparam("templates", expanding=True)),
)


def mapped(session: Session, first: First, by_sha: Mapping[str, Known]) -> dict[str, Place]:
    """Where the map has each interaction, by digest; what it has not is added. One statement, or three to five."""
    named = {"shas": sorted(by_sha), "integration": first.integration_id}
    found = {row.interaction_sha: Place(row.id, row.operation_id) for row in session.execute(_KNOWN, named)}
    new = {sha: taken_apart(each.model) for sha, each in sorted(by_sha.items()) if sha not in found}
    if not new:
        return found
    ids = _operation_ids(session, first.provider_id, {operation for operation, _ in new.values()})
    made = session.execute(
        insert(USAGE).returning(USAGE.c.interaction_sha, USAGE.c.id, USAGE.c.operation_id),
        [
            {
                "interaction_sha": sha,
                "integration_id": first.integration_id,
                "operation_id": ids[operation],
                "places": places,
                "first_version_id": first.version_id,
                "first_version": first.number,
                "first_at": first.at,
            }
            for sha, (operation, places) in new.items()
        ],
    )
    return found | {row.interaction_sha: Place(row.id, row.operation_id) for row in made}


def taken_apart(interaction: Interaction) -> tuple[Operation, str]:
    """The operation, and the places as `InteractionUsage.places` has them."""
    rows = usage(interaction)
    # Both stand in one index of PostgreSQL, which has room for 2,704 bytes.
    operation = storable(rows[0].method, 60), storable(rows[0].template, 1000)
    places = [(row.part, storable(row.path, 1000), row.strictness, row.detail) for row in rows]
    return operation, orjson.dumps(places).decode()


def _operation_ids(session: Session, provider_id: int, wanted: Collection[Operation]) -> dict[Operation, int]:
    """The ids of operations; those that were never used before are added. One statement, or two or three."""
    named = {"provider": provider_id, "templates": sorted({template for _, template in wanted})}
    found = {(row.method, row.template): row.id for row in session.execute(_OPERATIONS, named)}
    new = sorted(set(wanted) - found.keys())  # in one order, so that two publishers cannot wait for each other
    if new:
        rows = [{"provider_id": provider_id, "method": method, "template": template} for method, template in new]
        session.execute(upsert(dialect_of(session), OPERATION).on_conflict_do_nothing(), rows)
        found = {(row.method, row.template): row.id for row in session.execute(_OPERATIONS, named)}
    return found
