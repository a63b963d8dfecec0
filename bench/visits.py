"""Asking a WSGI application for a page as a server would: no test client, whose own work would blur the ratio."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

Application = Callable[..., Any]


class Visit:
    """One request, sent again at each call. ``status``, ``headers`` and ``body`` are of the last answer."""

    def __init__(
        self, application: Application, path: str, *, host: str = "localhost", cookies: dict[str, str] | None = None
    ) -> None:
        self._application = application
        self._environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": host,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": "bench",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
            "HTTP_ACCEPT_LANGUAGE": "id,en;q=0.5",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        self.cookies = dict(cookies or {})
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def __call__(self) -> Visit:
        """Send the request and read the answer to its end."""
        environ = dict(self._environ)
        environ["wsgi.input"] = io.BytesIO()
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._application(environ, self._start)
        try:
            self.body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return self

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return lambda data: None

    def expect(self, status: int) -> Visit:
        """Send the request once and refuse to go on when it is not answered so; keep the cookies that were set."""
        self()
        if not self.status.startswith(str(status)):
            raise SystemExit(f"{self._environ['PATH_INFO']}: {self.status}, not {status}\n{self.body[:2000]!r}")
        for name, value in self.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return self
