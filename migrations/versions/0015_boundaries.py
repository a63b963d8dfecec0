"""Geography: the boundaries of a tenant's regions, and files of them that wait to be confirmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_boundary",
        sa.Column("region_code", sa.String(13), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("geometry", JSONB, nullable=False),
        sa.Column("west", sa.Float, nullable=False),
        sa.Column("south", sa.Float, nullable=False),
        sa.Column("east", sa.Float, nullable=False),
        sa.Column("north", sa.Float, nullable=False),
        sa.Column("derived", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("imported_at", moment, nullable=False),
        sa.Column("imported_by", sa.String(160), nullable=False),
        sa.CheckConstraint("west <= east AND south <= north", name="boundary_box"),
        unique=[("region_code",)],
    )
    op.create_tenant_table(
        "lumbung_boundary_draft",
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("made_by", sa.String(160), nullable=False),
        index=[("made_at",)],
    )


def downgrade() -> None:
    op.drop_table("lumbung_boundary_draft")
    op.drop_table("lumbung_boundary")
