"""Comparisons of contracts with descriptions, what providers say of their descriptions, and who wants to rely on it"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
number = 2
oldest_code = 1


def upgrade() -> None:
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "static_comparison",
        sa.Column("contract_id", id_type, nullable=False),
        sa.Column("description_sha", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("interactions", sa.Integer(), nullable=False),
        sa.Column("not_compared", sa.Integer(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contract.id"],
            name=op.f("fk_static_comparison_contract_id_contract"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contract_id", "description_sha", name=op.f("pk_static_comparison")),
    )
    # No batches: they would make these tables anew, and what refers to them would go.
    op.add_column("api_description", sa.Column("self_verified", sa.Boolean(), nullable=True))
    op.add_column("api_description", sa.Column("self_verification", sa.String(), nullable=True))
    op.add_column("api_description", sa.Column("self_verification_content", sa.LargeBinary(), nullable=True))
    op.create_index("ix_api_description_sha", "api_description", ["sha"], unique=False)
    # The default is for code that does not know the column, and goes on making participants.
    op.add_column("participant", sa.Column("static_evidence", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("participant", "static_evidence")
    op.drop_index("ix_api_description_sha", "api_description")
    for name in ("self_verification_content", "self_verification", "self_verified"):
        op.drop_column("api_description", name)
    op.drop_table("static_comparison")
