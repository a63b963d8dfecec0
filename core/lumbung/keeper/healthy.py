"""Whether an application serves, seen as a visitor sees it: a page that says "Fatal error" has status 200 too.

Only the path that its manifest names is asked for, and where that leads on the same application: there are
applications in which a visit of an unknown page changes something.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from lumbung.errors import Sentence
from lumbung.keeper.child import HOST
from lumbung.registry.foreign import Health

MOST_REDIRECTS = 5
READ_AT_MOST = 512 * 1024
LONGEST_VISIT = 20.0
SIGNS_OF_FAILURE = ("Fatal error", "A PHP Error was encountered", "Parse error", "Traceback (most recent call last)")


@dataclass
class Visit:
    """One look at an application: on ``port``, as visitors of ``public`` (``https://host:port``) see it."""

    port: int
    public: str
    health: Health
    deadline: float = field(default_factory=lambda: time.monotonic() + LONGEST_VISIT)
    cookies: dict[str, str] = field(default_factory=dict)
    is_refused: bool = False

    def complaint(self) -> Sentence | None:
        """Return what is wrong, None when it serves; ``is_refused`` is set when nobody listens. Never raises."""
        try:
            return self._follow()
        except ConnectionRefusedError:
            self.is_refused = True
            return Sentence("Nobody listens on its port.")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Sentence("It does not answer as a web server does: %(reason)s", reason=str(error) or repr(error))

    def _follow(self) -> Sentence | None:
        path = self.health.path
        seen: set[tuple[str, str]] = set()
        for _ in range(MOST_REDIRECTS + 1):
            status, headers, body = self._get(path)
            where = headers.get("location", "")
            if not (300 <= status < 400 and where):
                return self._judge(path, status, body)
            path, elsewhere = self._next(path, where)
            if elsewhere:
                break  # to sign in, or to its old address: it does answer
            step = (path, str(sorted(self.cookies.items())))
            if step in seen:
                return Sentence("Its page %(path)s leads round in a circle.", path=self.health.path)
            seen.add(step)
        else:
            return Sentence("Its page %(path)s leads round in a circle.", path=self.health.path)
        if self.health.expect is None:
            return None
        return Sentence("Its page %(path)s leads to %(where)s.", path=self.health.path, where=where[:200])

    def _judge(self, path: str, status: int, body: str) -> Sentence | None:
        if status >= 500:
            return Sentence("Its page %(path)s answers with status %(status)s.", path=path, status=status)
        for sign in SIGNS_OF_FAILURE:
            if sign in body:
                return Sentence('Its page %(path)s says "%(sign)s".', path=path, sign=sign)
        if self.health.expect is not None and self.health.expect not in body:
            return Sentence('Its page %(path)s does not say "%(sign)s".', path=path, sign=self.health.expect)
        return None

    def _get(self, path: str) -> tuple[int, Mapping[str, str], str]:
        public = urlsplit(self.public)
        headers = {
            "Host": public.netloc,
            "X-Forwarded-Host": public.netloc,
            "X-Forwarded-Proto": public.scheme,
            "User-Agent": "Lumbung-Keeper",
            "Accept": "text/html,*/*",
            "Connection": "close",
        }
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self._time_left())
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = bytearray()
            while len(body) < READ_AT_MOST and (part := answer.read1(16 * 1024)):
                body += part
                self._time_left()
            self._keep_cookies(answer.headers.get_all("Set-Cookie") or [])
            lower = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, lower, body.decode("utf-8", "replace")
        finally:
            connection.close()

    def _time_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long")
        return left

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            try:
                self.cookies |= {name: morsel.coded_value for name, morsel in SimpleCookie(line).items()}
            except CookieError:
                continue

    def _next(self, path: str, where: str) -> tuple[str, bool]:
        """Return the path that a redirect leads to, and whether that is another site's."""
        parts = urlsplit(urljoin(f"{self.public}{path}", where))
        hosts = {urlsplit(self.public).hostname, HOST, "localhost"}
        path = parts.path or "/"
        return (f"{path}?{parts.query}" if parts.query else path), parts.hostname not in hosts


def opens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0):
            return True
    except OSError:
        return False
