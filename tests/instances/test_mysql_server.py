"""The embedded MariaDB: kept, shared, killed, picked up again, and gone when nobody uses it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lumbung.errors import ConfigurationError, LumbungError
from lumbung.instances.databases import mysql_server
from lumbung.instances.databases.mysql_cluster import LONGEST_SOCKET_PATH, MariaCluster
from lumbung.instances.databases.mysql_server import EmbeddedMaria, ServerAddress, address_in
from lumbung.settings import Settings

pytestmark = pytest.mark.skipif(
    not shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"), reason="mariadb-server is not installed"
)

USER_PROCESS = """
import sys
from pathlib import Path
from lumbung.instances.databases.mysql_server import ensure
from lumbung.settings import Settings
ensure(Settings(home=Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that the server's user can enter, unlike tmp_path of root; nothing in it yet."""
    folder = Path(tempfile.mkdtemp(prefix="mysql-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    if pid := MariaCluster((folder / "home" / "mysql").resolve(), None).pid():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


def ask(address: ServerAddress, statement: str) -> Any:
    connection = address.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            connection.commit()
            return cursor.fetchall()
    finally:
        connection.close()


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def user_of(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER_PROCESS, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    process.send_signal(how)
    process.communicate(timeout=15)


def test_a_new_server_asks_its_only_account_for_a_password_stays_off_the_network_and_is_lenient(home: Path) -> None:
    settings = Settings(home=home)
    try:
        address = mysql_server.ensure(settings)
        assert ask(address, "SELECT user FROM mysql.user WHERE user <> 'mariadb.sys'") == (("root",),)
        assert ask(address, "SELECT @@skip_networking, @@global.sql_mode, @@character_set_server") == (
            (1, "NO_ENGINE_SUBSTITUTION", "utf8mb4"),
        )
        with pytest.raises(LumbungError, match="Access denied"):
            address.connect("root", "")
        assert address.password not in repr(address)
        assert (home / "secrets" / "mysql.json").stat().st_mode & 0o777 == 0o600
        assert mysql_server.ensure(settings) == address
    finally:
        mysql_server.stop(settings)
    assert EmbeddedMaria(home).cluster.pid() is None


def test_processes_that_start_at_once_share_a_server_which_ends_with_the_last_one_however_it_ends(home: Path) -> None:
    first, second = user_of(home), user_of(home)
    assert first.stdout and second.stdout
    assert (first.stdout.readline(), second.stdout.readline()) == ("ready\n", "ready\n")
    cluster = EmbeddedMaria(home).cluster
    pid = cluster.pid()

    end(first, signal.SIGKILL)
    assert cluster.pid() == pid, "the other one still uses it"
    end(second, signal.SIGKILL)

    until(lambda: cluster.pid() is None)


def test_a_server_that_was_killed_is_started_again_by_a_newer_one_and_knows_what_it_was_told(home: Path) -> None:
    server = EmbeddedMaria(home)
    ask(server.start(), "CREATE DATABASE kept")
    pid = server.cluster.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: server.cluster.pid() is None)
    server.cluster.version_note.write_text("mariadbd  Ver 10.5.1")

    address = server.start()

    try:
        assert server.cluster.is_up_to_date()
        assert ("kept",) in ask(address, "SHOW DATABASES")
    finally:
        server.release()


def test_a_server_that_cannot_start_says_why_and_nothing_is_left_running(home: Path) -> None:
    server = EmbeddedMaria(home)
    server.start()
    server.release()
    (home / "mysql" / "ibdata1").write_bytes(b"damaged")

    with pytest.raises(LumbungError, match=r"MariaDB does not start: .*ibdata1.*; see .*logs/mysql.log"):
        server.start()

    until(lambda: server.cluster.pid() is None)


def test_a_home_that_lies_too_deep_has_its_socket_among_the_temporary_files() -> None:
    deep = MariaCluster(Path("/tmp") / ("x" * 120) / "mysql", None).socket
    assert deep.parent.parent == Path(tempfile.gettempdir())
    assert len(bytes(deep)) < LONGEST_SOCKET_PATH


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that others cannot enter")
def test_data_of_a_home_that_the_servers_user_cannot_enter_are_kept_in_a_shelter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedMaria(tmp_path / "home", durable=False)
    try:
        assert ask(server.start(), "SELECT 1") == ((1,),)
        assert (tmp_path / "home" / "mysql").is_symlink()
    finally:
        server.release()
        shutil.rmtree(server.cluster.data.parent)


def test_the_setting_mysql_url_names_a_server_and_a_wrong_one_is_refused_without_its_password() -> None:
    far = address_in("mysql://admin:p%40ss@db.example.id:3307")
    assert (far.host, far.port, far.socket, far.user, far.password) == ("db.example.id", 3307, None, "admin", "p@ss")
    near = address_in("mariadb://admin:x@localhost/?unix_socket=/run/mysqld/mysqld.sock")
    assert near.socket == Path("/run/mysqld/mysqld.sock")
    for wrong in ("postgresql://a:geheim@b", "mysql://db", "mysql://a:geheim@b:port"):
        with pytest.raises(ConfigurationError, match="mysql_url") as refused:
            address_in(wrong)
        assert "geheim" not in str(refused.value)
