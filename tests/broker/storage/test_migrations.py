"""The schema: made by migrations alone, once, on both databases; refused when it is too new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from tallystick.broker import db
from tallystick.broker.errors import BadDatabaseUrl, DatabaseTooNew, DatabaseUnreachable
from tallystick.broker.tables import Participant, SchemaRevision, UtcDateTime, metadata


@pytest.fixture
def engine(kind: str, new_database: Callable[[str], str]) -> Iterator[Engine]:
    """An engine of an empty database."""
    made = db.engine_for(new_database(kind))
    yield made
    made.dispose()


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    db.upgrade(engine)

    with db.read(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        numbers = connection.execute(select(SchemaRevision.number).order_by(SchemaRevision.number)).scalars().all()
        assert numbers == list(range(1, db.SCHEMA + 1))


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    db.upgrade(engine)
    with db.write(engine) as session:
        now = db.now(session)
        session.add(Participant(name="Web", name_lower="web", created_at=now, updated_at=now))

    db.upgrade(engine)

    with db.read(engine) as connection:
        assert connection.execute(select(Participant.name)).scalars().all() == ["Web"]


def test_six_brokers_that_start_at_once_migrate_once(kind: str, new_database: Callable[[str], str]) -> None:
    url = new_database(kind)

    def start(_: int) -> None:
        own = db.engine_for(url)
        db.upgrade(own)
        own.dispose()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))

    engine = db.engine_for(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM schema_revision")).scalar() == db.SCHEMA
    engine.dispose()


def test_migrations_can_be_taken_back(engine: Engine) -> None:
    from alembic.config import Config

    from alembic import command

    db.upgrade(engine)
    with db.locked(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(db.migrations()))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def newer(engine: Engine, *, oldest_code: int) -> None:
    """What a newer broker leaves behind."""
    db.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            SchemaRevision.__table__.insert(),  # type: ignore[attr-defined]
            {"number": db.SCHEMA + 1, "revision": "9999", "oldest_code": oldest_code, "applied_at": _moment()},
        )
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def _moment() -> object:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_a_schema_one_newer_that_tolerates_this_code_is_used_as_it_is(engine: Engine) -> None:
    newer(engine, oldest_code=db.SCHEMA)

    db.upgrade(engine)


def test_a_schema_that_does_not_tolerate_this_code_is_refused_with_what_to_do(engine: Engine) -> None:
    newer(engine, oldest_code=db.SCHEMA + 1)

    with pytest.raises(DatabaseTooNew) as refused:
        db.upgrade(engine)

    told = str(refused.value)
    assert f"at schema {db.SCHEMA + 1} (revision 9999)" in told
    assert "Install a newer tallystick" in told


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not a url", "it is not a URL"),
        ("mysql://host/name", "mysql is not supported"),
        ("sqlite://", "an in-memory database would be lost"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=reason):
        db.engine_for(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broker.sqlite3"
    file.write_text("this is not a database, whatever its name says. " * 50)

    with pytest.raises(DatabaseUnreachable, match="file is not a database"):
        db.upgrade(db.engine_for(f"sqlite:///{file}"))


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        db.upgrade(db.engine_for("postgresql://user:secret@127.0.0.1:9/name"))

    assert "secret" not in str(refused.value)
    assert "127.0.0.1:9" in str(refused.value)


# --- transactions -------------------------------------------------------------------------------------------------


def test_a_write_that_raises_leaves_nothing(engine: Engine) -> None:
    db.upgrade(engine)

    def write_and_fail() -> None:
        with db.write(engine) as session:
            now = db.now(session)
            session.add(Participant(name="Web", name_lower="web", created_at=now, updated_at=now))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with db.read(engine) as connection:
        assert connection.execute(select(Participant.name)).all() == []


def test_reading_cannot_write_and_sees_one_state(engine: Engine) -> None:
    db.upgrade(engine)

    with db.read(engine) as connection:
        before = connection.execute(text("SELECT count(*) FROM participant")).scalar()
        with db.write(engine) as session:
            now = db.now(session)
            session.add(Participant(name="Web", name_lower="web", created_at=now, updated_at=now))
        assert connection.execute(text("SELECT count(*) FROM participant")).scalar() == before == 0


def test_what_lost_a_race_is_tried_once_more_and_not_twice() -> None:
    from sqlalchemy.exc import OperationalError

    class Lost(Exception):
        sqlstate = "40P01"

    calls = []

    def fails(times: int) -> Callable[[], str]:
        def call() -> str:
            calls.append(times)
            if len(calls) <= times:
                raise OperationalError("SELECT 1", {}, Lost())
            return "done"

        return call

    assert db.once_more(fails(1)) == "done"
    assert len(calls) == 2
    calls.clear()
    with pytest.raises(OperationalError):
        db.once_more(fails(2))
    assert len(calls) == 2


def test_times_come_back_in_utc_and_naive_ones_are_refused(engine: Engine) -> None:
    from datetime import UTC, datetime, timedelta, timezone

    db.upgrade(engine)
    there = datetime(2024, 5, 1, 12, 0, 0, 250000, timezone(timedelta(hours=2)))
    with db.write(engine) as session:
        session.add(Participant(name="Web", name_lower="web", created_at=there, updated_at=there))

    with db.read(engine) as connection:
        read = connection.execute(select(Participant.__table__.c.created_at)).scalar_one()  # type: ignore[attr-defined]
    assert read == there
    assert read.tzinfo is UTC
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2024, 5, 1), engine.dialect)
