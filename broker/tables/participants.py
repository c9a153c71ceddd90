"""Applications, their versions, and the names given to those: branches, tags, labels."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, PrimaryKeyConstraint, String, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import Id, key, moment, reference


class Participant(SQLModel, table=True):
    """An application, in whatever role. On the wire: pacticipant."""

    __tablename__ = "participant"
    __table_args__: Any = (UniqueConstraint("name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    name: str
    name_lower: str = Field(index=True)
    display_name: str | None = None
    main_branch: str | None = None
    repository_url: str | None = None
    repository_name: str | None = None
    repository_namespace: str | None = None
    static_evidence: bool = Field(
        default=False, sa_column=Column(Boolean(), server_default=false(), nullable=False)
    )  # as a provider: its description may answer where a result is owed
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class Label(SQLModel, table=True):
    """A word by which participants are grouped."""

    __tablename__ = "label"
    __table_args__: Any = (PrimaryKeyConstraint("participant_id", "name"), Index("ix_label_name", "name"))

    participant_id: int = Field(sa_column=reference("participant.id"))
    name: str
    created_at: datetime = Field(sa_column=moment())


class Version(SQLModel, table=True):
    """A version of a participant. Its id is its place in the broker-wide order, and is never reused."""

    __tablename__ = "version"
    __table_args__: Any = (
        UniqueConstraint("participant_id", "number"),
        Index("ix_version_participant_id_id", "participant_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    participant_id: int = Field(sa_column=reference("participant.id"))
    number: str
    build_url: str | None = None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class Branch(SQLModel, table=True):
    """A line of development of a participant."""

    __tablename__ = "branch"
    __table_args__: Any = (UniqueConstraint("participant_id", "name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, sa_column=key())
    participant_id: int = Field(sa_column=reference("participant.id"))
    name: str
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class BranchVersion(SQLModel, table=True):
    """A version on a branch; `id` is the order in which versions were added."""

    __tablename__ = "branch_version"
    __table_args__: Any = (
        UniqueConstraint("branch_id", "version_id"),
        Index("ix_branch_version_version_id", "version_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    branch_id: int = Field(sa_column=reference("branch.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    created_at: datetime = Field(sa_column=moment())


class BranchHead(SQLModel, table=True):
    """The version added to the branch last. A summary of branch_version."""

    __tablename__ = "branch_head"
    __table_args__: Any = (Index("ix_branch_head_version_id", "version_id"),)

    branch_id: int = Field(sa_column=Column(Id, ForeignKey("branch.id", ondelete="CASCADE"), primary_key=True))
    version_id: int = Field(sa_column=reference("version.id"))
    addition_id: int = Field(sa_column=Column(Id, nullable=False))  # branch_version.id: moves forward only


class Tag(SQLModel, table=True):
    """A word on a version."""

    __tablename__ = "tag"
    __table_args__: Any = (
        PrimaryKeyConstraint("version_id", "name"),
        Index("ix_tag_participant_id_name_version_id", "participant_id", "name", "version_id"),
        Index("ix_tag_participant_id_name_created_at", "participant_id", "name", "created_at"),
    )

    participant_id: int = Field(sa_column=reference("participant.id"))
    version_id: int = Field(sa_column=reference("version.id"))
    name: str = Field(sa_type=String)
    created_at: datetime = Field(sa_column=moment())
