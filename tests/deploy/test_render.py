"""``lumbung deploy render``: nginx, php-fpm and systemd take what is written, and nginx asks the gate as it should."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lumbung.clock import utc_now
from lumbung.deploy.php import pool_of, why_no_pool
from lumbung.deploy.rendering import File, files_of, write_all
from lumbung.deploy.site import Site, site_of
from lumbung.errors import LumbungError
from lumbung.instances import making, rows
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FPM = next((str(path) for path in Path("/usr/sbin").glob("php-fpm*")), None)
PROCESS = """
[process]
stack = "{stack}"
{command}
[process.environment]
APP_KEY = "{{{{ secret }}}}"
[[access]]
path = "/"
rule = "public"
[sign_in]
way = "{way}"
header = "X-Who"
[bar]
show = "{bar}"
"""
APPS = {
    "langsung": {"stack": "command", "command": 'command = ["sleep", "9"]', "way": "header", "bar": "none"},
    "berpita": {"stack": "command", "command": 'command = ["sleep", "9"]', "way": "none", "bar": "inject"},
    "web_php": {"stack": "php", "command": "", "way": "none", "bar": "none"},
}
PHP = {
    "index.php": "<?php echo 'index', $_SERVER['PATH_INFO'] ?? '';",
    "info.php": "<?php echo $_SERVER['HTTP_HOST'], '|', $_SERVER['SERVER_PORT'], '|', getenv('APP_KEY') ? 'key' : '-',"
    " '|', $_SERVER['HTTP_COOKIE'] ?? '-', '|', $_SERVER['HTTP_REMOTE_USER'] ?? '-';",
    "dump.sql": "secret",
    ".env": "secret",
    "gaya.css": "p {}",
    ".htaccess": "RewriteEngine On\nRewriteRule ^(.*)$ index.php/$1 [L]\n",
    "system/core/x.php": "<?php echo 'inside';",
    "application/config/database.php": "x",
}


@pytest.fixture
def site(house: TestHouse, tmp_path: Path) -> Site:
    return make_site(house, tmp_path)


def make_site(house: TestHouse, folder: Path, **changed: Any) -> Site:
    for name, how in APPS.items():
        plain = MANIFEST.format(name=name, version="1.0.0").replace('hooks = ["routes"]', 'runtime = "process"')
        source = PHP if how["stack"] == "php" else {"run.txt": "x"}
        files = {f"lumbung_{name}/source/{path}": text for path, text in source.items()}
        files[f"lumbung_{name}/__init__.py"] = ""
        wheel = make_wheel(folder / "w", name, manifest=plain + PROCESS.format(**how), files=files)
        install_wheel(house.kernel, wheel, by="test")
        enable(house.kernel, name, house.kernel.tenant("sumbawa"), by="test")
    house.kernel.state.forget()
    return site_of(house.kernel, user="nobody", web_group="nogroup", **changed)


def with_pool(house: TestHouse, site: Site) -> list[File]:
    [app] = [one for one in site.apps if one.instance.name == "web_php"]
    assert "never started" in why_no_pool(house.kernel, app)
    making.make(house.kernel, app.instance)
    rows.note(house.kernel, app.instance, made_at=utc_now())
    assert why_no_pool(house.kernel, app) == ""
    return files_of(site, [pool_of(house.kernel, app)], FPM or "/usr/sbin/php-fpm")


def place_nginx(folder: Path, files: list[File], port: int, *, platform: int, sites: Path | None = None) -> Path:
    """Lay the files out as on a machine, below ``folder``; return nginx' own configuration."""
    by_name = {file.path: file.text for file in files}
    text = (
        by_name["nginx/lumbung.conf"]
        .replace("/var/log/nginx/", f"{folder}/")
        .replace("127.0.0.1:8000", f"127.0.0.1:{platform}")
    )
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("    listen [::]:80;\n", "")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port + 1} ssl").replace(
        "    listen [::]:443 ssl http2;\n", ""
    )
    text = text.replace("unix:/run/lumbung-php/", f"unix:{folder}/run/")
    (folder / "lumbung").mkdir(parents=True)
    (folder / "lumbung.conf").write_text(text)
    (folder / "lumbung/tls.conf").write_text(by_name.get("nginx/tls.conf", "").replace("/etc/ssl/lumbung", str(folder)))
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"user root;\ndaemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\ntypes {{ text/css css; }}\n{kept}include lumbung.conf;\n}}\n"
    )
    return main


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def running(command: list[str], opened: int | Path) -> Iterator[None]:
    """Run a program until the end of a block, from when its door is open."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket(socket.AF_UNIX if isinstance(opened, Path) else socket.AF_INET) as door:
                if door.connect_ex(str(opened) if isinstance(opened, Path) else ("127.0.0.1", opened)) == 0:
                    break
            time.sleep(0.02)
        else:
            process.kill()
            raise AssertionError((process.communicate()[1], process.returncode))
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


class Server(BaseHTTPRequestHandler):
    """Platform and application at once: the port says which; what it was asked is remembered."""

    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[tuple[str, str, str, dict[str, str], bytes]]] = []
    gate: ClassVar[tuple[int, dict[str, str]]] = (204, {})

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        who = self.server.name  # type: ignore[attr-defined]
        self.heard.append((who, self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.path == "/_lumbung/gate":
            code, headers = self.gate
            self.send_response(code)
        else:
            code, headers = 200, {"X-Accel-Redirect": "/_lumbung/gate", "Set-Cookie": "a=1; Path=/x; Domain=localhost"}
            self.send_response(101 if self.headers.get("Upgrade") else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.headers.get("Upgrade") and self.path != "/_lumbung/gate":
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"frame:" + self.rfile.readline())
            self.close_connection = True
            return
        text = b"" if code == 204 else f"from {who}".encode()
        if code != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_given: Any) -> None:
        pass


@contextmanager
def serving(name: str) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.name = name  # type: ignore[attr-defined]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def visit(port: int, host: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
    Server.heard.clear()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": f"{host}:{port}", **named})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


@pytest.mark.skipif(NGINX is None, reason="no nginx here")
def test_nginx_asks_the_gate_and_goes_where_it_says(site: Site, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "nginx"
    with serving("platform") as platform, serving("app") as app:
        main = place_nginx(folder, files_of(site, [], ""), port, platform=platform)
        with running([str(NGINX), "-p", str(folder), "-c", str(main)], port):
            Server.gate = (
                204,
                {"X-Lumbung-At": f"127.0.0.1:{app}", "X-Lumbung-Cookie": "b=2", "X-Lumbung-Token": "jwt"},
            )
            _it_lets_in(port)
            _a_websocket_goes_through(port)
            _a_fragment_is_refused(port)
            assert visit(port, "berpita.sumbawa.localhost", "/x")[1] == "from platform"
            assert [one[2] for one in Server.heard] == ["/x"], "the platform judges by itself"
            assert visit(port, "belum-ada.sumbawa.localhost", "/x")[1] == "from platform"
            assert visit(port, "sumbawa.localhost", "/")[1] == "from platform"
            assert visit(port, "langsung.sumbawa.localhost", "/_lumbung/masuk?x=1")[1] == "from platform"
            status, text, _ = visit(port, "langsung.sumbawa.localhost", "/_lumbung/gate")
            assert (status, text) != (204, "") and all(one[2] != "/_lumbung/gate" for one in Server.heard)
            for code in (401, 403, 404):
                Server.gate = (code, {})
                sent = visit(port, "langsung.sumbawa.localhost", "/isi?a=1", "POST", b"z" * 300_000)
                assert sent[:2] == (200, "from platform"), code
                assert [(one[0], one[1], len(one[4])) for one in Server.heard][-1] == ("platform", "POST", 300_000)
                assert all(one[0] == "platform" for one in Server.heard)


def _it_lets_in(port: int) -> None:
    forged = {"Remote_User": "admin", "X_Who": "admin", "X_Lumbung_Token": "x", "Forwarded": "for=1.2.3.4"}
    status, text, headers = visit(
        port, "langsung.sumbawa.localhost", "/a%20b?q=1", "POST", b"y" * 300_000,
        Cookie="lumbung_app=1; b=2", X_Forwarded_For="1.2.3.4", **forged,
    )  # fmt: skip
    assert (status, text) == (200, "from app")
    (gate, _, asked, gate_headers, nothing), (who, method, path, told, body) = Server.heard
    assert (gate, asked, nothing) == ("platform", "/_lumbung/gate", b"")
    assert gate_headers["x-original-uri"] == "/a%20b?q=1"
    assert gate_headers["x-original-method"] == "POST"
    assert gate_headers["host"] == f"langsung.sumbawa.localhost:{port}"
    assert (who, method, path, len(body)) == ("app", "POST", "/a%20b?q=1", 300_000)
    assert told["host"] == told["x-forwarded-host"] == f"langsung.sumbawa.localhost:{port}"
    assert (told["x-forwarded-for"], told["cookie"], told["x-who"]) == ("127.0.0.1", "b=2", "jwt")
    assert not {"remote-user", "x-lumbung-token", "forwarded", "x-lumbung-identity"} & set(told)
    assert "X-Accel-Redirect" not in headers
    assert "domain=langsung.sumbawa.localhost" in headers["Set-Cookie"].lower()
    assert "path=/;" in headers["Set-Cookie"].lower(), "one of a deeper path would not be there to be ended"


def _a_fragment_is_refused(port: int) -> None:
    Server.heard.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"GET /meja#x HTTP/1.1\r\nHost: langsung.sumbawa.localhost\r\nConnection: close\r\n\r\n")
        assert b" 400 " in line.recv(4096)
    assert Server.heard == []


def _a_websocket_goes_through(port: int) -> None:
    for host in ("langsung.sumbawa.localhost", "berpita.sumbawa.localhost"):
        Server.heard.clear()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(
                f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode()
            )
            line.sendall(b"halo\n")
            heard = b""
            while piece := line.recv(4096):
                heard += piece
        assert b" 101 " in heard and b"frame:halo" in heard, heard
        assert [one[0] for one in Server.heard] == ["platform", "app"]
        assert "x-who" not in Server.heard[1][3] or host.startswith("langsung")


@pytest.mark.skipif(NGINX is None or FPM is None, reason="no nginx or php-fpm here")
def test_a_php_application_is_served_by_its_pool_and_its_insides_are_not(
    house: TestHouse, site: Site, tmp_path: Path
) -> None:
    files, port, folder = with_pool(house, site), free_port(), tmp_path / "n"
    pool = folder / "pool.conf"
    [text] = [file.text for file in files if file.path == "php/web_php-sumbawa.conf"]
    with serving("platform") as platform:
        main = place_nginx(folder, files, port, platform=platform)
        door = folder / "run/web_php-sumbawa/fpm.sock"
        door.parent.mkdir(parents=True)
        text = text.replace("/run/lumbung-php/web_php-sumbawa", str(door.parent)).replace("0660", "0666")
        pool.write_text(text.replace("user = nobody", "user = root").replace("/proc/self/fd/2", f"{folder}/fpm.log"))
        Server.gate = (204, {"X-Lumbung-At": "127.0.0.1:1", "X-Lumbung-Cookie": "b=2"})
        host = "web-php.sumbawa.localhost"
        with (
            running([str(FPM), "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", str(pool)], door),
            running([str(NGINX), "-p", str(folder), "-c", str(main)], port),
        ):
            told = visit(port, host, "/info.php", Cookie="lumbung_app=1; b=2", Remote_User="admin")
            assert told[:2] == (200, f"{host}:{port}|{port}|key|b=2|-")
            assert [one[2] for one in Server.heard] == ["/_lumbung/gate"]
            assert visit(port, host, "/")[1] == "index"
            assert visit(port, host, "/warga/12?a=1")[1] == "index/warga/12"
            assert visit(port, host, "/gaya.css")[1] == "p {}"
            for path in ("/dump.sql", "/.env", "/DUMP.SQL", "/system/core/x.php", "/application/config/database.php"):
                assert visit(port, host, path)[0] == 404, path
            Server.gate = (403, {})
            for path in ("/info.php", "/gaya.css", "/warga"):
                assert visit(port, host, path)[1] == "from platform"


@pytest.mark.skipif(NGINX is None or FPM is None, reason="no nginx or php-fpm here")
def test_each_program_takes_its_file(house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.kernel.settings = house.settings.model_copy(update={"secure_cookies": True})
    site = make_site(house, tmp_path)
    assert site.tls
    files, folder = with_pool(house, site), tmp_path / "n"
    main = place_nginx(folder, files, free_port(), platform=8000)
    make_certificate(folder)
    run([str(NGINX), "-t", "-p", str(folder), "-c", str(main)])
    for file in files:
        if file.path.startswith("php/"):
            assert file.mode == 0o640
            (folder / "pool.conf").write_text(file.text.replace("/run/lumbung-php/web_php-sumbawa", str(folder)))
            run([str(FPM), "-t", "--fpm-config", str(folder / "pool.conf")])
    units = [file for file in files if file.path.startswith("systemd/")]
    assert [file.path for file in units] == ["systemd/lumbung.service", "systemd/lumbung-php-web_php-sumbawa.service"]
    if analyze := shutil.which("systemd-analyze"):
        for file in units:
            (folder / Path(file.path).name).write_text(file.text)
        said = run([analyze, "verify", *(str(folder / Path(file.path).name) for file in units)])
        assert "Unknown" not in said and "Failed to parse" not in said


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def make_certificate(folder: Path) -> None:
    run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
         "-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    )  # fmt: skip


def test_a_file_edited_by_hand_is_kept_unless_forced(tmp_path: Path) -> None:
    first = [File("a.conf", "/etc/a", "one\n"), File("b.conf", "/etc/b", "two\n", 0o600)]
    assert dict(write_all(tmp_path / "d", first)) == {"a.conf": "written", "b.conf": "written"}
    assert (tmp_path / "d/b.conf").stat().st_mode & 0o777 == 0o600
    edited = tmp_path / "d/a.conf"
    edited.write_text(edited.read_text() + "mine\n")
    second = [File("a.conf", "/etc/a", "three\n")]
    assert dict(write_all(tmp_path / "d", second)) == {"a.conf": "kept", "b.conf": "left over"}
    assert edited.read_text().endswith("one\nmine\n")
    assert dict(write_all(tmp_path / "d", second, force=True))["a.conf"] == "written"
    assert dict(write_all(tmp_path / "d", second))["a.conf"] == "unchanged"


def test_what_cannot_stand_in_a_configuration_is_refused(house: TestHouse, as_owner: Any) -> None:
    for given in ({"user": "x; rm"}, {"domains": ["a;b"]}, {"domains": ["lain.example"]}, {"web_group": "a b"}):
        with pytest.raises(LumbungError, match=r"cannot stand|No tenant has"):
            site_of(house.kernel, **{"user": "lumbung", "web_group": "www-data", **given})
    only = site_of(house.kernel, user="lumbung", web_group="www-data", domains=["sumbawa.localhost"])
    assert only.hosts == ("sumbawa.localhost",)
    house.kernel.settings = house.settings.model_copy(update={"home": Path("/srv/a b")})
    with pytest.raises(LumbungError, match="path"):
        site_of(house.kernel, user="lumbung", web_group="www-data")
