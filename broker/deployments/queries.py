"""What is asked about deployed and released versions.

Every row has the columns of its table, and the participant's name, the version's number and the whole environment
(its columns prefixed with `environment_`), so that any document can be made of it. One statement each.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from tallystick.broker.environments.live import DEPLOYED, ENVIRONMENT, PARTICIPANT, RELEASED, VERSION


def _whole(rows: Any) -> Select[Any]:
    return (
        select(
            rows,
            PARTICIPANT.c.name.label("participant"),
            VERSION.c.number.label("version"),
            ENVIRONMENT.c.name.label("environment"),
            ENVIRONMENT.c.production,
            ENVIRONMENT.c.uuid.label("environment_uuid"),
            ENVIRONMENT.c.display_name.label("environment_display_name"),
            ENVIRONMENT.c.contacts.label("environment_contacts"),
            ENVIRONMENT.c.created_at.label("environment_created_at"),
            ENVIRONMENT.c.updated_at.label("environment_updated_at"),
        )
        .join_from(rows, PARTICIPANT, PARTICIPANT.c.id == rows.c.participant_id)
        .join(VERSION, VERSION.c.id == rows.c.version_id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == rows.c.environment_id)
    )


_DEPLOYED, _RELEASED = _whole(DEPLOYED), _whole(RELEASED)
_OF_VERSION = (
    PARTICIPANT.c.name == bindparam("participant"),
    VERSION.c.number == bindparam("version"),
    ENVIRONMENT.c.uuid == bindparam("environment"),
)
_DEPLOYED_BY_ID = _DEPLOYED.where(DEPLOYED.c.id == bindparam("id"))
_RELEASED_BY_ID = _RELEASED.where(RELEASED.c.id == bindparam("id"))
_DEPLOYED_BY_UUID = _DEPLOYED.where(DEPLOYED.c.uuid == bindparam("uuid"))
_RELEASED_BY_UUID = _RELEASED.where(RELEASED.c.uuid == bindparam("uuid"))
_DEPLOYED_OF_VERSION = _DEPLOYED.where(*_OF_VERSION).order_by(DEPLOYED.c.id.desc())
_RELEASED_OF_VERSION = _RELEASED.where(*_OF_VERSION).order_by(RELEASED.c.id.desc())
_IN_ENVIRONMENT = ENVIRONMENT.c.id == bindparam("environment")
_CURRENTLY_DEPLOYED = _DEPLOYED.where(_IN_ENVIRONMENT, DEPLOYED.c.currently_deployed).order_by(DEPLOYED.c.id.desc())
_CURRENTLY_SUPPORTED = _RELEASED.where(_IN_ENVIRONMENT, RELEASED.c.currently_supported).order_by(RELEASED.c.id.desc())


def deployed_by_id(session: Session, row_id: int) -> Row[Any]:
    return session.execute(_DEPLOYED_BY_ID, {"id": row_id}).one()


def released_by_id(session: Session, row_id: int) -> Row[Any]:
    return session.execute(_RELEASED_BY_ID, {"id": row_id}).one()


def deployed(connection: Connection | Session, uuid: str) -> Row[Any] | None:
    return connection.execute(_DEPLOYED_BY_UUID, {"uuid": uuid}).first()


def released(connection: Connection | Session, uuid: str) -> Row[Any] | None:
    return connection.execute(_RELEASED_BY_UUID, {"uuid": uuid}).first()


def deployments_of(connection: Connection, participant: str, version: str, environment_uuid: str) -> list[Row[Any]]:
    """Current and past ones, newest first."""
    names = {"participant": participant, "version": version, "environment": environment_uuid}
    return list(connection.execute(_DEPLOYED_OF_VERSION, names))


def releases_of(connection: Connection, participant: str, version: str, environment_uuid: str) -> list[Row[Any]]:
    """One or none."""
    names = {"participant": participant, "version": version, "environment": environment_uuid}
    return list(connection.execute(_RELEASED_OF_VERSION, names))


def currently_deployed(
    connection: Connection, environment_id: int, participant: str | None = None, instance: str | None = None
) -> list[Row[Any]]:
    """What runs in an environment, newest first; a name nobody knows gives []. Instance "" asks for none."""
    statement, values = _CURRENTLY_DEPLOYED, {"environment": environment_id}
    if participant is not None:
        statement = statement.where(PARTICIPANT.c.name == participant)
    if instance is not None:
        statement = statement.where(DEPLOYED.c.application_instance == instance)
    return list(connection.execute(statement, values))


def currently_supported(
    connection: Connection, environment_id: int, participant: str | None = None, version: str | None = None
) -> list[Row[Any]]:
    """What is released and supported in an environment, newest first."""
    statement, values = _CURRENTLY_SUPPORTED, {"environment": environment_id}
    if participant is not None:
        statement = statement.where(PARTICIPANT.c.name == participant)
    if version is not None:
        statement = statement.where(VERSION.c.number == version)
    return list(connection.execute(statement, values))


_VERSION_AND_ENVIRONMENT = (
    select(VERSION.c.id)
    .join_from(VERSION, PARTICIPANT, PARTICIPANT.c.id == VERSION.c.participant_id)
    .join(ENVIRONMENT, ENVIRONMENT.c.uuid == bindparam("environment"))
    .where(PARTICIPANT.c.name == bindparam("participant"), VERSION.c.number == bindparam("version"))
)


def both_exist(connection: Connection, participant: str, version: str, environment_uuid: str) -> bool:
    """Whether there is such a version and such an environment."""
    names = {"participant": participant, "version": version, "environment": environment_uuid}
    return connection.execute(_VERSION_AND_ENVIRONMENT, names).first() is not None
