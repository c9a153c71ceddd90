"""Which migrations ran, and the oldest code each of them tolerates."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import moment


class SchemaRevision(SQLModel, table=True):
    """A migration that was applied. Code of schema number `oldest_code` and newer still works after it."""

    __tablename__ = "schema_revision"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: str
    oldest_code: int
    applied_at: datetime = Field(sa_column=moment())
