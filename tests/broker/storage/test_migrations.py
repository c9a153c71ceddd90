"""The schema: made by migrations alone, once, on both databases; refused when it is too new."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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


def test_failures_of_an_older_schema_find_their_places(engine: Engine) -> None:
    from alembic.config import Config

    from alembic import command

    def to(revision: str, move: Callable[[Config, str], None]) -> None:
        with db.locked(engine) as connection:
            config = Config()
            config.set_main_option("script_location", str(db.migrations()))
            config.attributes["connection"] = connection
            move(config, revision)

    db.upgrade(engine)
    to("0003", command.downgrade)
    with engine.begin() as connection:

        def run(words: str) -> None:
            connection.execute(text(words))

        run(
            "INSERT INTO participant (name, name_lower, created_at, updated_at, static_evidence) "
            "VALUES ('Orders', 'orders', '2024-05-01', '2024-05-01', false)"
        )
        run(
            "INSERT INTO version (participant_id, number, created_at, updated_at) "
            "SELECT id, '8', '2024-05-01', '2024-05-01' FROM participant"
        )
        columns = "provider, branch, consumer, interaction_sha, description, since_version, since_at"
        for sha, since in (("a", "8"), ("b", "gone"), ("", "8")):
            values = f"'Orders', 'main', 'Web', '{sha}', 'x', '{since}', '2024-05-01'"
            run(f"INSERT INTO failure_interval ({columns}) VALUES ({values})")

    to("0004", command.upgrade)

    with engine.connect() as connection:
        version = connection.execute(text("SELECT id FROM version")).scalar_one()
        columns = "interaction_sha, since_order, failed_version, failed_order, passed_version"
        rows = connection.execute(text(f"SELECT {columns} FROM failure_interval ORDER BY id"))
        assert [tuple(row) for row in rows] == [("a", version, "8", version, None), ("b", 0, "gone", 0, None)]


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


# --- what migrations do to what is there --------------------------------------------------------------------------

_THEN = "2024-05-01 10:00:00.000000"
_BEFORE_0006 = f"""
INSERT INTO participant (id, name, name_lower, created_at, updated_at) VALUES
    (1, 'Web', 'web', '{_THEN}', '{_THEN}'), (2, 'App', 'app', '{_THEN}', '{_THEN}'),
    (3, 'Orders', 'orders', '{_THEN}', '{_THEN}');
INSERT INTO version (id, participant_id, number, created_at, updated_at) VALUES
    (1, 1, 'one', '{_THEN}', '{_THEN}'), (2, 1, 'two', '{_THEN}', '{_THEN}'), (3, 2, 'three', '{_THEN}', '{_THEN}');
INSERT INTO integration (id, consumer_id, provider_id, created_at) VALUES (1, 1, 3, '{_THEN}'), (2, 2, 3, '{_THEN}');
INSERT INTO contract (id, consumer_id, provider_id, sha, created_at, content) VALUES
    (1, 1, 3, 'a', '{_THEN}', '{{}}'), (2, 1, 3, 'b', '{_THEN}', '{{}}'), (3, 2, 3, 'c', '{_THEN}', '{{}}'),
    (4, 2, 3, 'd', '{_THEN}', '{{}}');
INSERT INTO contract_publication (version_id, consumer_id, provider_id, revision, contract_id, is_current, created_at)
    VALUES (2, 1, 3, 1, 2, true, '{_THEN}'), (1, 1, 3, 1, 1, true, '{_THEN}'), (3, 2, 3, 1, 3, true, '{_THEN}');
INSERT INTO contract_interaction (contract_id, position, interaction_sha, description) VALUES
    (1, 0, 'x', ''), (2, 0, 'y', ''), (2, 1, 'x', ''), (3, 0, 'x', ''), (4, 0, 'z', '');
INSERT INTO usage (interaction_sha, provider_id, method, template, part, path, strictness, detail) VALUES
    ('x', 3, 'GET', '/o/{{id}}', 'request path', '', 'value', NULL),
    ('y', 3, '', 'paid', 'message', '', 'presence', ''),
    ('x', 3, 'GET', '/o/{{id}}', 'response body', '$[''q "ü"'']', 'type', '200 string'),
    ('z', 3, 'GET', '/z', 'request path', '', 'value', ''),
    ('gone', 3, 'GET', '/gone', 'request path', '', 'value', '');
"""


def test_usage_is_moved_to_a_row_per_interaction_and_back(engine: Engine) -> None:
    to_revision(engine, "0005")
    with engine.begin() as connection:
        for statement in filter(str.strip, _BEFORE_0006.split(";\n")):
            connection.execute(text(statement))
        before = usage_rows(connection)

    to_revision(engine, "0006")

    x = [["request path", "", "value", ""], ["response body", "$['q \"ü\"']", "type", "200 string"]]
    with engine.begin() as connection:
        moved = connection.execute(
            text(
                "SELECT consumer_id, interaction_sha, method, template, places, first_version_id, first_version "
                "FROM interaction_usage JOIN integration ON integration.id = integration_id "
                "JOIN operation ON operation.id = operation_id ORDER BY 1, 2"
            )
        ).all()
        assert [(*row[:4], json.loads(row[4]), *row[5:]) for row in moved] == [
            (1, "x", "GET", "/o/{id}", x, 1, "one"),
            (1, "y", "", "paid", [["message", "", "presence", ""]], 2, "two"),
            (2, "x", "GET", "/o/{id}", x, 3, "three"),
            (2, "z", "GET", "/z", [["request path", "", "value", ""]], 0, ""),  # published by no version any more
        ]
        astray = (
            "SELECT count(*) FROM contract_interaction LEFT JOIN interaction_usage ON interaction_usage.id = usage_id "
            "AND interaction_usage.interaction_sha = contract_interaction.interaction_sha "
            "AND interaction_usage.operation_id = contract_interaction.operation_id WHERE interaction_usage.id IS NULL"
        )
        assert connection.execute(text(astray)).scalar() == 0

    to_revision(engine, "0005")

    with engine.begin() as connection:
        after = usage_rows(connection)
    assert after == [(*row[:-1], row[-1] or "") for row in before if row[0] != "gone"]


def usage_rows(connection: Any) -> list[tuple[Any, ...]]:
    columns = "interaction_sha, provider_id, method, template, part, path, strictness, detail"
    return sorted(map(tuple, connection.execute(text(f"SELECT {columns} FROM usage"))), key=str)


def to_revision(engine: Engine, revision: str) -> None:
    from alembic.config import Config

    from alembic import command

    with db.locked(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(db.migrations()))
        config.attributes["connection"] = connection
        newer = (
            connection.dialect.has_table(connection, "alembic_version")
            and connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() > revision
        )
        (command.downgrade if newer else command.upgrade)(config, revision)


def test_what_is_there_before_static_evidence_was_is_kept_and_nobody_relies_on_it(engine: Engine) -> None:
    insert = text("INSERT INTO participant (name, name_lower, created_at, updated_at) VALUES (:name, :name, :at, :at)")
    to_revision(engine, "0001")
    with engine.begin() as connection:
        connection.execute(insert, [{"name": name, "at": _moment()} for name in ("web", "orders")])
    to_revision(engine, "0002")
    with engine.begin() as connection:
        connection.execute(insert, {"name": "old", "at": _moment()})  # code of before goes on making participants
        found = connection.execute(text("SELECT name, static_evidence FROM participant ORDER BY name")).all()
    assert [(name, bool(wanted)) for name, wanted in found] == [("old", False), ("orders", False), ("web", False)]
