"""Plans made by code that did not remember who stands how to them: upgraded, and counted when next touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, insert, text

from tallystick.broker import db
from tallystick.broker.impact.plan_queries import PLAN

EDIT = "remove 'GET /orders/{id} 200 $.lines[*].total'"
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at_revision(engine: Engine, revision: str) -> None:
    from alembic.config import Config

    from alembic import command

    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(db.migrations()))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_sunset_and_opening_get_places_of_their_own(kind: str, new_database: Callable[[str], str]) -> None:
    engine = db.engine_for(new_database(kind))
    at_revision(engine, "0002")
    kept = {"made": {"days": 3}, "sunset": "2099-05-01", "openedAt": "2026-01-05T03:04:05+00:00", "actualDays": 3.0}
    moment = THEN.replace(tzinfo=None) if kind == "sqlite" else THEN
    plan = text(
        "INSERT INTO plan (uuid, provider_id, title, stage, edits, forecast, created_at, updated_at) "
        "VALUES (:uuid, (SELECT max(id) FROM participant), 't', :stage, '[]', :forecast, :at, :at)"
    )
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO participant (name, name_lower, created_at, updated_at) VALUES ('o', 'o', :at, :at)"),
            {"at": moment},
        )
        connection.execute(plan, {"uuid": "a", "stage": "contract", "forecast": json.dumps(kept), "at": moment})
        connection.execute(plan, {"uuid": "b", "stage": "migrate", "forecast": None, "at": moment})

    at_revision(engine, "0003")

    with engine.connect() as connection:
        plans = connection.execute(text("SELECT uuid, sunset, counted FROM plan ORDER BY id")).all()
        gates = connection.execute(text("SELECT event, at FROM plan_gate")).all()
    assert [tuple(row) for row in plans] == [("a", "2099-05-01", None), ("b", None, None)]
    [(event, at)] = gates
    moved = at if isinstance(at, str) else at.astimezone(UTC).isoformat(" ")
    assert (event, moved[:19]) == ("opened", "2026-01-05 03:04:05")
    engine.dispose()


def test_a_plan_that_was_never_counted_is_counted_when_one_of_its_consumers_moves(
    orders: Any, client: Any, broker: Any, pact_document: Any, an_order: Any
) -> None:
    with db.write(broker.engine) as session:
        provider = text("SELECT id FROM participant WHERE name = 'orders'")
        values = {"uuid": "of-before", "title": "t", "stage": "migrate", "edits": json.dumps([EDIT])}
        provider_id = session.execute(provider).scalar_one()
        session.execute(insert(PLAN).values(**values, provider_id=provider_id, created_at=THEN, updated_at=THEN))

    assert client.get("/plans/of-before").json()["reason"] == "web still relies on it"
    [listed] = client.get("/plans").json()["_embedded"]["plans"]
    assert (listed["stage"], listed["gate"]) == ("migrate", "shut")
    assert listed["reason"].startswith("made by an older broker")

    content = pact_document("web", "orders", an_order("less", {"id": 7}), version="3.0.0")
    orders.published("web 3", to="orders", branch="main", content=content)
    [listed] = client.get("/plans").json()["_embedded"]["plans"]
    assert (listed["gate"], listed["leftConsumers"]) == ("shut", ["web"])

    orders.deployed("web 3", to="test").deployed("web 3", to="production")
    found = client.get("/plans/of-before").json()
    assert (found["stage"], [one["event"] for one in found["history"]]) == ("contract", ["opened"])
