"""OpenID client: providers of identities, the ways to them that are under way, and whose identity is whose here."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_upstream",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("client_secret", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("scopes", ARRAY(sa.String(60)), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("audience", sa.String(10), nullable=False),
        sa.Column("domains", ARRAY(sa.String(253)), nullable=False),
        sa.Column("trust_email", sa.Boolean, nullable=False),
        sa.Column("create_accounts", sa.Boolean, nullable=False),
        sa.Column("number_claim", sa.String(80)),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("audience IN ('citizen', 'servant', 'everybody')", name="upstream_audience"),
        sa.CheckConstraint(
            "NOT create_accounts OR (trust_email AND audience <> 'servant')", name="upstream_create_accounts"
        ),
        unique=[("code",)],
    )
    op.create_tenant_table(
        "lumbung_upstream_identity",
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment),
        references={"upstream_id": "lumbung_upstream", "person_id": "lumbung_person"},
        cascades=["person_id"],
        unique=[("upstream_id", "subject"), ("upstream_id", "person_id")],
    )
    op.create_tenant_table(
        "lumbung_upstream_flow",
        sa.Column("state_hash", sa.LargeBinary, nullable=False),
        sa.Column("browser_hash", sa.LargeBinary, nullable=False),
        sa.Column("nonce_hash", sa.LargeBinary, nullable=False),
        sa.Column("verifier", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("found", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("next_path", sa.Text, nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("used_at", moment),
        references={"upstream_id": "lumbung_upstream", "person_id?": "lumbung_person"},
        cascades=["upstream_id", "person_id"],
        unique=[("state_hash",)],
        index=[("begun_at",)],
    )


def downgrade() -> None:
    for table in ("flow", "identity", ""):
        op.drop_table(f"lumbung_upstream_{table}".rstrip("_"))
