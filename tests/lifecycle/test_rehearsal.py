"""What a rehearsal can try out, and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumbung.lifecycle.rehearsal import named_schemas
from lumbung.lifecycle.upgrade_plan import to_run

NAMED = {
    "op.execute('UPDATE public.contoh_note SET words = 1')": True,
    "op.execute('UPDATE \"public\" . contoh_note SET words = 1')": True,
    "op.add_column('contoh_note', sa.Column('more'), schema = 'public')": True,
    "op.execute('SET search_path = public')": True,
    "op.add_column('contoh_note', sa.Column('public', sa.Boolean))": False,
    "op.execute('UPDATE contoh_note SET schema_version = 2')": False,
}


def test_a_revision_that_names_a_schema_is_found_before_it_reaches_past_the_trial(tmp_path: Path) -> None:
    wrong = {}
    for number, (line, names) in enumerate(NAMED.items()):
        (tmp_path / f"{number}.py").write_text(line)
        if bool(named_schemas(tmp_path, [{"file": f"{number}.py"}])) != names:
            wrong[line] = names
    assert wrong == {}


@pytest.mark.parametrize(
    ("downs", "current", "expected"),
    [
        ({"1": None, "2": "1", "3": "2"}, None, ["1", "2", "3"]),
        ({"1": None, "2": "1", "3": "2"}, "1", ["2", "3"]),
        ({"1": None, "2": "1", "3": "2"}, "3", []),
        ({"1": None, "2a": "1", "2b": "1", "3": ("2a", "2b")}, "1", ["2a", "2b", "3"]),
        ({"1": None, "2a": "1", "2b": "1", "3": ("2a", "2b")}, "2a", ["2b", "3"]),
        ({}, None, []),
    ],
)
def test_the_revisions_to_run_are_told_in_order_without_running_them(
    downs: dict[str, object], current: str | None, expected: list[str]
) -> None:
    files = {
        f"{name}.py": f'"""Langkah {name}"""\nrevision: str = {name!r}\ndown_revision = {down!r}\nraise SystemExit(3)\n'
        for name, down in downs.items()
    }
    told = to_run({**files, "helper.py": "x = 1\n"}, current, "contoh")
    assert [one.id for one in told] == expected
    assert [one.words for one in told] == [f"Langkah {one}" for one in expected]
