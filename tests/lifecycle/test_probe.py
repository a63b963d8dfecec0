"""Bad gifts that look well from outside: each is run apart, named with what is wrong, and nothing of it stays.

One process of the core serves them all, as it forks off another for each; only the last tests make one of their own.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lumbung.lifecycle.operations import install_wheel
from lumbung.lifecycle.probing import Check, Limits, Prober, ProbeRefused, Report
from lumbung.registry.discovery import find_plugins
from lumbung.registry.manifest import read_manifest
from lumbung.settings import Settings
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.running import wait_until
from lumbung.testing.wheels import INIT, MANIFEST

LIMITS = Limits(seconds=20, cpu_seconds=3, memory_mb=512, output=100_000)
GOOD = INIT.format(name="contoh")
LEFT = "6187.25"  # seconds that a process left behind would sleep: a number to know it by


@pytest.fixture(scope="module")
def prober(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prober]:
    """A prober for this whole file, begun where the environment holds secrets."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUMBUNG_DATABASE_URL", "postgresql://rahasia")
        patch.setenv("LUMBUNG_SMTP_PASSWORD", "rahasia")
        with Prober(Settings(home=home, database_url=None, smtp_password=None), LIMITS) as prober:
            yield prober


Probe = Callable[..., Report]


@pytest.fixture
def probe(prober: Prober, tmp_path: Path) -> Probe:
    """Return a function that makes a gift, unpacks it and looks at it; ``before`` stands at the top of its package."""

    def look(
        before: str = "",
        *,
        after: str = "",
        hooks: tuple[str, ...] = ("routes",),
        more: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Report:
        contents = {f"lumbung_contoh/{name}": text for name, text in (files or {}).items()}
        contents["lumbung_contoh/__init__.py"] = f"{before}\n{GOOD}\n{after}"
        listed = ", ".join(f'"{hook}"' for hook in hooks)
        text = MANIFEST.format(name="contoh", version="1.0.0").replace('"routes"', listed) + more
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        wheel = make_wheel(folder / "wheel", manifest=text, files=contents)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        return prober.probe(folder, read_manifest(folder / "lumbung_contoh" / "plugin.toml"))

    return look


def processes_left() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [path.parent.name] if LEFT.encode() in path.read_bytes().split(b"\0") else []
    return found


MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from lumbung.sdk import TenantOwned, belongs_to
class Model(TenantOwned, DeclarativeBase): ...
class Note(Model):
    __tablename__ = "contoh_note"
    words: Mapped[str]
"""


@dataclass(frozen=True)
class Bad:
    """What is wrong with a gift, the check that finds it, and words of the sentence."""

    check: str
    said: str
    given: dict[str, Any]


def bad(check: str, said: str, before: str = "", **given: Any) -> Bad:
    return Bad(check, said, {"before": before, **given})


SHARED = "changes what all applications share: "
HURRIED = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n"  # no test waits for three seconds
BAD: dict[str, Bad] = {
    "import error": bad(
        "import", "ModuleNotFoundError: No module named 'tidak_ada' (lumbung_contoh/__init__.py:1)", "import tidak_ada"
    ),
    "syntax error in a module that is imported late": bad(
        "import", "lumbung_contoh.nanti cannot be imported: SyntaxError", files={"nanti.py": "def x(:\n"}
    ),
    "SystemExit": bad("import", "SystemExit: 3 (lumbung_contoh/__init__.py:1)", "raise SystemExit(3)"),
    "os._exit(0)": bad(
        "import", "ended its process (exit code 0) while importing its modules", "import os; os._exit(0)"
    ),
    "os._exit(3)": bad("import", "exit code 3", "import os; os._exit(3)"),
    "os._exit(4)": bad("import", "exit code 4", "import os; os._exit(4)"),
    "os._exit(7) in routes": bad(
        "routes", "exit code 7) while opening its pages", after="@hookimpl\ndef routes():\n    import os; os._exit(7)"
    ),
    "segmentation fault": bad("import", "crashed (SIGSEGV) while importing", "import ctypes; ctypes.string_at(0)"),
    "a signal to itself": bad("import", "crashed (SIGKILL)", "import os; os.kill(os.getpid(), 9)"),
    "an endless loop": bad("import", "more than 3 seconds of the processor", HURRIED + "while True: pass"),
    "memory": bad("import", "takes more than 512 MB of memory (lumbung_contoh/__init__.py:1)", "x = 'x' * 2**30"),
    "a fork bomb": bad("import", "more than 64 processes while importing", "import os\nwhile True: os.fork()"),
    "a flood of words": bad("import", "prints without end while importing", "while True: print('x' * 10000)"),
    "a large file": bad("import", "OSError", "open('besar', 'wb').write(bytes(20_000_000))"),
    "the network": bad("import", "OSError", "import socket; socket.create_connection(('127.0.0.1', 9), 1)"),
    "standard input": bad("import", "EOFError", "input()"),
    "a hook that nobody has": bad(
        "hooks", "implements a hook 'ruotes' that does not exist", after="@hookimpl\ndef ruotes(): return []"
    ),
    "a hook of the manifest that is not there": bad(
        "hooks", "names the hook search, but lumbung_contoh/__init__.py has no function", hooks=("routes", "search")
    ),
    "a hook that the manifest does not name": bad(
        "hooks",
        "has the hook search, but plugin.toml does not name it",
        after="@hookimpl\ndef search(words): return []",
    ),
    "a hook with another argument": bad(
        "hooks", "kata", after="@hookimpl\ndef search(kata): return []", hooks=("routes", "search")
    ),
    "events that nobody hears": bad(
        "hooks", "there is no hook on_event", more='[events]\nlistens = ["antrean.called"]\n'
    ),
    "a page without an access rule": bad(
        "routes",
        "The view contoh.terbuka (/terbuka) of contoh has no access rule",
        after="@blueprint.get('/terbuka')\ndef terbuka(): return ''",
    ),
    "a permission that nobody declared": bad(
        "routes",
        "'contoh.serve', which is not declared",
        after="from lumbung.sdk import requires\n@blueprint.get('/x')\n@requires('contoh.serve')\ndef x(): return ''",
    ),
    "routes that ask the database": bad(
        "routes",
        "(lumbung_contoh/__init__.py:",
        after="@hookimpl\ndef routes():\n    from lumbung.sdk import session\n"
        "    session.execute('SELECT 1')\n    return [blueprint]",
    ),
    "no blueprint": bad("routes", "returns no blueprint", after="@hookimpl\ndef routes(): return []"),
    "a broken mapper": bad(
        "models",
        "do not fit together: InvalidRequestError",
        files={"models.py": MODELS + "    other: Mapped['Nobody'] = relationship()\n"},
    ),
    "another's table": bad(
        "models",
        "The model of the table lumbung_person must name it contoh_...",
        files={"models.py": MODELS.replace("contoh_note", "lumbung_person")},
    ),
    "a table without a tenant": bad(
        "models",
        "contoh_note does not belong to tenants",
        files={
            "models.py": "from sqlalchemy import Column, Integer, MetaData, Table\n"
            "t = Table('contoh_note', MetaData(), Column('id', Integer, primary_key=True))\n"
        },
    ),
    "a template with a syntax error": bad(
        "templates",
        "templates/contoh/a.html:2 cannot be read: TemplateSyntaxError",
        files={"templates/contoh/a.html": "halo\n{% if %}"},
    ),
    "a template with a filter that is not there": bad(
        "templates", "No filter named 'hias'", files={"templates/contoh/a.html": "{{ 1|hias }}"}
    ),
    "a template without its frame": bad(
        "templates",
        "builds on lumbung/tidak_ada.html, which is not there",
        files={"templates/contoh/a.html": "{% extends 'lumbung/tidak_ada.html' %}"},
    ),
    "a job that nobody does": bad(
        "jobs",
        "runs the job malam by the clock, but the hook jobs has none of that name; it has: siang",
        after="@hookimpl\ndef jobs(): return {'siang': print}",
        hooks=("routes", "jobs"),
        more='[[jobs]]\nname = "malam"\ncron = "5 0 * * *"\n',
    ),
    "jobs that fail": bad(
        "jobs",
        "KeyError: 'x' (lumbung_contoh/__init__.py:",
        after="@hookimpl\ndef jobs(): return {}['x']",
        hooks=("routes", "jobs"),
    ),
    "a thread": bad(
        "leftovers",
        "leaves a thread running (penunggu)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), name='penunggu', daemon=True).start()",
    ),
    "a file": bad("leftovers", "open (/etc/passwd)", "kept = open('/etc/passwd')"),
    "a process": bad(
        "leftovers",
        "leaves a process running",
        f"import subprocess; kept = subprocess.Popen(['sleep', '{LEFT}'], start_new_session=True)",
    ),
}
CHANGES = {
    "flask.app.Flask.run": "import flask; flask.Flask.run = lambda self: None",
    "flask.app.Flask.halo": "import flask; flask.Flask.halo = lambda self: None",
    "jinja2.environment.Environment.compile": "import jinja2; jinja2.Environment.compile = None",
    "werkzeug.wrappers.request.Request.get_data": "import werkzeug; del werkzeug.Request.get_data",
    "sqlalchemy.orm.session.Session.commit": "from sqlalchemy.orm import Session; Session.commit = lambda self: None",
    "lumbung.web.access.public": "import lumbung.web.access as a; a.public = lambda view: view",
    "builtins.open": "import builtins; builtins.open = lambda *given: None",
    "builtins._": "import gettext; gettext.install('x')",
    "socket.getaddrinfo": "import socket; socket.getaddrinfo = lambda *given: []",
    "os.system": "import os; os.system = print",
    "signal.signal (SIGTERM)": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "sys.path": "import sys; sys.path.insert(0, '/tmp')",
    "sys.meta_path": "import sys; sys.meta_path.reverse()",
    "sys.excepthook": "import sys; sys.excepthook = print",
    "sys.modules (json)": "import sys, types; sys.modules['json'] = types.ModuleType('json')",
    "os.environ (TZ)": "import os; os.environ['TZ'] = 'UTC'",
    "os.chdir": "import os; os.chdir('/')",
    "logging (root)": "import logging; logging.basicConfig()",
    "warnings.filters": "import warnings; warnings.simplefilter('ignore')",
    "locale.setlocale": "import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
    "socket.setdefaulttimeout": "import socket; socket.setdefaulttimeout(1)",
    "atexit.register": "import atexit; atexit.register(print)",
    "flask.signals (request_started)": "import flask; flask.request_started.connect(print, weak=False)",
    "sqlalchemy.event (Session)": (
        "from sqlalchemy import event; from sqlalchemy.orm import Session\n"
        "event.listen(Session, 'after_begin', lambda *given: None)"
    ),
    "jinja2.defaults (filters)": "import jinja2.defaults as d; d.DEFAULT_FILTERS['hias'] = str",
    "sys.setrecursionlimit": "import sys; sys.setrecursionlimit(5000)",
}
PLANTED = {
    "puts a module tanaman into sys.modules": "import sys, types; sys.modules['tanaman'] = types.ModuleType('tanaman')",
    "imports another plugin, lumbung_lain": (
        "import sys, types; sys.modules['lumbung_lain'] = types.ModuleType('lumbung_lain')"
    ),
}


def first_problem(report: Report) -> Check:
    with pytest.raises(ProbeRefused) as refused:
        report.refuse_if_bad()
    assert str(refused.value).startswith("contoh was tried in a process of its own and cannot be installed: ")
    assert "\n" not in str(refused.value)
    return report.problems[0]


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_gift_is_refused_with_what_is_wrong_and_where(probe: Probe, kind: str) -> None:
    wrong = BAD[kind]
    problem = first_problem(probe(**wrong.given))
    assert (problem.name, wrong.said in str(problem.words)) == (wrong.check, True), problem
    wait_until(lambda: processes_left() == [], patience=10)


def test_what_everybody_shares_stays_as_it_was(probe: Probe) -> None:
    for some in (list(CHANGES)[:8], list(CHANGES)[8:16], list(CHANGES)[16:24], list(CHANGES)[24:]):
        problem = first_problem(probe("\n".join(CHANGES[what] for what in some)))
        assert SHARED in str(problem.words)
        assert [what for what in some if what not in str(problem.words)] == []
    planted = {what: str(first_problem(probe(code)).words) for what, code in PLANTED.items()}
    assert {what: said for what, said in planted.items() if what not in said} == {}


def test_a_gift_that_hangs_is_ended_with_all_that_it_began(prober: Prober, probe: Probe) -> None:
    kept, prober._limits = prober._limits, replace(prober._limits, seconds=2)
    try:
        code = f"import subprocess; subprocess.run(['setsid', 'sleep', '{LEFT}'])"
        problem = first_problem(probe(code))
    finally:
        prober._limits = kept
    assert problem.name == "import"
    assert "came to no end within 2 seconds while importing its modules" in str(problem.words)
    wait_until(lambda: processes_left() == [], patience=10)


def test_it_sees_no_secret_and_none_of_our_processes(probe: Probe) -> None:
    said = str(first_problem(probe("import os; raise ValueError(sorted(os.environ), os.getcwd(), os.getppid())")).words)
    assert "LUMBUNG" not in said
    assert "rahasia" not in said
    assert f" {os.getpid()})" not in said
    assert "/lumbung-probe-" in said


def test_it_cannot_talk_itself_out_of_it(probe: Probe) -> None:
    """Lines of nonsense on every pipe it has are left out; what it then does is found all the same."""
    code = """
import os
for number in range(3, 64):
    try:
        os.write(number, b'{}\\n[1]\\n\\xff\\n{"say": 1}\\n{"say": "check"\\n')
    except OSError:
        pass
raise ValueError
"""
    assert "ValueError" in str(first_problem(probe(code)).words)


def test_good_gifts_pass_with_everything_they_may_use(probe: Probe) -> None:
    libraries = "import concurrent.futures, logging.config, requests, PIL.Image, xlsxwriter, decimal, sqlite3"
    report = probe(
        f"{libraries}\nimport logging\nlogger = logging.getLogger(__name__)\nprint('halo')", files={"models.py": MODELS}
    )
    assert report.problems == ()
    assert [check.name for check in report.checks] == [
        "manifest",
        "import",
        "hooks",
        "routes",
        "models",
        "templates",
        "jobs",
        "changes",
        "leftovers",
    ]
    assert 0 < report.memory < 512 * 2**20
    assert "9 checks in" in report.words()
    assert "halo" in report.output


def test_every_bundled_plugin_passes(prober: Prober) -> None:
    for name, found in find_plugins().items():
        assert (name, prober.probe(found.folder.parent, found.manifest).problems) == (name, ())


@pytest.mark.probed
class TestInstalling:
    def test_a_bad_gift_is_not_installed_and_nothing_of_it_stays(
        self, house: TestHouse, tmp_path: Path, as_owner: Any
    ) -> None:
        code = {"lumbung_contoh/__init__.py": "import os; os._exit(3)"}
        with pytest.raises(ProbeRefused, match="exit code 3"):
            install_wheel(house.kernel, make_wheel(tmp_path, files=code), by="test")
        assert house.kernel.snapshot().plugins == {}
        home = house.settings.home
        assert [path for path in home.rglob("*") if path.is_file() and path.suffix in (".py", ".whl", ".pyc")] == []
        [(state, steps)] = as_owner("SELECT state, steps FROM lumbung_operation")
        assert (state, steps[-1]["step"], steps[-1]["state"]) == ("failed", "probe", "failed")
        assert steps[-1]["note"].startswith('{"template": "Not in order: ')
        assert "importing its modules" in steps[-1]["note"]
        assert list(Path(os.environ.get("TMPDIR", "/tmp")).glob("lumbung-probe-*/lumbung*")) == []

    def test_a_good_one_is_and_says_what_was_looked_at(self, house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
        install_wheel(
            house.kernel, make_wheel(tmp_path, manifest=MANIFEST.format(name="contoh", version="1.0.0")), by="x"
        )
        assert "contoh" in house.kernel.snapshot().plugins
        [(steps,)] = as_owner("SELECT steps FROM lumbung_operation")
        [probe] = [step for step in steps if step["step"] == "probe"]
        assert "checks in" in probe["note"]
        assert probe["progress"] == [9, 9]
