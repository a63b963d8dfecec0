"""Foreign applications: their instances, who visits them, and accounts made for people in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
plugin = sa.String(40)


def upgrade() -> None:
    op.create_table(
        "lumbung_instance",
        sa.Column("plugin", plugin, sa.ForeignKey("lumbung_plugin.name"), primary_key=True),
        sa.Column("tenant", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("since", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("address", sa.String(200)),
        sa.Column("version", sa.String(40)),
        sa.Column("made_at", moment),
        sa.Column("restarts", sa.Integer, server_default="0", nullable=False),
        sa.Column("halted_by", sa.String(160)),
        sa.Column("facts", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("secret", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.CheckConstraint(
            "state IN ('new', 'making', 'stopped', 'starting', 'running', 'waiting', 'failed', 'halted', 'removed')",
            name="instance_state",
        ),
    )
    op.add_column("lumbung_plugin", sa.Column("isolated", sa.Boolean, server_default=sa.false(), nullable=False))
    op.create_tenant_table(
        "lumbung_app_visit",
        sa.Column("plugin", plugin, nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary),
        sa.Column("state_hash", sa.LargeBinary),
        sa.Column("token_hash", sa.LargeBinary),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment),
        references={"session_id": "lumbung_session", "person_id": "lumbung_person"},
        cascades=["session_id", "person_id"],
        unique=[("ticket_hash",), ("token_hash",)],
    )
    op.create_tenant_table(
        "lumbung_app_account",
        sa.Column("plugin", plugin, nullable=False),
        sa.Column("username", sa.String(120), nullable=False),
        sa.Column("password", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("role", sa.String(80)),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        references={"person_id": "lumbung_person"},
        cascades=["person_id"],
        unique=[("plugin", "person_id"), ("plugin", "username")],
    )


def downgrade() -> None:
    op.drop_table("lumbung_app_account")
    op.drop_table("lumbung_app_visit")
    op.drop_column("lumbung_plugin", "isolated")
    op.drop_table("lumbung_instance")
