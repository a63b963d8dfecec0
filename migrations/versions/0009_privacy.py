"""Personal data: consents, requests of data subjects, their clocks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _consents()
    _requests()


def _consents() -> None:
    op.create_tenant_table(
        "lumbung_consent_text",
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("text", JSONB, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("valid_from", moment, nullable=False),
        sa.Column("written_by", sa.String(160), nullable=False),
        sa.CheckConstraint("version > 0", name="consent_text_version"),
        unique=[("code", "version")],
    )
    op.create_tenant_table(
        "lumbung_consent",
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("given_at", moment, nullable=False),
        sa.Column("given_on", sa.String(80), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("withdrawn_at", moment),
        sa.Column("withdrawn_by", sa.Uuid),
        sa.Column("why_ended", sa.String(12)),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (why_ended IS NULL)", name="consent_ended"),
        sa.CheckConstraint("why_ended IN ('withdrawn', 'renewed', 'erased')", name="consent_why_ended"),
        references={"person_id": "lumbung_person", "text_id": "lumbung_consent_text"},
        index=[("person_id", "given_at"), ("code", "version")],
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_lumbung_consent_in_force ON lumbung_consent (tenant_id, person_id, code) "
        "WHERE withdrawn_at IS NULL"
    )


def _requests() -> None:
    op.create_tenant_table(
        "lumbung_data_request",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("applicant", sa.String(120), nullable=False, server_default=""),
        sa.Column("contact", sa.String(120), nullable=False, server_default=""),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("consent_code", sa.String(80)),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("received_by", sa.String(160), nullable=False, server_default=""),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("verified_at", moment),
        sa.Column("verified_how", sa.String(200), nullable=False, server_default=""),
        sa.Column("started_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("handled_by", sa.String(160), nullable=False, server_default=""),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.Column("legal_basis", sa.String(300), nullable=False, server_default=""),
        sa.Column("outcome", JSONB, nullable=False, server_default="[]"),
        sa.Column("reminded", sa.SmallInteger, nullable=False, server_default="0"),
        sa.CheckConstraint(
            "kind IN ('copy', 'correction', 'erasure', 'withdrawal', 'restriction', 'objection')",
            name="data_request_kind",
        ),
        sa.CheckConstraint(
            "state IN ('received', 'verified', 'working', 'done', 'refused', 'cancelled')", name="data_request_state"
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'refused', 'cancelled')) = (ended_at IS NOT NULL)", name="data_request_ended"
        ),
        sa.CheckConstraint("due_at > received_at", name="data_request_due"),
        references={"person_id?": "lumbung_person"},
        unique=[("number",)],
        index=[("state", "due_at"), ("person_id", "received_at")],
    )


def downgrade() -> None:
    for table in ("lumbung_data_request", "lumbung_consent", "lumbung_consent_text"):
        op.drop_table(table)
