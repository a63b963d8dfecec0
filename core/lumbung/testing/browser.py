"""A headless Chromium for journeys; installed from Debian's packages when it is missing and that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def find_chromium() -> str:
    """Return the path of a Chromium, installing Debian's when there is none.

    Raises `RuntimeError` in one sentence when there is none and it cannot be installed.
    """
    found = _present()
    if found:
        return found
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not as_root or _may_sudo()):
        print("Installing Chromium for the browser tests ...", file=sys.stderr)  # noqa: T201
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"],
        ):
            environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
            subprocess.run([*as_root, *environment, *command], check=True, stdout=subprocess.DEVNULL)
    found = _present()
    if found is None:
        raise RuntimeError("The journeys need Chromium; install it with 'apt-get install chromium' and run again.")
    return found


def _present() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _may_sudo() -> bool:
    return bool(shutil.which("sudo")) and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0


if __name__ == "__main__":
    find_chromium()
