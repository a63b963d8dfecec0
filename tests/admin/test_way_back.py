"""An upgrade on pages and in the terminal: its plan, its steps, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lumbung.clock import utc_now
from lumbung.errors import Sentence
from lumbung.lifecycle import full_set
from lumbung.lifecycle.operations import run
from lumbung.testing import TestHouse, frozen_clock

FIRST = (
    '"""Catatan pertama"""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "0001"\ndown_revision = None\n'
    'def upgrade():\n    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text))\n'
)
SECOND = (
    '"""Kolom untuk <nomor>"""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "0002"\n'
    'down_revision = "0001"\ndef upgrade():\n    op.add_column("contoh_note", sa.Column("number", sa.Integer))\n'
)
FILES = {"lumbung_contoh/migrations/0001_x.py": FIRST}
NEWER = {**FILES, "lumbung_contoh/migrations/0002_x.py": SECOND}


@pytest.fixture(autouse=True)
def without_the_whole_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the whole set of packages to its own tests."""
    monkeypatch.setattr(full_set, "refuse_conflicts", lambda *_given: None)
    monkeypatch.setattr(full_set, "words", lambda _given: Sentence("cocok"))


def test_the_plan_is_on_the_operation_s_page_and_the_way_back_on_the_application_s(
    house: TestHouse, gift: Any, as_owner: Any
) -> None:
    operator = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
    page = "/admin/plugin/contoh/"
    gift(files=FILES)
    assert "Jalan kembali" not in operator.get(page).text
    assert operator.post_form(f"{page}kembali").status_code == 409
    gift(files=NEWER, version="1.1.0")
    [(made,)] = as_owner("SELECT id FROM lumbung_operation WHERE kind = 'upgrade'")
    shown = operator.get(f"/admin/plugin/operasi/{made}").text
    for words in ("1.0.0 → 1.1.0", "Kolom untuk &lt;nomor&gt;", "contoh_note", "0 baris"):
        assert words in shown
    assert "Kembali ke versi 1.0.0" in operator.get(page).text
    with frozen_clock(utc_now() + timedelta(days=15)):
        late = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
        assert "Kembali ke versi" not in late.get(page).text
        assert late.post_form(f"{page}kembali").status_code == 409
    answer = operator.post_form(f"{page}kembali", page=page)
    assert answer.status_code == 303
    house.work()
    assert "Selesai" in operator.get(answer.location).text
    assert as_owner("SELECT version, state FROM lumbung_plugin") == [("1.0.0", "installed")]
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'plugin.return'") == [(1,)]


def test_nobody_but_an_operator_sees_or_goes_the_way_back(house: TestHouse, gift: Any, as_owner: Any) -> None:
    gift(files=FILES)
    gift(files=NEWER, version="1.1.0")
    admin = house.client("sumbawa", house.person("sumbawa", "pengelola@contoh.id", roles=["admin"]))
    assert "Kembali ke versi" not in admin.get("/admin/plugin/contoh/").text
    assert admin.post_form("/admin/plugin/contoh/kembali").status_code == 403
    assert as_owner("SELECT version FROM lumbung_plugin") == [("1.1.0",)]
    assert as_owner("SELECT count(*) FROM lumbung_operation WHERE kind = 'return'") == [(0,)]


def test_going_back_asks_for_a_fresh_proof(house: TestHouse, gift: Any, as_owner: Any) -> None:
    gift(files=FILES)
    gift(files=NEWER, version="1.1.0")
    operator = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
    page = "/admin/plugin/contoh/"
    with frozen_clock(utc_now() + timedelta(minutes=90)):
        answer = operator.post_form(f"{page}kembali", page=page)
        assert answer.status_code == 303
        assert "next=%2Fadmin%2Fplugin%2Fcontoh%2F" in answer.location
    assert as_owner("SELECT count(*) FROM lumbung_operation WHERE kind = 'return'") == [(0,)]
    run(house.kernel, "return", plugin="contoh", by="test")
    assert as_owner("SELECT count(*) FROM lumbung_way_back") == [(0,)]
