"""Lifecycle: operations that are taken up again, ways back, archives, suspensions and settings of plugins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
plugin = sa.String(40)

# The same moves as lumbung.lifecycle.states.
MOVES = """
CREATE FUNCTION lumbung_plugin_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (
        ('installed', 'upgrading'), ('upgrading', 'installed'), ('installed', 'uninstalled'),
        ('uninstalled', 'installed'), ('uninstalled', 'purged'), ('purged', 'installed')
    ) THEN
        RAISE EXCEPTION 'a plugin that is % cannot become %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    NEW.state_since := now();
    RETURN NEW;
END $$
"""

# What was signed stays as it was signed, and only the owner of the tables (the job worker, the command line) writes
# down that minutes were carried out.
FROZEN = """
CREATE FUNCTION lumbung_minutes_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.plugin, OLD.archive_id, OLD.reason, OLD.contents, OLD.prepared_by, OLD.prepared_at)
        IS DISTINCT FROM
       (NEW.id, NEW.number, NEW.plugin, NEW.archive_id, NEW.reason, NEW.contents, NEW.prepared_by, NEW.prepared_at)
    THEN
        RAISE EXCEPTION 'minutes are not changed; withdraw them and make new ones' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.carried_out_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'these minutes are closed' USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.carried_out_at, OLD.seal) IS DISTINCT FROM (NEW.carried_out_at, NEW.seal) AND current_user <> (
        SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'lumbung_minutes'
    ) THEN
        RAISE EXCEPTION 'only the owner of the tables carries minutes out' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _states()
    _operations()
    _ways_back()
    _archives()
    _suspensions()
    _settings()


def _states() -> None:
    op.drop_constraint("plugin_state", "lumbung_plugin")
    op.create_check_constraint(
        "plugin_state", "lumbung_plugin", "state IN ('installed', 'upgrading', 'uninstalled', 'purged')"
    )
    op.add_column("lumbung_plugin", sa.Column("state_since", moment, nullable=False, server_default=sa.func.now()))
    op.execute(MOVES)
    op.execute(
        "CREATE TRIGGER lumbung_plugin_moves BEFORE UPDATE ON lumbung_plugin FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION lumbung_plugin_moves()"
    )


def _operations() -> None:
    op.drop_constraint("operation_state", "lumbung_operation")
    op.create_check_constraint(
        "operation_state",
        "lumbung_operation",
        "state IN ('waiting', 'running', 'returning', 'done', 'failed', 'stuck')",
    )
    op.add_column("lumbung_operation", sa.Column("tenant_id", sa.Integer))
    op.add_column("lumbung_operation", sa.Column("facts", JSONB, nullable=False, server_default="{}"))
    op.add_column("lumbung_operation", sa.Column("begun_at", moment))
    op.create_index("ix_lumbung_operation_asked_at", "lumbung_operation", ["asked_at"])
    op.execute(
        "CREATE INDEX ix_lumbung_operation_open ON lumbung_operation (asked_at) "
        "WHERE state IN ('waiting', 'running', 'returning')"
    )


def _ways_back() -> None:
    op.create_table(
        "lumbung_way_back",
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), primary_key=True),
        sa.Column("operation_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("revision", sa.String(40)),
        sa.Column("wheel_hash", sa.String(64)),
        sa.Column("manifest", JSONB, nullable=False),
        sa.Column("schema_name", sa.String(63), nullable=False),
        sa.Column("tables", JSONB, nullable=False),
        sa.Column("files", sa.Text),
        sa.Column("made_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("keep_until", moment, nullable=False),
    )


def _archives() -> None:
    op.create_table(
        "lumbung_archive",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("made_by", sa.String(160), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("contents", JSONB, nullable=False),
        sa.Column("keep_until", sa.Date, nullable=False),
        sa.Column("purged_at", moment),
    )
    op.create_table(
        "lumbung_minutes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), nullable=False),
        sa.Column("archive_id", sa.Uuid, sa.ForeignKey("lumbung_archive.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("contents", JSONB, nullable=False),
        sa.Column("prepared_by", sa.String(160), nullable=False),
        sa.Column("prepared_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment),
        sa.Column("withdrawn_by", sa.String(160)),
        sa.Column("carried_out_at", moment),
        sa.Column("seal", JSONB),
    )
    op.create_table(
        "lumbung_minutes_signature",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("lumbung_minutes.id"), nullable=False),
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("nip", sa.String(18)),
        sa.Column("position", sa.String(160)),
        sa.Column("operator", sa.Boolean, nullable=False),
        sa.Column("signed_at", moment, nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("minutes_id", "person_id"),
    )
    op.execute(FROZEN)
    op.execute(
        "CREATE TRIGGER lumbung_minutes_frozen BEFORE UPDATE ON lumbung_minutes FOR EACH ROW "
        "EXECUTE FUNCTION lumbung_minutes_frozen()"
    )


def _suspensions() -> None:
    op.add_column("lumbung_fault", sa.Column("kind", sa.String(20), nullable=False, server_default="request"))
    op.add_column("lumbung_fault", sa.Column("source", sa.String(16)))
    op.create_index("ix_lumbung_fault_plugin_at", "lumbung_fault", ["plugin", "at"])
    op.create_table(
        "lumbung_suspension",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), nullable=False),
        sa.Column("since", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False, server_default="0"),
        sa.Column("by", sa.String(160)),
        sa.Column("told_at", moment),
        sa.Column("lifted_at", moment),
        sa.Column("lifted_by", sa.String(160)),
    )
    op.execute("CREATE UNIQUE INDEX uq_lumbung_suspension ON lumbung_suspension (plugin) WHERE lifted_at IS NULL")


def _settings() -> None:
    op.create_table(
        "lumbung_plugin_setting",
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", JSONB),
        sa.Column("secret", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("changed_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("changed_by", sa.String(160), nullable=False),
    )
    op.create_tenant_table(
        "lumbung_tenant_setting",
        sa.Column("plugin", plugin, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", JSONB),
        sa.Column("secret", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("changed_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("changed_by", sa.String(160), nullable=False),
        references={"unit_id?": "lumbung_unit"},
        cascades=("unit_id",),
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_lumbung_tenant_setting ON lumbung_tenant_setting "
        "(tenant_id, plugin, name, unit_id) NULLS NOT DISTINCT"
    )


def downgrade() -> None:
    for table in (
        "lumbung_tenant_setting",
        "lumbung_plugin_setting",
        "lumbung_suspension",
        "lumbung_minutes_signature",
        "lumbung_minutes",
        "lumbung_archive",
        "lumbung_way_back",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION lumbung_minutes_frozen")
    op.drop_index("ix_lumbung_fault_plugin_at", "lumbung_fault")
    op.drop_column("lumbung_fault", "source")
    op.drop_column("lumbung_fault", "kind")
    op.drop_index("ix_lumbung_operation_open", "lumbung_operation")
    op.drop_index("ix_lumbung_operation_asked_at", "lumbung_operation")
    for column in ("begun_at", "facts", "tenant_id"):
        op.drop_column("lumbung_operation", column)
    op.execute("DROP TRIGGER lumbung_plugin_moves ON lumbung_plugin")
    op.execute("DROP FUNCTION lumbung_plugin_moves")
    op.drop_column("lumbung_plugin", "state_since")
    op.execute("DELETE FROM lumbung_operation WHERE state NOT IN ('waiting', 'running', 'done', 'failed')")
    op.execute("UPDATE lumbung_plugin SET state = 'installed' WHERE state = 'upgrading'")
    op.execute("UPDATE lumbung_plugin SET state = 'uninstalled' WHERE state = 'purged'")
    op.drop_constraint("operation_state", "lumbung_operation")
    op.create_check_constraint(
        "operation_state", "lumbung_operation", "state IN ('waiting', 'running', 'done', 'failed')"
    )
    op.drop_constraint("plugin_state", "lumbung_plugin")
    op.create_check_constraint("plugin_state", "lumbung_plugin", "state IN ('installed', 'uninstalled')")
