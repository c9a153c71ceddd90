"""What all tables share: names for constraints, UTC times, keys that are never reused."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, Integer, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Named from the first revision on: SQLite cannot drop a constraint that has no name.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata
metadata.naming_convention = NAMING

# BIGINT on PostgreSQL; on SQLite only INTEGER PRIMARY KEY can count by itself.
Id = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, never mixed with naive ones, equal on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLModel wants a Column object per field, and an object belongs to one table: hence these small factories.


def key() -> Any:
    """The primary key; with `sqlite_autoincrement` on the table it is never given twice."""
    return Column(Id, primary_key=True, autoincrement=True)


def reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE", primary_key: bool = False) -> Any:
    """A foreign key. Deleting the row it points to deletes this one, unless said otherwise."""
    return Column(Id, ForeignKey(target, ondelete=on_delete), nullable=nullable, primary_key=primary_key)


def moment(*, nullable: bool = False) -> Any:
    return Column(UtcDateTime(), nullable=nullable)


def order() -> Any:
    """A version's place in the broker-wide order, kept without a foreign key."""
    return Column(Id, nullable=True)


def flag(*, nullable: bool = False) -> Any:
    return Column(Boolean(), nullable=nullable)


def partial_index(name: str, *columns: Any, where: tuple[str, ...], unique: bool = False) -> Index:
    """An index over the rows in which all the boolean columns `where` are true; a leading "!" means false.

    Spelled as SQLAlchemy spells `.where(Table.column)` on each database, or the planners would not use it.
    """
    sqlite = " AND ".join(f"{column.removeprefix('!')} = {0 if column.startswith('!') else 1}" for column in where)
    postgresql = " AND ".join(f"NOT {column[1:]}" if column.startswith("!") else column for column in where)
    return Index(name, *columns, unique=unique, sqlite_where=text(sqlite), postgresql_where=text(postgresql))
