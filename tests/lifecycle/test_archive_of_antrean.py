"""The archive of a real gift: a year from now its tables load into an empty database with psycopg alone."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.lifecycle import archives
from lumbung.lifecycle.operations import run
from lumbung.testing import TestHouse

# An office as in the demo: a place, two services, a week of slots, a counter, four hundred tickets with their calls.
ROWS = """
INSERT INTO antrean_location (name, address, kiosk_key) VALUES ('Dukcapil', 'Jl. Garuda 1', 'k1');
INSERT INTO antrean_service (location_id, letter, name, requirements)
    SELECT id, letter, v.name, E'KTP\\n"KK", asli' FROM antrean_location, (VALUES ('A', 'KTP-el'), ('B', 'Akta')) v (letter, name);
INSERT INTO antrean_slot (service_id, weekday, starts, ends, quota, base)
    SELECT id, day, '08:00', '12:00', 40, 0 FROM antrean_service, generate_series(0, 4) day;
INSERT INTO antrean_holiday (date, name, kind) VALUES ('2026-12-25', 'Natal', 'national');
INSERT INTO antrean_counter (location_id, number, name) SELECT id, 1, 'Loket 1' FROM antrean_location;
INSERT INTO antrean_counter_service (counter_id, service_id) SELECT c.id, s.id FROM antrean_counter c, antrean_service s;
INSERT INTO antrean_ticket (location_id, service_id, queue_id, slot_id, date, starts, ends, number, label, code, channel,
                            state, name, phone, nik_tail, nik_key, booked_at, called_at, reason)
    SELECT s.location_id, s.id, s.id, l.id, date '2026-11-23' + l.weekday, '08:00', '12:00', n, s.letter || n,
           s.letter || l.weekday || n, 'web', 'done', 'Warga ' || n, NULLIF('08' || n, '081'), '0001', md5(n::text),
           '2026-11-20 08:00+08', '2026-11-24 09:00+08', CASE WHEN n % 2 = 0 THEN 'a, "b"' ELSE '' END
    FROM antrean_service s JOIN antrean_slot l ON l.service_id = s.id, generate_series(1, 40) n;
INSERT INTO antrean_number (service_id, slot_id, date, last)
    SELECT service_id, slot_id, date, max(number) FROM antrean_ticket GROUP BY 1, 2, 3;
INSERT INTO antrean_call (ticket_id, location_id, queue_id, date, kind, at)
    SELECT id, location_id, queue_id, date, 'call', called_at FROM antrean_ticket;
"""  # noqa: E501


@pytest.fixture
def house_plugins() -> list[str]:
    return ["antrean"]


def test_every_table_of_antrean_comes_back_equal(house: TestHouse, as_owner: Any, restore: Any) -> None:
    with house.scope("sumbawa") as scope:
        scope.session.connection().connection.driver_connection.execute(ROWS)
    run(house.kernel, "archive", plugin="antrean", by="test")
    [path] = archives.folder(house.settings).iterdir()
    [(contents,)] = as_owner("SELECT contents FROM lumbung_archive")
    found = restore(path)
    assert found == {name: [told["rows"], told["sha256"]] for name, told in contents["tables"].items()}
    assert found["antrean_ticket"][0] == found["antrean_call"][0] == 400
    live = as_owner("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'antrean_') ORDER BY 1")
    assert sorted(found) == [name for (name,) in live]
    assert contents["missing"] == []
