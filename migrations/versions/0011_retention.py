"""Retention and breaches: what was swept when its time was over, and who was affected when data got out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "lumbung_notification", sa.Column("must_reach", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_tenant_table(
        "lumbung_swept",
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.String(160), nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("what", JSONB, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("how", sa.String(12), nullable=False),
        sa.Column("why", JSONB),
        sa.CheckConstraint("count > 0", name="swept_count"),
        sa.CheckConstraint("how IN ('deleted', 'anonymised', 'kept')", name="swept_how"),
        index=[("at",)],
    )
    op.create_tenant_table(
        "lumbung_breach",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("found_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("address", sa.String(45)),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("measures", sa.Text, nullable=False),
        sa.Column("written_by", sa.String(160), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.Column("told_at", moment),
        sa.Column("reported_at", moment),
        sa.Column("reported_to", sa.String(160)),
        sa.Column("closed_at", moment),
        sa.CheckConstraint("since < until", name="breach_time"),
        references={"reader_id?": "lumbung_person"},
        unique=[("number",)],
    )
    op.create_tenant_table(
        "lumbung_breach_told",
        sa.Column("at", moment, nullable=False),
        sa.Column("readings", sa.Integer, nullable=False),
        references={"breach_id": "lumbung_breach", "person_id": "lumbung_person"},
        unique=[("breach_id", "person_id")],
    )


def downgrade() -> None:
    op.drop_table("lumbung_breach_told")
    op.drop_table("lumbung_breach")
    op.drop_table("lumbung_swept")
    op.drop_column("lumbung_notification", "must_reach")
