"""What a provider says it offers, and changes that are planned."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import key, moment, reference


class ApiDescription(SQLModel, table=True):
    """An OpenAPI description of a provider version."""

    __tablename__ = "api_description"
    __table_args__: Any = (
        UniqueConstraint("version_id"),
        Index("ix_api_description_participant_id", "participant_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    sha: str
    media_type: str
    created_at: datetime = Field(sa_column=moment())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Plan(SQLModel, table=True):
    """A parallel change: expand, migrate, contract."""

    __tablename__ = "plan"
    __table_args__: Any = (
        UniqueConstraint("uuid"),
        Index("ix_plan_provider_id", "provider_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    provider_id: int = Field(sa_column=reference("participant.id"))
    title: str
    stage: str
    edits: str  # JSON text
    forecast: str | None = None  # JSON text
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    closed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
