"""Posts: invitations and other letters with a secret link, hand-overs, who held which role when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("lumbung_person", sa.Column("organisation", sa.String(160)))
    op.create_tenant_table(
        "lumbung_letter",
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("detail", JSONB, nullable=False, server_default="{}"),
        sa.Column("made_by", sa.String(160), nullable=False),
        sa.Column("made_by_id", sa.Uuid),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.Column("voided_at", moment),
        sa.Column("sent_at", moment),
        sa.CheckConstraint("expires_at > created_at", name="letter_expires"),
        sa.CheckConstraint("used_at IS NULL OR voided_at IS NULL", name="letter_used_or_voided"),
        references={"person_id?": "lumbung_person"},
        cascades=["person_id"],
        index=[("purpose", "email"), ("expires_at",)],
    )
    op.create_tenant_table(
        "lumbung_hand_over",
        sa.Column("at", moment, nullable=False),
        sa.Column("made_by", sa.String(160), nullable=False),
        sa.Column("note", sa.String(500), nullable=False, server_default=""),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("moved", JSONB, nullable=False),
        references={"giver_id": "lumbung_person", "receiver_id": "lumbung_person"},
        cascades=["giver_id", "receiver_id"],
    )
    _post_history()


def _post_history() -> None:
    op.create_tenant_table(
        "lumbung_post",
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("unit_id", sa.Uuid),
        sa.Column("unit_name", sa.String(160)),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("given_by", sa.String(160), nullable=False),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.String(160)),
        sa.Column("why", sa.String(20)),
        sa.CheckConstraint("(ended_at IS NULL) = (why IS NULL)", name="post_ended"),
        references={"person_id": "lumbung_person"},
        cascades=["person_id"],
        index=[("grant_id",), ("role", "unit_id")],
    )
    op.execute(
        "INSERT INTO lumbung_post (tenant_id, person_id, grant_id, role, unit_id, unit_name, began_at, given_by) "
        "SELECT g.tenant_id, g.person_id, g.id, g.role, g.unit_id, u.name, g.granted_at, '-' FROM lumbung_grant g "
        "LEFT JOIN lumbung_unit u ON u.tenant_id = g.tenant_id AND u.id = g.unit_id"
    )
    op.execute("CREATE UNIQUE INDEX uq_lumbung_post_open ON lumbung_post (tenant_id, grant_id) WHERE ended_at IS NULL")


def downgrade() -> None:
    for table in ("lumbung_post", "lumbung_hand_over", "lumbung_letter"):
        op.drop_table(table)
    op.drop_column("lumbung_person", "organisation")
