"""The PostgreSQL that Lumbung brings along: kept, shared, killed, and picked up again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lumbung.database import cluster, server_account
from lumbung.database.embedded import EmbeddedPostgres, ServerAddress, embedded_postgres
from lumbung.errors import LumbungError

AS_ROOT = os.geteuid() == 0

USER_PROCESS = """
import sys
from pathlib import Path
from lumbung.database.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), durable=False):
    print("ready", flush=True)
    sys.stdin.read()
"""


def make_folder() -> Iterator[Path]:
    """A folder that the server's user can enter, unlike tmp_path of root."""
    path = Path(tempfile.mkdtemp(prefix="lumbung-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


folder = pytest.fixture(make_folder)
shared_folder = pytest.fixture(make_folder, scope="module")


@pytest.fixture
def new_home(folder: Path) -> Iterator[Path]:
    """A home that is not there yet; whatever server a failed test leaves behind is stopped."""
    yield folder / "home"
    if pid := running(EmbeddedPostgres(folder / "home")):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def made(shared_folder: Path) -> Path:
    """A home with an empty database, made once: making one takes longer than most tests."""
    with embedded_postgres(shared_folder / "home", durable=False):
        return shared_folder / "home"


@pytest.fixture
def home(new_home: Path, made: Path) -> Path:
    """A home with an empty database of its own."""
    subprocess.run(["cp", "-a", made, new_home], check=True)
    return new_home


def ask(address: ServerAddress, statement: str, **connection: str) -> Any:
    where = make_conninfo(address.url().replace("+psycopg", ""), **connection)
    with psycopg.connect(where, autocommit=True) as database:
        cursor = database.execute(statement.encode())
        return next(iter(cursor))[0] if cursor.description else None


def running(server: EmbeddedPostgres) -> int | None:
    """The process id of the server, if it runs."""
    return server.cluster.pid()


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def user_of(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER_PROCESS, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_database_speaks_utf8_asks_for_a_password_and_stays_off_the_network(new_home: Path) -> None:
    with embedded_postgres(new_home, durable=False) as address:
        assert ask(address, "select 'é ꦭꦸꦩ꧀ꦧꦸꦁ' = U&'\\00e9 ' || 'ꦭꦸꦩ꧀ꦧꦸꦁ'")
        assert ask(address, "show server_encoding") == "UTF8"
        assert ask(address, "show listen_addresses") == ""
        assert ask(address, "select datlocale from pg_database where datname = 'template1'") == "C.UTF-8"
        assert ask(address, "select distinct auth_method from pg_hba_file_rules") == "scram-sha-256"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(address, "select 1", password="guessed")

    assert json.loads((new_home / "secrets" / "postgres.json").read_text())["password"] == address.password
    assert permissions(new_home / "secrets" / "postgres.json") == 0o600
    assert permissions(new_home / "secrets") == 0o700
    assert not (new_home / "postgres.key").exists()
    assert address.password not in repr(address)


def test_durable_server_waits_for_the_disk_and_keeps_what_was_written(home: Path) -> None:
    with embedded_postgres(home) as address:
        assert ask(address, "show fsync") == "on"
        ask(address, "create table rice as select 7 as sacks")
    with embedded_postgres(home) as address:
        assert ask(address, "select sacks from rice") == 7
        assert ask(address, "show synchronous_commit") == "on"


def test_server_runs_out_of_reach_of_the_terminal_and_never_as_root(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    pid = running(server)
    assert pid is not None
    assert os.getsid(pid) != os.getsid(0)
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    server.release()
    assert running(server) is None


def test_last_user_stops_the_server(home: Path) -> None:
    first, second = (EmbeddedPostgres(home, durable=False) for _ in range(2))
    assert first.start() == second.start()
    first.release()
    assert running(second)
    second.release()
    assert running(second) is None


def test_processes_that_come_and_go_at_once_share_one_server(home: Path) -> None:
    users = [user_of(home) for _ in range(4)]
    for user in users:
        assert user.stdout and user.stdout.readline() == "ready\n"
    server = EmbeddedPostgres(home)
    assert running(server)
    for user in users:
        finish(user)
    assert [user.returncode for user in users] == [0, 0, 0, 0]
    assert running(server) is None


def test_killed_user_leaves_a_server_that_the_next_one_uses_and_stops(home: Path) -> None:
    user = user_of(home)
    assert user.stdout and user.stdout.readline() == "ready\n"
    server = EmbeddedPostgres(home, durable=False)
    left = running(server)
    user.kill()
    finish(user)
    assert left and running(server) == left

    server.start()
    assert running(server) == left
    server.release()
    assert running(server) is None


def test_killed_server_starts_again_with_what_was_acknowledged(home: Path) -> None:
    server = EmbeddedPostgres(home)
    address = server.start()
    ask(address, "create table rice as select 7 as sacks")
    pid = running(server)
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: running(server) is None)

    with embedded_postgres(home) as address:
        assert ask(address, "select sacks from rice") == 7
        assert running(server) != pid
    server.release()
    assert running(server) is None


@pytest.mark.parametrize("note", ["{foreign}\n", "", "not a number\n"])
def test_note_of_a_killed_server_does_not_stop_the_next_even_when_its_number_went_to_another_program(
    home: Path, note: str
) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    said = (home / "postgres" / "postmaster.pid").read_text().splitlines()
    server.release()
    account = server_account.server_account()
    foreign = subprocess.Popen(["sleep", "60"], user=account.pw_uid if account else None)
    try:
        lines = "\n".join(said[1:]) if note.startswith("{") else ""
        for name in (home / "postgres" / "postmaster.pid", home / "run" / "postgres" / ".s.PGSQL.5432.lock"):
            name.write_text(note.format(foreign=foreign.pid) + lines)
            server_account.give_to(account, name)
        with embedded_postgres(home, durable=False) as address:
            assert ask(address, "select 1") == 1
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_database_whose_making_was_killed_is_made_again(new_home: Path) -> None:
    user = user_of(new_home)
    until((new_home / "postgres.new" / "global").exists)
    user.kill()
    finish(user)
    assert not (new_home / "postgres").exists()

    with embedded_postgres(new_home, durable=False) as address:
        assert ask(address, "select 1") == 1
    assert not (new_home / "postgres.new").exists()


def test_long_path_puts_the_socket_into_a_private_temporary_folder(folder: Path) -> None:
    home = folder / ("deep" * 25) / "home"
    with embedded_postgres(home, durable=False) as address:
        assert address.socket_folder.parent == Path(tempfile.gettempdir())
        assert permissions(address.socket_folder) == 0o700
        assert ask(address, "select 1") == 1
        assert EmbeddedPostgres(home).address == address
    address.socket_folder.rmdir()


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a folder away")
def test_socket_folder_of_another_user_is_refused(new_home: Path) -> None:
    (new_home / "run" / "postgres").mkdir(parents=True)
    os.chown(new_home / "run" / "postgres", 12345, 12345)
    with pytest.raises(LumbungError, match=r"run/postgres belongs to another user; remove it"):
        EmbeddedPostgres(new_home, durable=False).start()


def test_data_of_another_major_version_is_named_and_left_alone(new_home: Path) -> None:
    (new_home / "postgres").mkdir(parents=True)
    (new_home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(LumbungError, match=r"home/postgres was made by PostgreSQL 9 and Lumbung now brings"):
        EmbeddedPostgres(new_home).start()
    assert [path.name for path in (new_home / "postgres").iterdir()] == ["PG_VERSION"]


def test_damaged_database_is_reported_in_one_sentence_that_names_the_log(home: Path) -> None:
    with embedded_postgres(home, durable=False):
        pass
    (home / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(LumbungError, match=r"PostgreSQL does not start: .+; see .*/logs/postgres\.log\.$"):
        EmbeddedPostgres(home, durable=False).start()


@pytest.mark.skipif(not AS_ROOT, reason="only root can make a small disk")
def test_full_disk_is_reported_and_once_there_is_room_the_next_start_succeeds(new_home: Path) -> None:
    new_home.mkdir()
    small_disk = ["mount", "-t", "tmpfs", "-o", "size=8m", "lumbung-test", str(new_home)]
    if subprocess.run(small_disk, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        with pytest.raises(LumbungError, match=r"initdb failed: the disk is full; see .*/home/postgres\.$"):
            EmbeddedPostgres(new_home, durable=False).start()
        subprocess.run(["mount", "-o", "remount,size=200m", str(new_home)], check=True)
        with embedded_postgres(new_home, durable=False) as address:
            assert ask(address, "select 1") == 1
    finally:
        subprocess.run(["umount", str(new_home)], check=True)


def test_home_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(LumbungError, match=r"database in .*/file/home cannot be used: Not a directory"):
        EmbeddedPostgres(folder / "file" / "home").start()


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user runs the server itself and reaches everything")
class TestPrivateHomeOfRoot:
    """The server's own user cannot enter it, and nobody's permissions are loosened."""

    @pytest.fixture
    def shelter(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        monkeypatch.setattr(server_account, "SHELTER", folder / "shelter")
        server_account.programs.cache_clear()
        yield folder / "shelter"
        server_account.programs.cache_clear()

    @pytest.fixture
    def private(self, folder: Path) -> Path:
        (folder / "private").mkdir(mode=0o700)
        return folder / "private"

    def test_keeps_its_database_in_the_shelter(
        self, private: Path, shelter: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        for _ in range(2):
            with embedded_postgres(private / "home", durable=False) as address:
                assert ask(address, "select 1") == 1
        place = (private / "home" / "postgres").resolve().parent
        assert place.parent == shelter
        assert permissions(private) == 0o700
        assert caplog.messages == [
            f"The system user postgres cannot enter {private / 'home'}: the database is kept in {place}."
        ]

    def test_that_was_a_test_and_is_gone_gives_its_place_back(self, private: Path, shelter: Path) -> None:
        for name, durable in (("test", False), ("office", True)):
            (private / name).mkdir()
            server = EmbeddedPostgres(private / name, durable=durable)
            server._prepare_home()
            shutil.rmtree(private / name)
        EmbeddedPostgres(private / "next")._prepare_home()
        assert sorted(place.name.split("-")[0] for place in shelter.iterdir()) == ["next", "office"]

    def test_uses_a_copy_of_programs_that_cannot_be_reached(
        self, folder: Path, shelter: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = server_account._can_run
        monkeypatch.setattr(server_account, "_can_run", lambda account, path: shelter in path.parents)
        with embedded_postgres(folder / "home", durable=False) as address:
            assert ask(address, "select 1") == 1
            pid = running(EmbeddedPostgres(folder / "home"))
            assert shelter in Path(f"/proc/{pid}/exe").readlink().parents
        account = server_account.server_account()
        assert account and real(account, server_account.programs(account))
        assert [path.name for path in shelter.iterdir()] == [server_account.programs(account).parents[2].name]


def test_log_that_grew_large_is_put_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LARGEST_LOG", 10)
    for _ in range(2):
        with embedded_postgres(home, durable=False):
            pass
    assert (home / "logs" / "postgres.log.1").exists()
