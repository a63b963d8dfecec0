"""The documentation is tested: nothing is left out, no link is dead, and the code that is shown works."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
import pytest
from pydantic import BaseModel
from pydantic.dataclasses import is_pydantic_dataclass
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from lumbung import sdk
from lumbung.cli import cli
from lumbung.hooks import hook_names
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.registry.manifest import Manifest
from lumbung.sdk import current_tenant, defer, emit, today
from lumbung.settings import Settings
from lumbung.web.security import HEADERS
from lumbung.worker import worker_app

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
WRITING = DOCS / "writing-plugins"
TUTORIAL = WRITING / "first-plugin.md"

# A page shows a file as **`path`** and a block of code; "added at the end" and "changed lines" go on from another.
_FILE = re.compile(
    r"^\*\*`(?P<path>[^`]+)`\*\*(?:, (?P<how>added at the end|changed lines))?\n\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def follow(page: Path, folder: Path) -> Path:
    """Do in ``folder`` what a page tells its reader to write."""
    for shown in _FILE.finditer(page.read_text()):
        path = folder / shown["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if shown["how"] == "added at the end":
            path.write_text(path.read_text() + shown["text"])
        elif shown["how"] == "changed lines":
            path.write_text(change_lines(path.read_text(), shown["text"].splitlines()))
        else:
            path.write_text(shown["text"])
    return folder


def change_lines(text: str, lines: Sequence[str]) -> str:
    """Put each line in the place of the first one that begins with the same two words."""
    for line in lines:
        start = " ".join(line.split()[:2])
        text, count = re.subn(rf"^{re.escape(start)} .*$", lambda _, line=line: line, text, count=1, flags=re.M)
        assert count == 1, line
    return text


def run(*command: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", folder=folder)
    return next((folder / "dist").glob("*.whl"))


def install(house, wheel: Path, tenant: str = "sumbawa") -> None:
    manifest = install_wheel(house.kernel, wheel, by="test")
    enable(house.kernel, manifest.name, house.kernel.tenant(tenant), by="test")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


# Nothing is left out


def test_every_hook_has_a_section():
    sections = re.findall(r"^## (\w+)$", (DOCS / "reference/hooks.md").read_text(), re.M)
    assert set(sections) == hook_names()


def test_examples_of_hooks_are_cut_from_code_that_is_tested():
    text = (DOCS / "reference/hooks.md").read_text()
    examples = re.findall(r"<!-- from: (\S+) -->\n```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == len(hook_names())
    for source, example in examples:
        assert example in (ROOT / source).read_text(), f"{source} has no longer:\n{example}"


@pytest.mark.parametrize("page", sorted(WRITING.glob("*.md")), ids=page_id)
def test_code_that_names_its_source_is_cut_from_it(page):
    for source, example in re.findall(r"<!-- from: (\S+) -->\n```python\n(.*?)```", page.read_text(), re.DOTALL):
        assert example in (ROOT / source).read_text(), f"{source} has no longer:\n{example}"


@pytest.mark.parametrize("name", sdk.__all__)
def test_every_name_of_the_sdk_has_a_row(name):
    assert re.search(rf"^\| `{name}\b", (DOCS / "reference/sdk.md").read_text(), re.M)


def test_no_name_is_documented_that_the_sdk_does_not_have():
    rows = re.findall(r"^\| `(\w+)", (DOCS / "reference/sdk.md").read_text(), re.M)
    assert set(rows) == set(sdk.__all__)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_row_with_its_default_in_both_languages(name):
    field = Settings.model_fields[name]
    default = "–" if field.default is None else f"`{str(field.default).removesuffix('/')}`"
    default = default.lower() if isinstance(field.default, bool) else default
    rows = re.findall(r"^\| `(?:LUMBUNG_)?(\w+)` \|(.*)$", (DOCS / "operating/settings.md").read_text(), re.M)
    found = [row for title, row in rows if title.lower() == name]
    assert len(found) == 2
    assert all(default in row for row in found), (default, found)


def commands() -> Iterator[tuple[str, click.Command]]:
    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group):
            yield name, command
            return
        context = click.Context(command)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from walk(f"{name} {sub}", found)

    return walk("lumbung", cli)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_has_a_section_with_its_options(name, command):
    text = (DOCS / "reference/commands.md").read_text()
    section = re.search(rf"^## {name}$\n(.*?)(?=^## |\Z)", text, re.M | re.DOTALL)
    assert section, name
    wanted = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
    assert set(re.findall(r"^\| `(--[\w-]+)`", section[1], re.M)) == wanted


def manifest_keys(model: type, prefix: str = "") -> Iterator[str]:
    parts = model.model_fields if issubclass(model, BaseModel) else model.__pydantic_fields__  # type: ignore[attr-defined]
    for name, field in parts.items():
        key = prefix + (field.alias or name)
        yield key
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and (issubclass(part, BaseModel) or is_pydantic_dataclass(part)):
                yield from manifest_keys(part, f"{key}.")


def test_every_key_of_the_manifest_has_a_row():
    rows = re.findall(r"^\| (`[^|]+`) \|", (WRITING / "manifest.md").read_text(), re.M)
    documented = {key for row in rows for key in re.findall(r"`([\w.]+)`", row)}
    tables = {
        "donor",
        "core",
        "permissions",
        "roles",
        "navigation",
        "personal_data",
        "consents",
        "actions",
        "events",
        "jobs",
        "settings",
        "openid",
        "process",
        "remote",
        "sign_in",
        "access",
        "data_adapter",
        "bar",
    }
    assert documented | tables == set(manifest_keys(Manifest))


def test_every_table_of_the_core_has_a_row():
    text = (DOCS / "reference/database.md").read_text()
    revisions = "".join(path.read_text() for path in (ROOT / "migrations/versions").glob("*.py"))
    made = re.findall(r"op\.create(?:_tenant)?_table\(\s*\"(\w+)\"", revisions)
    assert set(re.findall(r"^\| `(lumbung_\w+)` \|", text, re.M)) == set(made)


def test_every_header_and_every_address_of_citizens_has_a_row(house):
    text = (DOCS / "reference/http.md").read_text()
    for name, value in HEADERS.items():
        assert f"| `{name}` | `{value}` |" in text
    routes = {rule.rule for rule in house.app.url_map.iter_rules() if not rule.rule.startswith("/admin/")}
    assert {rule for rule in routes if f"| `{rule}` |" not in text} == set()


def test_every_macro_for_pages_has_a_row():
    source = (ROOT / "core/lumbung/templates/lumbung/ui.html").read_text()
    text = (DOCS / "reference/ui.md").read_text()
    macros = set(re.findall(r"set ([a-z]\w+) =", source))
    assert set(re.findall(r"`ui\.(\w+)\(", text)) == macros


def test_every_page_stands_in_the_table_of_contents_and_every_decision_with_its_title():
    contents = (DOCS / "README.md").read_text()
    for page in pages():
        if page.name != "README.md":
            assert f"({page.relative_to(DOCS)})" in contents, page
    for page in (DOCS / "decisions").glob("*.md"):
        number, title = re.match(r"# (\d{4}) (.+)", page.read_text()).groups()
        assert f"| [{number}](decisions/{page.name}) | {title} |" in contents


def test_every_picture_is_made_by_the_command_and_shown_somewhere():
    made = set(re.findall(r'Shot\("([\w-]+)"', (DOCS / "screenshots.py").read_text().split("KINDS = [")[0]))
    shown = {name for page in pages() for name in re.findall(r"pictures/([\w-]+)\.webp\)", page.read_text())}
    kept = {path.stem for path in (DOCS / "pictures").iterdir()}
    assert made == shown == kept


# Nothing is wrong


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", found.read_text(), re.M)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], target


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_no_page_names_a_machine_or_a_host_that_is_not_an_example(page):
    text = page.read_text()
    assert not re.search(r"(?<![\w.])/(work|tmp|home|Users|mnt)/", text)
    for host in re.findall(r"\w+://(?:[^@\s/`]*@)?([\w.-]*\w)", text):
        assert host.endswith((".localhost", ".example", "127.0.0.1", "localhost")) or "." not in host, host


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_code_on_a_page_parses_and_uses_names_that_exist(page):
    blocks = re.findall(r"^```(python|toml)\n(.*?)^```$", page.read_text(), re.M | re.DOTALL)
    for kind, code in blocks:
        if kind == "toml":
            tomllib.loads(code)
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module in ("lumbung.sdk", "lumbung.testing"):
                module = importlib.import_module(node.module)
                assert [name.name for name in node.names if name.name not in module.__all__] == []


# The tutorial


@pytest.fixture
def tutorial(tmp_path):
    """The plugin of the tutorial as a reader has it at the end."""
    return follow(TUTORIAL, tmp_path / "bukutamu")


def test_tutorial_plugin_is_built_installed_and_serves_the_tenant_that_has_it(house, tutorial):
    install(house, build(tutorial))
    page = house.client("sumbawa").get("/bukutamu/")
    assert page.status_code == 200
    assert "Tulis siapa Anda" in page.get_data(as_text=True)
    assert house.client("sumbawabarat").get("/bukutamu/").status_code == 404


def test_tutorial_tests_pass(tutorial, tmp_path):
    with zipfile.ZipFile(build(tutorial)) as wheel:
        wheel.extractall(tmp_path / "site")
    said = run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error",
        folder=tutorial, PYTEST_ADDOPTS="",
        PYTHONPATH=os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")])),
    )  # fmt: skip
    assert re.search(r"\b[5-9] passed", said), said


def add_guest(house, **values: object) -> None:
    from lumbung_bukutamu.models import Guest

    unit = house.unit("sumbawa", "DINKES")
    with house.scope("sumbawa", plugin="bukutamu") as scope:
        given = {"name": "Siti", "purpose": "Surat izin", "came_at": current_tenant().now(), **values}
        scope.session.add(Guest(unit_id=unit, **given))


def work(house) -> None:
    """Have the job worker do everything that waits."""
    worker_app(house.kernel).run_worker(
        wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="never"
    )


def rows(house, query: str, tenant: str = "sumbawa") -> list[tuple[object, ...]]:
    with house.scope(tenant) as scope:
        return [tuple(row) for row in scope.session.execute(text(query))]


def test_tutorial_plugin_forgets_guests_and_tells_so(house, tutorial):
    install(house, build(follow(WRITING / "events-and-jobs.md", tutorial)))
    house.client("sumbawa").get("/bukutamu/")
    add_guest(house, name="Lama", came_at=datetime(2020, 1, 2, tzinfo=UTC))
    add_guest(house, name="Baru")
    with house.scope("sumbawa", plugin="bukutamu"):
        defer("forget_guests")
    work(house)
    assert rows(house, "SELECT name FROM bukutamu_guest") == [("Baru",)]
    assert rows(house, "SELECT name, data FROM lumbung_event") == [("bukutamu.guests_forgotten", {"count": 1})]


def test_tutorial_plugin_hears_the_queue(house, tutorial):
    install(house, build(follow(WRITING / "events-and-jobs.md", tutorial)))
    house.client("sumbawa").get("/bukutamu/")
    add_guest(house)
    with house.scope("sumbawa"):
        emit("antrean.day_closed", {"date": today().isoformat(), "reason": "Listrik padam"})
    assert rows(house, "SELECT count(*) FROM bukutamu_guest WHERE left_at IS NULL") == [(1,)]
    work(house)
    assert rows(house, "SELECT count(*) FROM bukutamu_guest WHERE left_at IS NULL") == [(0,)]
    assert rows(house, "SELECT count(*) FROM lumbung_delivery WHERE delivered_at IS NULL") == [(0,)]


def test_tutorial_plugin_is_upgraded_with_its_data(house, tutorial):
    install(house, build(tutorial))
    house.client("sumbawa").get("/bukutamu/")
    add_guest(house)
    (tutorial / "dist").rename(tutorial / "old")
    install(house, build(follow(WRITING / "models-and-migrations.md", tutorial)))
    assert rows(house, "SELECT name FROM bukutamu_guest") == [("Siti",)]
    assert rows(house, "SELECT count(*) FROM bukutamu_deposit") == [(0,)]
    ledger = "SELECT package_version, revision FROM lumbung_ledger WHERE component = 'bukutamu' ORDER BY id"
    assert rows(house, ledger) == [("1.0.0", "0001"), ("1.2.0", "0002")]


def test_the_list_of_the_guide_is_searched_filtered_and_taken_away(house, tutorial):
    follow(WRITING / "pages-and-forms.md", tutorial)
    package = tutorial / "lumbung_bukutamu/__init__.py"
    package.write_text(package.read_text().replace("from .views import", "from .guest_list import"))
    install(house, build(tutorial))
    reader = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
    assert "Belum ada tamu" in reader.get("/bukutamu/tamu/semua").get_data(as_text=True)
    add_guest(house, name="Lama", came_at=datetime(2020, 1, 2, tzinfo=UTC), left_at=datetime(2020, 1, 3, tzinfo=UTC))
    add_guest(house, name="Baru")
    for query, shown in (("", ["Baru", "Lama"]), ("keadaan=pulang", ["Lama"]), ("dari=2021-01-01", ["Baru"])):
        lines = reader.get(f"/bukutamu/tamu/semua?unduh=csv&{query}").get_data(as_text=True).splitlines()
        assert [line.partition(";")[0] for line in lines[1:]] == shown, query
    assert "1 tamu cocok" in reader.get("/bukutamu/tamu/semua?q=lama").get_data(as_text=True)


def test_a_deposit_cannot_hang_on_another_tenants_guest(house, tutorial):
    install(house, build(follow(WRITING / "models-and-migrations.md", tutorial)))
    house.client("sumbawa").get("/bukutamu/")
    add_guest(house)
    from lumbung_bukutamu.models import Deposit, Guest

    with house.scope("sumbawa") as scope:
        guest = scope.session.scalars(select(Guest)).one()
        scope.session.add(Deposit(guest=guest, label="A1", thing="Helm"))
    with pytest.raises(IntegrityError), house.scope("sumbawabarat") as scope:
        scope.session.add(Deposit(guest_id=guest.id, label="A1", thing="Helm"))


def test_tutorial_plugin_speaks_english_with_its_catalogue(house, tutorial):
    page = WRITING / "translations.md"
    follow(page, tutorial)
    catalogue = (tutorial / "lumbung_bukutamu/translations/en/LC_MESSAGES/bukutamu.po").read_text()
    for command in re.findall(r"^pybabel (?:extract|init) .*$", page.read_text(), re.M):
        run(sys.executable, "-m", "babel.messages.frontend", *command.split()[1:], folder=tutorial)
    gathered = (tutorial / "lumbung_bukutamu/translations/en/LC_MESSAGES/bukutamu.po").read_text()
    for message in re.findall(r'^msgid ".+"$', catalogue, re.M):
        assert message in gathered
    follow(page, tutorial)
    compile_ = next(re.finditer(r"^pybabel compile .*$", page.read_text(), re.M))[0]
    run(sys.executable, "-m", "babel.messages.frontend", *compile_.split()[1:], folder=tutorial)
    install(house, build(tutorial))
    reader = house.client("sumbawa")
    assert "Tulis siapa Anda" in reader.get("/bukutamu/").get_data(as_text=True)
    reader.post_form("/bahasa", {"language": "en", "next": "/bukutamu/"}, page="/bukutamu/")
    assert "Write down who you are" in reader.get("/bukutamu/").get_data(as_text=True)
