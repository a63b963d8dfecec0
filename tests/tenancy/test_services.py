"""Tenants and units: what is refused, that a refusal changes nothing, and that a logo is only a picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from lumbung.tenancy import cards
from lumbung.tenancy.models import TenantRow
from lumbung.tenancy.services import (
    TenancyError,
    add_tenant,
    add_unit,
    change_tenant,
    find_tenant,
    find_unit,
    move_unit,
    remove_unit,
    set_logo,
    unit_tree,
)
from lumbung.testing import TestHouse

GOOD: dict[str, Any] = {"slug": "dompu", "name": "Kabupaten Dompu", "hosts": ["dompu.localhost"]}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("slug", {"slug": "Dompu"}),
        ("slug", {"slug": "d"}),
        ("slug", {"slug": "dompu\n"}),
        ("slug", {"slug": "../x"}),
        ("slug", {"slug": "x" * 41}),
        ("slug", {"slug": "sumbawa"}),
        ("name", {"name": " "}),
        ("name", {"name": "x" * 121}),
        ("hosts", {"hosts": []}),
        ("hosts", {"hosts": [" "]}),
        ("hosts", {"hosts": ["http://dompu.localhost"]}),
        ("hosts", {"hosts": ["dompu.localhost:8000"]}),
        ("hosts", {"hosts": ["dompu_x.localhost"]}),
        ("hosts", {"hosts": ["*.localhost"]}),
        ("hosts", {"hosts": ["a..b"]}),
        ("hosts", {"hosts": ["x" * 64 + ".id"]}),
        ("hosts", {"hosts": ["sumbawa.localhost"]}),
        ("hosts", {"hosts": ["SUMBAWA.localhost."]}),
        ("region_code", {"region_code": "99.99"}),
        ("time_zone", {"time_zone": "WITA"}),
        ("time_zone", {"time_zone": "../../etc/passwd"}),
        ("languages", {"languages": []}),
        ("languages", {"languages": ["id", "fr"]}),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_by_the_field_and_nothing_changed(
    house: TestHouse, field: str, values: dict[str, Any]
) -> None:
    with pytest.raises(TenancyError) as refused, house.kernel.scope() as scope:
        add_tenant(scope.session, **{**GOOD, **values})
    assert refused.value.field == field
    assert "\n" not in str(refused.value)
    house.kernel.state.forget()
    assert set(house.kernel.snapshot().tenants) == {"sumbawa", "sumbawabarat"}


def test_a_host_is_kept_in_lower_case_once_and_in_its_order(house: TestHouse) -> None:
    hosts = [" B.Dompu.localhost. ", "a.dompu.localhost", "b.dompu.localhost"]
    with house.kernel.scope() as scope:
        add_tenant(scope.session, **{**GOOD, "hosts": hosts})
    tenant = house.kernel.tenant("dompu")
    assert tenant.hosts == ("b.dompu.localhost", "a.dompu.localhost")
    assert tenant.host == "b.dompu.localhost"


def test_a_host_of_another_tenant_cannot_be_taken_by_a_change_either(house: TestHouse) -> None:
    with pytest.raises(TenancyError, match="belongs to another tenant"), house.kernel.scope() as scope:
        row = find_tenant(scope.session, "sumbawabarat")
        assert row is not None
        change_tenant(
            scope.session,
            row,
            name="Lain Sekali",
            hosts=["sumbawabarat.localhost", "sumbawa.localhost"],
            region_code=None,
            time_zone="Asia/Makassar",
            languages=["id"],
        )
    house.kernel.state.forget()
    assert house.kernel.snapshot().by_host["sumbawa.localhost"].slug == "sumbawa"
    assert house.kernel.tenant("sumbawabarat").name == "Kabupaten Sumbawa Barat"


def test_units_form_a_tree_and_never_a_circle(house: TestHouse) -> None:
    with house.scope("sumbawa") as scope:
        top = add_unit(scope.session, code="dinkes", name="Dinas  Kesehatan")
        middle = add_unit(scope.session, code="PKM-1", name="Puskesmas", parent=top)
        below = add_unit(scope.session, code="PUSTU-1", name="Pustu", parent=middle)
        for parent in (top, middle, below):
            with pytest.raises(TenancyError, match="below itself"):
                move_unit(scope.session, top, parent)
        assert [(depth, unit.code) for depth, unit in unit_tree(scope.session)] == [
            (0, "DINKES"),
            (1, "PKM-1"),
            (2, "PUSTU-1"),
        ]
        move_unit(scope.session, below, top)
        move_unit(scope.session, middle, None)
        assert {unit.code: depth for depth, unit in unit_tree(scope.session)} == {
            "DINKES": 0,
            "PKM-1": 0,
            "PUSTU-1": 1,
        }
        assert [card.code for card in cards.all()] == [unit.code for _, unit in unit_tree(scope.session)]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("code", {"code": ""}),
        ("code", {"code": "dengan spasi"}),
        ("code", {"code": "X" * 41}),
        ("code", {"code": " dinkes "}),
        ("name", {"name": " x "}),
        ("name", {"name": "x" * 161}),
        ("region_code", {"region_code": "52.04.99"}),
    ],
)
def test_a_unit_that_cannot_be_is_refused_by_the_field(house: TestHouse, field: str, values: dict[str, Any]) -> None:
    with house.scope("sumbawa") as scope:
        add_unit(scope.session, code="DINKES", name="Dinas Kesehatan")
    with pytest.raises(TenancyError) as refused, house.scope("sumbawa") as scope:
        add_unit(scope.session, **{"code": "BARU", "name": "Unit baru", **values})
    assert refused.value.field == field
    with house.scope("sumbawa") as scope:
        assert [unit.code for _, unit in unit_tree(scope.session)] == ["DINKES"]


def test_a_unit_in_use_stays_and_units_of_another_tenant_are_not_there(house: TestHouse) -> None:
    unit = house.unit("sumbawa", "DINKES")
    house.person("sumbawa", "a@contoh.id", roles=[("officer", "DINKES")])
    with house.scope("sumbawa") as scope:
        found = find_unit(scope.session, "dinkes")
        assert found is not None
        with pytest.raises(TenancyError, match="still in use"):
            remove_unit(scope.session, found)
        lonely = add_unit(scope.session, code="SEPI", name="Unit sepi")
        remove_unit(scope.session, lonely)
        assert [one.code for _, one in unit_tree(scope.session)] == ["DINKES"]
    with house.scope("sumbawabarat") as scope:
        assert find_unit(scope.session, "DINKES") is None
        assert cards.get(unit) is None
        assert cards.all() == []


# Logos


def picture(kind: str, size: tuple[int, int] = (300, 100), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0B5D66").save(out, kind, **more)
    return out.getvalue()


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "RAHASIA"
    exif[0x8825] = {1: "S", 2: (8.0, 30.0, 0.0)}
    return picture("JPEG", exif=exif)


def huge_png(side: int) -> bytes:
    """A few kilobytes that call themselves a picture of ``side`` x ``side`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


def keep(house: TestHouse, content: bytes) -> None:
    with house.scope("sumbawa") as scope:
        row = find_tenant(scope.session, "sumbawa")
        assert row is not None
        set_logo(scope.session, row, content)


def test_a_logo_is_encoded_anew_small_and_with_nothing_hidden_in_it(house: TestHouse) -> None:
    for content in (with_exif(), picture("PNG") + b"<script>alert(1)</script>", picture("WEBP"), picture("GIF")):
        keep(house, content)
        served = house.client().get("/_tenant/logo")
        assert served.headers["Content-Type"] == "image/png"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert b"RAHASIA" not in served.data
        assert b"script" not in served.data
        image = Image.open(io.BytesIO(served.data))
        assert image.size == (256, 85)
        assert not image.getexif()
    assert house.kernel.tenant("sumbawa").logo_url is not None
    assert house.client("sumbawabarat").get("/_tenant/logo").status_code == 404


REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"halo",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html called a picture": lambda: b"<html><script>alert(1)</script></html>",
    "half a picture": lambda: picture("PNG", (2000, 2000))[:200],
    "a picture with rubbish in it": lambda: picture("PNG")[:60] + b"\0" * 60,
    "a kind we do not take": lambda: picture("BMP"),
    "30000 pixels wide and high": lambda: huge_png(30_000),
    "10000 pixels wide and high": lambda: huge_png(10_000),
    "6000 pixels wide and high": lambda: huge_png(6_000),
    "more than 5 MB": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * (5 * 1024 * 1024),
}


def test_whatever_is_no_small_picture_is_refused_and_the_old_logo_stays(house: TestHouse) -> None:
    keep(house, picture("PNG"))
    before = house.kernel.tenant("sumbawa").logo_hash
    for kind, make in REFUSED.items():
        try:
            keep(house, make())
        except TenancyError as refused:
            assert refused.field == "logo", kind
        else:
            pytest.fail(f"{kind} was taken for a logo")
    house.kernel.state.forget()
    assert house.kernel.tenant("sumbawa").logo_hash == before


def test_the_platform_s_tables_are_seen_without_a_tenant(house: TestHouse) -> None:
    with house.kernel.scope() as scope:
        assert scope.session.query(TenantRow).count() == 2
        assert unit_tree(scope.session) == []
