"""Environments, what is live in them, and the record of it that outlives clean-up."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import flag, key, moment, partial_index, reference


class Environment(SQLModel, table=True):
    """A place where versions run."""

    __tablename__ = "environment"
    __table_args__: Any = (UniqueConstraint("uuid"), UniqueConstraint("name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    name: str
    display_name: str | None = None
    production: bool = Field(sa_column=flag())
    contacts: str | None = None  # JSON text
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class DeployedVersion(SQLModel, table=True):
    """A deployment; one is current per (participant, environment, application instance, '' when there is none)."""

    __tablename__ = "deployed_version"
    __table_args__: Any = (
        UniqueConstraint("uuid"),
        partial_index(
            "uq_deployed_version_current",
            "environment_id",
            "participant_id",
            "application_instance",
            where=("currently_deployed",),
            unique=True,
        ),
        Index("ix_deployed_version_version_id", "version_id"),
        Index("ix_deployed_version_participant_id", "participant_id", "environment_id"),
        partial_index(
            "ix_deployed_version_participant_current", "participant_id", "environment_id", where=("currently_deployed",)
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    environment_id: int = Field(sa_column=reference("environment.id"))
    application_instance: str = ""
    currently_deployed: bool = Field(sa_column=flag())
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    undeployed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class ReleasedVersion(SQLModel, table=True):
    """A release, supported until its support is ended; any number may be supported at once."""

    __tablename__ = "released_version"
    __table_args__: Any = (
        UniqueConstraint("uuid"),
        UniqueConstraint("version_id", "environment_id"),
        partial_index(
            "ix_released_version_current", "environment_id", "participant_id", where=("currently_supported",)
        ),
        Index("ix_released_version_participant_id", "participant_id", "environment_id"),
        partial_index(
            "ix_released_version_participant_current",
            "participant_id",
            "environment_id",
            where=("currently_supported",),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    environment_id: int = Field(sa_column=reference("environment.id"))
    currently_supported: bool = Field(sa_column=flag())
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    support_ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class DeploymentEvent(SQLModel, table=True):
    """What happened where, in words: no foreign keys, so that it survives whatever is deleted."""

    __tablename__ = "deployment_event"
    __table_args__: Any = (
        Index("ix_deployment_event_participant_environment", "participant", "environment", "at"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    kind: str  # deployed, undeployed, released, support ended
    participant: str
    version: str
    environment: str
    production: bool = Field(sa_column=flag())
    application_instance: str = ""
    at: datetime = Field(sa_column=moment())


class FailureInterval(SQLModel, table=True):
    """Since when, and until when, an interaction fails on a provider branch. No foreign keys, as above."""

    __tablename__ = "failure_interval"
    __table_args__: Any = (
        Index("ix_failure_interval_provider_branch_interaction", "provider", "branch", "interaction_sha"),
        # Every published result asks what fails so far: it must not see what ended.
        Index(
            "ix_failure_interval_open",
            "provider",
            "consumer",
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    provider: str
    branch: str  # '' when the provider version has none
    consumer: str
    interaction_sha: str
    description: str
    since_version: str
    since_at: datetime = Field(sa_column=moment())
    until_version: str | None = None
    until_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
