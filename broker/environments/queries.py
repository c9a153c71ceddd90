"""What is asked about environments. Rows come as SQLAlchemy rows of the whole table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.orm import Session

from tallystick.broker.tables import Environment

ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]

_ALL = select(ENVIRONMENT).order_by(func.lower(ENVIRONMENT.c.display_name), ENVIRONMENT.c.id)
_BY_UUID = select(ENVIRONMENT).where(ENVIRONMENT.c.uuid == bindparam("uuid"))
_BY_NAME = select(ENVIRONMENT).where(ENVIRONMENT.c.name == bindparam("name"))


def environments(connection: Connection | Session) -> list[Row[Any]]:
    """All environments, by display name. One statement."""
    return list(connection.execute(_ALL))


def environment_with_uuid(connection: Connection | Session, uuid: str) -> Row[Any] | None:
    """One statement."""
    return connection.execute(_BY_UUID, {"uuid": uuid}).first()


def environment_named(connection: Connection | Session, name: str) -> Row[Any] | None:
    """By its exact name. One statement."""
    return connection.execute(_BY_NAME, {"name": name}).first()
