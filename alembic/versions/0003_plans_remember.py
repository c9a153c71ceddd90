"""Plans remember who stands how to them, and when their gates opened and closed"""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
number = 3
oldest_code = 1


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "plan_consumer",
        sa.Column("plan_id", id_type, nullable=False),
        sa.Column("consumer_id", id_type, nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("contracts", sa.String(), nullable=False),
        sa.Column("holds", sa.String(), nullable=False),
        sa.Column("expects", sa.String(), nullable=False),
        sa.Column("moved_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_plan_consumer_plan_id_plan"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "consumer_id", name=op.f("pk_plan_consumer")),
    )
    op.create_index("ix_plan_consumer_consumer_id", "plan_consumer", ["consumer_id"], unique=False)
    gate = op.create_table(
        "plan_gate",
        sa.Column("id", id_type, autoincrement=True, nullable=False),
        sa.Column("plan_id", id_type, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("consumers", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_gate_plan_id_plan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_gate")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_plan_gate_plan_id", "plan_gate", ["plan_id", "id"], unique=False)
    for name in ("sunset", "url", "outcome", "counted"):
        op.add_column("plan", sa.Column(name, sa.String(), nullable=True))
    _from_the_forecast(gate)


def _from_the_forecast(gate: sa.Table) -> None:
    """What was kept with the forecast gets places of its own; who is left is counted when it is next asked for."""
    plan = sa.table("plan", sa.column("id"), sa.column("forecast"), sa.column("sunset"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(plan.c.id, plan.c.forecast)).all():
        kept = json.loads(row.forecast or "{}")
        if kept.get("sunset"):
            connection.execute(plan.update().where(plan.c.id == row.id).values(sunset=kept["sunset"]))
        if kept.get("openedAt"):
            at = datetime.fromisoformat(kept["openedAt"])
            connection.execute(
                gate.insert().values(
                    plan_id=row.id, event="opened", at=at, consumers="[]", reason="no live consumer relies on it"
                )
            )


def downgrade() -> None:
    for name in ("counted", "outcome", "url", "sunset"):
        op.drop_column("plan", name)
    op.drop_table("plan_gate")
    op.drop_table("plan_consumer")
