"""What runs where: recording deployments and releases, and their ends.

Here and not in `deployments`, because a tag named like an environment also records a deployment, and tags are to the
left of that feature. One version is current per (participant, environment, application instance); "" stands for no
instance and is a value of its own. A release never ends a deployment, nor the other way round.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, union, update
from sqlalchemy.orm import Session

from tallystick.broker.errors import NotFound
from tallystick.broker.moves import moved
from tallystick.broker.tables import (
    DeployedVersion,
    DeploymentEvent,
    Environment,
    Participant,
    ReleasedVersion,
    Version,
)

DEPLOYED: Any = DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = ReleasedVersion.__table__  # type: ignore[attr-defined]
EVENT: Any = DeploymentEvent.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]
PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Place:
    """A version and the environment it goes to."""

    participant_id: int
    participant: str
    version_id: int
    version: str
    environment_id: int
    environment: str
    production: bool


_PARTICIPANT = (
    select(PARTICIPANT.c.id).where(PARTICIPANT.c.name == bindparam("participant")).with_for_update(key_share=True)
)
_PLACE = (
    select(
        PARTICIPANT.c.id.label("participant_id"),
        PARTICIPANT.c.name.label("participant"),
        VERSION.c.id.label("version_id"),
        VERSION.c.number.label("version"),
        ENVIRONMENT.c.id.label("environment_id"),
        ENVIRONMENT.c.name.label("environment"),
        ENVIRONMENT.c.production,
    )
    .join_from(PARTICIPANT, VERSION, VERSION.c.participant_id == PARTICIPANT.c.id)
    .join(ENVIRONMENT, ENVIRONMENT.c.uuid == bindparam("environment"))
    .where(PARTICIPANT.c.name == bindparam("participant"), VERSION.c.number == bindparam("version"))
    # The version and the environment stay until this transaction ends.
    .with_for_update(read=True, key_share=True)
)


def place(session: Session, participant: str, version: str, environment_uuid: str) -> Place:
    """The three rows, or `NotFound`. What runs of the participant changes in no other request meanwhile.

    Two statements.
    """
    names = {"participant": participant, "version": version, "environment": environment_uuid}
    if session.execute(_PARTICIPANT, names).first() is None:
        raise NotFound()
    row = session.execute(_PLACE, names).first()
    if row is None:
        raise NotFound()
    return Place(**row._mapping)


def deploy(session: Session, at: Place, instance: str, now: datetime) -> int:
    """The version is what runs there now; returns the id of its `deployed_version`. At most four statements.

    Nothing changes when it ran there already; otherwise what ran there, under the same instance, is undeployed.
    """
    current = list(
        session.execute(
            _CURRENT,
            {"participant": at.participant_id, "environment": at.environment_id, "instance": instance},
        )
    )
    for row in current:
        if row.version_id == at.version_id:
            found: int = row.id
            return found
    for row in current:
        end_deployment(session, row, now)
    moved(session, [at.participant_id])
    made: int = session.execute(
        insert(DEPLOYED)
        .values(
            uuid=str(uuid.uuid4()),
            participant_id=at.participant_id,
            version_id=at.version_id,
            environment_id=at.environment_id,
            application_instance=instance,
            currently_deployed=True,
            created_at=now,
            updated_at=now,
        )
        .returning(DEPLOYED.c.id)
    ).scalar_one()
    session.execute(insert(EVENT).values(_event("deployed", at, instance, now)))
    return made


_CURRENT = (
    select(
        DEPLOYED.c.id,
        DEPLOYED.c.version_id,
        DEPLOYED.c.application_instance,
        PARTICIPANT.c.name.label("participant"),
        VERSION.c.number.label("version"),
        ENVIRONMENT.c.name.label("environment"),
        ENVIRONMENT.c.production,
    )
    .join_from(DEPLOYED, PARTICIPANT, PARTICIPANT.c.id == DEPLOYED.c.participant_id)
    .join(VERSION, VERSION.c.id == DEPLOYED.c.version_id)
    .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
    .where(
        DEPLOYED.c.currently_deployed,
        DEPLOYED.c.participant_id == bindparam("participant"),
        DEPLOYED.c.environment_id == bindparam("environment"),
        DEPLOYED.c.application_instance == bindparam("instance"),
    )
)


def end_deployment(session: Session, row: Any, now: datetime) -> None:
    """`row` names a current deployment, with participant, version, environment, production. Two statements."""
    ended = session.execute(
        update(DEPLOYED)
        .where(DEPLOYED.c.id == row.id, DEPLOYED.c.currently_deployed)
        .values(currently_deployed=False, undeployed_at=now, updated_at=now)
        .returning(DEPLOYED.c.participant_id)
    ).first()
    if ended is not None:  # another request may have ended it first; it ends once
        moved(session, ended)
        session.execute(insert(EVENT).values(_event("undeployed", row, row.application_instance, now)))


def release(session: Session, at: Place, now: datetime) -> tuple[int, bool]:
    """The version is released and supported there; (id of its `released_version`, whether it is new).

    One whose support had ended is supported again. At most three statements.
    """
    known = session.execute(
        select(RELEASED.c.id, RELEASED.c.currently_supported).where(
            RELEASED.c.version_id == at.version_id, RELEASED.c.environment_id == at.environment_id
        )
    ).first()
    if known is not None and known.currently_supported:
        return known.id, False
    moved(session, [at.participant_id])
    if known is not None:
        session.execute(
            update(RELEASED)
            .where(RELEASED.c.id == known.id)
            .values(currently_supported=True, support_ended_at=None, updated_at=now)
        )
        made: int = known.id
    else:
        made = session.execute(
            insert(RELEASED)
            .values(
                uuid=str(uuid.uuid4()),
                participant_id=at.participant_id,
                version_id=at.version_id,
                environment_id=at.environment_id,
                currently_supported=True,
                created_at=now,
                updated_at=now,
            )
            .returning(RELEASED.c.id)
        ).scalar_one()
    session.execute(insert(EVENT).values(_event("released", at, "", now)))
    return made, known is None


def end_support(session: Session, row: Any, now: datetime) -> None:
    """`row` names a release, with participant, version, environment, production. Two statements."""
    ended = session.execute(
        update(RELEASED)
        .where(RELEASED.c.id == row.id, RELEASED.c.currently_supported)
        .values(currently_supported=False, support_ended_at=now, updated_at=now)
        .returning(RELEASED.c.participant_id)
    ).first()
    if ended is not None:
        moved(session, ended)
        session.execute(insert(EVENT).values(_event("support ended", row, "", now)))


def deploy_by_tag(session: Session, participant_id: int, version_id: int, tag: str, now: datetime) -> None:
    """A tag named like an environment says that the version runs there. One statement when there is no such one."""
    row = session.execute(
        select(
            PARTICIPANT.c.name.label("participant"),
            VERSION.c.number.label("version"),
            ENVIRONMENT.c.uuid.label("environment"),
        )
        .join_from(PARTICIPANT, VERSION, VERSION.c.participant_id == PARTICIPANT.c.id)
        .join(ENVIRONMENT, ENVIRONMENT.c.name == tag)
        .where(PARTICIPANT.c.id == participant_id, VERSION.c.id == version_id)
    ).first()
    if row is not None:
        deploy(session, place(session, row.participant, row.version, row.environment), "", now)


def lock_running(session: Session, environment_id: int) -> list[int]:
    """The participants of which something runs there, in one order; what runs of them changes in no other request.

    One statement.
    """
    running = union(
        select(DEPLOYED.c.participant_id).where(
            DEPLOYED.c.environment_id == environment_id, DEPLOYED.c.currently_deployed
        ),
        select(RELEASED.c.participant_id).where(
            RELEASED.c.environment_id == environment_id, RELEASED.c.currently_supported
        ),
    )
    found = select(PARTICIPANT.c.id).where(PARTICIPANT.c.id.in_(running)).order_by(PARTICIPANT.c.id)
    return list(session.execute(found.with_for_update(key_share=True)).scalars())


def _event(kind: str, what: Any, instance: str, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "participant": what.participant,
        "version": what.version,
        "environment": what.environment,
        "production": what.production,
        "application_instance": instance,
        "at": now,
    }
