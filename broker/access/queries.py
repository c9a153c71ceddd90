"""Questions about accounts, tokens and the audit. Each says its statement count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.orm import Session

from tallystick.broker.tables import Account, AuditEvent, Participant, ParticipantGrant, Token

Db = Session | Connection

ACCOUNT: Any = Account.__table__  # type: ignore[attr-defined]
TOKEN: Any = Token.__table__  # type: ignore[attr-defined]
GRANT: Any = ParticipantGrant.__table__  # type: ignore[attr-defined]
PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
AUDIT: Any = AuditEvent.__table__  # type: ignore[attr-defined]


def any_account(db: Db) -> bool:
    """Whether there is an account at all. One statement."""
    return db.execute(select(ACCOUNT.c.id).limit(1)).first() is not None


def accounts(db: Db) -> Sequence[Row[Any]]:
    """All accounts by name. One statement."""
    return db.execute(select(ACCOUNT).order_by(ACCOUNT.c.name_lower)).all()


def account(db: Db, name: str) -> Row[Any] | None:
    """An account by its name, whatever its case. One statement."""
    return db.execute(select(ACCOUNT).where(ACCOUNT.c.name_lower == name.lower())).first()


def grants_of(db: Db, account_ids: Sequence[int]) -> dict[int, list[str]]:
    """account id -> names of the participants it may write to, for accounts with any. One statement."""
    found: dict[int, list[str]] = {}
    for row in db.execute(
        select(GRANT.c.account_id, PARTICIPANT.c.name)
        .join(PARTICIPANT, PARTICIPANT.c.id == GRANT.c.participant_id)
        .where(GRANT.c.account_id.in_(account_ids))
        .order_by(PARTICIPANT.c.name)
    ):
        found.setdefault(row.account_id, []).append(row.name)
    return found


def participant_ids(db: Db, names: Sequence[str]) -> dict[str, int]:
    """One statement."""
    rows = db.execute(select(PARTICIPANT.c.name, PARTICIPANT.c.id).where(PARTICIPANT.c.name.in_(names)))
    return {row.name: row.id for row in rows}


def token_with_digest(db: Db, digest: str) -> Row[Any] | None:
    """A token with its account. One statement, through a unique index."""
    return db.execute(
        select(TOKEN, ACCOUNT.c.name.label("account"), ACCOUNT.c.role, ACCOUNT.c.disabled_at)
        .join(ACCOUNT, ACCOUNT.c.id == TOKEN.c.account_id)
        .where(TOKEN.c.digest == digest)
    ).first()


def tokens_of(db: Db, account_id: int) -> Sequence[Row[Any]]:
    """An account's tokens, newest first. One statement."""
    return db.execute(select(TOKEN).where(TOKEN.c.account_id == account_id).order_by(TOKEN.c.id.desc())).all()


def token(db: Db, token_id: int) -> Row[Any] | None:
    """One statement."""
    return db.execute(select(TOKEN).where(TOKEN.c.id == token_id)).first()


def audit(
    db: Db, *, limit: int, before: int | None = None, actor: str | None = None, since: datetime | None = None
) -> Sequence[Row[Any]]:
    """Audit events, newest first. One statement."""
    question = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if before is not None:
        question = question.where(AUDIT.c.id < before)
    if actor is not None:
        question = question.where(func.lower(AUDIT.c.actor) == actor.lower())
    if since is not None:
        question = question.where(AUDIT.c.at >= since)
    return db.execute(question).all()
