"""API descriptions: keeping them with their versions, and asking for their path templates."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.impact import queries, self_verification
from tallystick.broker.impact.queries import DESCRIPTION
from tallystick.broker.impact.self_verification import SelfVerification
from tallystick.broker.moves import moved
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.contract.openapi.operations import operations


def save(
    session: Session,
    participant_id: int,
    version_id: int,
    content: bytes,
    media_type: str,
    now: datetime,
    said: SelfVerification | None = None,
) -> None:
    """The version has this description, in place of any it had, and of what was said of that one. One statement."""
    values = {
        "participant_id": participant_id,
        "version_id": version_id,
        "sha": hashlib.sha256(content).hexdigest(),
        "media_type": media_type,
        "created_at": now,
        "content": content,
        **(self_verification.NONE if said is None else said.columns()),
    }
    moved(session, [participant_id])
    statement = upsert(dialect_of(session), DESCRIPTION).values(**values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[DESCRIPTION.c.version_id],
            set_={name: statement.excluded[name] for name in values if name not in ("participant_id", "version_id")},
        )
    )


def templates_of(connection: Any, participant_id: int) -> tuple[str, ...]:
    """The path templates of the provider's newest description; () when it has none. One statement or two."""
    row = queries.newest_description(connection, participant_id)
    return (
        tuple(dict.fromkeys(one.template for one in operations(api_descriptions.parsed(row))))
        if row is not None
        else ()
    )
