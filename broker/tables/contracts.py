"""Contracts (the content), their publications by versions, and what their interactions use of a provider."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import Id, flag, key, moment, partial_index, reference


class Integration(SQLModel, table=True):
    """A consumer and a provider that have, or had, a contract."""

    __tablename__ = "integration"
    __table_args__: Any = (
        UniqueConstraint("consumer_id", "provider_id"),
        Index("ix_integration_provider_id", "provider_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    consumer_id: int = Field(sa_column=reference("participant.id"))
    provider_id: int = Field(sa_column=reference("participant.id"))
    created_at: datetime = Field(sa_column=moment())
    contract_data_updated_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Contract(SQLModel, table=True):
    """Content, stored once for each (consumer, provider, digest), exactly as it is served, with `_id`s in."""

    __tablename__ = "contract"
    __table_args__: Any = (
        UniqueConstraint("consumer_id", "provider_id", "sha"),
        Index("ix_contract_provider_id", "provider_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    consumer_id: int = Field(sa_column=reference("participant.id"))
    provider_id: int = Field(sa_column=reference("participant.id"))
    sha: str
    created_at: datetime = Field(sa_column=moment())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Publication(SQLModel, table=True):
    """A consumer version's contract with a provider; only the newest revision is current."""

    __tablename__ = "contract_publication"
    __table_args__: Any = (
        UniqueConstraint("version_id", "provider_id", "revision"),
        partial_index(
            "uq_contract_publication_current", "version_id", "provider_id", where=("is_current",), unique=True
        ),
        partial_index(
            "ix_contract_publication_pair_current",
            "consumer_id",
            "provider_id",
            "version_id",
            where=("is_current",),
        ),
        partial_index(
            "ix_contract_publication_provider_current",
            "provider_id",
            "consumer_id",
            "version_id",
            where=("is_current",),
        ),
        partial_index("ix_contract_publication_provider_created", "provider_id", "created_at", where=("is_current",)),
        Index("ix_contract_publication_contract_id_version_id", "contract_id", "version_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    consumer_id: int = Field(sa_column=reference("participant.id"))
    provider_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    revision: int
    contract_id: int = Field(sa_column=reference("contract.id"))
    is_current: bool = Field(sa_column=flag())
    created_at: datetime = Field(sa_column=moment())


class Interaction(SQLModel, table=True):
    """An interaction by what it asks and expects; equal ones of many consumers share the row."""

    __tablename__ = "interaction"

    sha: str = Field(primary_key=True)
    normal_form: int
    kind: str
    created_at: datetime = Field(sa_column=moment())


class ContractInteraction(SQLModel, table=True):
    """Where an interaction stands in a contract, and by what id and words its consumer knows it."""

    __tablename__ = "contract_interaction"
    __table_args__: Any = (
        PrimaryKeyConstraint("contract_id", "position"),
        Index("ix_contract_interaction_interaction_sha", "interaction_sha"),
        Index("ix_contract_interaction_contract_id_operation_id", "contract_id", "operation_id"),
    )

    contract_id: int = Field(sa_column=reference("contract.id"))
    position: int
    interaction_sha: str
    interaction_id: str | None = None  # the `_id` on the wire
    description: str
    # Where the usage map has it. Plain numbers: a key would be checked for each row of each publication.
    usage_id: int | None = Field(default=None, sa_column=Column(Id))
    operation_id: int | None = Field(default=None, sa_column=Column(Id))


class Operation(SQLModel, table=True):
    """An operation of a provider that some contract uses, or used once."""

    __tablename__ = "operation"
    __table_args__: Any = (
        UniqueConstraint("provider_id", "method", "template"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    provider_id: int = Field(sa_column=reference("participant.id"))
    method: str  # "" for messages
    template: str  # path template; for messages topic or description


class InteractionUsage(SQLModel, table=True):
    """What an interaction of a consumer relies on in a provider, and since when; written when it is first seen.

    All places of an interaction stand in one value: they are written once, and read together.
    """

    __tablename__ = "interaction_usage"
    __table_args__: Any = (
        UniqueConstraint("interaction_sha", "integration_id"),
        Index("ix_interaction_usage_integration_id", "integration_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    interaction_sha: str
    integration_id: int = Field(sa_column=reference("integration.id"))
    operation_id: int = Field(sa_column=Column(Id, nullable=False))
    places: str  # JSON text: an array of [part, path, strictness, detail]
    # The consumer's version that had it first, as it was then: it outlives the version.
    first_version_id: int = Field(sa_column=Column(Id, nullable=False))
    first_version: str
    first_at: datetime = Field(sa_column=moment())
