"""What a provider says it offers, and changes that are planned."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import flag, key, moment, reference


class ApiDescription(SQLModel, table=True):
    """An OpenAPI description of a provider version."""

    __tablename__ = "api_description"
    __table_args__: Any = (
        UniqueConstraint("version_id"),
        Index("ix_api_description_participant_id", "participant_id"),
        Index("ix_api_description_sha", "sha"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    sha: str
    media_type: str
    created_at: datetime = Field(sa_column=moment())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    # What the provider says of its own check that it does what the description says.
    self_verified: bool | None = Field(default=None, sa_column=flag(nullable=True))
    self_verification: str | None = None  # JSON text
    self_verification_content: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class StaticComparison(SQLModel, table=True):
    """What comparing a contract with a description found. Both are contents that never change, so it is made once.

    By content of the description and not by version: most versions of a provider describe the same API.
    """

    __tablename__ = "static_comparison"
    __table_args__: Any = (PrimaryKeyConstraint("contract_id", "description_sha"),)

    contract_id: int = Field(sa_column=reference("contract.id"))
    description_sha: str
    edition: int  # of the rules: another one makes it anew
    outcome: str
    errors: int
    warnings: int
    interactions: int
    not_compared: int
    findings: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # JSON, compressed
    created_at: datetime = Field(sa_column=moment())


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
