"""Changing environments. Names are unique; whoever comes second is refused, not overwritten."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tallystick.broker import summaries
from tallystick.broker.environments.inputs import Described
from tallystick.broker.environments.live import lock_running
from tallystick.broker.environments.queries import ENVIRONMENT, environment_named, environment_with_uuid
from tallystick.broker.errors import Invalid, NotFound
from tallystick.broker.moves import moved


def create(session: Session, sent: Described, now: datetime) -> Row[Any]:
    """A new environment. Raises `Invalid` for a taken name. Three statements."""
    _refuse_taken(session, sent.name, own=None)
    values = {**_values(sent), "uuid": str(uuid.uuid4()), "created_at": now, "updated_at": now}
    return _stored(session, insert(ENVIRONMENT).values(**values), values["uuid"], sent.name)


def replace(session: Session, own_uuid: str, sent: Described, now: datetime) -> Row[Any]:
    """Every member anew; what was not sent is gone. Raises `Invalid` for another's name. Three statements."""
    _refuse_taken(session, sent.name, own=own_uuid)
    changed = update(ENVIRONMENT).where(ENVIRONMENT.c.uuid == own_uuid).values(**_values(sent), updated_at=now)
    return _stored(session, changed, own_uuid, sent.name)


def remove(session: Session, own_uuid: str, now: datetime) -> None:
    """The environment and what was deployed or released there; the record of deployments stays. Five statements."""
    row = environment_with_uuid(session, own_uuid)
    if row is None:
        raise NotFound()
    moved(session, lock_running(session, row.id))
    summaries.live_ended(session, now, environment_id=row.id)
    session.execute(delete(ENVIRONMENT).where(ENVIRONMENT.c.id == row.id))


def _values(sent: Described) -> dict[str, Any]:
    return {
        "name": sent.name,
        "display_name": sent.display_name,
        "production": sent.production,
        "contacts": sent.contacts,
    }


def _refuse_taken(session: Session, name: str, own: str | None) -> None:
    holder = environment_named(session, name)
    if holder is not None and holder.uuid != own:
        raise _taken(name)


def _stored(session: Session, statement: Any, own_uuid: str, name: str) -> Row[Any]:
    try:
        session.execute(statement)
    except IntegrityError:  # another request took the name in between
        raise _taken(name) from None
    row = environment_with_uuid(session, own_uuid)
    if row is None:  # deleted in between
        raise NotFound()
    return row


def _taken(name: str) -> Invalid:
    return Invalid({"name": [f"Another environment with name '{name}' already exists."]})
