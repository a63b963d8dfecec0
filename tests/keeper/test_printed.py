"""What an instance prints is kept whole enough to be read, and without its passwords."""

from __future__ import annotations

from pathlib import Path

from lumbung.keeper.printed import LONGEST_LINE, Printed


def test_passwords_are_masked_also_in_addresses_across_pieces_and_where_a_line_is_cut(tmp_path: Path) -> None:
    printed = Printed(tmp_path / "log" / "app.log")
    printed.mask(["p@ss word", "", "abc"])
    printed.feed(b"mysql://u:p%40ss%20wo")
    printed.feed(b"rd@h/abc p@ss word p%40ss+word\n" + b"x" * (LONGEST_LINE - 4) + b"p@ss word\n")
    printed.end()
    first, second = printed.tail
    assert first == "mysql://u:*****@h/abc ***** *****"
    assert "p@ss" not in second
    text = printed.path.read_text()
    assert "p@ss" not in text
    assert text.splitlines()[0].endswith(f"Z {first}")


def test_long_and_odd_lines_become_lines_that_can_be_read(tmp_path: Path) -> None:
    printed = Printed(tmp_path / "app.log")
    for _ in range(300):
        printed.feed(b"y" * 1000)
    printed.feed(b"\n\x1b[31mmerah\x1b[0m \xff\x00\x07\rlagi\nterakhir")
    printed.end()
    assert [line[:20] for line in printed.tail] == ["y" * 20, "merah \N{REPLACEMENT CHARACTER}lagi", "terakhir"]
    assert max(map(len, printed.tail)) < LONGEST_LINE + 10
    assert len(printed.path.read_text().splitlines()) == 3


def test_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    printed = Printed(tmp_path / "file" / "app.log")
    printed.feed(b"halo\n")
    assert list(printed.tail) == ["halo"]
