"""The shell: a tenant's colour, who runs a service, announcements, notifications, forms that count once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from lumbung.database.operations import enclose

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("lumbung_tenant", sa.Column("colour", sa.String(7)))
    op.create_check_constraint("tenant_colour", "lumbung_tenant", "colour ~ '^#[0-9A-F]{6}$'")
    op.add_column("lumbung_enabled", sa.Column("unit_id", sa.Uuid))
    op.create_foreign_key(
        "fk_lumbung_enabled_unit_id",
        "lumbung_enabled",
        "lumbung_unit",
        ["tenant_id", "unit_id"],
        ["tenant_id", "id"],
        ondelete="RESTRICT",
    )
    op.add_column("lumbung_person", sa.Column("language", sa.String(8)))
    op.add_column("lumbung_person", sa.Column("mail", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("lumbung_audit", sa.Column("about", sa.Uuid))
    op.create_index("ix_lumbung_audit_about", "lumbung_audit", ["tenant_id", "about", "at"])
    _announcements()
    _notifications()
    _forms_sent()


def _announcements() -> None:
    op.create_tenant_table(
        "lumbung_announcement",
        sa.Column("title", JSONB, nullable=False),
        sa.Column("text", JSONB, nullable=False),
        sa.Column("weight", sa.String(20), nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("shown_from", moment),
        sa.Column("shown_until", moment),
        sa.Column("written_by", sa.String(160), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.CheckConstraint("weight IN ('plain', 'important', 'urgent')", name="announcement_weight"),
        sa.CheckConstraint("shown_until > shown_from", name="announcement_time"),
        sa.CheckConstraint("draft OR shown_from IS NOT NULL", name="announcement_begins"),
        references={"unit_id?": "lumbung_unit"},
        index=[("shown_from",)],
    )


def _notifications() -> None:
    op.create_tenant_table(
        "lumbung_notification",
        sa.Column("plugin", sa.String(40)),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("text", JSONB, nullable=False),
        sa.Column("url", sa.String(400), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("read_at", moment),
        sa.Column("mailed_at", moment),
        references={"person_id": "lumbung_person"},
        cascades=["person_id"],
        index=[("person_id", "at")],
    )
    op.create_index(
        "ix_lumbung_notification_unread",
        "lumbung_notification",
        ["tenant_id", "person_id"],
        postgresql_where=sa.text("read_at IS NULL"),
    )


def _forms_sent() -> None:
    op.create_table(
        "lumbung_form_sent",
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("lumbung_tenant.id", ondelete="CASCADE")),
        sa.Column("key", sa.LargeBinary),
        sa.Column("location", sa.Text),
        sa.Column("at", moment, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("tenant_id", "key"),
    )
    enclose(op.get_bind(), "lumbung_form_sent")


def downgrade() -> None:
    op.drop_table("lumbung_form_sent")
    op.drop_table("lumbung_notification")
    op.drop_table("lumbung_announcement")
    op.drop_index("ix_lumbung_audit_about", "lumbung_audit")
    op.drop_column("lumbung_audit", "about")
    op.drop_column("lumbung_person", "mail")
    op.drop_column("lumbung_person", "language")
    op.drop_constraint("fk_lumbung_enabled_unit_id", "lumbung_enabled")
    op.drop_column("lumbung_enabled", "unit_id")
    op.drop_column("lumbung_tenant", "colour")
