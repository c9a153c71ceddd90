"""Environments, what is live in them, and the record of it that outlives clean-up."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import flag, key, moment, order, partial_index, reference


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
    """An unbroken row of provider versions on a branch with which an interaction fails. No foreign keys, as above.

    Versions are told by name, and by their place in the broker-wide order (`version.id`, never reused), so that what
    arrives late finds its place even when the versions themselves are gone.
    """

    __tablename__ = "failure_interval"
    __table_args__: Any = (
        Index("ix_failure_interval_provider_branch_interaction", "provider", "branch", "interaction_sha"),
        # Every published result asks what it could touch: it must not see what ended before.
        Index(
            "ix_failure_interval_open",
            "provider",
            "consumer",
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
        Index("ix_failure_interval_provider_consumer_until", "provider", "consumer", "until_order"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    provider: str
    branch: str  # '' when the provider version has none
    consumer: str
    interaction_sha: str  # "contract <sha>" where a result named no interaction
    description: str
    since_version: str  # the first that failed
    since_at: datetime = Field(sa_column=moment())
    since_order: int | None = Field(default=None, sa_column=order())
    since_build_url: str | None = None
    failed_version: str | None = None  # the last that failed
    failed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    failed_order: int | None = Field(default=None, sa_column=order())
    passed_version: str | None = None  # the last that passed before
    passed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    passed_order: int | None = Field(default=None, sa_column=order())
    until_version: str | None = None  # the first that passed after; NULL while it fails
    until_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    until_order: int | None = Field(default=None, sa_column=order())
    consumer_version: str | None = None  # the first that asked for the interaction as it is
    background: str | None = None  # JSON text: `verifications.past.Background`
