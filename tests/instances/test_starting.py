"""How an instance is started, and what a visitor of a PHP application can fetch under PHP's own server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from lumbung.errors import LumbungError
from lumbung.instances.instance import Instance
from lumbung.instances.making import make
from lumbung.instances.php_router import front_controller
from lumbung.instances.starting import command_of
from lumbung.testing import TestHouse

SHOWN = '<?php header("X-Own: 1"); echo json_encode([$_SERVER["SCRIPT_NAME"], $_GET, $_SERVER["PATH_INFO"] ?? null]);'
FILES = {
    ".htaccess": "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ index.php?url=$1 [QSA,L]\n",
    "index.php": SHOWN,
    "style.css": "body{}",
    "admin/index.php": "<?php require '../inc/name.php'; echo $name, ini_get('date.timezone');",
    "inc/.htaccess": "Deny from all\n",
    "inc/name.php": "<?php $name = 'admin ';",
    "peek.php": "<?php echo json_encode([@file_get_contents('/etc/passwd'), getenv()]);",
    "application/config/database.php": "<?php echo 'password';",
    "vendor/autoload.php": "<?php echo 'loaded';",
    "vendor/x/logo.png": "png",
    "database/dump.sql": "CREATE",
    "database/dump.zip": "zip",
    "data.sqlite3": "x",
    "old.sql.gz": "x",
    ".env": "KEY=1",
    ".git/config": "x",
    "composer.json": "{}",
    "closed/a.php": "<?php echo 'a';",
    ".well-known/ok.txt": "ok",
}
PHP = 'stack = "php"\ndeny = ["/closed"]\nenvironment = { CI_ENV = "production" }'


@contextmanager
def served(house: TestHouse, one: Instance) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = command_of(house.kernel, one, port)
    process = subprocess.Popen(
        start.argv,
        cwd=start.cwd,
        env=dict(start.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def fetched(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  (its own server)
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_php_serves_pages_and_files_and_nothing_that_gives_the_application_away(house: TestHouse, foreign) -> None:
    one = foreign(PHP, FILES)
    make(house.kernel, one)
    (one.source / "own.txt").symlink_to(one.data / "own.txt")
    (one.data / "own.txt").write_text("own")
    (one.source / "out.txt").symlink_to("/etc/hostname")
    with served(house, one) as at:
        assert fetched(f"{at}/") == (200, '["\\/index.php",[],null]')
        assert fetched(f"{at}/berita/v1.2/b%20c?x=1") == (
            200,
            '["\\/index.php",{"url":"berita\\/v1.2\\/b c","x":"1"},null]',
        )
        assert fetched(f"{at}/index.php/a/b")[1] == '["\\/index.php",[],"\\/a\\/b"]'
        assert fetched(f"{at}/style.css") == (200, "body{}")
        assert fetched(f"{at}/admin") == (200, "admin Asia/Makassar")  # by way of /admin/
        assert fetched(f"{at}/vendor/x/logo.png")[0] == 200
        assert fetched(f"{at}/.well-known/ok.txt") == (200, "ok")
        for path in (
            *("application/config/database.php", "vendor/autoload.php", "inc/name.php", "closed/a.php"),
            *("database/dump.sql", "database/dump.zip", "data.sqlite3", "old.sql.gz", ".env", ".git/config"),
            *("composer.json", "APPLICATION/config/database.php", "application/config/database.php/x"),
            *("%2e%65nv", "vendor//autoload.php", "admin/..%2finc/name.php", "./application/config/database.php"),
        ):
            assert fetched(f"{at}/{path}") == (404, "Not found"), path
        assert fetched(f"{at}/own.txt") == (200, "own")
        assert '"url":"out.txt"' in fetched(f"{at}/out.txt")[1]  # it is no file for PHP, which may not see it
        passwd, environment = json.loads(fetched(f"{at}/peek.php")[1])
    assert passwd is False
    assert environment["CI_ENV"] == "production" and environment["TZ"] == "Asia/Makassar"
    assert environment["HOME"] == str(one.data)
    assert not [name for name in environment if name.startswith(("LUMBUNG", "PYTEST"))]


@pytest.mark.parametrize(
    ("rule", "front"),
    [
        ("RewriteRule ^(.*)$ index.php/$1 [L]", "/$1"),
        ("RewriteRule ^ index.php [L]", ""),
        ("RewriteRule . /index.php [L]", ""),
        ("RewriteRule ^(.*)$ /simpeg/index.php?/$1 [QSA]", "?/$1"),
        ("RewriteRule ^(.+)$ index.php?url=$1", "?url=$1"),
        ("# RewriteRule ^ index.php", None),
        ("RewriteRule ^api/(.*)$ index.php?api=$1", None),
    ],
)
def test_rules_that_lead_to_the_front_controller_are_read(rule: str, front: str | None, tmp_path) -> None:
    (tmp_path / "index.php").touch()
    (tmp_path / ".htaccess").write_text(f"RewriteEngine On\n{rule}\n")
    assert front_controller(tmp_path) == front


def test_a_command_finds_its_values_its_files_and_its_folder(house: TestHouse, foreign) -> None:
    one = foreign(
        'stack = "command"\ncommand = ["./run.sh", "--port={{ port }}"]\nfolder = "app"\n'
        'environment = { KEY = "{{ secret }}" }\n[[process.files]]\nplace = "source"\npath = "app/local.json"\n'
        'text = """{"port": {{ port }}, "name": {{ tenant.name|json }}}"""\n[process.limits]\nmemory_mb = 300',
        {"app/run.sh": "#!/bin/sh\n", "app/x.py": ""},
    )
    make(house.kernel, one)
    place = one.source / "app" / "local.json"
    assert not place.exists()  # what asks for the port waits for the start
    start = command_of(house.kernel, one, 4711)
    assert start.argv == (str(one.source / "app" / "run.sh"), "--port=4711") and start.cwd == one.source / "app"
    assert len(start.environment["KEY"]) == 48 and start.environment["KEY"] not in repr(start)
    assert start.limits.memory_mb == 300 and start.health.path == "/"
    assert place.read_text() == '{"port": 4711, "name": "Kabupaten Sumbawa"}' and place.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_started_is_said_before(house: TestHouse, foreign) -> None:
    one = foreign('stack = "command"\ncommand = ["tiada-program"]', {"x": ""})
    make(house.kernel, one)
    with pytest.raises(LumbungError, match="started by tiada-program, which is neither"):
        command_of(house.kernel, one, 1)
    over = foreign(
        'stack = "php"\n[[process.files]]\nplace = "source"\npath = "index.php"\ntext = "x"',
        {"index.php": "theirs"},
        version="2.0.0",
    )
    with pytest.raises(LumbungError, match=r"write index\.php over the donated file"):
        make(house.kernel, over)
    assert (over.source / "index.php").read_text() == "theirs"
