"""The region's own: its days off, and letters to visitors who have no account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_holiday",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("works", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(160), nullable=False),
        sa.CheckConstraint("kind IN ('national', 'joint', 'local')", name="holiday_kind"),
        unique=[("day",)],
    )
    op.create_tenant_table(
        "lumbung_visitor_letter",
        sa.Column("plugin", sa.String(40)),
        sa.Column("email", sa.LargeBinary, nullable=False, comment="lumbung:encrypted"),
        sa.Column("email_hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False, comment="lumbung:encrypted"),
        sa.Column("path", sa.LargeBinary, nullable=False, comment="lumbung:encrypted"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("text", JSONB, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("sent_at", moment),
        index=[("email_hash", "at"), ("at",)],
    )


def downgrade() -> None:
    op.drop_table("lumbung_visitor_letter")
    op.drop_table("lumbung_holiday")
