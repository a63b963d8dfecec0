"""When an announcement is shown, and what every change leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from lumbung.announcements import services
from lumbung.announcements.models import Announcement
from lumbung.announcements.services import Content
from lumbung.audit import AuditRow
from lumbung.testing import TestHouse, frozen_clock

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def content(title: str = "Loket tutup", **values: object) -> Content:
    given = {"title": {"id": title, "en": ""}, "text": {"id": "Sampai pukul 12.", "en": ""}, "weight": "plain"}
    return Content(**{**given, **values})


def written(house: TestHouse, tenant: str = "sumbawa", *, draft: bool = False, **values: object) -> UUID:
    with house.scope(tenant) as scope:
        return services.add(scope.session, content(**values), by="Nurhayati", draft=draft).id


def seen(house: TestHouse, tenant: str = "sumbawa") -> list[str]:
    with house.scope(tenant) as scope:
        return [row.title["id"] for row in scope.session.scalars(services.visible())]


@pytest.mark.parametrize(
    ("since", "until", "state", "shown"),
    [
        (-HOUR, None, "now", True),
        (-HOUR, HOUR, "now", True),
        (HOUR, None, "planned", False),
        (-2 * HOUR, -HOUR, "ended", False),
        (-HOUR, timedelta(), "ended", False),
        (timedelta(), None, "now", True),
    ],
)
def test_it_is_shown_within_its_time_only(
    house: TestHouse, since: timedelta, until: timedelta | None, state: str, shown: bool
) -> None:
    with frozen_clock(NOON):
        written(house, shown_from=NOON + since, shown_until=until if until is None else NOON + until)
        assert bool(seen(house)) is shown
        with house.scope("sumbawa") as scope:
            row = scope.session.scalars(select(Announcement)).one()
            assert row.state == state
            found = {one for one in ("draft", "planned", "now", "ended") if scope.session.scalar(
                select(Announcement.id).where(services.states(one))
            )}  # fmt: skip
            assert found == {state}


def test_a_draft_is_shown_to_nobody_and_needs_no_beginning(house: TestHouse) -> None:
    written(house, draft=True)
    assert seen(house) == []
    with house.scope("sumbawa") as scope:
        row = scope.session.scalars(select(Announcement)).one()
        assert (row.state, row.shown_from) == ("draft", None)
        assert services.end(scope.session, row) is False


def test_without_a_beginning_it_is_shown_from_now(house: TestHouse) -> None:
    with frozen_clock(NOON):
        written(house)
        assert seen(house) == ["Loket tutup"]


def test_what_was_shown_never_becomes_a_draft_again(house: TestHouse) -> None:
    known = written(house)
    with house.scope("sumbawa") as scope:
        row = scope.session.scalars(select(Announcement).where(Announcement.id == known)).one()
        services.change(scope.session, row, content("Loket buka"), draft=True)
        assert (row.draft, row.title) == (False, {"id": "Loket buka"})


def test_an_announcement_of_another_tenant_is_not_seen(house: TestHouse) -> None:
    written(house, "sumbawabarat", title="Punya tetangga")
    assert seen(house) == []
    assert seen(house, "sumbawabarat") == ["Punya tetangga"]


def test_an_end_before_the_beginning_is_refused_by_the_database_too(house: TestHouse) -> None:
    with pytest.raises(IntegrityError):
        written(house, shown_from=NOON, shown_until=NOON - HOUR)
    assert seen(house) == []


def test_every_change_stands_in_the_trail_with_the_row_it_tells_of(house: TestHouse) -> None:
    known = written(house, draft=True)
    with house.scope("sumbawa") as scope:
        row = scope.session.scalars(select(Announcement)).one()
        services.change(scope.session, row, content("Baru"), draft=True)
        services.change(scope.session, row, content("Baru"), draft=False)
        assert services.end(scope.session, row)
        services.delete(scope.session, row)
    with house.scope("sumbawa") as scope:
        trail = scope.session.execute(select(AuditRow.action, AuditRow.about).order_by(AuditRow.at)).all()
    assert [action.removeprefix("announcement.") for action, _ in trail] == [
        "add", "change", "publish", "end", "delete",
    ]  # fmt: skip
    assert {about for _, about in trail} == {known}


class TestUrgent:
    def test_it_is_known_to_every_page_from_its_beginning_to_its_end(self, house: TestHouse) -> None:
        with frozen_clock(NOON):
            written(house, title="Banjir", weight="urgent", shown_from=NOON + HOUR, shown_until=NOON + 2 * HOUR)
        house.kernel.state.forget()
        told = []
        for hours in (0, 1, 2):
            with frozen_clock(NOON + hours * HOUR), house.scope("sumbawa") as scope:
                told.append([one.title_in("en") for one in services.urgent_now(scope)])
        assert told == [[], ["Banjir"], []]

    def test_a_change_is_seen_at_once_and_a_page_asks_the_database_only_after_one(self, house: TestHouse) -> None:
        asked: list[str] = []
        event.listen(
            house.kernel.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]), named=False
        )
        written(house, title="Banjir", weight="urgent")
        for _ in range(3):
            house.kernel.state.forget()
            with house.scope("sumbawa") as scope:
                assert [one.title["id"] for one in services.urgent_now(scope)] == ["Banjir"]
        assert sum("FROM lumbung_announcement" in statement for statement in asked) == 1
        with house.scope("sumbawa") as scope:
            services.end(scope.session, scope.session.scalars(select(Announcement)).one())
        house.kernel.state.forget()
        with house.scope("sumbawa") as scope:
            assert services.urgent_now(scope) == []

    def test_what_a_page_has_not_committed_is_not_remembered(self, house: TestHouse) -> None:
        with house.scope("sumbawa") as scope:
            services.add(scope.session, content("Batal", weight="urgent"), by="x", draft=False)
            assert services.urgent_now(scope) == []
            scope.session.rollback()
        with house.scope("sumbawa") as scope:
            assert services.urgent_now(scope) == []

    def test_another_tenant_is_not_told(self, house: TestHouse) -> None:
        written(house, "sumbawabarat", title="Banjir", weight="urgent")
        house.kernel.state.forget()
        with house.scope("sumbawa") as scope:
            assert services.urgent_now(scope) == []


def test_words_are_looked_for_in_both_languages_and_may_hold_anything(house: TestHouse) -> None:
    written(house, title="100% gratis", text={"id": "Tanpa_biaya", "en": "Free of charge"})
    with house.scope("sumbawa") as scope:
        found = [len(services.matching(scope.session, words, 5)) for words in (
            ["gratis"], ["free", "100%"], ["%"], ["t_n"], ["'; drop"], ["\\"],
        )]  # fmt: skip
    assert found == [1, 1, 1, 0, 0, 0]
