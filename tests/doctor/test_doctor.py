"""The doctor names what is wrong, why it matters and what mends it; well is told too."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from lumbung.doctor.examination import CHECKS, examine
from lumbung.doctor.findings import Asked, Finding, Severity
from lumbung.registry import faults
from lumbung.registry.discovery import forget
from lumbung.registry.faults import Fault
from lumbung.settings import Settings
from lumbung.testing import TestHouse


def look(house: TestHouse, *, quick: bool = True, page: bool = False, **changed: Any) -> dict[str, list[Finding]]:
    settings = house.settings.model_copy(update=changed)
    house.kernel.state.forget()
    found: dict[str, list[Finding]] = {}
    for one in examine(Asked(settings, house.kernel, None if page else house.urls, quick=quick)):
        found.setdefault(one.check, []).append(one)
    return found


def severities(findings: list[Finding]) -> set[str]:
    return {one.severity.value for one in findings}


def test_every_finding_that_is_not_good_says_what_to_do(house: TestHouse, gift: Any, as_owner: Any) -> None:
    gift("contoh")
    assert severities(look(house)["settings"]) == {"good"}
    as_owner("INSERT INTO lumbung_plugin_setting (plugin, name, value, changed_by) VALUES ('contoh', 'x', '1', 'siti')")
    as_owner("DELETE FROM lumbung_ledger WHERE component = 'contoh'")
    for _ in range(4):
        faults.write(house.kernel, Fault("contoh", "web worker", "x", "killed"))
    as_owner(
        "INSERT INTO lumbung_operation (id, kind, plugin, state, steps, facts, asked_by, asked_at) VALUES "
        "(gen_random_uuid(), 'install', 'x', 'stuck', '[]', '{}', 'test', now()), "
        "(gen_random_uuid(), 'install', 'y', 'running', '[]', '{}', 'test', now() - interval '1 hour')"
    )
    found = look(house, memory_limit_mb=0)
    assert set(found) <= set(CHECKS)
    assert severities(found["suspended"]) == {"bad"}
    assert found["suspended"][0].mend == "lumbung plugin resume contoh"
    assert severities(found["operations"]) == {"bad", "warning"}
    assert severities(found["settings"]) == {"warning"}
    assert found["settings"][0].mend == "lumbung plugin settings contoh"
    assert severities(found["job worker"]) == {"bad"}
    assert severities(found["production"]) == {"warning"}
    for one in (one for findings in found.values() for one in findings):
        assert one.what.id
        assert one.what.en
        if one.severity is not Severity.GOOD:
            assert one.why.id, one
    order = [one.severity for one in examine(Asked(house.settings, house.kernel, house.urls, quick=True))]
    assert order == sorted(order, key=list(Severity).index)


def test_a_page_learns_no_more_than_its_process_may_know(house: TestHouse) -> None:
    found = look(house, page=True)
    assert "roles" not in found
    assert "opens" not in found
    assert severities(found["database"]) == {"good"}


def test_a_package_that_is_gone_and_one_that_does_not_open_are_named(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    gift("contoh")
    gift("lupa")
    as_owner("UPDATE lumbung_plugin SET version = '0.9' WHERE name = 'lupa'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    package = house.settings.plugin_folder / "current" / "lumbung_contoh" / "__init__.py"
    text = package.read_text()
    package.unlink()  # a new file: generations share theirs by link
    package.write_text("raise RuntimeError('rusak')\n" + text)
    forget()
    found = look(house, quick=False)
    assert severities(found["packages"]) == {"bad"}
    assert found["packages"][0].mend == "lumbung plugin install lupa"
    assert severities(found["opens"]) == {"bad"}
    assert "contoh" in found["opens"][0].what.en
    assert "rusak" in found["opens"][0].what.en


def test_without_a_database_that_is_all_it_says_and_a_check_that_fails_silences_no_other(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(asked: Asked) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(CHECKS, "clock", failing)
    found = look(house)
    assert severities(found["clock"]) == {"bad"}
    assert "anchors" in found

    def away() -> None:
        raise OperationalError("x", {}, Exception("connection refused"))

    monkeypatch.setattr(house.kernel.database, "check", away)
    assert list(look(house)) == ["database"]


def test_in_safe_mode_no_plugin_runs_and_officers_are_told(house: TestHouse, gift: Any, as_owner: Any) -> None:
    gift("contoh")
    safe = TestHouse(Settings(home=house.settings.home, safe_mode=True), house.urls)
    try:
        answer = safe.client().get("/contoh/")
        assert answer.status_code == 503
        assert "dirawat" in answer.text
        operator = safe.client("sumbawa", safe.person("sumbawa", "operator@contoh.id", operator=True))
        page = operator.get("/admin/plugin/contoh/")
        assert page.status_code == 200
        assert "Mode aman" in page.text
        with safe.scope("sumbawa"):
            plugin = safe.kernel.snapshot().plugins["contoh"]
            assert safe.kernel.caller.ask_these("erase_person", [plugin], person=None).failures
        assert severities(look(safe)["suspended"]) == {"bad"}
        assert safe.client().get("/").status_code == 200
    finally:
        safe.close()
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
    assert house.client().get("/contoh/").status_code == 200
