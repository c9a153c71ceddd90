"""The database: engines for SQLite and PostgreSQL, one transaction per request, and migrations.

`with write(engine) as session:` is a transaction that commits at the end of the block; `with read(engine) as
connection:` sees one snapshot and writes nothing. Both are sync: routes are plain `def`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from tallystick.broker.errors import BadDatabaseUrl, DatabaseTooNew, DatabaseUnreachable

T = TypeVar("T")

# Number of the newest migration that this code knows, and works with.
SCHEMA: Final = 6

BUSY_TIMEOUT_SECONDS: Final = 30
UPGRADE_LOCK: Final = 0x7A11_5714  # any number that all brokers agree upon


def engine_for(url: str, *, pool_size: int = 16) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…` (psycopg 3). Nothing is opened yet."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadDatabaseUrl(url, "it is not a URL") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed, pool_size)
    if backend in ("postgresql", "postgres"):
        return _postgresql(parsed.set(drivername="postgresql+psycopg"), pool_size)
    raise BadDatabaseUrl(url, f"{backend} is not supported")


def _sqlite(url: URL, pool_size: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadDatabaseUrl(str(url), "an in-memory database would be lost, and is not shared between threads")
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS},
        pool_size=pool_size,
        max_overflow=4,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # acknowledged means durable
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
            "cache_size=-16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE for writers: a reader that turns writer cannot wait, and would fail.
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _postgresql(url: URL, pool_size: int) -> Engine:
    try:
        return create_engine(url, pool_size=pool_size, max_overflow=4, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise BadDatabaseUrl(
            url.render_as_string(), "the PostgreSQL driver is missing: pip install 'tallystick[postgres]'"
        ) from None


TRACE: ContextVar[Callable[[Session], None] | None] = ContextVar("trace", default=None)
"""Called in every transaction that is about to commit: what leaves a trace of a write shares its fate."""


_BEFORE_COMMIT: Final[WeakKeyDictionary[Engine, list[Callable[[Session], None]]]] = WeakKeyDictionary()


def before_commit(engine: Engine, call: Callable[[Session], None]) -> None:
    """Have it called in every transaction of the engine that is about to commit, before the trace is left."""
    _BEFORE_COMMIT.setdefault(engine, []).append(call)


_WRITERS: Final[WeakKeyDictionary[Engine, Lock]] = WeakKeyDictionary()


def _turn(engine: Engine) -> AbstractContextManager[Any]:
    """One writer at a time for SQLite, woken as soon as the one before is done: its own waiting sleeps ever longer."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _WRITERS.setdefault(engine, Lock())


@contextmanager
def write(engine: Engine) -> Iterator[Session]:
    """A transaction that may write, committed when the block ends, undone when it raises.

    BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL. What is returned after the block is durable.
    """
    with (
        _turn(engine),
        engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection,
        connection.begin(),
    ):
        session = Session(bind=connection, expire_on_commit=False, autoflush=True)
        try:
            yield session
            session.flush()
            for call in _BEFORE_COMMIT.get(engine, ()):
                call(session)
            trace = TRACE.get()
            if trace is not None:
                trace(session)
        finally:
            session.close()


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A snapshot for reading with Core; one transaction, nothing written."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # Several statements of one answer must see one state.
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def now(session: Session | Connection) -> datetime:
    """The database's clock: one clock for rows that are compared with each other.

    No statement on SQLite, which lives on this machine; one on PostgreSQL.
    """
    connection = session.connection() if isinstance(session, Session) else session
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


# Serialisation failure; deadlock; what a row points to was deleted by another transaction meanwhile.
RETRIED: Final = frozenset({"40001", "40P01", "23503"})


def once_more(call: Callable[[], T]) -> T:
    """The call's result; after a lost race (`RETRIED`) it is called a second time, not a third."""
    try:
        return call()
    except DBAPIError as failure:
        if getattr(failure.orig, "sqlstate", None) not in RETRIED:
            raise
    return call()


# --- migrations ---------------------------------------------------------------------------------------------------


def migrations() -> Path:
    """The folder of migrations: inside the installed package, a link to `alembic/` in a checkout."""
    return Path(__file__).resolve().parent / "_alembic"


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """A transaction that only one broker at a time can hold: for upgrades."""
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        yield connection


def upgrade(engine: Engine) -> None:
    """The schema is as new as this code, or newer and tolerated; all of it or nothing.

    Raises `DatabaseTooNew` when a newer broker has changed the schema in a way this code cannot work with.
    """
    from alembic.config import Config

    from alembic import command

    try:
        with locked(engine) as connection:
            newest, oldest_code, revision = _newest(connection)
            if newest > SCHEMA:
                if oldest_code > SCHEMA:
                    raise DatabaseTooNew(engine.url.render_as_string(), revision, newest, SCHEMA)
                return
            config = Config()
            config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _note_revisions(connection, config)
    except DBAPIError as failure:
        raise DatabaseUnreachable(engine.url.render_as_string(), str(failure.orig).strip().split("\n")[0]) from None


def _newest(connection: Connection) -> tuple[int, int, str]:
    """(number, oldest code tolerated, revision) of the newest migration that ran; zeros for an empty database."""
    if not connection.dialect.has_table(connection, "schema_revision"):
        return 0, 0, ""
    row = connection.execute(
        text("SELECT number, oldest_code, revision FROM schema_revision ORDER BY number DESC LIMIT 1")
    ).first()
    return (row.number, row.oldest_code, row.revision) if row else (0, 0, "")


def _note_revisions(connection: Connection, config: Any) -> None:
    from alembic.script import ScriptDirectory

    from tallystick.broker.tables import SchemaRevision

    known = set(connection.execute(text("SELECT number FROM schema_revision")).scalars())
    for script in ScriptDirectory.from_config(config).walk_revisions():
        if script.module.number not in known:
            connection.execute(
                SchemaRevision.__table__.insert().values(  # type: ignore[attr-defined]
                    number=script.module.number,
                    revision=script.revision,
                    oldest_code=script.module.oldest_code,
                    applied_at=datetime.now(UTC),
                )
            )


def wait_until_reachable(engine: Engine, *, seconds: float) -> None:
    """The database answers, or `DatabaseUnreachable` after so many seconds."""
    deadline = time.monotonic() + seconds
    probe = partial(engine.connect)
    while True:
        try:
            with probe() as connection:
                connection.execute(text("SELECT 1"))
            return
        except OperationalError as failure:
            if time.monotonic() > deadline:
                reason = str(failure.orig).strip().split("\n")[0]
                raise DatabaseUnreachable(engine.url.render_as_string(), reason) from None
            time.sleep(0.3)
