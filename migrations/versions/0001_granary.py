"""The granary: tenants, people, plugins, the trail, events and jobs."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from lumbung.database.operations import enclose

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _platform()
    _identity()
    _trail_and_events()
    _jobs()


def _platform() -> None:
    op.create_table(
        "lumbung_tenant",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("slug", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("region_code", sa.String(13)),
        sa.Column("time_zone", sa.String(40), nullable=False, server_default="Asia/Makassar"),
        sa.Column("languages", ARRAY(sa.String(8)), nullable=False),
        sa.Column("logo", sa.LargeBinary),
        sa.Column("logo_hash", sa.String(16)),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("created_at", moment, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("slug ~ '^[a-z][a-z0-9-]{0,39}$'", name="tenant_slug"),
    )
    op.create_table(
        "lumbung_tenant_host",
        sa.Column("host", sa.String(253), primary_key=True),
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("lumbung_tenant.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint("host = lower(host)", name="tenant_host_lower"),
    )
    op.create_index("ix_lumbung_tenant_host_tenant", "lumbung_tenant_host", ["tenant_id"])
    op.create_table(
        "lumbung_plugin",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("module", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("manifest", JSONB, nullable=False),
        sa.Column("wheel_hash", sa.String(64)),
        sa.Column("installed_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("installed_by", sa.String(160), nullable=False),
        sa.CheckConstraint("state IN ('installed', 'uninstalled')", name="plugin_state"),
    )
    op.create_table(
        "lumbung_enabled",
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("lumbung_tenant.id", ondelete="CASCADE")),
        sa.Column("plugin", sa.String(40), sa.ForeignKey("lumbung_plugin.name")),
        sa.Column("enabled_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("enabled_by", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plugin"),
    )
    op.create_table(
        "lumbung_ledger",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("component", sa.String(40), nullable=False),
        sa.Column("package_version", sa.String(40), nullable=False),
        sa.Column("revision", sa.String(40)),
        sa.Column("at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("by", sa.String(160), nullable=False),
    )
    op.create_table(
        "lumbung_generation",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO lumbung_generation (id, value) VALUES (1, 1)")
    op.create_table(
        "lumbung_fault",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("plugin", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.Integer),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_lumbung_fault_plugin", "lumbung_fault", ["plugin", "at"])
    op.create_table(
        "lumbung_operation",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("argument", sa.Text),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("steps", JSONB, nullable=False, server_default="[]"),
        sa.Column("message", sa.Text),
        sa.Column("asked_by", sa.String(160), nullable=False),
        sa.Column("asked_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("ended_at", moment),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="operation_state"),
    )


def _identity() -> None:
    op.create_tenant_table(
        "lumbung_unit",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("region_code", sa.String(13)),
        sa.Column("address", sa.Text),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        references={"parent_id?": "lumbung_unit"},
        unique=[("code",)],
    )
    op.create_tenant_table(
        "lumbung_person",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(20)),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("operator", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("created_at", moment, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("email = lower(email)", name="person_email_lower"),
        unique=[("email",)],
    )
    op.create_tenant_table(
        "lumbung_grant",
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("granted_at", moment, nullable=False, server_default=sa.func.now()),
        references={"person_id": "lumbung_person", "unit_id?": "lumbung_unit"},
        cascades=["person_id"],
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_lumbung_grant ON lumbung_grant (tenant_id, person_id, role, unit_id) NULLS NOT DISTINCT"
    )
    op.create_tenant_table(
        "lumbung_session",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.Column("address", sa.String(45)),
        sa.Column("agent", sa.String(200)),
        references={"person_id": "lumbung_person"},
        cascades=["person_id"],
        unique=[("token_hash",)],
    )
    op.create_tenant_table(
        "lumbung_sign_in_attempt",
        sa.Column("email_hash", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("at", moment, nullable=False),
        index=[("email_hash", "at"), ("address", "at")],
    )


def _trail_and_events() -> None:
    op.create_table(
        "lumbung_rate",
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("lumbung_tenant.id", ondelete="CASCADE")),
        sa.Column("key", sa.LargeBinary),
        sa.Column("window_start", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key"),
    )
    enclose(op.get_bind(), "lumbung_rate")
    op.create_tenant_table(
        "lumbung_audit",
        sa.Column("at", moment, nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("person_id", sa.Uuid),
        sa.Column("person_name", sa.String(160), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("thing", sa.String(200), nullable=False),
        sa.Column("detail", JSONB, nullable=False, server_default="{}"),
        sa.Column("address", sa.String(45)),
        index=[("at",), ("thing",)],
    )
    op.create_tenant_table(
        "lumbung_event",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("at", moment, nullable=False),
        index=[("at",)],
    )
    op.create_tenant_table(
        "lumbung_delivery",
        sa.Column("subscriber", sa.String(40), nullable=False),
        sa.Column("delivered_at", moment),
        references={"event_id": "lumbung_event"},
        cascades=["event_id"],
        unique=[("event_id", "subscriber")],
    )


def _jobs() -> None:
    # The driver's own cursor: the script holds many statements, and its colons are not parameters.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())


def downgrade() -> None:
    raise RuntimeError("The first revision has nothing below it; restore a backup instead.")
