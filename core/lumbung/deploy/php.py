"""A pool of php-fpm for one instance, and the rules by which nginx leads to it what its router script would serve."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lumbung.deploy.site import App, safe_path
from lumbung.errors import LumbungError
from lumbung.instances import php_router
from lumbung.instances.instance import Instance
from lumbung.instances.models import InstanceRow
from lumbung.instances.starting import environment_of, folder_of, php_settings
from lumbung.instances.values import values_of
from lumbung.kernel import Kernel

MOST_WORKERS = 10
_UNFIT = re.compile(r'["\n\r\0]|\$\{')
_FRONT = re.compile(r"[A-Za-z0-9_/?=&.$-]*")


@dataclass(frozen=True)
class Pool:
    """What the templates of one pool are filled with."""

    app: App
    root: str
    folder: str
    own_folder: str
    environment: Mapping[str, str]
    settings: Mapping[str, str]
    denied: tuple[str, ...]
    front: str | None
    workers: int

    @property
    def run(self) -> str:
        """The folder of its socket, below ``/run``."""
        return f"lumbung-php/{self.app.unit}"

    @property
    def socket(self) -> str:
        """Where it listens."""
        return f"/run/{self.run}/fpm.sock"


def why_no_pool(kernel: Kernel, app: App) -> str:
    """Return why an application gets no pool of its own; empty for one that does."""
    process = app.instance.process
    if process.stack != "php":
        return "it is no PHP"
    if process.command:
        return "it has a command of its own"
    if app.why_not:
        return app.why_not
    with kernel.database.new_session(None) as session:
        row = session.get(InstanceRow, app.instance.key)
        made = row is not None and row.made_at is not None
    return "" if made else "it was never started: start it once, and render again"


def pool_of(kernel: Kernel, app: App) -> Pool:
    """Return the pool of an instance that was made; raises `LumbungError` where a value cannot stand in its file."""
    instance = app.instance
    values = values_of(kernel, instance)
    root = php_router.document_root(instance)
    front = php_router.front_controller(root)
    return Pool(
        app=app,
        root=safe_path(root),
        folder=safe_path(folder_of(instance)),
        own_folder=safe_path(instance.folder),
        environment=_quotable(instance, environment_of(kernel, instance, values)),
        settings=_quotable(instance, php_settings(kernel, instance)),
        denied=tuple(_denied(instance)),
        front=front if front is not None and _FRONT.fullmatch(front) else None,
        workers=min(MOST_WORKERS, max(2, instance.process.limits.processes - 1)),
    )


def _denied(instance: Instance) -> Iterator[str]:
    """Yield patterns of paths that nobody may ask for."""
    files = "|".join(one.replace(".*", "[^/]*") for one in php_router.DENIED_FILES)
    yield rf"(^|/)(\.(?!well-known(/|$))[^/]*|{files})(/|$)"
    for folder in sorted(set(php_router.closed_folders(php_router.document_root(instance)))):
        if folder in php_router.WITH_ASSETS:
            yield rf"^/{_literal(folder)}(/|$)(?!.*\.({php_router.ASSETS})$)"
        else:
            yield rf"^/{_literal(folder)}(/|$)"
    for path in instance.process.deny:
        yield rf"^/{_literal(path.strip('/'))}(/|$)"


def _literal(path: str) -> str:
    """Return a path as a pattern that stands between double quotes."""
    if re.search(r'["\n\r\0\\$]', path):
        raise LumbungError("%(value)s cannot stand in a configuration as a %(what)s.", value=repr(path), what="path")
    return re.escape(path)


def _quotable(instance: Instance, values: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in values.items():
        if _UNFIT.search(value) or value.endswith("\\"):
            raise LumbungError(
                "%(name)s of %(instance)s has a value that cannot stand in the file of a pool of php-fpm; leave that "
                "application with the keeper.",
                name=name,
                instance=instance.label,
            )
    return values
