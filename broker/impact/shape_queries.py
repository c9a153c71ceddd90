"""Shapes: what the answers of a provider version looked like in verification, kept and added to."""

from __future__ import annotations

import zlib
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from tallystick.broker.impact import queries
from tallystick.broker.impact.queries import PARTICIPANT, VERSION, Db
from tallystick.broker.moves import moved
from tallystick.broker.tables import ProviderShape
from tallystick.contract import shape
from tallystick.contract.shape import Shape

SHAPE: Any = ProviderShape.__table__  # type: ignore[attr-defined]

KEPT = (
    select(SHAPE, VERSION.c.number, PARTICIPANT.c.name.label("participant"))
    .join_from(SHAPE, VERSION, VERSION.c.id == SHAPE.c.version_id)
    .join(PARTICIPANT, PARTICIPANT.c.id == SHAPE.c.participant_id)
)


class Kept(NamedTuple):
    """The shape of a version as it is now."""

    shape: Shape
    created_at: datetime
    updated_at: datetime
    is_new: bool


def of_version(db: Db, participant: str, number: str) -> Row[Any] | None:
    """The shape of a version. One statement."""
    return db.execute(KEPT.where(PARTICIPANT.c.name == participant, VERSION.c.number == number)).first()


def newest(db: Db, participant_id: int) -> Row[Any] | None:
    """The shape of the newest version of the main branch that has one, else of the newest version. One or two."""
    return queries.newest(db, participant_id, KEPT, SHAPE)


def add(session: Session, participant_id: int, version_id: int, sent: Shape, now: datetime) -> Kept:
    """The version's shape has what was sent as well; adding what it has already changes nothing. Two statements.

    The participant is locked already, so that nothing is added meanwhile.
    """
    row = session.execute(select(SHAPE).where(SHAPE.c.version_id == version_id)).first()
    if row is None:
        values = {"participant_id": participant_id, "version_id": version_id, "content": _packed(sent)}
        moved(session, [participant_id])
        session.execute(insert(SHAPE).values(**values, created_at=now, updated_at=now))
        return Kept(sent, now, now, True)
    before = stored(row)
    after = shape.merged([before, sent])
    if after == before:
        return Kept(before, row.created_at, row.updated_at, False)
    moved(session, [participant_id])
    session.execute(update(SHAPE).where(SHAPE.c.id == row.id).values(content=_packed(after), updated_at=now))
    return Kept(after, row.created_at, now, False)


def remove(session: Session, row: Row[Any]) -> None:
    """One statement. The participant is locked already."""
    moved(session, [row.participant_id])
    session.execute(delete(SHAPE).where(SHAPE.c.id == row.id))


def stored(row: Row[Any]) -> Shape:
    """The shape in a row; the last few are remembered."""
    return _unpacked(bytes(row.content))


def _packed(kept: Shape) -> bytes:
    return zlib.compress(orjson.dumps(shape.document(kept)), 6)


@lru_cache(maxsize=8)
def _unpacked(content: bytes) -> Shape:
    return shape.read(orjson.loads(zlib.decompress(content)))
