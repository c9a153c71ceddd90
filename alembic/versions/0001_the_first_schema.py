"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The place of this revision in the line, and the oldest code (by the number it knows) that still works after it.
number = 1
oldest_code = 1


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_lower", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name_lower", name=op.f("uq_account_name_lower")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index("ix_audit_event_at", ["at"], unique=False)

    op.create_table(
        "deployment_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("production", sa.Boolean(), nullable=False),
        sa.Column("application_instance", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deployment_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deployment_event_participant_environment", ["participant", "environment", "at"], unique=False
        )

    op.create_table(
        "environment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=True),
        sa.Column("production", sa.Boolean(), nullable=False),
        sa.Column("contacts", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint("name", name=op.f("uq_environment_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_environment_uuid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "failure_interval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("interaction_sha", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("since_version", sa.String(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_version", sa.String(), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure_interval")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("failure_interval", schema=None) as batch_op:
        batch_op.create_index(
            "ix_failure_interval_provider_branch_interaction", ["provider", "branch", "interaction_sha"], unique=False
        )
        batch_op.create_index(
            "ix_failure_interval_open",
            ["provider", "consumer"],
            unique=False,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "interaction",
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("normal_form", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha", name=op.f("pk_interaction")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_lower", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=True),
        sa.Column("main_branch", sa.String(), nullable=True),
        sa.Column("repository_url", sa.String(), nullable=True),
        sa.Column("repository_name", sa.String(), nullable=True),
        sa.Column("repository_namespace", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("name", name=op.f("uq_participant_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_participant_name_lower"), ["name_lower"], unique=False)

    op.create_table(
        "schema_revision",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("oldest_code", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_schema_revision")),
    )
    op.create_table(
        "branch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_branch_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("participant_id", "name", name=op.f("uq_branch_participant_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_id"], ["participant.id"], name=op.f("fk_contract_consumer_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_contract_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("consumer_id", "provider_id", "sha", name=op.f("uq_contract_consumer_id_provider_id_sha")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.create_index("ix_contract_provider_id", ["provider_id"], unique=False)

    op.create_table(
        "integration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_data_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_id"], ["participant.id"], name=op.f("fk_integration_consumer_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_integration_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
        sa.UniqueConstraint("consumer_id", "provider_id", name=op.f("uq_integration_consumer_id_provider_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.create_index("ix_integration_provider_id", ["provider_id"], unique=False)

    op.create_table(
        "label",
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_label_participant_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("participant_id", "name", name=op.f("pk_label")),
    )
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.create_index("ix_label_name", ["name"], unique=False)

    op.create_table(
        "participant_grant",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_participant_grant_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_grant_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "participant_id", name=op.f("pk_participant_grant")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("edits", sa.String(), nullable=False),
        sa.Column("forecast", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_plan_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("uuid", name=op.f("uq_plan_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index("ix_plan_provider_id", ["provider_id"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index("ix_token_account_id", ["account_id"], unique=False)

    op.create_table(
        "usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("interaction_sha", sa.String(), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.create_index("ix_usage_interaction_sha_provider_id", ["interaction_sha", "provider_id"], unique=False)
        batch_op.create_index(
            "ix_usage_provider_id_operation_part_path",
            ["provider_id", "method", "template", "part", "path"],
            unique=False,
        )

    op.create_table(
        "version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("build_url", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_version_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
        sa.UniqueConstraint("participant_id", "number", name=op.f("uq_version_participant_id_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.create_index("ix_version_participant_id_id", ["participant_id", "id"], unique=False)

    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("consumer_label", sa.String(), nullable=True),
        sa.Column("provider_label", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=True),
        sa.Column("headers", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("verify_tls", sa.Boolean(), nullable=False),
        sa.Column("only_changes", sa.Boolean(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_id"], ["participant.id"], name=op.f("fk_webhook_consumer_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_webhook_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("uuid", name=op.f("uq_webhook_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_consumer_id", ["consumer_id"], unique=False)
        batch_op.create_index("ix_webhook_provider_id", ["provider_id"], unique=False)

    op.create_table(
        "api_description",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_api_description_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_api_description_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_description")),
        sa.UniqueConstraint("version_id", name=op.f("uq_api_description_version_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("api_description", schema=None) as batch_op:
        batch_op.create_index("ix_api_description_participant_id", ["participant_id"], unique=False)

    op.create_table(
        "branch_head",
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("addition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_head_branch_id_branch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_branch_head_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branch_head")),
    )
    with op.batch_alter_table("branch_head", schema=None) as batch_op:
        batch_op.create_index("ix_branch_head_version_id", ["version_id"], unique=False)

    op.create_table(
        "branch_success",
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_nonwip_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_success_branch_id_branch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_branch_success_contract_id_contract"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contract_id", "branch_id", name=op.f("pk_branch_success")),
    )
    with op.batch_alter_table("branch_success", schema=None) as batch_op:
        batch_op.create_index("ix_branch_success_branch_id", ["branch_id"], unique=False)
        batch_op.create_index("ix_branch_success_contract_id_first_at", ["contract_id", "first_at"], unique=False)

    op.create_table(
        "branch_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_version_branch_id_branch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_branch_version_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_version")),
        sa.UniqueConstraint("branch_id", "version_id", name=op.f("uq_branch_version_branch_id_version_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("branch_version", schema=None) as batch_op:
        batch_op.create_index("ix_branch_version_version_id", ["version_id"], unique=False)

    op.create_table(
        "contract_interaction",
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("interaction_sha", sa.String(), nullable=False),
        sa.Column("interaction_id", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contract.id"],
            name=op.f("fk_contract_interaction_contract_id_contract"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contract_id", "position", name=op.f("pk_contract_interaction")),
    )
    with op.batch_alter_table("contract_interaction", schema=None) as batch_op:
        batch_op.create_index("ix_contract_interaction_interaction_sha", ["interaction_sha"], unique=False)

    op.create_table(
        "contract_publication",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["participant.id"],
            name=op.f("fk_contract_publication_consumer_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contract.id"],
            name=op.f("fk_contract_publication_contract_id_contract"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["participant.id"],
            name=op.f("fk_contract_publication_provider_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_contract_publication_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_publication")),
        sa.UniqueConstraint(
            "version_id",
            "provider_id",
            "revision",
            name=op.f("uq_contract_publication_version_id_provider_id_revision"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("contract_publication", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contract_publication_contract_id_version_id", ["contract_id", "version_id"], unique=False
        )
        batch_op.create_index(
            "ix_contract_publication_pair_current",
            ["consumer_id", "provider_id", "version_id"],
            unique=False,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.create_index(
            "ix_contract_publication_provider_current",
            ["provider_id", "consumer_id", "version_id"],
            unique=False,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.create_index(
            "ix_contract_publication_provider_created",
            ["provider_id", "created_at"],
            unique=False,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.create_index(
            "uq_contract_publication_current",
            ["version_id", "provider_id"],
            unique=True,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )

    op.create_table(
        "deployed_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("environment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("application_instance", sa.String(), nullable=False),
        sa.Column("currently_deployed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undeployed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environment.id"],
            name=op.f("fk_deployed_version_environment_id_environment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_deployed_version_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_deployed_version_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployed_version")),
        sa.UniqueConstraint("uuid", name=op.f("uq_deployed_version_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deployed_version", schema=None) as batch_op:
        batch_op.create_index("ix_deployed_version_participant_id", ["participant_id", "environment_id"], unique=False)
        batch_op.create_index(
            "ix_deployed_version_participant_current",
            ["participant_id", "environment_id"],
            unique=False,
            sqlite_where=sa.text("currently_deployed = 1"),
            postgresql_where=sa.text("currently_deployed"),
        )
        batch_op.create_index("ix_deployed_version_version_id", ["version_id"], unique=False)
        batch_op.create_index(
            "uq_deployed_version_current",
            ["environment_id", "participant_id", "application_instance"],
            unique=True,
            sqlite_where=sa.text("currently_deployed = 1"),
            postgresql_where=sa.text("currently_deployed"),
        )

    op.create_table(
        "released_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("environment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currently_supported", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("support_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environment.id"],
            name=op.f("fk_released_version_environment_id_environment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_released_version_participant_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_released_version_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_released_version")),
        sa.UniqueConstraint("uuid", name=op.f("uq_released_version_uuid")),
        sa.UniqueConstraint("version_id", "environment_id", name=op.f("uq_released_version_version_id_environment_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("released_version", schema=None) as batch_op:
        batch_op.create_index(
            "ix_released_version_current",
            ["environment_id", "participant_id"],
            unique=False,
            sqlite_where=sa.text("currently_supported = 1"),
            postgresql_where=sa.text("currently_supported"),
        )
        batch_op.create_index("ix_released_version_participant_id", ["participant_id", "environment_id"], unique=False)
        batch_op.create_index(
            "ix_released_version_participant_current",
            ["participant_id", "environment_id"],
            unique=False,
            sqlite_where=sa.text("currently_supported = 1"),
            postgresql_where=sa.text("currently_supported"),
        )

    op.create_table(
        "tag",
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_tag_participant_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_tag_version_id_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("pk_tag")),
    )
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tag_participant_id_name_version_id", ["participant_id", "name", "version_id"], unique=False
        )
        batch_op.create_index(
            "ix_tag_participant_id_name_created_at", ["participant_id", "name", "created_at"], unique=False
        )

    op.create_table(
        "tag_success",
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_nonwip_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_tag_success_contract_id_contract"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contract_id", "name", name=op.f("pk_tag_success")),
    )
    with op.batch_alter_table("tag_success", schema=None) as batch_op:
        batch_op.create_index("ix_tag_success_contract_id_first_at", ["contract_id", "first_at"], unique=False)

    op.create_table(
        "verification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("wip", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=True),
        sa.Column("build_url", sa.String(), nullable=True),
        sa.Column("verified_by", sa.String(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_sha", sa.String(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["participant.id"],
            name=op.f("fk_verification_consumer_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_verification_contract_id_contract"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["participant.id"],
            name=op.f("fk_verification_provider_id_participant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_version_id"],
            ["version.id"],
            name=op.f("fk_verification_provider_version_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
        sa.UniqueConstraint("number", name=op.f("uq_verification_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index("ix_verification_contract_id_id", ["contract_id", "id"], unique=False)
        batch_op.create_index(
            "ix_verification_provider_version_id", ["provider_version_id", "contract_id"], unique=False
        )
        batch_op.create_index(
            "ix_verification_success_nonwip",
            ["contract_id", "executed_at"],
            unique=False,
            sqlite_where=sa.text("success = 1 AND wip = 0"),
            postgresql_where=sa.text("success AND NOT wip"),
        )

    op.create_table(
        "webhook_event",
        sa.Column("webhook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_event_webhook_id_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook_id", "name", name=op.f("pk_webhook_event")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_event_name", ["name"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("consumer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("publication_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("consumer_version", sa.String(), nullable=True),
        sa.Column("request_digest", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_id"], ["participant.id"], name=op.f("fk_delivery_consumer_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_delivery_provider_id_participant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["contract_publication.id"],
            name=op.f("fk_delivery_publication_id_contract_publication"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verification.id"],
            name=op.f("fk_delivery_verification_id_verification"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_delivery_webhook_id_webhook"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("uuid", name=op.f("uq_delivery_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_publication_id", ["publication_id"], unique=False)
        batch_op.create_index("ix_delivery_status_due_at", ["status", "due_at"], unique=False)
        batch_op.create_index("ix_delivery_verification_id", ["verification_id"], unique=False)
        batch_op.create_index("ix_delivery_webhook_id", ["webhook_id", "consumer_version"], unique=False)

    op.create_table(
        "verification_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("interaction_id", sa.String(), nullable=True),
        sa.Column("interaction_sha", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("mismatches", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verification.id"],
            name=op.f("fk_verification_failure_verification_id_verification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_failure")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("verification_failure", schema=None) as batch_op:
        batch_op.create_index("ix_verification_failure_interaction_sha", ["interaction_sha"], unique=False)
        batch_op.create_index("ix_verification_failure_verification_id", ["verification_id"], unique=False)

    op.create_table(
        "verification_head",
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_verification_head_contract_id_contract"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_version_id"],
            ["version.id"],
            name=op.f("fk_verification_head_provider_version_id_version"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verification.id"],
            name=op.f("fk_verification_head_verification_id_verification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contract_id", "provider_version_id", name=op.f("pk_verification_head")),
    )
    with op.batch_alter_table("verification_head", schema=None) as batch_op:
        batch_op.create_index(
            "ix_verification_head_provider_version_id", ["provider_version_id", "contract_id"], unique=False
        )

    op.create_table(
        "verification_tag",
        sa.Column("verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verification.id"],
            name=op.f("fk_verification_tag_verification_id_verification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verification_id", "name", name=op.f("pk_verification_tag")),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_attempt_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_delivery_attempt_delivery_id_number")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("delivery_attempt")
    op.drop_table("verification_tag")
    with op.batch_alter_table("verification_head", schema=None) as batch_op:
        batch_op.drop_index("ix_verification_head_provider_version_id")

    op.drop_table("verification_head")
    with op.batch_alter_table("verification_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_verification_failure_verification_id")
        batch_op.drop_index("ix_verification_failure_interaction_sha")

    op.drop_table("verification_failure")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_webhook_id")
        batch_op.drop_index("ix_delivery_verification_id")
        batch_op.drop_index("ix_delivery_status_due_at")
        batch_op.drop_index("ix_delivery_publication_id")

    op.drop_table("delivery")
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_event_name")

    op.drop_table("webhook_event")
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_verification_success_nonwip",
            sqlite_where=sa.text("success = 1 AND wip = 0"),
            postgresql_where=sa.text("success AND NOT wip"),
        )
        batch_op.drop_index("ix_verification_provider_version_id")
        batch_op.drop_index("ix_verification_contract_id_id")

    op.drop_table("verification")
    with op.batch_alter_table("tag_success", schema=None) as batch_op:
        batch_op.drop_index("ix_tag_success_contract_id_first_at")

    op.drop_table("tag_success")
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.drop_index("ix_tag_participant_id_name_created_at")
        batch_op.drop_index("ix_tag_participant_id_name_version_id")

    op.drop_table("tag")
    with op.batch_alter_table("released_version", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_released_version_participant_current",
            sqlite_where=sa.text("currently_supported = 1"),
            postgresql_where=sa.text("currently_supported"),
        )
        batch_op.drop_index("ix_released_version_participant_id")
        batch_op.drop_index(
            "ix_released_version_current",
            sqlite_where=sa.text("currently_supported = 1"),
            postgresql_where=sa.text("currently_supported"),
        )

    op.drop_table("released_version")
    with op.batch_alter_table("deployed_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_deployed_version_current",
            sqlite_where=sa.text("currently_deployed = 1"),
            postgresql_where=sa.text("currently_deployed"),
        )
        batch_op.drop_index("ix_deployed_version_version_id")
        batch_op.drop_index(
            "ix_deployed_version_participant_current",
            sqlite_where=sa.text("currently_deployed = 1"),
            postgresql_where=sa.text("currently_deployed"),
        )
        batch_op.drop_index("ix_deployed_version_participant_id")

    op.drop_table("deployed_version")
    with op.batch_alter_table("contract_publication", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contract_publication_current",
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.drop_index(
            "ix_contract_publication_provider_created",
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.drop_index(
            "ix_contract_publication_provider_current",
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.drop_index(
            "ix_contract_publication_pair_current",
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.drop_index("ix_contract_publication_contract_id_version_id")

    op.drop_table("contract_publication")
    with op.batch_alter_table("contract_interaction", schema=None) as batch_op:
        batch_op.drop_index("ix_contract_interaction_interaction_sha")

    op.drop_table("contract_interaction")
    with op.batch_alter_table("branch_version", schema=None) as batch_op:
        batch_op.drop_index("ix_branch_version_version_id")

    op.drop_table("branch_version")
    with op.batch_alter_table("branch_success", schema=None) as batch_op:
        batch_op.drop_index("ix_branch_success_contract_id_first_at")
        batch_op.drop_index("ix_branch_success_branch_id")

    op.drop_table("branch_success")
    with op.batch_alter_table("branch_head", schema=None) as batch_op:
        batch_op.drop_index("ix_branch_head_version_id")

    op.drop_table("branch_head")
    with op.batch_alter_table("api_description", schema=None) as batch_op:
        batch_op.drop_index("ix_api_description_participant_id")

    op.drop_table("api_description")
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_provider_id")
        batch_op.drop_index("ix_webhook_consumer_id")

    op.drop_table("webhook")
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.drop_index("ix_version_participant_id_id")

    op.drop_table("version")
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.drop_index("ix_usage_provider_id_operation_part_path")
        batch_op.drop_index("ix_usage_interaction_sha_provider_id")

    op.drop_table("usage")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index("ix_token_account_id")

    op.drop_table("token")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_provider_id")

    op.drop_table("plan")
    op.drop_table("participant_grant")
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.drop_index("ix_label_name")

    op.drop_table("label")
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.drop_index("ix_integration_provider_id")

    op.drop_table("integration")
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.drop_index("ix_contract_provider_id")

    op.drop_table("contract")
    op.drop_table("branch")
    op.drop_table("schema_revision")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participant_name_lower"))

    op.drop_table("participant")
    op.drop_table("interaction")
    with op.batch_alter_table("failure_interval", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_failure_interval_open",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index("ix_failure_interval_provider_branch_interaction")

    op.drop_table("failure_interval")
    op.drop_table("environment")
    with op.batch_alter_table("deployment_event", schema=None) as batch_op:
        batch_op.drop_index("ix_deployment_event_participant_environment")

    op.drop_table("deployment_event")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_at")

    op.drop_table("audit_event")
    op.drop_table("account")
