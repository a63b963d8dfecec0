from __future__ import annotations

import stat
import zipfile

import pytest

from lumbung.adoption.adopting import looked_at
from lumbung.adoption.receiving import receive
from lumbung.errors import LumbungError


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return path


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([("../out.php", "x")], "climbs out"),
        ([("/etc/passwd", "x")], "climbs out"),
        ([("a\\..\\b.php", "x")], "climbs out"),
        ([(link("index.php"), "/etc/passwd")], "holds a link"),
        ([("bomb.sql", b"\0" * 3_000_000)], "times its size"),
        ([("a.php", "x"), ("A.php", "y")], "one file on some disks"),
        ([], "holds no files"),
    ],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path, members, says):
    with pytest.raises(LumbungError, match=says):
        receive(zipped(tmp_path / "gift.zip", members), tmp_path / "to" / "source")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "gift.zip"]


def test_a_damaged_archive_is_refused_in_a_sentence(tmp_path):
    path = zipped(tmp_path / "gift.zip", [("index.php", "<?php echo 1;" * 200)])
    data = bytearray(path.read_bytes())
    data[40:60] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(LumbungError, match="damaged"):
        receive(path, tmp_path / "to")


def test_the_one_folder_of_an_archive_is_the_tree(tmp_path):
    path = zipped(tmp_path / "app-main.zip", [("app-main/index.php", "<?php"), ("app-main/a/b.txt", "x")])
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"1234567890123456789012345678901234567890"
    received = receive(path, tmp_path / "to")
    assert (tmp_path / "to/index.php").read_text() == "<?php"
    assert (received.files, received.kind, received.commit) == (2, "zip", "1234567890123456789012345678901234567890")


def test_git_links_caches_and_a_foreign_environment_are_left_out_and_told(tmp_path, tree):
    folder = tree({"app.py": "x", ".git/HEAD": "ref: refs/heads/main", ".git/refs/heads/main": "a" * 40})
    tree({"env/pyvenv.cfg": "home = C:", "env/Lib/site.py": "", "__pycache__/app.pyc": ""})
    (folder / "out").symlink_to("/etc")
    (folder / "uploads").mkdir(mode=0o777)
    (folder / "uploads").chmod(0o777)
    received = receive(folder, tmp_path / "to")
    assert [path.name for path in (tmp_path / "to").rglob("*") if path.is_file()] == ["app.py"]
    assert received.left_out == {".git": "own", "env": "environment", "__pycache__": "own", "out": "link"}
    assert (received.kind, received.commit) == ("git", "a" * 40)
    assert received.world_writable == received.empty_folders == ("uploads",)


def test_the_same_tree_has_the_same_hash_however_it_comes(tmp_path, tree):
    folder = tree({"index.php": "<?php", "a/b.css": "body {}"})
    path = zipped(tmp_path / "x.zip", [("a/b.css", "body {}"), ("index.php", "<?php")])
    assert receive(folder, tmp_path / "one").hash == receive(path, tmp_path / "two").hash


def test_what_is_written_into_itself_is_refused(tmp_path, tree):
    folder = tree({"index.php": "<?php"})
    with pytest.raises(LumbungError, match="lies inside"):
        receive(folder, folder / "to")


def test_nothing_is_made_inside_of_what_is_looked_at(tree):
    folder = tree({"index.php": "<?php"})
    with pytest.raises(LumbungError, match="lies inside"), looked_at(folder, folder / "to"):
        pass
    assert [path.name for path in folder.iterdir()] == ["index.php"]
