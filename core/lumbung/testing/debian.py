"""Debian's packages that tests of foreign applications need; installed when they are missing and that is allowed.

Programs only: where installing one would start its service, Debian's own way of saying no to that is used.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("php-cli", "php-fpm", "php-mysql", "mariadb-server", "mariadb-client", "nginx")
POLICY = Path("/usr/sbin/policy-rc.d")  # a program that is asked before any service is started; 101 is "no"


def install_missing() -> None:
    """Install, in one go, the packages that are missing; says how when it may not. Never raises for that."""
    missing = [name for name in PACKAGES if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0 and _may_sudo():
        subprocess.run(["sudo", "-n", sys.executable, "-m", "lumbung.testing.debian"], check=True)
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        words = " ".join(missing)
        print(  # noqa: T201
            f"Tests of foreign applications are left out: run 'apt-get install {words}' as root to have them.",
            file=sys.stderr,
        )
        return
    print(f"Installing {', '.join(missing)} for tests of foreign applications ...", file=sys.stderr)  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_service_starts():
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
        ):
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _is_installed(package: str) -> bool:
    """Whether dpkg knows the package as installed; where there is no dpkg, nothing is missing that we could get."""
    if not shutil.which("dpkg-query"):
        return True
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True)
    return asked.stdout.endswith(" installed")


def _may_sudo() -> bool:
    return bool(shutil.which("sudo")) and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0


@contextmanager
def _no_service_starts() -> Iterator[None]:
    if POLICY.exists():  # the machine's own
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(POLICY.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    try:
        yield
    finally:
        POLICY.unlink()


if __name__ == "__main__":
    install_missing()
