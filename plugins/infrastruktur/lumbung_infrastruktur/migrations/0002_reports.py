"""Reports, the work on them, what programs exchange."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _reports()
    _work()
    _around_reports()
    _exchange()


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _flag(name: str, value: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if value else sa.false())


def _reports() -> None:
    op.create_tenant_table(
        "infrastruktur_report",
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("state", sa.String(18), nullable=False, server_default="baru"),
        _text("authority", 12),
        sa.Column("visibility", sa.String(8), nullable=False, server_default="public"),
        sa.Column("severity", sa.String(8), nullable=False, server_default="sedang"),
        sa.Column("channel", sa.String(12), nullable=False, server_default="web"),
        sa.Column("source_key", sa.String(200)),
        sa.Column("language", sa.String(2), nullable=False, server_default="id"),
        sa.Column("lat", sa.Float),
        sa.Column("lon", sa.Float),
        sa.Column("accuracy_m", sa.Integer),
        sa.Column("place_from", sa.String(8), nullable=False, server_default="map"),
        _text("district_code", 8),
        _text("village_code", 13),
        _text("address", 300),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        sa.Column("answers", JSONB, nullable=False, server_default=sa.text("'{}'")),
        _text("reporter_name", 120),
        sa.Column("reporter_email", sa.String(254)),
        sa.Column("reporter_phone", sa.String(20)),
        sa.Column("email_key", sa.String(64)),
        sa.Column("phone_key", sa.String(64)),
        _text("pseudonym", 80),
        _flag("show_name", False),
        sa.Column("reported_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("answered_at", moment),
        sa.Column("verified_at", moment),
        sa.Column("routed_at", moment),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("closed_at", moment),
        sa.Column("state_note", sa.Text, nullable=False, server_default=""),
        _text("forwarded_to", 160),
        _text("forward_reference", 80),
        _text("planned_quarter", 7),
        _text("budget_reference", 80),
        _text("budget_url", 300),
        sa.Column("supports", sa.Integer, nullable=False, server_default="0"),
        sa.Column("escalation", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("reopened", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("rating", sa.SmallInteger),
        _text("rating_note", 1000),
        sa.Column("checked_at", moment),
        references={
            "category_id": "infrastruktur_category",
            "unit_id?": "lumbung_unit",
            "destination_id?": "infrastruktur_destination",
            "asset_id?": "infrastruktur_asset",
            "person_id?": "lumbung_person",
            "duplicate_of_id?": "infrastruktur_report",
        },
        unique=[("number",), ("token",), ("source_key",)],
        index=[
            ("reported_at",),
            ("visibility", "state"),
            ("state", "due_on"),
            ("unit_id", "state"),
            ("category_id", "state"),
            ("district_code", "reported_at"),
            ("email_key",),
            ("phone_key",),
            ("lat", "lon"),
            ("closed_at",),
        ],
    )
    op.create_index(
        "ix_infrastruktur_report_held",
        "infrastruktur_report",
        ["tenant_id", "reported_at"],
        postgresql_where=sa.text("visibility = 'held'"),
    )


def _work() -> None:
    op.create_tenant_table(
        "infrastruktur_crew",
        sa.Column("name", sa.String(80), nullable=False),
        _text("phone", 20),
        sa.Column("members", sa.Text, nullable=False, server_default=""),
        _flag("open", True),
        references={"unit_id?": "lumbung_unit", "leader_id?": "lumbung_person"},
        unique=[("name",)],
    )
    op.create_tenant_table(
        "infrastruktur_plan",
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("next_on", sa.Date, nullable=False),
        sa.Column("every_months", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("estimate", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.String(8), nullable=False, server_default="planned"),
        _text("budget_reference", 80),
        _text("budget_url", 300),
        _text("budget_state", 12),
        references={
            "asset_id?": "infrastruktur_asset",
            "unit_id?": "lumbung_unit",
            "report_id?": "infrastruktur_report",
        },
        index=[("state", "next_on")],
    )
    op.create_tenant_table(
        "infrastruktur_work_order",
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("instructions", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.String(10), nullable=False, server_default="draft"),
        sa.Column("planned_on", sa.Date),
        sa.Column("made_at", moment, nullable=False),
        _text("made_by", 160),
        sa.Column("issued_at", moment),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("result", sa.Text, nullable=False, server_default=""),
        _text("reason", 300),
        sa.Column("total", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        references={
            "report_id?": "infrastruktur_report",
            "asset_id?": "infrastruktur_asset",
            "plan_id?": "infrastruktur_plan",
            "unit_id?": "lumbung_unit",
            "crew_id?": "infrastruktur_crew",
        },
        unique=[("number",)],
        index=[("state", "planned_on")],
    )
    op.create_tenant_table(
        "infrastruktur_work_item",
        sa.Column("kind", sa.String(10), nullable=False, server_default="material"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("quantity", sa.Numeric(12, 2), nullable=False, server_default="1"),
        _text("measure", 20),
        sa.Column("price", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        references={"work_order_id": "infrastruktur_work_order"},
        cascades=["work_order_id"],
    )
    op.create_tenant_table(
        "infrastruktur_field_update",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("at", moment, nullable=False),
        references={"work_order_id": "infrastruktur_work_order"},
        cascades=["work_order_id"],
        unique=[("key",)],
    )


def _around_reports() -> None:
    op.create_tenant_table(
        "infrastruktur_photo",
        sa.Column("kind", sa.String(8), nullable=False, server_default="report"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("thumbnail", sa.LargeBinary, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("taken_at", moment),
        sa.Column("added_at", moment, nullable=False),
        _flag("shown", True),
        _text("caption", 200),
        sa.Column("position", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("checked_at", moment),
        references={"report_id?": "infrastruktur_report", "work_order_id?": "infrastruktur_work_order"},
        cascades=["report_id", "work_order_id"],
        index=[("sha256",)],
    )
    op.create_index(
        "ix_infrastruktur_photo_waiting",
        "infrastruktur_photo",
        ["tenant_id", "added_at"],
        postgresql_where=sa.text("NOT shown AND checked_at IS NULL"),
    )
    op.create_tenant_table(
        "infrastruktur_log",
        sa.Column("at", moment, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        _text("from_state", 18),
        _text("to_state", 18),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("note_en", sa.Text, nullable=False, server_default=""),
        _flag("internal", False),
        _text("by_name", 160),
        references={"report_id": "infrastruktur_report", "by_id?": "lumbung_person"},
        cascades=["report_id"],
        index=[("report_id", "at"), ("at",)],
    )
    op.create_tenant_table(
        "infrastruktur_support",
        sa.Column("email", sa.String(254)),
        sa.Column("email_key", sa.String(64)),
        sa.Column("voter_key", sa.String(64), nullable=False),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False, server_default="id"),
        sa.Column("at", moment, nullable=False),
        references={
            "report_id": "infrastruktur_report",
            "came_from_id?": "infrastruktur_report",
            "person_id?": "lumbung_person",
        },
        cascades=["report_id", "came_from_id"],
        unique=[("report_id", "voter_key"), ("token",)],
        index=[("email_key",)],
    )
    op.create_tenant_table(
        "infrastruktur_series",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False, server_default="0"),
        unique=[("name",)],
    )


def _exchange() -> None:
    op.create_tenant_table(
        "infrastruktur_api_key",
        sa.Column("name", sa.String(120), nullable=False),
        _text("contact", 254),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("key_tail", sa.String(4), nullable=False),
        sa.Column("per_hour", sa.Integer, nullable=False, server_default="60"),
        sa.Column("made_at", moment, nullable=False),
        _text("made_by", 160),
        sa.Column("used_at", moment),
        sa.Column("revoked_at", moment),
        unique=[("key_hash",)],
    )
    op.create_tenant_table(
        "infrastruktur_source",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        _text("jurisdiction_id", 120),
        sa.Column("categories", JSONB, nullable=False, server_default=sa.text("'{}'")),
        _flag("open", True),
        sa.Column("fetched_at", moment),
        sa.Column("fetched_until", moment),
        _text("outcome", 500),
        sa.Column("taken", sa.Integer, nullable=False, server_default="0"),
        references={"category_id?": "infrastruktur_category"},
        unique=[("name",)],
    )


def downgrade() -> None:
    for table in (
        "source",
        "api_key",
        "series",
        "support",
        "log",
        "photo",
        "field_update",
        "work_item",
        "work_order",
        "plan",
        "crew",
        "report",
    ):
        op.drop_table(f"infrastruktur_{table}")
