"""Categories with their questions, who answers for what, and the register of assets."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _categories()
    _assets()


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _flag(name: str, value: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if value else sa.false())


def _categories() -> None:
    op.create_tenant_table(
        "infrastruktur_destination",
        sa.Column("authority", sa.String(12), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        _text("email", 254),
        _text("phone", 40),
        _text("address", 300),
        _flag("open", True),
        unique=[("name",)],
    )
    op.create_tenant_table(
        "infrastruktur_category",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("group", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        _text("name_en", 120),
        _text("description", 300),
        _text("description_en", 300),
        _text("keywords", 200),
        sa.Column("icon", sa.String(40), nullable=False, server_default="tool"),
        sa.Column("sla_days", sa.SmallInteger, nullable=False, server_default="14"),
        sa.Column("radius_m", sa.SmallInteger, nullable=False, server_default="30"),
        _text("asset_kind", 12),
        _flag("needs_photo", False),
        _flag("open", True),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        references={"unit_id?": "lumbung_unit"},
        unique=[("code",)],
    )
    op.create_tenant_table(
        "infrastruktur_question",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("datatype", sa.String(16), nullable=False, server_default="string"),
        sa.Column("text", sa.String(200), nullable=False),
        _text("text_en", 200),
        _text("hint", 200),
        _text("hint_en", 200),
        _flag("required", False),
        _flag("variable", True),
        sa.Column("options", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        references={"category_id": "infrastruktur_category"},
        cascades=["category_id"],
        unique=[("category_id", "code")],
    )
    op.create_tenant_table(
        "infrastruktur_route",
        _text("group", 20),
        _text("district_code", 8),
        _text("road_owner", 12),
        sa.Column("authority", sa.String(12), nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        _text("note", 200),
        references={
            "category_id?": "infrastruktur_category",
            "unit_id?": "lumbung_unit",
            "destination_id?": "infrastruktur_destination",
        },
        cascades=["category_id"],
        index=[("position",)],
    )
    op.create_tenant_table(
        "infrastruktur_reply",
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _text("state", 18),
        unique=[("title",)],
    )


def _assets() -> None:
    op.create_tenant_table(
        "infrastruktur_import",
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("at", moment, nullable=False),
        _text("by_name", 160),
        sa.Column("added", sa.Integer, nullable=False, server_default="0"),
        sa.Column("changed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("undone_at", moment),
        sa.Column("state", sa.String(8), nullable=False, server_default="draft"),
        sa.Column("choices", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("content", sa.LargeBinary),
        sa.Column("before", JSONB, nullable=False, server_default=sa.text("'{}'")),
        references={"unit_id?": "lumbung_unit"},
        index=[("state", "at")],
    )
    op.create_tenant_table(
        "infrastruktur_asset",
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("owner", sa.String(12), nullable=False, server_default="kabupaten"),
        _text("road_class", 40),
        sa.Column("length_m", sa.Numeric(12, 2)),
        sa.Column("built_year", sa.SmallInteger),
        sa.Column("lat", sa.Float),
        sa.Column("lon", sa.Float),
        sa.Column("min_lat", sa.Float),
        sa.Column("max_lat", sa.Float),
        sa.Column("min_lon", sa.Float),
        sa.Column("max_lon", sa.Float),
        sa.Column("geometry", JSONB),
        _text("district_code", 8),
        _text("village_code", 13),
        _text("condition", 12),
        sa.Column("condition_on", sa.Date),
        sa.Column("details", JSONB, nullable=False, server_default=sa.text("'{}'")),
        _flag("retired", False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        references={"unit_id?": "lumbung_unit", "batch_id?": "infrastruktur_import"},
        unique=[("kind", "code")],
        index=[("min_lat", "max_lat"), ("name",)],
    )
    op.create_tenant_table(
        "infrastruktur_condition",
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("condition", sa.String(12), nullable=False),
        sa.Column("value", sa.Numeric(10, 2)),
        _text("note", 300),
        _text("source", 80),
        _text("by_name", 160),
        references={"asset_id": "infrastruktur_asset"},
        cascades=["asset_id"],
        unique=[("asset_id", "on")],
    )


def downgrade() -> None:
    for table in (
        "condition",
        "asset",
        "import",
        "reply",
        "route",
        "question",
        "category",
        "destination",
    ):
        op.drop_table(f"infrastruktur_{table}")
