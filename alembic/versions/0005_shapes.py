"""What the answers of provider versions looked like"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
number = 5
oldest_code = 1


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "provider_shape",
        sa.Column("id", id_type, autoincrement=True, nullable=False),
        sa.Column("participant_id", id_type, nullable=False),
        sa.Column("version_id", id_type, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_provider_shape_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_provider_shape_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_shape")),
        sa.UniqueConstraint("version_id", name=op.f("uq_provider_shape_version_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_provider_shape_participant_id", "provider_shape", ["participant_id"], unique=False)


def downgrade() -> None:
    op.drop_table("provider_shape")
