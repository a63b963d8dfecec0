"""Starting the command line as a person would, and talking to the site it serves."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PATIENCE = 90  # seconds until a site must answer on a busy machine
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a site of its own: none of this machine's LUMBUNG settings."""
    left_out = ("LUMBUNG_", "PYTHONDONTWRITEBYTECODE")  # compiling everything at each command takes seconds
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "LUMBUNG_HOME": str(home), "PYTHONUNBUFFERED": "1", **more}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lumbung(*arguments: str, env: Mapping[str, str], program: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [program] if program else [sys.executable, "-m", "lumbung.cli"]
    return subprocess.run([*command, *arguments], env=dict(env), capture_output=True, text=True, timeout=120, cwd="/")


@contextmanager
def running(
    *arguments: str, env: Mapping[str, str], port: int, program: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a command that serves, from the moment the site is ready; Ctrl-C it at the end."""
    command = [program] if program else [sys.executable, "-m", "lumbung.cli"]
    log = Path(env["LUMBUNG_HOME"]).with_suffix(".log")
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *arguments], env={**env, "LUMBUNG_PORT": str(port)}, stdout=out, stderr=out, text=True, cwd="/"
        )
    try:
        wait_until(lambda: process.poll() is not None or is_ready(port))
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"Ctrl-C did not stop it: {log.read_text()}") from None


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Ask again and again, until the condition holds or patience ends."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_ready(port: int) -> bool:
    """Whether the site answers that it is ready."""
    try:
        return Visitor("localhost", port, patience=5).get("/_health/ready").status == 200
    except OSError:
        return False


@dataclass
class Answer:
    """What came back."""

    status: int
    body: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Visitor:
    """A browser without a screen, for one host name on one port; keeps cookies and follows no redirect."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    patience: float = 30.0  # seconds for one answer

    def request(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request."""
        sent = {"Host": f"{self.host}:{self.port}", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, text, dict(response.headers.items()))

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.request("GET", path)

    def submit(self, page: str, data: Mapping[str, str], *, to: str | None = None) -> Answer:
        """Open a page and send its form, or with ``to`` another one, with the page's CSRF token."""
        found = CSRF.search(self.get(page).body)
        assert found, f"{page} holds no form"
        form = urlencode({**data, "csrf_token": found[1]}, doseq=True)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", to or page, form, kind)

    def sign_in(self, email: str, password: str) -> None:
        """Sign in; fails the test when that is refused."""
        answer = self.submit("/masuk", {"email": email, "password": password})
        assert answer.status == 303, answer.body
