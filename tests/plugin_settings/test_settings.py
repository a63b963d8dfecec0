"""Values of settings: which one wins, who hears of a change, what is refused, and what stays secret."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select

from lumbung import sdk
from lumbung.audit import AuditRow
from lumbung.database import rotation
from lumbung.database.encrypted import Unreadable
from lumbung.migrate import as_migrator
from lumbung.plugin_settings import services
from lumbung.plugin_settings.reading import UnknownSetting
from lumbung.plugin_settings.services import INHERIT, ChangedMeanwhile, NotSettable
from lumbung.plugin_settings.stored import Place
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import GenerationRow, OperationRow
from lumbung.testing import TestHouse

PLATFORM, TENANT = Place("platform"), Place("tenant")


def at(unit: UUID) -> Place:
    return Place("unit", unit)


def trail(house: TestHouse, tenant: str = "sumbawa") -> list[tuple[str, dict[str, Any]]]:
    with house.scope(tenant) as scope:
        query = select(AuditRow).where(AuditRow.action == "plugin.setting").order_by(AuditRow.at)
        return [(row.thing, row.detail) for row in scope.session.scalars(query)]


def generation(house: TestHouse) -> int:
    with house.scope() as scope:
        return scope.session.get_one(GenerationRow, 1).value


class TestWhichWins:
    def test_the_most_specific_value_wins_and_taking_it_away_returns_to_the_one_above(
        self, house: TestHouse, ask: Any, put: Any
    ) -> None:
        parent, child = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PUSK1", parent="DINKES")
        assert ask("fee") == ask("fee", unit=child) == 5000
        put("fee", 1000, PLATFORM)
        assert ask("fee") == ask("fee", "sumbawabarat") == ask("fee", None) == 1000
        put("fee", 2000)
        assert (ask("fee"), ask("fee", unit=child), ask("fee", "sumbawabarat")) == (2000, 2000, 1000)
        put("fee", 3000, at(parent))
        assert (ask("fee"), ask("fee", unit=parent), ask("fee", unit=child)) == (2000, 3000, 3000)
        put("fee", 0, at(child))
        assert (ask("fee", unit=child), ask("fee", unit=parent), ask("fee", unit=uuid4())) == (0, 3000, 2000)
        for place, left in ((at(child), 3000), (at(parent), 2000), (TENANT, 1000), (PLATFORM, 5000)):
            assert put("fee", INHERIT, place) == ["fee"]
            assert ask("fee", unit=child) == left
        assert put("fee", INHERIT) == []

    def test_a_unit_that_moves_takes_the_values_of_where_it_stands_now(
        self, house: TestHouse, ask: Any, put: Any
    ) -> None:
        parent, child = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PUSK1")
        put("days", 30, at(parent))
        assert ask("days", unit=child) == 7
        with house.scope() as scope:
            from lumbung.tenancy.services import find_unit, move_unit

            above, below = find_unit(scope.session, "DINKES"), find_unit(scope.session, "PUSK1")
            assert below is not None
            move_unit(scope.session, below, above)
        assert ask("days", unit=child) == 30

    def test_values_are_typed_and_an_emptied_one_is_none(self, house: TestHouse, ask: Any, put: Any) -> None:
        assert (ask("rate"), ask("speaks"), ask("greeting"), ask("letters")) == (Decimal("12.5"), True, None, ())
        put("rate", "0.25")
        put("speaks", False)
        put("letters", ["kk", "ktp", "kk"])
        office = house.unit("sumbawa", "DINKES")
        put("office", str(office))
        assert (ask("rate"), ask("speaks"), ask("letters")) == (Decimal("0.25"), False, ("ktp", "kk"))
        assert ask("office") == office
        put("rate", None)
        assert ask("rate") is None

    def test_a_name_that_nobody_declared_is_an_error_that_lists_the_others(self, ask: Any, house: TestHouse) -> None:
        with pytest.raises(LookupError, match=r"declares no setting 'fees'; there are: fee, days"):
            ask("fees")
        with house.scope(), pytest.raises(RuntimeError, match="none runs here"):
            sdk.setting("fee")


class TestSpeed:
    def test_after_the_first_question_none_goes_to_the_database_until_a_change(
        self, house: TestHouse, ask: Any, put: Any
    ) -> None:
        asked: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
            if "setting " in statement or "lumbung_unit" in statement or "lumbung_plugin_setting" in statement:
                asked.append(statement)

        put("token", "rahasia")
        event.listen(house.kernel.database.engine, "before_cursor_execute", note)
        try:
            assert (ask("fee"), ask("days"), ask("token")) == (5000, 7, "rahasia")
            first = len(asked)
            assert first == 3
            assert (ask("fee"), ask("days"), ask("token"), ask("rate")) == (5000, 7, "rahasia", Decimal("12.5"))
            assert len(asked) == first
        finally:
            event.remove(house.kernel.database.engine, "before_cursor_execute", note)

    def test_a_change_bumps_the_generation_and_a_refused_or_idle_one_does_not(self, house: TestHouse, put: Any) -> None:
        before = generation(house)
        assert put("days", 8) == ["days"]
        assert generation(house) == before + 1
        assert put("days", 8) == []
        with pytest.raises(NotSettable):
            put("days", 91)
        assert generation(house) == before + 1

    def test_what_is_rolled_back_is_not_remembered(self, house: TestHouse, manifest: Manifest, ask: Any) -> None:
        with pytest.raises(ZeroDivisionError), house.kernel.scope(house.kernel.tenant("sumbawa"), plugin="contoh"):
            services.change(manifest, TENANT, {"days": 55}, by="Siti")
            assert sdk.setting("days") == 7
            raise ZeroDivisionError
        assert ask("days") == 7


class TestRefusing:
    def test_what_does_not_fit_is_refused_and_nothing_changes(
        self, house: TestHouse, put: Any, ask: Any, as_owner: Any
    ) -> None:
        before = generation(house)
        for name, value, place, said in (
            ("days", 0, TENANT, "it must be 1 or more"),
            ("days", "7", TENANT, "it must be a whole number"),
            ("days", True, TENANT, "it must be a whole number"),
            ("days", 10**40, TENANT, "too large"),
            ("days", 8, PLATFORM, "it cannot be set here, but for: tenant, unit"),
            ("fee", 2_000_001, TENANT, "it must be 2.000.000 or less"),
            ("fee", -1, TENANT, "it must be 0 or more"),
            ("greeting", "a\0b", TENANT, "a character that cannot be shown"),
            ("greeting", "a" * 10_001, TENANT, "at most 10000 characters"),
            ("greeting", {"a": 1}, TENANT, "it must be a text"),
            ("token", "x\0", TENANT, "a character that cannot be shown"),
            ("rate", "NaN", TENANT, "it must be a number"),
            ("rate", "1.234", TENANT, "at most 2 digits"),
            ("letters", ["ktp", "sim"], TENANT, "one of these: ktp, kk"),
            ("office", str(uuid4()), TENANT, "there is no such unit"),
        ):
            with pytest.raises(NotSettable, match=said) as refused:
                put(name, value, place)
            assert refused.value.setting == name
        assert (ask("fee"), ask("days"), ask("greeting"), ask("token")) == (5000, 7, None, None)
        assert trail(house) == []
        assert generation(house) == before
        assert as_owner("SELECT 1 FROM lumbung_tenant_setting UNION SELECT 1 FROM lumbung_plugin_setting") == []

    def test_one_bad_value_keeps_the_good_ones_out_too(self, house: TestHouse, manifest: Manifest, ask: Any) -> None:
        with pytest.raises(NotSettable), house.scope():
            services.change(manifest, TENANT, {"days": 8, "fee": -1}, by="Siti")
        assert ask("days") == 7

    def test_unknown_names_and_units_of_other_tenants_are_refused(self, house: TestHouse, put: Any) -> None:
        with pytest.raises(UnknownSetting):
            put("tiada", 1)
        with pytest.raises(UnknownSetting):
            put("tiada", INHERIT)
        theirs = house.unit("sumbawabarat", "DINKES")
        with pytest.raises(NotSettable, match="no such unit"):
            put("days", 8, at(theirs))
        with pytest.raises(NotSettable, match="no such unit"):
            put("office", str(theirs))

    def test_who_looked_at_older_values_is_refused_and_told_who_changed_them(
        self, house: TestHouse, put: Any, ask: Any
    ) -> None:
        with house.scope():
            seen = services.values_of("contoh").mark(TENANT)
        assert put("days", 8, seen=seen) == ["days"]
        with pytest.raises(ChangedMeanwhile, match="Siti changed these settings meanwhile"):
            put("days", 9, seen=seen)
        assert ask("days") == 8
        put("days", 10, at(house.unit("sumbawa", "DINKES")))  # another place is another matter
        with house.scope():
            assert put("days", 9, seen=services.values_of("contoh").mark(TENANT)) == ["days"]


class TestTheTrail:
    def test_each_change_tells_who_which_and_from_what_to_what(self, house: TestHouse, put: Any) -> None:
        put("days", 8)
        put("days", 9, at(house.unit("sumbawa", "DINKES")))
        put("days", INHERIT)
        put("speaks", False)
        assert trail(house) == [
            ("contoh.days", {"before": "7", "after": "8"}),
            ("contoh.days", {"before": "8", "after": "9", "unit": "DINKES"}),
            ("contoh.days", {"before": "8", "after": "7", "inherited": True}),
            ("contoh.speaks", {"before": "ya", "after": "tidak"}),
        ]
        assert trail(house, "sumbawabarat") == []

    def test_a_change_for_the_platform_is_an_operation(self, house: TestHouse, put: Any) -> None:
        put("fee", 1000, PLATFORM)
        with house.scope() as scope:
            [row] = scope.session.scalars(select(OperationRow).where(OperationRow.kind == "setting"))
        assert (row.plugin, row.state, row.asked_by) == ("contoh", "done", "Siti")
        assert row.facts == {"setting": "fee", "before": "5.000", "after": "1.000"}


class TestSecrets:
    def test_a_secret_is_sealed_and_stands_in_no_trail_and_in_no_line(
        self, house: TestHouse, manifest: Manifest, put: Any, ask: Any, as_owner: Any
    ) -> None:
        put("token", "kunci-rahasia")
        put("token", "kunci-platform", PLATFORM)
        assert (ask("token"), ask("token", "sumbawabarat")) == ("kunci-rahasia", "kunci-platform")
        everything = json.dumps(
            [as_owner(f"SELECT t::text FROM {table} t") for table in (  # noqa: S608
                "lumbung_tenant_setting", "lumbung_plugin_setting", "lumbung_audit", "lumbung_operation"
            )]
        )  # fmt: skip
        with house.scope():
            lines = services.lines(manifest, TENANT, services.values_of("contoh"))
            assert "kunci" not in repr(lines) and "kunci" not in repr(services.values_of("contoh"))
        assert "kunci" not in everything
        assert b"kunci" not in b"".join(bytes(row[0]) for row in as_owner("SELECT secret FROM lumbung_tenant_setting"))

    def test_a_rotation_moves_the_platforms_secrets_too(
        self, house: TestHouse, put: Any, ask: Any, as_owner: Any
    ) -> None:
        put("token", "satu")
        put("token", "dua", PLATFORM)
        assert ask("token") == "satu"  # a worker that holds the sealed value of the old key
        ring, old = house.kernel.keyring, house.kernel.keyring.active().id
        with as_migrator(house.urls.migrator) as engine:
            key, _made = rotation.begin(engine, ring, by="test")
            census = rotation.settle(engine, house.kernel.database.engine, ring, tell=lambda _moved: None)
            assert (census.under(key.id), census.left(ring)) == (2, 0)
            assert rotation.column_with(engine, old) is None
        ring.remove(old)
        with house.kernel.scope(house.kernel.tenant("sumbawa"), plugin="contoh"):
            assert sdk.setting("token") == "satu"
        assert (ask("token"), ask("token", "sumbawabarat")) == ("satu", "dua")

    def test_a_secret_copied_to_another_tenant_does_not_open(self, put: Any, ask: Any, as_owner: Any) -> None:
        put("token", "satu")
        as_owner(
            "INSERT INTO lumbung_tenant_setting (tenant_id, plugin, name, secret, changed_by) "
            "SELECT (SELECT id FROM lumbung_tenant WHERE slug = 'sumbawabarat'), plugin, name, secret, changed_by "
            "FROM lumbung_tenant_setting"
        )
        as_owner("UPDATE lumbung_generation SET value = value + 1")
        with pytest.raises(Unreadable):
            ask("token", "sumbawabarat")


class TestAnUpgrade:
    def test_a_value_that_no_longer_fits_is_kept_not_used_and_listed(
        self, house: TestHouse, with_settings: Any, declared: str, put: Any, ask: Any
    ) -> None:
        put("days", 60)
        put("days", 61, at(house.unit("sumbawa", "DINKES")))
        put("greeting", "Halo")
        put("fee", 100, PLATFORM)
        assert services.unfit(house.kernel) == []
        newer = declared.replace("max = 90", "max = 30").replace('name = "greeting"', 'name = "welcome"')
        newer = newer.replace('scopes = ["platform", "tenant", "unit"]', 'scopes = ["tenant", "unit"]')
        with_settings(more=newer, version="1.1.0", tenants=())
        assert (ask("days"), ask("welcome"), ask("fee")) == (7, None, 5000)
        found = {(one.name, one.place.scope, one.tenant): str(one.reason) for one in services.unfit(house.kernel)}
        assert found == {
            ("fee", "platform", None): "it cannot be set here, but for: tenant, unit",
            ("days", "tenant", "sumbawa"): "it must be 30 or less",
            ("days", "unit", "sumbawa"): "it must be 30 or less",
            ("greeting", "tenant", "sumbawa"): next(text for text in found.values() if "declares no setting" in text),
        }
        manifest = house.kernel.snapshot().plugins["contoh"].manifest
        with house.scope():
            values = services.values_of("contoh")
            assert services.left_over(manifest, TENANT, values) == ["greeting"]
            [days] = [line for line in services.lines(manifest, TENANT, values) if line.setting.name == "days"]
            assert (days.plain, str(days.problem)) == (7, "it must be 30 or less")
            assert days.own is not None and days.own.value == 60
            assert services.change(manifest, TENANT, {"greeting": INHERIT}, by="Siti") == ["greeting"]
        with_settings(more=declared, version="1.2.0", tenants=())
        assert (ask("days"), ask("fee"), ask("greeting")) == (60, 100, None)
