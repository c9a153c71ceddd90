"""Results of verifying contracts, and the summaries that answer without reading history."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import Id, flag, key, moment, partial_index, reference


class Verification(SQLModel, table=True):
    """One result for (contract content, provider version). The full report is kept compressed."""

    __tablename__ = "verification"
    __table_args__: Any = (
        UniqueConstraint("number"),
        partial_index("ix_verification_success_nonwip", "contract_id", "executed_at", where=("success", "!wip")),
        Index("ix_verification_contract_id_id", "contract_id", "id"),
        Index("ix_verification_provider_version_id", "provider_version_id", "contract_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    number: int = Field(sa_column=Column(Id, nullable=False))  # broker-wide; what URLs name
    contract_id: int = Field(sa_column=reference("contract.id"))
    consumer_id: int = Field(sa_column=reference("participant.id"))
    provider_id: int = Field(sa_column=reference("participant.id"))
    provider_version_id: int = Field(sa_column=reference("version.id"))
    success: bool = Field(sa_column=flag())
    wip: bool = Field(sa_column=flag())
    pending: bool | None = Field(default=None, sa_column=flag(nullable=True))
    build_url: str | None = None
    verified_by: str | None = None  # JSON text
    executed_at: datetime = Field(sa_column=moment())
    created_at: datetime = Field(sa_column=moment())
    repeats: int = 0  # equal results that followed this one
    repeated_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    report_sha: str | None = None  # digest of the test results, by which a repeat is known
    report: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # zlib


class VerificationTag(SQLModel, table=True):
    """The tags that the provider version carried when the result was published."""

    __tablename__ = "verification_tag"
    __table_args__: Any = (PrimaryKeyConstraint("verification_id", "name"),)

    verification_id: int = Field(sa_column=reference("verification.id"))
    name: str


class VerificationFailure(SQLModel, table=True):
    """An interaction that failed, with its mismatches; passes are not stored one by one."""

    __tablename__ = "verification_failure"
    __table_args__: Any = (
        Index("ix_verification_failure_verification_id", "verification_id"),
        Index("ix_verification_failure_interaction_sha", "interaction_sha"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    verification_id: int = Field(sa_column=reference("verification.id"))
    interaction_id: str | None = None  # the `_id` on the wire
    interaction_sha: str | None = None
    description: str | None = None
    mismatches: str  # JSON text


class VerificationHead(SQLModel, table=True):
    """The newest result for (contract content, provider version); moved only forward."""

    __tablename__ = "verification_head"
    __table_args__: Any = (
        PrimaryKeyConstraint("contract_id", "provider_version_id"),
        Index("ix_verification_head_provider_version_id", "provider_version_id", "contract_id"),
    )

    contract_id: int = Field(sa_column=reference("contract.id"))
    provider_version_id: int = Field(sa_column=reference("version.id"))
    verification_id: int = Field(sa_column=reference("verification.id"))
    success: bool = Field(sa_column=flag())


class BranchSuccess(SQLModel, table=True):
    """When versions on a provider branch first verified a content, and last did so outside work in progress."""

    __tablename__ = "branch_success"
    __table_args__: Any = (
        PrimaryKeyConstraint("contract_id", "branch_id"),
        Index("ix_branch_success_branch_id", "branch_id"),
        Index("ix_branch_success_contract_id_first_at", "contract_id", "first_at"),
    )

    contract_id: int = Field(sa_column=reference("contract.id"))
    branch_id: int = Field(sa_column=reference("branch.id"))
    first_at: datetime = Field(sa_column=moment())
    last_nonwip_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class TagSuccess(SQLModel, table=True):
    """The same for provider tags."""

    __tablename__ = "tag_success"
    __table_args__: Any = (
        PrimaryKeyConstraint("contract_id", "name"),
        Index("ix_tag_success_contract_id_first_at", "contract_id", "first_at"),
    )

    contract_id: int = Field(sa_column=reference("contract.id"))
    name: str
    first_at: datetime = Field(sa_column=moment())
    last_nonwip_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
