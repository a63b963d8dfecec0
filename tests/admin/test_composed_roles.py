"""Composing roles at the desk; and that nobody gets more out of it than they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from lumbung.identity import composing, roles
from lumbung.identity.models import ComposedRole, Grant, PersonRow
from lumbung.identity.person import Person
from lumbung.testing import HouseClient, TestHouse, frozen_clock

Gift = Callable[..., object]
ROLE = """
[[permissions]]
name = "contoh.serve"
title = { id = "Melayani", en = "Serve" }
[[permissions]]
name = "contoh.setup"
title = { id = "Mengatur", en = "Set up" }
[[roles]]
name = "operator"
title = { id = "Operator loket", en = "Counter operator" }
permissions = ["contoh.serve"]
"""


@pytest.fixture
def admin(house: TestHouse) -> Person:
    return house.person("sumbawa", "admin@a.id", roles=["admin"], name="Admin")


@pytest.fixture
def desk(house: TestHouse, admin: Person) -> HouseClient:
    return house.client("sumbawa", admin)


def compose(house: TestHouse, title: str, *permissions: str, tenant: str = "sumbawa") -> tuple[str, UUID]:
    with house.scope(tenant) as scope:
        row = composing.compose(scope.session, None, title=title, permissions=permissions)
        made = roles.COMPOSED + row.code, row.id
    house.kernel.state.forget()
    return made


def roles_in(house: TestHouse) -> dict[str, list[str]]:
    with house.scope() as scope:
        return {row.code: row.permissions for row in scope.session.scalars(select(ComposedRole))}


def granted(house: TestHouse) -> set[tuple[str, str, UUID | None]]:
    with house.scope() as scope:
        rows = scope.session.execute(select(PersonRow.email, Grant.role, Grant.unit_id).join(Grant.person))
        return {(email, role, unit) for email, role, unit in rows}


def boxes(page: str) -> dict[str, str]:
    """Return the field of each permission that the form offers."""
    return {value: name for name, value in re.findall(r'name="(izin_\d+)"[^>]*value="([^"]+)"', page)}


def ticked(client: HouseClient, where: str, *permissions: str) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    offered = boxes(client.get(where).get_data(as_text=True))
    for one in permissions:
        fields.setdefault(offered.get(one, "izin_0"), []).append(one)
    return fields


def test_a_role_is_composed_changed_given_and_removed(house: TestHouse, desk: HouseClient, gift: Gift) -> None:
    gift(more=ROLE)
    siti = house.person("sumbawa", "siti@a.id", name="Siti")
    new = "/admin/peran/susun?dari=contoh.operator"
    assert re.search(r'checked[^>]*value="contoh.serve"', desk.get(new).get_data(as_text=True))
    form = {"title": "Kepala loket", **ticked(desk, new, "contoh.serve", "contoh.setup")}
    assert desk.post_form(new, form).status_code == 303
    assert roles_in(house) == {"kepala_loket": ["contoh.serve", "contoh.setup"]}
    assert desk.post_form(new, form).status_code == 422  # the title is taken
    with frozen_clock("2026-11-24T09:00+08:00"):
        give = {"role": "tenant.kepala_loket", "unit": "", "until": "2026-11-23"}
        assert desk.post_form(f"/admin/orang/{siti.id}/peran/", give).status_code == 422
        assert desk.post_form(f"/admin/orang/{siti.id}/peran/", give | {"until": "9999-12-31"}).status_code == 422
        assert desk.post_form(f"/admin/orang/{siti.id}/peran/", give | {"until": "2026-11-26"}).status_code == 303
        page = desk.get(f"/admin/orang/{siti.id}/").get_data(as_text=True)
        assert "26 Nov 2026" in page and "2 hari lagi" in page and "oleh Admin" in page
    with frozen_clock("2026-11-26T23:59+08:00"):
        assert house.person("sumbawa", "siti@a.id").can("contoh.setup")
    with frozen_clock("2026-11-27T00:00+08:00"):
        assert not house.person("sumbawa", "siti@a.id").can("contoh.setup")
    with house.scope() as scope:
        (row,) = composing.every(scope.session)
    where = f"/admin/peran/{row.id}/"
    change = {"title": "Kepala loket", "english": "Head", **ticked(desk, where, "contoh.setup", "core.audit")}
    with frozen_clock("2026-11-25T08:00+08:00"):
        desk = house.client("sumbawa", house.person("sumbawa", "admin@a.id"))
        held = house.client("sumbawa", siti)
        assert held.get("/admin/jejak/").status_code == 403
        assert desk.post_form(where, change).status_code == 303
        assert held.get("/admin/jejak/").status_code == 200
        refused = desk.post_form(f"{where}hapus")
        assert refused.status_code == 422
        assert "masih dipegang 1 orang: Siti" in refused.get_data(as_text=True)
        assert roles_in(house) == {"kepala_loket": ["contoh.setup", "core.audit"]}
        assert desk.post_form(f"{where}hapus", {"cabut": "ya"}).status_code == 303
        assert held.get("/admin/jejak/").status_code == 403
    assert roles_in(house) == {}


@pytest.fixture
def deputy(house: TestHouse, admin: Person, gift: Gift) -> HouseClient:
    """Somebody who manages people through a composed role, announces, and serves in one unit; no more."""
    gift(more=ROLE)
    role, _id = compose(house, "Wakil", "core.people", "core.announce")
    given = [role, ("contoh.operator", "DINKES")]
    return house.client("sumbawa", house.person("sumbawa", "wakil@a.id", roles=given, name="Wakil"))


def test_nobody_gives_what_they_do_not_hold(house: TestHouse, deputy: HouseClient, admin: Person) -> None:
    reader, _id = compose(house, "Pembaca", "core.audit")
    clerk, _id = compose(house, "Loket", "contoh.serve")
    foreign, _id = compose(house, "Asing", "core.announce", tenant="sumbawabarat")
    me, unit, other = house.person("sumbawa", "wakil@a.id"), house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "X")
    siti = house.person("sumbawa", "siti@a.id")
    before = granted(house)
    attempts = [(role, "") for role in ("admin", reader, clerk, foreign, "contoh.operator", "operator", "tenant.")]
    attempts += [(clerk, str(other)), ("contoh.operator", str(other)), ("platform.plugins", "")]
    for role, where in attempts:
        for person in (siti, me):
            answer = deputy.post_form(f"/admin/orang/{person.id}/peran/", {"role": role, "unit": where})
            assert answer.status_code == 422, (role, where)
    assert granted(house) == before
    for role, where in (("editor", ""), ("officer", ""), (clerk, str(unit)), ("contoh.operator", str(unit))):
        answer = deputy.post_form(f"/admin/orang/{siti.id}/peran/", {"role": role, "unit": where})
        assert answer.status_code == 303, (role, where)
    offered = deputy.get(f"/admin/orang/{siti.id}/").get_data(as_text=True)
    assert f'value="{reader}"' not in offered
    assert 'value="admin"' not in offered


def test_nobody_takes_over_the_account_of_one_above_them(house: TestHouse, deputy: HouseClient, admin: Person) -> None:
    with house.scope() as scope:
        before = scope.session.get(PersonRow, (1, admin.id))
        assert before
        held = next(iter(before.grants)).id
    page = deputy.get(f"/admin/orang/{admin.id}/").get_data(as_text=True)
    assert "lebih luas daripada wewenang Anda" in page
    for path in ("ubah", "nonaktifkan", "kata-sandi", "akhiri-sesi", "peran/", f"peran/{held}/cabut"):
        form = {"name": "Palsu", "email": "palsu@a.id", "role": "officer", "unit": ""}
        assert deputy.post_form(f"/admin/orang/{admin.id}/{path}", form).status_code == 403, path
    deputy.post_form("/admin/orang/nonaktifkan", {"pilih": str(admin.id)})
    with house.scope() as scope:
        after = scope.session.get(PersonRow, (1, admin.id))
        assert after
        assert (after.email, after.active, after.password_hash) == (before.email, True, before.password_hash)
        assert [one.role for one in after.grants] == ["admin"]


def test_nobody_composes_what_they_do_not_hold_everywhere(house: TestHouse, deputy: HouseClient) -> None:
    _name, reader = compose(house, "Pembaca", "core.audit")
    _name, clerk = compose(house, "Loket", "contoh.serve")
    with house.scope() as scope:
        own = next(row.id for row in composing.every(scope.session) if row.code == "wakil")
    before = roles_in(house)
    page = deputy.get("/admin/peran/susun").get_data(as_text=True)
    assert set(boxes(page)) == {"core.people", "core.announce"}
    for where in ("/admin/peran/susun", "/admin/peran/susun?dari=admin", f"/admin/peran/{own}/"):
        for forged in ("core.audit", "core.units", "contoh.serve", "contoh.setup", "platform.plugins"):
            form = {"title": "Baru", "izin_0": ["core.announce", forged]}
            assert deputy.post_form(where, form).status_code == 422, (where, forged)
    for role in (reader, clerk):
        assert "Hanya pengelola daerah yang dapat mengubahnya" in deputy.get(f"/admin/peran/{role}/").text
        form = {"title": "Milik saya", "izin_0": ["core.announce"]}
        assert deputy.post_form(f"/admin/peran/{role}/", form).status_code == 422
        assert deputy.post_form(f"/admin/peran/{role}/hapus", {"cabut": "ya"}).status_code == 422
    assert roles_in(house) == before
    assert deputy.post_form("/admin/peran/susun", {"title": "Humas", "izin_0": ["core.announce"]}).status_code == 303


def test_a_role_of_another_tenant_answers_like_none(house: TestHouse, desk: HouseClient) -> None:
    _name, foreign = compose(house, "Asing", "core.audit", tenant="sumbawabarat")
    assert "Asing" not in desk.get("/admin/peran/").text
    for role in (foreign, uuid4()):
        assert desk.get(f"/admin/peran/{role}/").status_code == 404
        assert desk.post_form(f"/admin/peran/{role}/", {"title": "X y", "izin_0": ["core.audit"]}).status_code == 404
        assert desk.post_form(f"/admin/peran/{role}/hapus", {"cabut": "ya"}).status_code == 404
    with house.scope("sumbawabarat") as scope:
        assert [row.title["id"] for row in composing.every(scope.session)] == ["Asing"]


def test_a_permission_that_sleeps_stays_and_is_said_to_sleep(house: TestHouse, desk: HouseClient, gift: Gift) -> None:
    from lumbung.lifecycle.enable import disable

    gift(more=ROLE)
    _name, role = compose(house, "Loket", "contoh.serve", "core.audit")
    disable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    house.kernel.state.forget()
    where = f"/admin/peran/{role}/"
    assert "Melayani (aplikasi nonaktif, belum memberi apa-apa)" in desk.get(where).text
    form = {"title": "Loket baru", **ticked(desk, where, "contoh.serve", "core.audit")}
    assert desk.post_form(where, form).status_code == 303
    assert roles_in(house) == {"loket": ["contoh.serve", "core.audit"]}
    assert "Melayani (aplikasi nonaktif)" in desk.get("/admin/peran/?unduh=csv").text


def test_bad_input_is_refused_with_a_sentence_and_kept(house: TestHouse, desk: HouseClient) -> None:
    for title in ("", " ", "x", "x" * 1_000_00, "a\ud800".encode("utf-8", "surrogatepass").decode("latin-1") * 60):
        answer = desk.post_form("/admin/peran/susun", {"title": title, "izin_0": ["core.audit"]})
        assert answer.status_code == 422, title[:10]
    assert desk.post_form("/admin/peran/susun", {"title": "Tanpa izin"}).status_code == 422
    assert 'value="Tanpa izin"' in desk.post_form("/admin/peran/susun", {"title": "Tanpa izin"}).text
    assert desk.get("/admin/peran/susun?dari=hantu.raja").status_code == 200
    assert desk.get("/admin/peran/siapa?izin=hantu.raja").status_code == 200
    assert roles_in(house) == {}


def test_the_pages_say_who_can_and_why(house: TestHouse, desk: HouseClient, gift: Gift) -> None:
    gift(more=ROLE)
    gift("padam", more=ROLE.replace("contoh", "padam"), tenants=["sumbawabarat"])
    role, _id = compose(house, "Loket", "contoh.serve", "core.audit")
    siti = house.person("sumbawa", "siti@a.id", name="Siti Rahmah", roles=[role, "padam.operator"])
    house.person("sumbawa", "tutup@a.id", name="Budi Tutup", roles=[("contoh.operator", "PKM")])
    with house.scope() as scope:
        scope.session.scalars(select(PersonRow).where(PersonRow.email == "tutup@a.id")).one().active = False
    page = desk.get("/admin/peran/siapa?izin=contoh.serve").text
    assert all(said in page for said in ("Siti Rahmah", "Budi Tutup", "Nonaktif", "Unit PKM", "Operator loket"))
    file = desk.get("/admin/peran/siapa?izin=contoh.serve&unduh=csv").text
    assert "Budi Tutup;tutup@a.id;Nonaktif, tidak dapat masuk;Unit PKM;Operator loket" in file
    page = desk.get(f"/admin/orang/{siti.id}/izin").text
    assert "Peran Loket, Seluruh daerah; diberikan test" in page
    assert "perannya mati karena aplikasinya nonaktif" in page
    file = desk.get(f"/admin/orang/{siti.id}/izin?unduh=csv").text
    assert 'Membaca jejak audit;Ya;Seluruh daerah;"Peran Loket' in file
    assert "Mengelola perangkat daerah;Tidak" in file
    assert desk.get(f"/admin/orang/{uuid4()}/izin").status_code == 404
    assert house.client("sumbawa", siti).get("/admin/peran/siapa").status_code == 403
