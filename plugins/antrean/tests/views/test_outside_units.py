"""What belongs to another unit answers, byte for byte, like what does not exist: for reading and for writing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from lumbung.testing import HouseClient, TestHouse

from ..conftest import TODAY, Office

# What differs between any two answers to the same question: tokens, the nonce, the address that was asked.
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
NONCE = re.compile(r"(nonce[-=]\"?)[\w+/=-]+")
READ = [
    "pengaturan/lokasi/{location}",
    "pengaturan/lokasi/{location}/ubah",
    "pengaturan/layanan/{service}",
    "pengaturan/sesi/{slot}",
    "pengaturan/loket/{counter}",
    "petugas/{service}",
    "petugas/tiket/{ticket}",
]
WRITTEN = [
    "pengaturan/lokasi/{location}/ubah",
    "pengaturan/lokasi/{location}/kios",
    "pengaturan/layanan/{service}/ubah",
    "pengaturan/sesi/{slot}",
    "pengaturan/sesi/{slot}/hapus",
    "pengaturan/layanan/{service}/hapus",
    "pengaturan/loket/{counter}/hapus",
    "pengaturan/lokasi/{location}/hapus",
    "pengaturan/libur/{holiday}/hapus",
    "pengaturan/tutup/{closure}/buka",
    "petugas/{service}",
    "petugas/tiket/{ticket}/hadir",
    "petugas/tiket/{ticket}/batal",
    "petugas/tiket/{ticket}/tidak-hadir",
    "loket/{counter}/duduk",
    "loket/panggil/{ticket}",
    "loket/selesai-panggil/{ticket}",
    "loket/tiket/{ticket}/ulang",
    "loket/tiket/{ticket}/mulai",
    "loket/tiket/{ticket}/selesai",
    "loket/tiket/{ticket}/tidak-hadir",
]


def plain(answer: Any, thing: UUID) -> tuple[int, dict[str, str], str]:
    """Return an answer without what differs by nature."""
    headers = {name: NONCE.sub(r"\1", value) for name, value in answer.headers.items() if name != "Set-Cookie"}
    body = NONCE.sub(r"\1", HIDDEN.sub("", answer.get_data(as_text=True)))
    return answer.status_code, headers, body.replace(str(thing), "ID")


def everything(office: Office) -> list[Any]:
    """Return all that the paths below could change."""
    from lumbung_antrean.models import Closure, Counter, Holiday, Location, Service, Slot, Ticket

    with office.inside() as scope:
        tables = [model.__table__ for model in (Closure, Counter, Holiday, Location, Service, Slot, Ticket)]
        return [sorted(map(str, scope.session.execute(select(table)))) for table in tables]


def test_another_units_things_answer_like_things_that_are_not_there(
    house: TestHouse, office: Office, line: Callable[..., list[UUID]]
) -> None:
    client, things = _somebody_elsewhere(house, office, line)
    before = everything(office)
    compared = 0
    for send, paths in ((client.get, READ), (client.post_form, WRITTEN)):
        for path in paths:
            name = re.findall(r"{(\w+)}", path)[0]
            nowhere = uuid4()
            theirs = send("/antrean/" + path.format(**{name: things[name]}))
            nothing = send("/antrean/" + path.format(**{name: nowhere}))
            assert theirs.status_code == 404, path
            assert plain(theirs, things[name]) == plain(nothing, nowhere), path
            compared += 1
    ticket = things["ticket"]
    targets = [("loket", things["counter"]), ("layanan", things["service"]), ("loket", uuid4()), ("layanan", uuid4())]
    answers = [client.post_form(f"/antrean/loket/tiket/{ticket}/alihkan", {"ke": f"{k}:{i}"}) for k, i in targets]
    assert {answer.status_code for answer in answers} == {404}
    with office.inside():
        from lumbung_antrean.models import Ticket

        from lumbung.sdk import find_or_404

        code = find_or_404(Ticket, ticket).code
    said = [
        client.post_form("/antrean/hari-ini/hadir", {"code": one}, follow_redirects=True) for one in (code, "ZZZZ99")
    ]
    assert all("Tidak ada tiket dengan kode itu" in answer.text for answer in said)
    assert compared == len(READ) + len(WRITTEN)
    assert everything(office) == before


def _somebody_elsewhere(
    house: TestHouse, office: Office, line: Callable[..., list[UUID]]
) -> tuple[HouseClient, dict[str, UUID]]:
    """Return a manager who sits at a counter of another unit, and one thing of each kind that is not theirs."""
    from lumbung_antrean.models import Closure, Location
    from lumbung_antrean.services import closures, setup

    (ticket,) = line("")
    elsewhere = house.unit("sumbawa", "PKM")
    with office.inside() as scope:
        mine = setup.save_location(None, name="Puskesmas", unit_id=elsewhere)
        service = setup.save_service(mine, None, letter="P", name="Poli", minutes=5)
        setup.add_slots(service, range(4), time(8), time(9), quota=5)
        seat = setup.save_counter(mine, None, [service], number=1).id
        theirs = scope.session.scalars(select(Location).where(Location.id == office.location)).one()
        holiday = closures.add_holiday(TODAY.replace(day=30), "Rapat", theirs).id
        closures.close_day(theirs, TODAY.replace(day=26), "Listrik padam")
        closed = scope.session.scalars(select(Closure.id)).one()
    roles = [("antrean.manager", "PKM"), ("antrean.operator", "PKM")]
    client = house.client("sumbawa", house.person("sumbawa", "pkm@sumbawa.example", roles=roles))
    assert client.post_form(f"/antrean/loket/{seat}/duduk").status_code == 302
    things = {
        "location": office.location,
        "service": office.service,
        "slot": office.slot,
        "counter": office.counters[0],
        "ticket": ticket,
        "holiday": holiday,
        "closure": closed,
    }
    return client, things
