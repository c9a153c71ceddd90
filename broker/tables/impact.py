"""What a provider says it offers, and changes that are planned."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import Id, flag, key, moment, reference


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


class ProviderShape(SQLModel, table=True):
    """What the answers of a provider version looked like while it was verified: names and types."""

    __tablename__ = "provider_shape"
    __table_args__: Any = (
        UniqueConstraint("version_id"),
        Index("ix_provider_shape_participant_id", "participant_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # JSON, compressed


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
    stage: str  # expand, migrate, contract (the gate is open), closed
    edits: str  # JSON text
    sunset: str | None = None  # a day, such as 2031-05-01
    url: str | None = None  # what those who have to move should read
    outcome: str | None = None  # of a closed one: done, given-up
    forecast: str | None = None  # JSON text: as it was made
    counted: str | None = None  # JSON text: what the count of its consumers rests on; none before the first
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    closed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class PlanConsumer(SQLModel, table=True):
    """How a consumer stands to a plan. No foreign key to the consumer: a deleted one must be found to be let go."""

    __tablename__ = "plan_consumer"
    __table_args__: Any = (
        PrimaryKeyConstraint("plan_id", "consumer_id"),
        Index("ix_plan_consumer_consumer_id", "consumer_id"),
    )

    plan_id: int = Field(sa_column=reference("plan.id"))
    consumer_id: int = Field(sa_column=Column(Id, nullable=False))
    consumer: str
    contracts: str  # which of its contracts were counted; as long as these are the same, so is the rest
    holds: str  # relies, unread; "" for one that does not hold the gate
    expects: str  # JSON text: places among the plan's edits of those whose new shape its contracts have
    moved_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class PlanGate(SQLModel, table=True):
    """A plan's gate opened or closed. Rows are only added."""

    __tablename__ = "plan_gate"
    __table_args__: Any = (Index("ix_plan_gate_plan_id", "plan_id", "id"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    plan_id: int = Field(sa_column=reference("plan.id"))
    event: str  # opened, closed
    at: datetime = Field(sa_column=moment())
    consumers: str  # JSON text: the names of those who moved last, or came back
    reason: str
