"""Infrastruktur Daring with 200,000 reports: list, map of the whole regency, heat, statistics, recap and inbox.

Beside each page stands its own SQL, sent once more over psycopg as the same role in one transaction: what PostgreSQL
needs by itself, without the ORM, the gate or a template. The goal of each is 300 ms, or three times that SQL where this
is more. By the clock, since waiting for the database is most of it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from lumbung_infrastruktur.services.starter import load_starter
from sqlalchemy import Engine, event, text

from lumbung.database.roles import DatabaseUrls
from lumbung.settings import Settings
from lumbung.tenancy.regions import districts
from lumbung.testing.databases import fresh_database, test_server
from lumbung.testing.house import TestHouse
from lumbung.web.house import sid_cookie
from pairs import Figure, head, show
from visits import Visit

REPORTS = 200_000
TIMES = 15
GOAL = 300.0  # milliseconds, or three times the SQL
BOX = "116.7,-9.2,118.4,-8.0"
PAGES = (
    ("list, first page", "/infrastruktur/daftar", "", False),
    ("list, a district that is open", "/infrastruktur/daftar", "keadaan=terbuka&kecamatan=52.04.08", False),
    ("list, page 4,000", "/infrastruktur/daftar", "halaman=4000", False),
    ("list, a word searched", "/infrastruktur/daftar", "q=pasar", False),
    ("map of the whole regency", "/infrastruktur/peta/titik.json", f"kotak={BOX}&z=9", False),
    ("map of the town", "/infrastruktur/peta/titik.json", "kotak=117.38,-8.52,117.46,-8.46&z=14", False),
    ("heat of the whole regency", "/infrastruktur/peta/panas.json", f"kotak={BOX}&z=9", False),
    ("statistics", "/infrastruktur/statistik", "", False),
    ("statistics of open lamps", "/infrastruktur/statistik", "keadaan=terbuka&kelompok=pju", False),
    ("inbox of the desk", "/infrastruktur/petugas/laporan", "", True),
    ("recap of a month", "/infrastruktur/petugas/rekap", "", True),
    ("SLA board", "/infrastruktur/petugas/sla", "", True),
    ("requests of Open311", "/infrastruktur/open311/v2/requests.json", "", False),
)

FILL = """
INSERT INTO infrastruktur_report (tenant_id, id, category_id, unit_id, number, token, state, severity, visibility, lat,
    lon, district_code, village_code, address, description, pseudonym, reported_at, updated_at, due_on, answered_at,
    finished_at, closed_at, supports)
SELECT :tenant, gen_random_uuid(), c.id, c.unit_id, 'L24-' || lpad(n::text, 6, '0'), md5(n::text), s.state, 'sedang',
    CASE WHEN n % 97 = 0 THEN 'hidden' ELSE 'public' END,
    -8.6 + sin(n * 12.9898) * 0.45, 117.55 + cos(n * 78.233) * 0.75,
    d.code, d.code || '.2001', 'Jalan ' || (n % 400),
    'Kerusakan nomor ' || n || CASE WHEN n % 50 = 0 THEN ' dekat pasar' ELSE '' END,
    'Warga', at, at + interval '3 days', (at + interval '20 days')::date, at + interval '1 day',
    CASE WHEN s.state IN ('selesai', 'ditutup') THEN at + (n % 30) * interval '1 day' END,
    CASE WHEN s.state = 'ditutup' THEN at + (n % 30 + 10) * interval '1 day' END, n % 5
FROM generate_series(1, :count) n
CROSS JOIN LATERAL (SELECT now() - (n::float / :count) * interval '1000 days' AS at) t
JOIN (SELECT id, unit_id, row_number() OVER (ORDER BY code) - 1 AS place, count(*) OVER () AS total
      FROM infrastruktur_category WHERE tenant_id = :tenant) c ON c.place = n % c.total
JOIN (SELECT code, row_number() OVER () - 1 AS place, count(*) OVER () AS total
      FROM unnest(CAST(:districts AS text[])) code) d ON d.place = (n * 7) % d.total
JOIN (SELECT state, row_number() OVER () - 1 AS place, count(*) OVER () AS total
      FROM unnest(CAST(:states AS text[])) state) s ON s.place = (n * 11) % s.total
"""
LOG = """
INSERT INTO infrastruktur_log (tenant_id, id, report_id, at, kind, from_state, to_state, note, note_en)
SELECT tenant_id, gen_random_uuid(), id, reported_at, 'made', '', 'baru', '', '' FROM infrastruktur_report
UNION ALL
SELECT tenant_id, gen_random_uuid(), id, updated_at, 'state', 'baru', state, '', '' FROM infrastruktur_report
WHERE state <> 'baru'
"""
STATES = ["ditutup"] * 6 + ["selesai", "didisposisi", "dikerjakan", "baru", "terverifikasi", "ditolak"]
STATES += ["bukan_kewenangan", "duplikat", "ditunda", "dibuka_kembali"]


def main() -> list[Figure]:
    """Return the figures."""
    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        fresh_database(server, ["infrastruktur"]) as urls,
    ):
        house = TestHouse(Settings(home=Path(folder) / "site"), urls)
        try:
            _fill(house, urls)
            return list(figures(house))
        finally:
            house.close()


def figures(house: TestHouse) -> Iterator[Figure]:
    """Ask for each page, then send its SQL by itself."""
    person = house.person("sumbawa", "manager@sumbawa.example", roles=["admin"])
    client = house.client("sumbawa", person)
    cookie = client.get_cookie(sid_cookie(house.kernel), domain="sumbawa.localhost")
    assert cookie is not None
    for what, path, query, signed_in in PAGES:
        cookies = {cookie.key: cookie.value} if signed_in else {}
        visit = Visit(house.app.wsgi_app, path, host="sumbawa.localhost", cookies=cookies)
        visit._environ["QUERY_STRING"] = query
        visit.expect(200)
        with heard() as statements:
            visit.expect(200)
        page = _median(visit)
        bare = _median(lambda found=tuple(statements): _send(house, found))
        goal = max(GOAL, 3 * bare)
        detail = f"{len(statements)} statements, {bare:.0f} ms by themselves: {page / bare:.2f} times"
        yield Figure(f"{what}, ms", goal, page, detail)


@contextmanager
def heard() -> Iterator[list[tuple[str, Any]]]:
    """Write down the statements that are sent within."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if not many and not statement.startswith(("SELECT set_config", "INSERT", "UPDATE")):
            found.append((statement, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _send(house: TestHouse, statements: tuple[tuple[str, Any], ...]) -> None:
    tenant = house.kernel.tenant("sumbawa").id
    with house.kernel.database.engine.connect() as connection:
        driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        with driver.cursor() as cursor:
            cursor.execute("SELECT set_config('lumbung.tenant', %s, true)", (str(tenant),))
            for statement, given in statements:
                cursor.execute(statement, given)  # type: ignore[arg-type]
                if cursor.description:
                    cursor.fetchall()
        driver.rollback()


def _median(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def _fill(house: TestHouse, urls: DatabaseUrls) -> None:
    """Fill in the categories that a new office has, and the reports with up to two lines of history each."""
    with house.scope("sumbawa", plugin="infrastruktur") as scope:
        load_starter()
        given = {"tenant": house.kernel.tenant("sumbawa").id, "count": REPORTS, "states": STATES}
        given["districts"] = [one.code for one in districts("52.04")]
        scope.session.flush()
        scope.session.execute(text("SET LOCAL statement_timeout = 0"))
        scope.session.execute(text(FILL), given)
        scope.session.execute(text(LOG))
    with psycopg.connect(urls.migrator.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    head()
    show(main())
    sys.exit(0)
