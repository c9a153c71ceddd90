"""Who may do what, and who did."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import key, moment, reference


class Account(SQLModel, table=True):
    """A person or a machine that signs in."""

    __tablename__ = "account"
    __table_args__: Any = (UniqueConstraint("name_lower"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    name: str
    name_lower: str
    password_hash: str | None = None
    role: str
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    disabled_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Token(SQLModel, table=True):
    """A bearer token, kept as a digest only."""

    __tablename__ = "token"
    __table_args__: Any = (
        UniqueConstraint("digest"),
        Index("ix_token_account_id", "account_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    account_id: int = Field(sa_column=reference("account.id"))
    name: str
    prefix: str
    digest: str
    scope: str
    created_at: datetime = Field(sa_column=moment())
    expires_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    last_used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class ParticipantGrant(SQLModel, table=True):
    """A participant that an account may write to. ("grant" alone is a word of SQL.)"""

    __tablename__ = "participant_grant"
    __table_args__: Any = (PrimaryKeyConstraint("account_id", "participant_id"),)

    account_id: int = Field(sa_column=reference("account.id"))
    participant_id: int = Field(sa_column=reference("participant.id"))
    created_at: datetime = Field(sa_column=moment())


class AuditEvent(SQLModel, table=True):
    """A write, by whom, on what; no foreign keys, so that it survives."""

    __tablename__ = "audit_event"
    __table_args__: Any = (Index("ix_audit_event_at", "at"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    at: datetime = Field(sa_column=moment())
    actor: str
    action: str
    subject: str
    detail: str | None = None  # JSON text
