"""Keys for programs: readable once, worth nothing when revoked, limited by the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lumbung_infrastruktur.models import ApiKey
from lumbung_infrastruktur.services import api_keys
from sqlalchemy import select

from lumbung.sdk import DomainError, TooMany, now, session
from lumbung.testing import frozen_clock


def test_a_key_is_kept_as_a_hash_alone(works: Any) -> None:
    with works.inside(works.person("manager")):
        key, text = api_keys.make("Aplikasi desa", "pembuat@example.id")
        assert text.startswith("inf_") and len(text) > 40
        assert text not in str({**vars(key)}) and key.key_tail == text[-4:]
        assert key.made_by == "Manager" and key.per_hour == 60
        assert api_keys.of(text) is key
        assert api_keys.of(text[:-1]) is None and api_keys.of("") is None and api_keys.of("x" * 5000) is None


def test_no_two_keys_are_alike(works: Any) -> None:
    with works.inside():
        assert api_keys.make("Satu")[1] != api_keys.make("Satu")[1]


def test_a_revoked_key_opens_nothing_and_stays_so(works: Any) -> None:
    with works.inside():
        key, text = api_keys.make("Lama")
        api_keys.revoke(key)
        session.flush()
        assert api_keys.of(text) is None
        for act in (lambda: api_keys.revoke(key), lambda: api_keys.change_limit(key, 10)):
            with pytest.raises(DomainError):
                act()


@pytest.mark.parametrize(("name", "per_hour"), [("", 60), ("  ", 60), ("x", 0), ("x", 10_001)])
def test_a_key_without_a_name_or_with_a_senseless_limit_is_not_made(works: Any, name: str, per_hour: int) -> None:
    with works.inside():
        with pytest.raises(DomainError):
            api_keys.make(name, per_hour=per_hour)
        assert session.scalars(select(ApiKey)).all() == []


def test_a_key_is_used_so_often_an_hour_and_not_more(works: Any) -> None:
    with works.inside():
        key, _text = api_keys.make("Sibuk", per_hour=2)
        other, _text = api_keys.make("Lain", per_hour=2)
        api_keys.use(key)
        api_keys.use(key)
        with pytest.raises(TooMany):
            api_keys.use(key)
        api_keys.use(other)
    with frozen_clock("2026-11-24T09:00+08:00"), works.inside():
        api_keys.use(session.scalars(select(ApiKey).where(ApiKey.name == "Sibuk")).one())


def test_the_last_use_is_written_down_once_a_minute(works: Any) -> None:
    with works.inside():
        key, _text = api_keys.make("Sibuk")
        api_keys.use(key)
        first = key.used_at
        assert first == now()
    for second, noted in ((30, first), (61, first + timedelta(seconds=61))):
        with frozen_clock(f"2026-11-24T08:0{second // 60}:{second % 60:02}+08:00"), works.inside():
            key = session.scalars(select(ApiKey)).one()
            api_keys.use(key)
            assert key.used_at == noted, second


def test_reports_are_counted_by_the_key_they_came_with(works: Any) -> None:
    with works.inside():
        key_id, other = api_keys.make("Satu")[0].id, api_keys.make("Dua")[0].id
    for number in range(3):
        works.report(channel="open311", source_key=f"open311:{key_id}:{number}")
    works.report()
    with works.inside():
        found = api_keys.uses()
        assert found[key_id].reports == 3 and found[key_id].last is not None and other not in found
