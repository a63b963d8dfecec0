"""A headless Chromium for journeys; installed from Debian's packages when it is missing and that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess

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
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    found = _present()
    if found is None:
        raise RuntimeError(
            "The journeys need Chromium; install it with 'apt-get install chromium' and run again."
        )
    return found


def _present() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)
