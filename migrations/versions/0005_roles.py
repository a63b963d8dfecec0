"""Roles: composed by a tenant's administrators, granted with an end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_role",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("description", sa.String(400), nullable=False, server_default=""),
        sa.Column("permissions", ARRAY(sa.String(80)), nullable=False),
        sa.Column("based_on", sa.String(80)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(160), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]*$'", name="role_code"),
        unique=[("code",)],
    )
    op.add_column("lumbung_grant", sa.Column("expires_at", moment))
    op.add_column("lumbung_grant", sa.Column("granted_by", sa.String(160)))
    op.add_column("lumbung_grant", sa.Column("reminded_at", moment))
    op.create_index(
        "ix_lumbung_grant_expires_at",
        "lumbung_grant",
        ["tenant_id", "expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("ix_lumbung_grant_role", "lumbung_grant", ["tenant_id", "role"])


def downgrade() -> None:
    op.drop_index("ix_lumbung_grant_role", "lumbung_grant")
    op.drop_index("ix_lumbung_grant_expires_at", "lumbung_grant")
    for column in ("reminded_at", "granted_by", "expires_at"):
        op.drop_column("lumbung_grant", column)
    op.execute("DELETE FROM lumbung_grant WHERE role LIKE 'tenant.%'")
    op.drop_table("lumbung_role")
