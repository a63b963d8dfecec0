"""Bad wheels: each is refused in one sentence, nothing is installed, none of its code ran, no file stays."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumbung.errors import LumbungError
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.members import WheelRefused
from lumbung.lifecycle.operations import install_wheel, receive_wheel
from lumbung.registry.manifest import ManifestError
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

Make = Callable[[Path], Path]
INFO = "lumbung_contoh-1.0.0.dist-info"
GOOD = MANIFEST.format(name="contoh", version="1.0.0")
NAME = "lumbung_contoh-1.0.0-py3-none-any.whl"


def wheel(**given: Any) -> Make:
    return lambda folder: make_wheel(folder, **given)


def with_file(path: str, content: str = "x") -> Make:
    return wheel(files={path: content})


def manifest(old: str, new: str) -> Make:
    assert old in GOOD
    return wheel(manifest=GOOD.replace(old, new))


def plain_file(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    return make


def rewritten(change: Callable[[dict[str, bytes]], None]) -> Make:
    """A wheel whose members are changed after its RECORD was written."""

    def make(folder: Path) -> Path:
        path = make_wheel(folder)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return make


def appended(*members: tuple[str | zipfile.ZipInfo, bytes]) -> Make:
    """A wheel with members added behind its back, listed in no RECORD."""

    def make(folder: Path) -> Path:
        path = make_wheel(folder)
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            warnings.simplefilter("ignore")  # the one about a name that is there twice: we mean it
            for name, content in members:
                archive.writestr(name, content)
        return path

    return make


def symlink() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("lumbung_contoh/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def bomb(folder: Path) -> Path:
    """300 MB of zeros in a third of a megabyte, in many members so that none is large by itself."""
    path = make_wheel(folder)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"lumbung_contoh/nol{number}", b"\0" * 30_000_000)
    return path


def small_bomb(folder: Path) -> Path:
    """20 MB of zeros in one file: within every limit of size."""
    return make_wheel(folder, files={"lumbung_contoh/nol": b"\0" * 20_000_000})


def device() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("lumbung_contoh/device")
    info.external_attr = (stat.S_IFCHR | 0o666) << 16
    return info


def patched(change: Callable[[bytearray, int], None]) -> Make:
    """A wheel with the entry of its table of contents for the package's code changed, at the offset that is given."""

    def make(folder: Path) -> Path:
        path = make_wheel(folder)
        data = bytearray(path.read_bytes())
        change(data, data.index(b"PK\x01\x02"))
        path.write_bytes(data)
        return path

    return make


def lying_about_its_size(folder: Path) -> Path:
    """20 MB that say in both headers that they are ten bytes."""
    path = small_bomb(folder)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("lumbung_contoh/nol")
    data = bytearray(path.read_bytes())
    true, false = (20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    at = data.index(true, member.header_offset)
    while at != -1:
        data[at : at + 4] = false
        at = data.find(true, at + 4)
    path.write_bytes(data)
    return path


def overlapping(folder: Path) -> Path:
    """Fifty names for the same bytes."""
    path = make_wheel(folder, files={"lumbung_contoh/acak": os.urandom(50_000)})
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("lumbung_contoh/acak")
        for number in range(50):
            other = copy(first)
            other.filename = f"lumbung_contoh/acak{number}"
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
            archive._didModify = True  # type: ignore[attr-defined]
    return path


def truncated(folder: Path) -> Path:
    path = make_wheel(folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


BAD: dict[str, tuple[Make, str]] = {
    "there is no file": (lambda folder: folder / NAME, "is not a file"),
    "a folder": (lambda folder: folder, "is not a file"),
    "a text file": (plain_file("surat.txt", b"halo"), "handed over as a .whl file"),
    "a text file called a wheel": (plain_file(NAME, b"halo"), "not a zip archive"),
    "an empty file": (plain_file(NAME, b""), "not a zip archive"),
    "cut off": (truncated, "not a zip archive"),
    "an empty archive": (rewritten(dict.clear), "not a sound wheel"),
    "a name that is none": (wheel(file_name="contoh.whl"), "does not carry the name of a wheel"),
    "a compiled tag": (wheel(file_name="lumbung_contoh-1.0.0-cp311-cp311-linux_x86_64.whl"), "compiled code"),
    "compiled code inside": (with_file("lumbung_contoh/cepat.so"), "compiled code"),
    "another version in its name": (wheel(file_name="lumbung_contoh-2.0.0-py3-none-any.whl"), "says in its METADATA"),
    "another name in its name": (wheel(file_name="lumbung_lain-1.0.0-py3-none-any.whl"), "not a sound wheel"),
    "another name in its metadata": (
        with_file(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: flask\nVersion: 1.0.0\n"),
        "says in its METADATA that it is 'flask' '1.0.0'",
    ),
    "another version in its metadata": (
        with_file(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: lumbung-contoh\nVersion: 9\n"),
        "'lumbung-contoh' '9'",
    ),
    "a Python that is not here": (
        with_file(
            f"{INFO}/METADATA",
            "Metadata-Version: 2.1\nName: lumbung-contoh\nVersion: 1.0.0\nRequires-Python: >=4\n",
        ),
        "needs Python >=4",
    ),
    "a newer kind of wheel": (
        with_file(f"{INFO}/WHEEL", "Wheel-Version: 2.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        "newer kind",
    ),
    "a .pth file at the top": (with_file("jahat.pth", "import os"), "outside of its package"),
    "a .pth file inside": (with_file("lumbung_contoh/jahat.pth", "import os"), ".pth file would run"),
    "another top-level module": (with_file("flask.py"), "outside of its package"),
    "another top-level package": (with_file("lumbung/errors.py"), "outside of its package"),
    "another dist-info": (with_file("flask-9.dist-info/METADATA"), "not a sound wheel"),
    "a data folder with scripts": (
        with_file("lumbung_contoh-1.0.0.data/scripts/gunicorn"),
        "outside of its package",
    ),
    "a path that climbs": (with_file("lumbung_contoh/../../jahat.py"), "climbs out"),
    "an absolute path": (with_file("/tmp/jahat.py"), "climbs out"),
    "a backslash": (with_file("lumbung_contoh\\..\\jahat.py"), "climbs out"),
    "a drive": (with_file("C:/jahat.py"), "climbs out"),
    "a path with a dot": (with_file("./lumbung_contoh/x.py"), "climbs out"),
    "a path with two slashes": (with_file("lumbung_contoh//x.py"), "climbs out"),
    "a path with a line break": (with_file("lumbung_contoh/a\nb.py"), "climbs out"),
    "a path that is a dot": (appended((".", b"")), "climbs out"),
    "a symbolic link": (appended((symlink(), b"/etc/passwd")), "holds a link"),
    "a file twice": (
        appended(("lumbung_contoh/x.py", b"1"), ("lumbung_contoh/x.py", b"2")),
        "lumbung_contoh/x.py twice",
    ),
    "a wrong RECORD": (
        rewritten(lambda members: members.update({"lumbung_contoh/__init__.py": b"import os"})),
        "not a sound wheel",
    ),
    "a file that RECORD does not know": (
        rewritten(lambda members: members.update({"lumbung_contoh/extra.py": b"import os"})),
        "not mentioned in RECORD",
    ),
    "a file that RECORD promises": (
        rewritten(lambda members: members.pop("lumbung_contoh/__init__.py") and None),
        "which its RECORD promises",
    ),
    "no RECORD": (rewritten(lambda members: members.pop(f"{INFO}/RECORD") and None), "not a sound wheel"),
    "no METADATA": (rewritten(lambda members: members.pop(f"{INFO}/METADATA") and None), "which its RECORD promises"),
    "two entry points": (
        wheel(entry_points="[lumbung.plugins]\ncontoh = lumbung_contoh\nlain = lumbung_contoh\n"),
        "it names 2",
    ),
    "no entry point": (wheel(entry_points=""), "no entry point"),
    "an entry point of another group": (
        wheel(entry_points="[flask.commands]\ncontoh = lumbung_contoh\n"),
        "entry point group flask.commands",
    ),
    "a second group that runs elsewhere": (
        wheel(entry_points="[lumbung.plugins]\ncontoh = lumbung_contoh\n[alembic.plugins]\nx = lumbung_contoh\n"),
        "entry point group alembic.plugins",
    ),
    "a program": (
        wheel(
            entry_points="[lumbung.plugins]\ncontoh = lumbung_contoh\n[console_scripts]\ngunicorn = lumbung_contoh:x\n"
        ),
        "would install the program 'gunicorn'",
    ),
    "an entry point into another package": (
        wheel(entry_points="[lumbung.plugins]\ncontoh = os\n"),
        "must name a package",
    ),
    "an entry point that is an object": (
        wheel(entry_points="[lumbung.plugins]\ncontoh = lumbung_contoh:app\n"),
        "must name a package",
    ),
    "entry points that cannot be read": (wheel(entry_points="contoh"), "cannot be read"),
    "another package's module": (
        wheel(entry_points="[lumbung.plugins]\ncontoh = lumbung_lain\n"),
        "outside of its package",
    ),
    "an entry point with another name": (
        wheel(entry_points="[lumbung.plugins]\nlain = lumbung_contoh\n"),
        "use one word",
    ),
    "no manifest": (
        lambda folder: make_wheel(folder, files={"lumbung_contoh/plugin.toml": b"\xff"}),
        "not UTF-8",
    ),
    "a manifest that is no TOML": (wheel(manifest="schema ="), "not valid TOML"),
    "a manifest of another version": (manifest('version = "1.0.0"', 'version = "1.0.1"'), "says version 1.0.1"),
    "a manifest of another name": (manifest('name = "contoh"', 'name = "lain"'), "use one word"),
    "a reserved name": (wheel(name="admin"), "the house's own"),
    "another core": (manifest('requires = ">=0.1"', 'requires = ">=9"'), "needs Lumbung >=9"),
    "a missing requirement": (wheel(requires=("paket-yang-tidak-ada>=1",)), "paket-yang-tidak-ada"),
    "a requirement in another version": (wheel(requires=("flask<1",)), "needs flask<1"),
    "a requirement that is none": (wheel(requires=("???",)), "is not a requirement"),
    "a plugin it depends on": (
        wheel(manifest=GOOD + '[dependencies]\nlain = ">=1"\n'),
        "needs the plugin lain >=1; install that first",
    ),
    "a character that cannot be kept": (manifest('"Contoh"', '"Con\\u0000toh"'), "a character that cannot be kept"),
    "lists within lists": (wheel(manifest="x = " + "[" * 5000 + "]" * 5000), "cannot be read"),
    "a manifest as long as a book": (
        wheel(manifest=GOOD + "".join(f"# {number}\n" for number in range(150_000))),
        "too long to be read",
    ),
    "a requirement from an address": (
        wheel(requires=("flask @ https://paket.example/flask.whl",)),
        "asks for flask from an address of its own",
    ),
    "two names that are one on some disks": (
        wheel(files={"lumbung_contoh/a.py": "", "lumbung_contoh/A.py": ""}),
        "one file on some disks",
    ),
    "two ways to write one letter": (
        wheel(files={"lumbung_contoh/caf\u00e9.txt": "", "lumbung_contoh/cafe\u0301.txt": ""}),
        "one file on some disks",
    ),
    "a file that is a folder too": (
        wheel(files={"lumbung_contoh/a": "", "lumbung_contoh/a/b.py": ""}),
        "inside of what is a file itself",
    ),
    "a name that no disk takes": (with_file(f"lumbung_contoh/{'x' * 300}.py"), "a name that is too long"),
    "a path that no disk takes": (with_file("lumbung_contoh/" + "x/" * 600 + "y.py"), "a name that is too long"),
    "a device": (appended((device(), b"")), "no ordinary file"),
    "encrypted": (patched(lambda data, at: data.__setitem__(at + 8, data[at + 8] | 1)), "an encrypted file"),
    "packed in a way of its own": (patched(lambda data, at: data.__setitem__(at + 10, 98)), "not read here"),
    "small and huge": (small_bomb, "more than 100 times its size"),
    "larger than it says": (lying_about_its_size, "damaged"),
    "the same bytes fifty times": (overlapping, "damaged"),
    "too large when unpacked": (bomb, "would take more than 256 MB"),
    "too many files": (
        appended(*((f"lumbung_contoh/{number}", b"") for number in range(10_001))),
        "more than 10000 files",
    ),
}


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "secrets" not in path.parts]


def test_every_bad_wheel_is_refused_in_a_sentence_and_leaves_nothing(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    before = as_owner("SELECT count(*) FROM pg_class"), files_in(house.settings.home)
    wrong = {}
    for number, (kind, (make, said)) in enumerate(BAD.items()):
        path = make(tmp_path / "wheels" / str(number))
        try:
            install_wheel(house.kernel, path, by="test")
            sentence = "it was installed"
        except LumbungError as refused:
            sentence = str(refused)
        if said not in sentence or "\n" in sentence:
            wrong[kind] = sentence
        if files_in(house.settings.home) != before[1]:
            wrong.setdefault(kind, "files stayed")
    assert wrong == {}
    assert as_owner("SELECT count(*) FROM pg_class") == before[0]
    assert as_owner("SELECT * FROM lumbung_plugin") == []
    assert as_owner("SELECT DISTINCT component FROM lumbung_ledger") == [("core",)]


def test_no_code_of_a_refused_wheel_runs(house: TestHouse, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'w').close()\n"
    files = {"lumbung_contoh/__init__.py": code, "lumbung_contoh/migrations/0001_x.py": code}
    for wrong in (
        {"files": {**files, "jahat.pth": code}},
        {"files": files, "manifest": "schema ="},
        {"files": files, "requires": ("tidak-ada",)},
        {"files": files, "entry_points": "[console_scripts]\nx = lumbung_contoh:x\n"},
    ):
        with pytest.raises(LumbungError):
            install_wheel(house.kernel, make_wheel(tmp_path / "w", **wrong), by="test")  # type: ignore[arg-type]
    assert not trace.exists()


def test_inspecting_a_good_wheel_imports_and_unpacks_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    path = make_wheel(tmp_path / "w", files={"lumbung_contoh/__init__.py": f"open({str(trace)!r}, 'w').close()"})
    seen = inspect_wheel(path)
    assert (seen.distribution, seen.version, seen.module) == ("lumbung-contoh", "1.0.0", "lumbung_contoh")
    assert seen.manifest.name == "contoh"
    assert len(seen.sha256) == 64
    assert not trace.exists()
    assert [one.name for one in (tmp_path / "w").iterdir()] == [path.name]


def test_a_requirement_for_other_systems_is_no_requirement_here(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, requires=("pywin32; sys_platform == 'win32'", "flask>=3", "x; extra == 'dev'"))
    assert inspect_wheel(path).manifest.name == "contoh"


def test_archives_within_are_data(tmp_path: Path) -> None:
    inner = make_wheel(tmp_path / "inner").read_bytes()
    path = make_wheel(tmp_path / "w", files={"lumbung_contoh/static/contoh.zip": inner})
    assert inspect_wheel(path).manifest.name == "contoh"


damage = st.lists(
    st.tuples(st.sampled_from(("set", "cut", "add")), st.floats(0, 1), st.integers(0, 255), st.integers(1, 40)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=damage)
def test_a_damaged_wheel_is_refused_or_still_whole_and_its_code_never_runs(
    damage: list[tuple[str, float, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "ran")
        code = f"open({str(trace)!r}, 'w').close()\n"
        path = make_wheel(Path(folder), files={"lumbung_contoh/__init__.py": code})
        data = bytearray(path.read_bytes())
        for kind, where, value, length in damage:
            at = int(where * len(data))
            if kind == "set":
                data[at : at + 1] = bytes((value,))
            elif kind == "cut":
                del data[at : at + length]
            else:
                data[at:at] = bytes((value,)) * length
        path.write_bytes(data)
        try:
            seen = inspect_wheel(path)
        except (WheelRefused, ManifestError) as refused:
            assert "\n" not in str(refused)
        else:
            assert (seen.manifest.name, seen.version, seen.module) == ("contoh", "1.0.0", "lumbung_contoh")
        assert not trace.exists()


def test_an_upload_that_is_no_plugin_leaves_no_file(house: TestHouse, tmp_path: Path) -> None:
    for filename in ("../../../jahat.whl", "", "a.txt", NAME, "con\x00toh.whl", "x" * 300 + ".whl"):
        with pytest.raises(LumbungError):
            receive_wheel(house.kernel, io.BytesIO(b"halo"), filename)
        assert files_in(house.settings.home) == []
    path = make_wheel(tmp_path)
    with path.open("rb") as stream:
        kept = receive_wheel(house.kernel, stream, f"../../{path.name}")
    assert kept.parent.parent == house.settings.home / "uploads"
    assert kept.parent.stat().st_mode & 0o077 == 0
    shutil.rmtree(kept.parent)
