"""`lumbung plugin plan` and `lumbung plugin return`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import Sentence
from lumbung.lifecycle import full_set
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel

REVISION = (
    '"""Langkah {number}"""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "{number}"\n'
    "down_revision = {down}\ndef upgrade():\n    {body}\n"
)
FIRST = {
    "lumbung_contoh/migrations/1_x.py": REVISION.format(
        number=1, down=None, body='op.create_tenant_table("contoh_note", sa.Column("words", sa.Text))'
    )
}
SECOND = {
    **FIRST,
    "lumbung_contoh/migrations/2_x.py": REVISION.format(
        number=2, down="'1'", body='op.add_column("contoh_note", sa.Column("more", sa.Text))'
    ),
}


@pytest.fixture(autouse=True)
def without_the_whole_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the whole set of packages to its own tests."""
    monkeypatch.setattr(full_set, "refuse_conflicts", lambda *_given: None)
    monkeypatch.setattr(full_set, "words", lambda _given: Sentence("cocok"))


def test_a_plan_is_told_and_nothing_of_it_done_then_the_way_back_is_gone(
    lumbung: Callable[..., Any], house: TestHouse, tmp_path: Path, as_owner: Callable[..., Any]
) -> None:
    install_wheel(house.kernel, make_wheel(tmp_path, files=FIRST), by="test")
    newer = str(make_wheel(tmp_path, version="1.1.0", files=SECOND))
    said = lumbung("plugin", "plan", newer)
    assert said.out.splitlines()[:3] == [
        "contoh 1.0.0 -> 1.1.0",
        "  revision 2\tLangkah 2",
        "  table contoh_note\t0 rows\t0.0 MB",
    ]
    told = json.loads(lumbung("plugin", "plan", newer, "--json").out)
    assert (told["revision_before"], [one["id"] for one in told["revisions"]]) == ("1", ["2"])
    assert as_owner("SELECT version FROM lumbung_plugin") == [("1.0.0",)]
    assert "no way back for contoh" in lumbung("plugin", "return", "contoh").refused()
    assert lumbung("plugin", "install", newer).code == 0
    as_owner("INSERT INTO contoh_note (tenant_id, words) SELECT id, 'baru' FROM lumbung_tenant")
    said = lumbung("plugin", "return", "contoh")
    assert said.out.startswith("contoh is 1.0.0 again.\nRows written since the upgrade are saved in ")
    saved = Path(said.out.splitlines()[1].partition(" saved in ")[2].rstrip(".")) / "contoh_note.csv"
    assert saved.read_text().count("baru") == 2
    assert as_owner("SELECT version FROM lumbung_plugin") == [("1.0.0",)]
    older = str(make_wheel(tmp_path, version="0.9.0", files=FIRST))
    assert "is older than the contoh 1.0.0" in lumbung("plugin", "plan", older).refused()
