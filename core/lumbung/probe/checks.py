"""What a package is looked at for, one check after the other. `docs/writing-plugins/checks.md` tells authors of each.

A check returns what is wrong in a sentence that says what, where, and what to change; None when all is well.
"""

from __future__ import annotations

import importlib
import pkgutil
import resource
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import invalidate_caches
from pathlib import Path
from types import ModuleType

from jinja2 import TemplateError, TemplateNotFound, meta
from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, configure_mappers

from lumbung.database.model import CORE, PUBLIC_CORE_TABLES
from lumbung.errors import LumbungError, Sentence
from lumbung.hooks import hook_names
from lumbung.kernel import Kernel
from lumbung.probe.belongings import Belongings
from lumbung.probe.fingerprint import Fingerprint
from lumbung.probe.libraries import NOT_TRIED, donated_in, import_what_it_uses
from lumbung.registry.discovery import FoundPlugin, describe_error, find_plugin, load_module
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin
from lumbung.runtimes.inline import build_app
from lumbung.settings import Settings
from lumbung.web.house import HouseApp

NOWHERE = "postgresql+psycopg://probe@/none?host=/nonexistent"  # engines connect late; here nobody ever should
MOST_NAMED = 4


class House:
    """The core as a package finds it in a worker, without a database; made once, before any package comes."""

    def __init__(self, home: Path) -> None:
        importlib.import_module("lumbung.sdk")
        settings = Settings(home=home, secret_key="not a secret: nothing here is ever signed for anybody")  # noqa: S106
        self.kernel = Kernel(settings, NOWHERE)
        HouseApp("lumbung.probe", kernel=self.kernel, folder=home, domain="probe", manifest=None)
        configure_mappers()
        self.fingerprint = Fingerprint()


class Subject:
    """The package at hand: the plugin ``name`` in ``folder``, which comes first on the import path from now on."""

    def __init__(self, house: House, folder: Path, name: str, version: str) -> None:
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        invalidate_caches()
        self.house, self.name, self.version = house, name, version
        self.module = f"lumbung_{name}"
        self.root = folder / self.module
        # What a library does when it is imported is not laid at the plugin's door.
        import_what_it_uses(self.root, but=donated_in(self.root))
        self.modules_before = frozenset(sys.modules)
        self.belongings = Belongings()
        self.app: HouseApp | None = None

    @property
    def kernel(self) -> Kernel:
        """The kernel of the house."""
        return self.house.kernel

    @cached_property
    def found(self) -> FoundPlugin:
        """The package as the registry finds it."""
        found = find_plugin(self.name)
        if found is None or found.version != self.version or found.folder != self.root:
            raise LumbungError(
                "The package is not found under its entry point: another one of that name stands before it."
            )
        return found

    @cached_property
    def manifest(self) -> Manifest:
        """Its manifest, which agrees with its entry point."""
        return self.found.manifest

    @property
    def modules(self) -> Mapping[str, ModuleType]:
        """What of the package is imported."""
        return {
            name: module
            for name, module in list(sys.modules.items())
            if name == self.module or name.startswith(f"{self.module}.")
        }

    def place_of(self, error: BaseException) -> str:
        """Return the line of the package that an error came from, such as ``views/desk.py:12``."""
        place = f"{self.module}/__init__.py"
        seen: set[int] = set()
        one: BaseException | None = error
        while one is not None and id(one) not in seen:
            seen.add(id(one))
            for frame in traceback.extract_tb(one.__traceback__):
                if frame.filename.startswith(str(self.root)):
                    place = f"{Path(frame.filename).relative_to(self.root.parent)}:{frame.lineno}"
            one = one.__cause__ or one.__context__
        return place


def manifest(subject: Subject) -> Sentence | None:
    """Its entry point leads to it, and its manifest says the same name and version."""
    subject.manifest  # noqa: B018  (raises what is wrong with it)
    return None


def import_(subject: Subject) -> Sentence | None:
    """The package, and every module of it that a portal may come to import, can be imported."""
    try:
        load_module(subject.name)
    except LumbungError as error:
        raise _at(subject, error.__cause__ or error, subject.module) from error
    for name in _names_of_modules(subject):
        try:
            importlib.import_module(name)
        except BaseException as error:
            raise _at(subject, error, name) from error
    return None


def _names_of_modules(subject: Subject) -> Iterator[str]:
    donated = donated_in(subject.root)

    def walk(folder: Path, package: str) -> Iterator[str]:
        for one in sorted(pkgutil.iter_modules([str(folder)]), key=lambda one: one.name):
            if one.name not in NOT_TRIED and one.name.isidentifier() and folder / one.name != donated:
                yield f"{package}.{one.name}"
                if one.ispkg:
                    yield from walk(folder / one.name, f"{package}.{one.name}")

    return walk(subject.root, subject.module)


def _at(subject: Subject, error: BaseException, name: str) -> LumbungError:
    if isinstance(error, MemoryError):
        return LumbungError(
            "Importing %(module)s takes more than %(most)s MB of memory (%(place)s): load large things when they are "
            "first needed, and piece by piece.",
            module=name,
            most=resource.getrlimit(resource.RLIMIT_AS)[0] // 2**20,
            place=subject.place_of(error),
        )
    return LumbungError(
        "%(module)s cannot be imported: %(reason)s (%(place)s). Importing a module must do no more than define things.",
        module=name,
        reason=describe_error(error),
        place=subject.place_of(error),
    )


def hooks(subject: Subject) -> Sentence | None:
    """Hooks are spelled right, take the arguments there are, and are those that the manifest names."""
    caller, named = subject.kernel.caller, subject.manifest.hooks
    caller.load(subject.name)
    for hook in named:
        if not caller.implements(hook, subject.name):
            return Sentence(
                "plugin.toml names the hook %(hook)s, but %(module)s/__init__.py has no function %(hook)s with "
                "@hookimpl: write it there, or take it out of the list.",
                hook=hook,
                module=subject.module,
            )
    for hook in sorted(hook_names()):
        if hook not in named and caller.implements(hook, subject.name):
            return Sentence(
                "%(module)s/__init__.py has the hook %(hook)s, but plugin.toml does not name it, so nobody would ask "
                "it: add it to hooks.",
                module=subject.module,
                hook=hook,
            )
    if subject.manifest.events.listens and "on_event" not in named:
        return Sentence("plugin.toml listens to events, but there is no hook on_event to hear them: write it.")
    return None


def routes(subject: Subject) -> Sentence | None:
    """Its pages can be opened without a request or a database, and each says who may call it."""
    if not subject.manifest.has_pages or subject.manifest.is_foreign:
        return None
    plugin = InstalledPlugin(subject.name, subject.version, subject.manifest.as_json())
    try:
        subject.app = build_app(subject.kernel, plugin)
    except LumbungError as error:
        reason: object = error.sentence
        raise LumbungError("Its pages cannot be opened: %(reason)s", reason=reason) from error
    except BaseException as error:
        raise LumbungError(
            "Its pages cannot be opened: %(reason)s (%(place)s). The hook routes returns blueprints, and asks nothing "
            "of the database or of the person at work.",
            reason=describe_error(error),
            place=subject.place_of(error),
        ) from error
    return None


def models(subject: Subject) -> Sentence | None:
    """Mappers configure, and every table is called after the plugin and belongs to tenants."""
    try:
        configure_mappers()
    except Exception as error:
        return Sentence("Its models do not fit together: %(reason)s", reason=describe_error(error))
    shared = subject.manifest.shared_tables
    for metadata in _metadatas(subject):
        for table in metadata.tables.values():
            if table.name in PUBLIC_CORE_TABLES and CORE in table.info:
                continue
            if not table.name.startswith(f"{subject.name}_"):
                return Sentence(
                    "The model of the table %(table)s must name it %(plugin)s_...: a table carries its plugin's name.",
                    table=table.name,
                    plugin=subject.name,
                )
            if table.name not in shared and "tenant_id" not in table.primary_key.columns:
                return Sentence(
                    "The model of the table %(table)s does not belong to tenants: derive it from TenantOwned, or list "
                    "the table under shared_tables in plugin.toml if it holds no tenant's data.",
                    table=table.name,
                )
    return None


def _metadatas(subject: Subject) -> list[MetaData]:
    found: dict[int, MetaData] = {}
    for module in subject.modules.values():
        for thing in list(vars(module).values()):
            if isinstance(thing, type) and issubclass(thing, DeclarativeBase) and thing is not DeclarativeBase:
                thing = thing.metadata
            if isinstance(thing, Table):
                thing = thing.metadata
            if isinstance(thing, MetaData):
                found[id(thing)] = thing
    return [one for one in found.values() if CORE not in one.info]


def templates(subject: Subject) -> Sentence | None:
    """Every template can be compiled, and what it builds on is there."""
    folder = subject.root / "templates"
    if not folder.is_dir():
        return None
    app = subject.app or HouseApp(
        subject.module, kernel=subject.kernel, folder=subject.root, domain=subject.name, manifest=subject.manifest
    )
    environment = app.jinja_env
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        name = path.relative_to(folder).as_posix()
        try:
            source = path.read_text(encoding="utf-8")
            parsed = environment.parse(source, name, str(path))
            for other in meta.find_referenced_templates(parsed):
                if other is not None:
                    environment.loader.get_source(environment, other)  # type: ignore[union-attr]
            environment.compile(parsed, name, str(path), raw=True)  # to Python, which is always sound
        except TemplateNotFound as error:
            return Sentence(
                "The template %(template)s builds on %(other)s, which is not there.",
                template=f"{subject.module}/templates/{name}",
                other=str(error.name),
            )
        except (TemplateError, UnicodeDecodeError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            return Sentence(
                "The template %(template)s cannot be read: %(reason)s.",
                template=f"{subject.module}/templates/{name}" + (f":{line}" if line else ""),
                reason=describe_error(error),
            )
    return None


def jobs(subject: Subject) -> Sentence | None:
    """The hook jobs knows each job that the manifest runs by the clock."""
    scheduled = [job.name for job in subject.manifest.jobs]
    if "jobs" not in subject.manifest.hooks:
        if scheduled:
            return Sentence(
                "plugin.toml runs the job %(job)s by the clock, but there is no hook jobs.", job=scheduled[0]
            )
        return None
    try:
        offered = dict(subject.kernel.caller.ask("jobs", subject.name) or {})
    except BaseException as error:
        return Sentence(
            "The hook jobs fails: %(reason)s (%(place)s). It returns functions by name and does nothing else.",
            reason=describe_error(error),
            place=subject.place_of(error),
        )
    for job in scheduled:
        if not callable(offered.get(job)):
            return Sentence(
                "plugin.toml runs the job %(job)s by the clock, but the hook jobs has none of that name; it has: "
                "%(known)s.",
                job=job,
                known=sorted(map(str, offered)),
            )
    return None


def changes(subject: Subject) -> Sentence | None:
    """Nothing that all applications share was changed."""
    house = subject.house.fingerprint
    changed = [
        *subject.belongings.changed(),
        *(f"sys.modules ({name})" for name in house.replaced_modules()),
        *house.changed(),
    ]
    if changed:
        return Sentence(
            "Importing it changes what all applications share: %(what)s. An application leaves that alone; whatever it "
            "needs, it keeps to its own code.",
            what=changed[: 2 * MOST_NAMED],
        )
    return _planted(subject)


def _planted(subject: Subject) -> Sentence | None:
    for name in sorted(name for name in sys.modules if "." not in name and name not in subject.modules_before):
        spec = getattr(sys.modules[name], "__spec__", None)
        origin = str(getattr(spec, "origin", None) or "")
        if name.startswith("lumbung_") and name != subject.module:
            return Sentence(
                "It imports another plugin, %(module)s: plugins meet through hooks and events, never by import.",
                module=name,
            )
        made_up = spec is None and not name.startswith("_")  # compiled libraries share things under such names
        if name != subject.module and (made_up or origin.startswith(str(subject.root))):
            return Sentence(
                "It puts a module %(module)s into sys.modules that is not its own: all its code stays in %(package)s.",
                module=name,
                package=subject.module,
            )
    return None


def leftovers(subject: Subject) -> Sentence | None:
    """No thread, process or open file stays behind."""
    if threads := subject.belongings.threads():
        return Sentence(
            "Importing it leaves a thread running (%(what)s): work in the background is a job (lumbung.sdk.defer).",
            what=threads[:MOST_NAMED],
        )
    if subject.belongings.has_processes():
        return Sentence("Importing it leaves a process running: work in the background is a job (lumbung.sdk.defer).")
    if files := subject.belongings.files():
        return Sentence(
            "Importing it leaves files or connections open (%(what)s): open them where they are needed, then close "
            "them.",
            what=files[:MOST_NAMED],
        )
    return None


CHECKS: tuple[tuple[str, Callable[[Subject], Sentence | None]], ...] = (
    ("manifest", manifest),
    ("import", import_),
    ("hooks", hooks),
    ("routes", routes),
    ("models", models),
    ("templates", templates),
    ("jobs", jobs),
    ("changes", changes),
    ("leftovers", leftovers),
)
NEEDED_BY_ALL = ("manifest", "import")  # when one of these fails, the others have nothing to look at
