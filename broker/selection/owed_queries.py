"""What a provider owes: its own versions that matter, and which results exist for them. Docstrings count statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, select

from tallystick.broker.selection.past_queries import AT_ONCE
from tallystick.broker.selection.queries import (
    BRANCH,
    BRANCH_HEAD,
    DEPLOYED,
    ENVIRONMENT,
    ENVIRONMENT_NAME,
    PARTICIPANT,
    PROVIDER,
    RELEASED,
    TAG,
    VERSION,
    Rows,
)
from tallystick.broker.tables import VerificationHead

HEAD: Any = VerificationHead.__table__  # type: ignore[attr-defined]

_HEADS = select(HEAD.c.contract_id, HEAD.c.provider_version_id).where(
    HEAD.c.contract_id.in_(bindparam("contracts", expanding=True)),
    HEAD.c.provider_version_id.in_(bindparam("versions", expanding=True)),
)


def results_that_exist(
    connection: Connection, contract_ids: Sequence[int], version_ids: Sequence[int]
) -> frozenset[tuple[int, int]]:
    """(content, provider version) that have a result. One statement."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(contract_ids) if version_ids else 0, AT_ONCE):
        some = list(contract_ids[start : start + AT_ONCE])
        rows = connection.execute(_HEADS, {"contracts": some, "versions": list(version_ids)})
        found.update((row.contract_id, row.provider_version_id) for row in rows)
    return frozenset(found)


_own_newest_tagged = (
    select(func.max(TAG.c.version_id))
    .where(TAG.c.participant_id == PARTICIPANT.c.id, TAG.c.name == PARTICIPANT.c.main_branch)
    .correlate(PARTICIPANT)
    .scalar_subquery()
)
_own_newest = (
    select(func.max(VERSION.c.id))
    .where(VERSION.c.participant_id == PARTICIPANT.c.id)
    .correlate(PARTICIPANT)
    .scalar_subquery()
)
_OWN_MAIN: Any = (
    select(
        VERSION.c.id,
        VERSION.c.number,
        BRANCH.c.name.label("branch"),
        PARTICIPANT.c.main_branch.label("tag"),
        _own_newest_tagged.label("tagged"),
    )
    .select_from(PARTICIPANT)
    .outerjoin(BRANCH, and_(BRANCH.c.participant_id == PARTICIPANT.c.id, BRANCH.c.name == PARTICIPANT.c.main_branch))
    .outerjoin(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH.c.id)
    .join(
        VERSION,
        VERSION.c.id
        == case(
            (BRANCH.c.id.is_not(None), BRANCH_HEAD.c.version_id), else_=func.coalesce(_own_newest_tagged, _own_newest)
        ),
    )
    .where(PARTICIPANT.c.id == PROVIDER)
)
_OWN_DEPLOYED = (
    select(VERSION.c.id, VERSION.c.number, ENVIRONMENT_NAME)
    .join_from(DEPLOYED, VERSION, VERSION.c.id == DEPLOYED.c.version_id)
    .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
    .where(DEPLOYED.c.participant_id == PROVIDER, DEPLOYED.c.currently_deployed)
    .order_by(ENVIRONMENT.c.name, DEPLOYED.c.id)
)
_OWN_RELEASED = (
    select(VERSION.c.id, VERSION.c.number, ENVIRONMENT_NAME)
    .join_from(RELEASED, VERSION, VERSION.c.id == RELEASED.c.version_id)
    .join(ENVIRONMENT, ENVIRONMENT.c.id == RELEASED.c.environment_id)
    .where(RELEASED.c.participant_id == PROVIDER, RELEASED.c.currently_supported)
    .order_by(ENVIRONMENT.c.name, RELEASED.c.id)
)
_OWN_NUMBERED = select(VERSION.c.id, VERSION.c.number).where(
    VERSION.c.participant_id == PROVIDER, VERSION.c.number == bindparam("number")
)


def own_main_version(connection: Connection, provider_id: int) -> Row[Any] | None:
    """The provider's latest version from its main branch, or what comes nearest. One statement."""
    return connection.execute(_OWN_MAIN, {"provider": provider_id}).first()


def own_deployed(connection: Connection, provider_id: int) -> Rows:
    """What of the provider is deployed, and where. One statement."""
    return list(connection.execute(_OWN_DEPLOYED, {"provider": provider_id}))


def own_released(connection: Connection, provider_id: int) -> Rows:
    """What of the provider is released and supported, and where. One statement."""
    return list(connection.execute(_OWN_RELEASED, {"provider": provider_id}))


def own_version(connection: Connection, provider_id: int, number: str) -> Row[Any] | None:
    """One statement."""
    return connection.execute(_OWN_NUMBERED, {"provider": provider_id, "number": number}).first()
