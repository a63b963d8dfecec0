"""The copy of a donated tree: byte for byte, and at an upgrade nothing that the application wrote is lost."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from lumbung.errors import LumbungError
from lumbung.instances import tree
from lumbung.instances.tree import changed_files, copy_tree, digests_of, donated_folder, is_copied, tree_hash

PHP = 'stack = "php"'
FIRST = {"index.php": b"<?php // \xff\r\n", "config/db.php": "a", "config/old.php": "o", "lib/x.php": "x", "i.php": "i"}


@pytest.fixture
def one(foreign):
    instance = foreign(PHP, FIRST)
    (donated_folder(instance) / "lib" / "x.php").chmod(0o6777)
    copy_tree(instance)
    return instance


def read(instance, path: str) -> bytes:
    return (instance.source / path).read_bytes()


def test_the_copy_is_the_donated_tree_and_nobody_else_may_write_it(one) -> None:
    assert digests_of(one.source) == digests_of(donated_folder(one))
    assert read(one, "index.php") == FIRST["index.php"]
    assert stat.S_IMODE((one.source / "lib" / "x.php").stat().st_mode) == 0o755
    assert is_copied(one)
    assert list(changed_files(one)) == []


def test_an_upgrade_replaces_what_was_donated_and_keeps_what_the_application_made_of_it(one, foreign) -> None:
    (one.source / "config" / "db.php").write_text("changed here")
    (one.source / "uploads").mkdir()
    (one.source / "uploads" / "photo.jpg").write_text("written here")
    (one.source / "i.php").unlink()  # as installers do with themselves
    newer = foreign(PHP, {"index.php": "new", "config/db.php": "b", "i.php": "i", "new.php": "n"}, version="2.0.0")
    assert not is_copied(newer)
    copied = copy_tree(newer)
    assert (read(newer, "index.php"), read(newer, "new.php")) == (b"new", b"n")
    assert read(newer, "config/db.php") == b"changed here"
    assert read(newer, "uploads/photo.jpg") == b"written here"
    assert not (newer.source / "i.php").exists()
    assert not (newer.source / "config" / "old.php").exists()
    assert not (newer.source / "lib").exists()
    assert copied.kept == ("config/db.php", "i.php")
    assert copied.hash == tree_hash(digests_of(donated_folder(newer)))
    assert sorted(changed_files(newer)) == ["config/db.php", "uploads/photo.jpg"]


def test_a_copy_that_was_cut_off_goes_on_the_next_time(one, foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = foreign(PHP, {"a.php": "2", "index.php": "2", "i.php": "2", "lib/x.php": "2"}, version="2.0.0")
    real, copied = tree._copy, []

    def dies_at_the_second(origin: Path, place: Path) -> None:
        copied.append(place)
        if len(copied) == 2:
            raise KeyboardInterrupt
        real(origin, place)

    monkeypatch.setattr(tree, "_copy", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        copy_tree(newer)
    assert not is_copied(newer)
    monkeypatch.setattr(tree, "_copy", real)
    (newer.source / ".0123456789ab.lumbung").write_text("half")
    assert copy_tree(newer).kept == ()
    assert digests_of(newer.source) == digests_of(donated_folder(newer)) and is_copied(newer)


def test_links_that_lead_out_are_refused_in_the_gift_and_not_followed_in_the_copy(one, foreign, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    newer = foreign(PHP, {"index.php": "2", "config/db.php": "2"}, version="2.0.0")
    for path in ("config/db.php", "config/old.php"):
        (newer.source / path).unlink()
    (newer.source / "config").rmdir()
    (newer.source / "config").symlink_to(outside)
    with pytest.raises(LumbungError, match="config"):
        copy_tree(newer)
    assert list(outside.iterdir()) == []
    (donated_folder(newer) / "evil.php").symlink_to("/etc/passwd")
    with pytest.raises(LumbungError, match=r"evil\.php is a link"):
        copy_tree(newer)


def test_a_damaged_list_is_said_and_not_guessed(one) -> None:
    (one.folder / "source.json").write_text(json.dumps({"files": 3}))
    with pytest.raises(LumbungError, match=r"source\.json is damaged"):
        copy_tree(one)
