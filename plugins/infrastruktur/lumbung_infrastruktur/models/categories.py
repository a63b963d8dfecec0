"""What can be reported, and who answers for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.sdk import belongs_to, language

from .base import Model, json, words


class Category(Model):
    """A kind of damage (kategori), an Open311 service. ``code`` is its service_code, ``group`` one of `rules.groups`.

    ``sla_days`` are working days to mend it; ``radius_m`` is how near another open report of the same kind is taken
    for the same damage; ``asset_kind`` is the kind of asset it is about, empty for none. ``unit_id`` answers for it
    where no route says otherwise.
    """

    __tablename__ = "infrastruktur_category"

    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    code: Mapped[str] = mapped_column(String(40))
    group: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = words(120)
    description: Mapped[str] = words(300)
    description_en: Mapped[str] = words(300)
    keywords: Mapped[str] = words(200)
    icon: Mapped[str] = mapped_column(String(40), default="tool")
    sla_days: Mapped[int] = mapped_column(SmallInteger, default=14)
    radius_m: Mapped[int] = mapped_column(SmallInteger, default=30)
    asset_kind: Mapped[str] = words(12)
    needs_photo: Mapped[bool] = mapped_column(default=False)
    open: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)

    questions: Mapped[list[Question]] = relationship(back_populates="category", order_by="Question.position")

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if language() == "en" and self.name_en else self.name

    @property
    def about(self) -> str:
        """Its description in the reader's language."""
        return self.description_en if language() == "en" and self.description_en else self.description


class Question(Model):
    """What is asked about a kind of damage, an Open311 attribute.

    ``datatype`` is string, number, datetime, text, singlevaluelist or multivaluelist; ``options`` of the last two are
    ``{"key", "name", "name_en"}``. With ``variable`` off it only tells something (Open311: no answer is expected).
    """

    __tablename__ = "infrastruktur_question"

    category_id: Mapped[UUID] = belongs_to("infrastruktur_category", ondelete="CASCADE")
    code: Mapped[str] = mapped_column(String(40))
    datatype: Mapped[str] = mapped_column(String(16), default="string")
    text: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = words(200)
    hint: Mapped[str] = words(200)
    hint_en: Mapped[str] = words(200)
    required: Mapped[bool] = mapped_column(default=False)
    variable: Mapped[bool] = mapped_column(default=True)
    options: Mapped[list[dict[str, Any]]] = json(list)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)

    category: Mapped[Category] = relationship(back_populates="questions")

    @property
    def title(self) -> str:
        """The question in the reader's language."""
        return self.text_en if language() == "en" and self.text_en else self.text

    @property
    def help(self) -> str:
        """Its hint in the reader's language."""
        return self.hint_en if language() == "en" and self.hint_en else self.hint

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The options as (key, name in the reader's language)."""
        english = language() == "en"
        return [(one["key"], (english and one.get("name_en")) or one["name"]) for one in self.options]


class Route(Model):
    """Who answers for a place (aturan kewenangan). The first that fits, by ``position``, decides.

    Empty columns fit everything: ``category_id``, ``group``, ``district_code``, ``road_owner`` (authority of the road
    section nearby). ``authority`` is one of `rules.authorities`; ``unit_id`` takes it up within the regency,
    ``destination_id`` outside of it.
    """

    __tablename__ = "infrastruktur_route"

    category_id: Mapped[UUID | None] = belongs_to("infrastruktur_category", ondelete="CASCADE")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    destination_id: Mapped[UUID | None] = belongs_to("infrastruktur_destination")
    group: Mapped[str] = words(20)
    district_code: Mapped[str] = words(8)
    road_owner: Mapped[str] = words(12)
    authority: Mapped[str] = mapped_column(String(12))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    note: Mapped[str] = words(200)

    category: Mapped[Category | None] = relationship()
    destination: Mapped[Destination | None] = relationship()


class Destination(Model):
    """An authority outside of the regency's offices (tujuan penerusan): BPJN, Dinas PUPR of the province, a village."""

    __tablename__ = "infrastruktur_destination"

    authority: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(160))
    email: Mapped[str] = words(254)
    phone: Mapped[str] = words(40)
    address: Mapped[str] = words(300)
    open: Mapped[bool] = mapped_column(default=True)


class ReplyTemplate(Model):
    """An answer that officers give often (templat jawaban); ``state`` is the step it is offered at, empty for all."""

    __tablename__ = "infrastruktur_reply"

    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = words(18)
