"""The queue: places, services, slots, days off, counters, tickets and the log of calls."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
ACTIVE = "'booked', 'waiting', 'called', 'serving', 'skipped', 'transferred'"


def upgrade() -> None:
    _places()
    _slots()
    _days_off()
    _counters()
    _tickets()


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _flag(name: str, value: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if value else sa.false())


def _small(name: str, value: int) -> sa.Column[Any]:
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default=str(value))


def _places() -> None:
    op.create_tenant_table(
        "antrean_location",
        sa.Column("name", sa.String(120), nullable=False),
        _text("address", 300),
        sa.Column("region_code", sa.String(13)),
        _text("head_name", 120),
        _text("head_title", 120),
        _flag("open", True),
        _small("position", 0),
        _small("recall_after", 5),
        _small("recall_times", 2),
        _small("regular_per_priority", 2),
        sa.Column("kiosk_key", sa.String(40), nullable=False),
        references={"unit_id?": "lumbung_unit"},
        unique=[("name",), ("kiosk_key",)],
    )
    op.create_tenant_table(
        "antrean_service",
        sa.Column("letter", sa.String(2), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        _text("description", 300),
        sa.Column("requirements", sa.Text, nullable=False, server_default=""),
        _small("minutes", 10),
        _flag("walk_in", True),
        _small("horizon_days", 14),
        _flag("within_month", False),
        _small("cutoff_minutes", 60),
        _flag("open", True),
        sa.CheckConstraint("letter ~ '^[A-Z]{1,2}$'", name="antrean_service_letter"),
        sa.CheckConstraint("minutes > 0", name="antrean_service_minutes"),
        references={"location_id": "antrean_location"},
        unique=[("location_id", "letter"), ("location_id", "name")],
    )


def _slots() -> None:
    op.create_tenant_table(
        "antrean_slot",
        sa.Column("weekday", sa.SmallInteger, nullable=False),
        sa.Column("starts", sa.Time, nullable=False),
        sa.Column("ends", sa.Time, nullable=False),
        sa.Column("quota", sa.SmallInteger, nullable=False),
        sa.Column("quota_web", sa.SmallInteger),
        sa.Column("quota_staff", sa.SmallInteger),
        sa.Column("quota_kiosk", sa.SmallInteger),
        _small("base", 0),
        _small("room", 100),
        _flag("open", True),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="antrean_slot_weekday"),
        sa.CheckConstraint("starts < ends", name="antrean_slot_hours"),
        sa.CheckConstraint("quota >= 0", name="antrean_slot_quota"),
        references={"service_id": "antrean_service"},
        unique=[("service_id", "weekday", "starts"), ("service_id", "weekday", "base")],
    )


def _days_off() -> None:
    op.create_tenant_table(
        "antrean_holiday",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False, server_default="office"),
        sa.CheckConstraint("kind IN ('national', 'joint', 'office')", name="antrean_holiday_kind"),
        references={"location_id?": "antrean_location"},
        cascades=["location_id"],
        index=[("date",)],
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_antrean_holiday ON antrean_holiday (tenant_id, date, location_id) NULLS NOT DISTINCT"
    )
    op.create_tenant_table(
        "antrean_closure",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("made_by", sa.String(160), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        references={"location_id": "antrean_location", "service_id?": "antrean_service"},
        index=[("date",)],
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_antrean_closure ON antrean_closure (tenant_id, location_id, date, service_id) "
        "NULLS NOT DISTINCT"
    )


def _counters() -> None:
    op.create_tenant_table(
        "antrean_counter",
        sa.Column("number", sa.SmallInteger, nullable=False),
        _text("name", 80),
        _flag("open", True),
        _text("operator_name", 160),
        sa.Column("operator_since", moment),
        sa.CheckConstraint("number BETWEEN 1 AND 99", name="antrean_counter_number"),
        references={"location_id": "antrean_location", "operator_id?": "lumbung_person"},
        unique=[("location_id", "number")],
    )
    op.create_tenant_table(
        "antrean_counter_service",
        references={"counter_id": "antrean_counter", "service_id": "antrean_service"},
        cascades=["counter_id", "service_id"],
        unique=[("counter_id", "service_id")],
    )


def _tickets() -> None:
    op.create_tenant_table(
        "antrean_number",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("last", sa.Integer, nullable=False, server_default="0"),
        references={"service_id": "antrean_service", "slot_id": "antrean_slot"},
        unique=[("service_id", "date", "slot_id")],
    )
    op.create_tenant_table(
        "antrean_ticket",
        *_ticket_columns(),
        sa.CheckConstraint("channel IN ('web', 'staff', 'kiosk')", name="antrean_ticket_channel"),
        sa.CheckConstraint(
            f"state IN ({ACTIVE}, 'done', 'no_show', 'cancelled', 'expired')", name="antrean_ticket_state"
        ),
        references={
            "location_id": "antrean_location",
            "service_id": "antrean_service",
            "queue_id": "antrean_service",
            "slot_id": "antrean_slot",
            "counter_id?": "antrean_counter",
            "person_id?": "lumbung_person",
        },
        unique=[("service_id", "date", "slot_id", "number"), ("service_id", "date", "label"), ("code",)],
        index=[("location_id", "date", "state"), ("date", "state")],
    )
    for key in ("nik_key", "phone_key", "account_key"):
        op.execute(
            f"CREATE UNIQUE INDEX uq_antrean_ticket_{key} ON antrean_ticket (tenant_id, service_id, date, {key}) "
            f"WHERE {key} IS NOT NULL AND state IN ({ACTIVE})"
        )
    op.create_tenant_table(
        "antrean_call",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        _text("operator_name", 160),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", moment, nullable=False),
        references={
            "ticket_id": "antrean_ticket",
            "location_id": "antrean_location",
            "queue_id": "antrean_service",
            "counter_id?": "antrean_counter",
            "operator_id?": "lumbung_person",
        },
        cascades=["ticket_id"],
        index=[("location_id", "date", "seq")],
    )


def _ticket_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("starts", sa.Time, nullable=False),
        sa.Column("ends", sa.Time, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("label", sa.String(12), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        _text("priority", 12),
        sa.Column("state", sa.String(12), nullable=False),
        _text("name", 120),
        sa.Column("phone", sa.String(20)),
        sa.Column("nik_tail", sa.String(4)),
        sa.Column("nik_key", sa.String(64)),
        sa.Column("phone_key", sa.String(64)),
        sa.Column("account_key", sa.String(64)),
        _text("booked_by", 160),
        sa.Column("booked_at", moment, nullable=False),
        sa.Column("arrived_at", moment),
        sa.Column("called_at", moment),
        sa.Column("first_called_at", moment),
        sa.Column("started_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("moved_at", moment),
        _small("skips", 0),
        sa.Column("rejoin_at", sa.Integer),
        _text("reason", 300),
        _text("cancelled_by", 10),
    ]


def downgrade() -> None:
    for table in (
        "call", "ticket", "number", "counter_service", "counter", "closure", "holiday", "slot", "service", "location",
    ):  # fmt: skip
        op.drop_table(f"antrean_{table}")
