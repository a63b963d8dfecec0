"""An application of a few lines: ``small_app.py PORT WAY``. It notes who it is in the folder ``NOTES``."""

# ruff: noqa: T201  (what it prints is what the keeper keeps)
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, WAY = int(sys.argv[1]), sys.argv[2]


def note(what: str, pid: int) -> None:
    with (Path(os.environ["NOTES"]) / f"{os.environ['NAME']}.{what}").open("a") as file:
        file.write(f"{pid}\n")


class Page(BaseHTTPRequestHandler):
    """Its pages; each way of behaving has one."""

    def do_GET(self) -> None:
        if self.path == "/exit":
            os._exit(5)
        if self.path == "/hog":
            self.hog()
        else:
            self.answer(200, b"ready")

    def hog(self) -> None:
        try:
            bytearray(300 * 1024 * 1024)
        except MemoryError:
            self.answer(507, b"")
        else:
            self.answer(200, b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def leave_somebody_behind() -> None:
    """A worker of another session, whose parent is gone: nothing about it says whose it is."""
    script = (
        "import os, signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "worker = subprocess.Popen(['sleep', '300'], start_new_session=True, stdout=-3, stderr=-3); "
        "print(worker.pid)"
    )
    note("worker", int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout))


def main() -> None:
    note("app", os.getpid())
    if WAY == "dies":
        print("no database for", os.environ["PASSWORD"], "x" * 5000, flush=True)
        sys.exit(3)
    if WAY in ("deaf", "leaves"):
        leave_somebody_behind()
    if WAY == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if WAY == "leaves":
        sys.exit(0)
    if WAY == "never":
        signal.pause()
    if WAY == "floods":
        for _ in range(20_000):
            print("y" * 100)
    if WAY == "tells":
        print(sorted(os.environ), str(Path.cwd()), sys.stdin.read() == "", os.getsid(0) == os.getpid(), flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Page).serve_forever()


main()
