"""What an instance printed is read from its end, searched through older files, and never shows a password."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lumbung.instances import logs


def instance(folder: Path) -> Any:
    return SimpleNamespace(log=folder / "app.log")


def line(number: int, words: str = "") -> str:
    return f"2026-11-24T18:15:49Z {number} {words}".rstrip()


def test_the_last_lines_are_found_across_blocks_and_rotated_files(tmp_path: Path) -> None:
    one = instance(tmp_path)
    assert logs.tail(one, 5) == []
    (tmp_path / "app.log.10").write_text(line(-1) + "\n")
    (tmp_path / "app.log.2").write_text("".join(f"{line(n)}\n" for n in range(3)))
    (tmp_path / "app.log.1").write_text("".join(f"{line(n, 'é' * 60_000)}\n" for n in range(3, 5)))
    one.log.write_text(f"{line(5)}\n\n{line(6)}\n{line(7)}")
    assert logs.tail(one, 4) == [line(5), "", line(6), line(7)]
    numbers = [found.split()[1] for found in logs.tail(one, 100) if found]
    assert numbers[:4] == ["-1", "0", "1", "2"] and numbers[-1] == "7"
    assert [path.name for path in logs.files_of(one)] == ["app.log", "app.log.1", "app.log.2", "app.log.10"]
    assert b"".join(logs.whole(one)).count(b"\n") == 9


def test_a_search_reads_older_files_without_holding_them(tmp_path: Path) -> None:
    one = instance(tmp_path)
    (tmp_path / "app.log.1").write_text(f"{line(1, 'Fatal Error')}\n" + f"{line(2, 'x' * 100)}\n" * 40_000)
    one.log.write_text(f"{line(3, 'fatal error: tabel tiada')}\n{line(4)}\n")
    tracemalloc.start()
    found = logs.search(one, "FATAL ERROR", 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [text.split()[1] for text in found] == ["1", "3"]
    assert peak < 1024 * 1024
    assert logs.search(one, "fatal error", 1) == found[1:]
    assert logs.search(one, "fatal.*", 5) == []


def test_passwords_are_masked_and_cannot_be_searched_for(tmp_path: Path) -> None:
    one = instance(tmp_path)
    one.log.write_text(f"{line(1, 'mysql://u:p%40ssw0rd%21@h')}\n{line(2, 'p@ssw0rd!')}\n")
    hide = ["p@ssw0rd!", "abc"]
    for text in (*logs.tail(one, 9, hide=hide), b"".join(logs.whole(one, hide=hide)).decode()):
        assert "ssw0rd" not in text and "*****" in text
    assert logs.search(one, "ssw0rd", 9, hide=hide) == []


def test_a_log_is_followed_through_its_rotation(tmp_path: Path) -> None:
    one = instance(tmp_path)
    one.log.write_text(f"{line(0)}\n")
    heard: list[str] = []
    ready = threading.Event()

    def until() -> bool:
        ready.set()
        return len(heard) >= 3

    def listen() -> None:
        for text in logs.follow(one, until=until):
            heard.append(text)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert ready.wait(5)
    with one.log.open("a") as file:
        file.write(f"{line(1)}\n{line(2)}\n")
    one.log.rename(tmp_path / "app.log.1")
    one.log.write_text(f"{line(3)}\n")
    listener.join(5)
    assert heard == [line(1), line(2), line(3)]


def test_a_line_is_taken_apart() -> None:
    said = logs.parsed("2026-11-24T18:15:49Z [lumbung] It is halted by x.")
    assert (str(said.at), said.words, said.of_platform) == ("2026-11-24 18:15:49+00:00", "It is halted by x.", True)
    assert logs.parsed("2026-13-44T18:15:49Z x").at is None
    assert logs.parsed("Traceback").words == "Traceback"
