"""What a first visit downloads: each file of the citizen's first page and of the desk's, plain and as it is sent.

Counts bodies, not headers (about 700 bytes an answer). `tests/look/test_budget.py` holds the sum under its limit, in
a real browser.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from lumbung.portal.pwa import FONT
from lumbung.settings import Settings
from lumbung.testing.databases import fresh_database, test_server
from lumbung.testing.house import HouseClient, TestHouse

BESIDE = (FONT, "/manifest.webmanifest", "/sw.js", "/luring")
_FILE = re.compile(r"(?:href|src)=\"(/(?:_static|_tenant)/[^\"#]+)")
_NOT_FETCHED = ("/_tenant/ikon-180", "/_tenant/ikon-512")


def main() -> None:
    """Print the tables."""
    with test_server() as server, fresh_database(server, []) as urls, tempfile.TemporaryDirectory() as folder:
        house = TestHouse(Settings(home=Path(folder) / "home"), urls)
        try:
            show(house.client(), "/")
            show(house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"])), "/admin/")
        finally:
            house.close()


def show(client: HouseClient, path: str) -> None:
    """Print what a page and its files weigh, the heaviest first."""
    files = dict.fromkeys((path, *_FILE.findall(client.get(path).text), *BESIDE))
    rows = [(name, *weights(client, name)) for name in files if not name.startswith(_NOT_FETCHED)]
    print(f"{path:<52}{'plain':>10}{'sent':>10}")
    for name, plain, sent in sorted(rows, key=lambda row: -row[2]):
        print(f"  {name.partition('?')[0]:<50}{plain:>10}{sent:>10}")
    print(f"  {f'{len(rows)} answers':<50}{sum(row[1] for row in rows):>10}{sum(row[2] for row in rows):>10}\n")


def weights(client: HouseClient, path: str) -> tuple[int, int]:
    """Return the bytes of a body, plain and as a browser gets it."""
    with client.get(path) as plain, client.get(path, headers={"Accept-Encoding": "gzip"}) as sent:
        assert plain.status_code == 200, path
        return len(plain.data), len(sent.data)


if __name__ == "__main__":
    main()
