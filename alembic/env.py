"""Runs the migrations on the connection that the broker hands over (see broker/db.py), or on DATABASE_URL."""

from __future__ import annotations

import os
from typing import Any, Literal

from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from alembic import context
from tallystick.broker.tables import UtcDateTime, metadata


def render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain column types, so that a later change of our own classes cannot change the past."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def run(connection: Connection) -> None:
    # No transaction of alembic's own: broker/db.py holds one, with the lock, around the whole upgrade.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=False,
        compare_type=True,
        render_item=render,
    )
    context.run_migrations()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    from tallystick.broker.db import engine_for, locked

    with locked(engine_for(os.environ.get("DATABASE_URL", "sqlite:///tallystick.sqlite3"))) as own:
        run(own)
