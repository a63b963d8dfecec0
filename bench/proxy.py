"""What the proxy adds to a page of a foreign application: asked through it, against asking the application directly.

The application is bare Flask under gunicorn and draws 200 rows without a database; a real one is slower, and the ratio
better. Asked directly means on a new connection for each request too.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lumbung.runtimes.bar import Strip
from lumbung.runtimes.proxy import forward
from lumbung.runtimes.proxy_headers import request_headers
from lumbung.runtimes.proxy_lines import line_to
from lumbung.runtimes.rewriting import Rewriter
from pairs import Figure, compare, head, show
from visits import Visit

APP = '''
from flask import Flask, render_template_string
application = Flask(__name__)
ROWS = [{"n": n, "name": f"Warga {n}", "city": "Sumbawa"} for n in range(200)]
PAGE = """<!doctype html><html><head><title>x</title></head><body><table>{% for row in rows %}
<tr><td>{{ row.n }}<td><a href="/warga/{{ row.n }}">{{ row.name }}</a><td>{{ row.city }}</tr>
{% endfor %}</table></body></html>"""
@application.get("/")
def page():
    return render_template_string(PAGE, rows=ROWS)
'''
LARGE = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return (b"x" * 65536 for _ in range(1600))
"""


@contextmanager
def served(code: str) -> Iterator[str]:
    """Serve a WSGI application by gunicorn on a free port; give where."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        (Path(folder) / "app.py").write_text(code)
        free.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "4", "--log-level", "error"]
        running = subprocess.Popen([*command, "--no-control-socket", "-b", at, "app:application"], cwd=folder)
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    ask(at)
                    break
                except OSError:
                    time.sleep(0.05)
            yield at
        finally:
            running.terminate()
            running.wait(20)


def ask(at: str) -> bytes:
    """Ask for the page on a new connection."""
    line = line_to(at, 5)
    line.request("GET", "/", headers={"Host": "a.b", "Connection": "close"})
    try:
        return line.getresponse().read()
    finally:
        line.close()


def keeping(at: str) -> http.client.HTTPConnection:
    """Return a connection that is kept, to measure what keeping them would spare."""
    line = line_to(at, 5)
    line.connect()
    return line


def through(at: str, *, changing: bool) -> Visit:
    """Return a visit of the page through the proxy, with the bar and addresses looked for when ``changing``."""
    rewrite = Rewriter("http://a.b", inner=[at], old_hosts=["lama.go.id"]) if changing else None
    bar = Strip("<lumbung-bar></lumbung-bar>", "http://b") if changing else None

    def wsgi(environ, start_response):
        return forward(environ, start_response, at=at, headers=request_headers(environ), rewrite=rewrite, bar=bar)

    return Visit(wsgi, "/", host="a.b")


def main() -> list[Figure]:
    """Return the figures."""
    figures = []
    with served(APP) as at:
        plain, changed = through(at, changing=False), through(at, changing=True)
        assert plain().body == ask(at)
        assert b"<lumbung-bar>" in changed().body
        for what, ours, goal in (
            ("a page through the proxy, time / asked directly", plain, 1.5),
            ("the same with bar and addresses looked for", changed, 1.7),
        ):
            found = compare(ours, lambda: ask(at), pairs=60, each=3)
            figures.append(Figure(what, goal, found.wall, f"{found.ours[1]:.2f} ms, {found.beside[1]:.2f} ms"))
        line = keeping(at)

        def kept() -> bytes:
            line.request("GET", "/", headers={"Host": "a.b"})
            return line.getresponse().read()

        found = compare(lambda: ask(at), kept, pairs=60, each=3)
        line.close()
        detail = f"{found.ours[1]:.2f} ms, {found.beside[1]:.2f} ms"
        figures.append(Figure("a new connection for each / one that is kept", None, found.wall, detail))
    with served(LARGE) as at:
        large = through(at, changing=False)
        found = compare(large, lambda: ask(at), pairs=8, each=1, warm=1)
        detail = f"{found.ours[1]:.0f} ms, {found.beside[1]:.0f} ms"
        figures.append(Figure("100 MB through the proxy, time / directly", 1.5, found.wall, detail))
    return figures


if __name__ == "__main__":
    sys.exit(head() or show(main()))
