"""What an interaction uses is one row, and operations have a table of their own"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
# Older code publishes into the table that goes here.
number = 6
oldest_code = 6

_ARRAY = {
    "sqlite": "json_group_array(json_array(part, path, strictness, COALESCE(detail, '')))",
    "postgresql": "json_agg(json_build_array(part, path, strictness, COALESCE(detail, '')) ORDER BY id)::text",
}
_MOVE = """
INSERT INTO interaction_usage
    (interaction_sha, integration_id, operation_id, places, first_version_id, first_version, first_at)
SELECT had.interaction_sha, had.integration_id, operation.id, taken.places,
    COALESCE(had.version_id, 0), COALESCE(version.number, ''), had.at
FROM (
    SELECT contract_interaction.interaction_sha, integration.id AS integration_id, integration.provider_id,
        MIN(contract_publication.version_id) AS version_id,
        COALESCE(MIN(contract_publication.created_at), MIN(contract.created_at)) AS at
    FROM contract_interaction
    JOIN contract ON contract.id = contract_interaction.contract_id
    JOIN integration ON integration.consumer_id = contract.consumer_id
        AND integration.provider_id = contract.provider_id
    LEFT JOIN contract_publication ON contract_publication.contract_id = contract.id
    GROUP BY contract_interaction.interaction_sha, integration.id, integration.provider_id
) AS had
JOIN (
    SELECT provider_id, interaction_sha, MIN(method) AS method, MIN(template) AS template, {array} AS places
    FROM (SELECT * FROM usage ORDER BY id) AS ordered
    GROUP BY provider_id, interaction_sha
) AS taken ON taken.provider_id = had.provider_id AND taken.interaction_sha = had.interaction_sha
JOIN operation ON operation.provider_id = taken.provider_id AND operation.method = taken.method
    AND operation.template = taken.template
LEFT JOIN version ON version.id = had.version_id
"""
_POINT = """
UPDATE contract_interaction SET usage_id = interaction_usage.id, operation_id = interaction_usage.operation_id
FROM interaction_usage, contract, integration
WHERE contract.id = contract_interaction.contract_id AND integration.consumer_id = contract.consumer_id
    AND integration.provider_id = contract.provider_id AND interaction_usage.integration_id = integration.id
    AND interaction_usage.interaction_sha = contract_interaction.interaction_sha
"""
_EACH = {
    "sqlite": ("json_each(interaction_usage.places)", "json_extract(place.value, '$[{}]')"),
    "postgresql": ("json_array_elements(interaction_usage.places::json)", "place.value ->> {}"),
}
_BACK = """
INSERT INTO usage (provider_id, interaction_sha, method, template, part, path, strictness, detail)
SELECT operation.provider_id, interaction_usage.interaction_sha, operation.method, operation.template, {members}
FROM interaction_usage
JOIN operation ON operation.id = interaction_usage.operation_id
CROSS JOIN {places} AS place
WHERE interaction_usage.id IN (
    SELECT MIN(one.id) FROM interaction_usage AS one JOIN operation AS its ON its.id = one.operation_id
    GROUP BY its.provider_id, one.interaction_sha
)
"""
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "operation",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_operation_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sa.UniqueConstraint("provider_id", "method", "template", name=op.f("uq_operation_provider_id_method_template")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "interaction_usage",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("interaction_sha", sa.String(), nullable=False),
        sa.Column("integration_id", _ID, nullable=False),
        sa.Column("operation_id", _ID, nullable=False),
        sa.Column("places", sa.String(), nullable=False),
        sa.Column("first_version_id", _ID, nullable=False),
        sa.Column("first_version", sa.String(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
            name=op.f("fk_interaction_usage_integration_id_integration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_usage")),
        sa.UniqueConstraint(
            "interaction_sha", "integration_id", name=op.f("uq_interaction_usage_interaction_sha_integration_id")
        ),
        sqlite_autoincrement=True,
    )
    op.add_column("contract_interaction", sa.Column("usage_id", _ID, nullable=True))
    op.add_column("contract_interaction", sa.Column("operation_id", _ID, nullable=True))
    op.execute(
        "INSERT INTO operation (provider_id, method, template) "
        "SELECT DISTINCT provider_id, method, template FROM usage ORDER BY provider_id, method, template"
    )
    op.execute(_MOVE.format(array=_ARRAY[op.get_bind().dialect.name]))
    op.execute(_POINT)
    op.create_index("ix_interaction_usage_integration_id", "interaction_usage", ["integration_id"], unique=False)
    op.create_index(
        "ix_contract_interaction_contract_id_operation_id",
        "contract_interaction",
        ["contract_id", "operation_id"],
        unique=False,
    )
    op.drop_table("usage")


def downgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("interaction_sha", sa.String(), nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("strictness", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_usage_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sqlite_autoincrement=True,
    )
    places, member = _EACH[op.get_bind().dialect.name]
    op.execute(_BACK.format(places=places, members=", ".join(member.format(index) for index in range(4))))
    op.create_index("ix_usage_interaction_sha_provider_id", "usage", ["interaction_sha", "provider_id"], unique=False)
    op.create_index(
        "ix_usage_provider_id_operation_part_path",
        "usage",
        ["provider_id", "method", "template", "part", "path"],
        unique=False,
    )
    op.drop_index("ix_contract_interaction_contract_id_operation_id", "contract_interaction")
    op.drop_column("contract_interaction", "operation_id")
    op.drop_column("contract_interaction", "usage_id")
    op.drop_table("interaction_usage")
    op.drop_table("operation")
