"""Failures know their place in the order of versions, what passed before them, and what the consumer changed"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
number = 4
oldest_code = 1

_TEXTS = ("since_build_url", "failed_version", "passed_version", "consumer_version", "background")
_ORDERS = ("since_order", "failed_order", "passed_order", "until_order")
_MOMENTS = ("failed_at", "passed_at")

# What is known already: the places of versions that still are. What passed before was never noted, and the newest
# failure is found again with the next result.
_PLACES = """
UPDATE failure_interval SET {name}_order = (
    SELECT version.id FROM version JOIN participant ON participant.id = version.participant_id
    WHERE participant.name = failure_interval.provider AND version.number = failure_interval.{name}_version
)
"""


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in _TEXTS:
        op.add_column("failure_interval", sa.Column(name, sa.String(), nullable=True))
    for name in _ORDERS:
        op.add_column("failure_interval", sa.Column(name, id_type, nullable=True))
    for name in _MOMENTS:
        op.add_column("failure_interval", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_failure_interval_provider_consumer_until",
        "failure_interval",
        ["provider", "consumer", "until_order"],
        unique=False,
    )
    for name in ("since", "until"):
        op.execute(_PLACES.format(name=name))
    op.execute("UPDATE failure_interval SET since_order = COALESCE(since_order, 0)")
    op.execute(
        "UPDATE failure_interval SET failed_version = since_version, failed_at = since_at, failed_order = since_order"
    )
    # Failures that named no interaction are told by contract from now on; of these it is not known which it was.
    op.execute("DELETE FROM failure_interval WHERE interaction_sha = ''")


def downgrade() -> None:
    op.drop_index("ix_failure_interval_provider_consumer_until", "failure_interval")
    for name in (*_TEXTS, *_ORDERS, *_MOMENTS):
        op.drop_column("failure_interval", name)
