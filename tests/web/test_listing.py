"""A list that sorts, filters, searches, turns pages and becomes a file: asked over HTTP, through a gift's own page."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from lumbung.identity.models import PersonRow
from lumbung.testing import HouseClient, TestHouse
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing, selected_ids
from lumbung.web.listing.files import csv_value

GIFT = """
from datetime import date
from flask import Blueprint, render_template_string
from lumbung.sdk import (BulkAction, ChoiceFilter, DateFilter, ListColumn, Listing, TenantOwned, hookimpl, public,
    selected_ids)
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped

class Model(TenantOwned, DeclarativeBase): ...

class Gift(Model):
    __tablename__ = "hibah_gift"
    name: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[int | None]
    day: Mapped[date]

PAGE = '''{% extends "lumbung/desk.html" %}{% block content %}{{ ui.listing(listing) }}{% endblock %}'''
blueprint = Blueprint("hibah", __name__)

@blueprint.get("/")
@public
def gifts():
    listing = Listing(
        query=select(Gift),
        columns=[
            ListColumn("nama", "Nama", value=lambda gift: gift.name, sort=Gift.name, link=lambda gift: "/hibah/x"),
            ListColumn("jenis", "Jenis", value=lambda gift: gift.kind),
            ListColumn("nilai", "Nilai", kind="rupiah", value=lambda gift: gift.amount, sort=Gift.amount),
            ListColumn("hari", "Hari", kind="date", value=lambda gift: gift.day, sort=Gift.day),
            ListColumn("catatan", "Catatan", value=lambda gift: gift.kind.upper(), shown=False),
            ListColumn("tindakan", "Tindakan", kind="acts", value=lambda gift: ""),
        ],
        name="hibah", title="Hibah", noun="hibah", default_sort="nama",
        search=[Gift.name, lambda word: Gift.kind == word],
        filters=[
            ChoiceFilter("jenis", "Jenis", [("uang", "Uang"), ("barang", "Barang")], lambda kind: Gift.kind == kind),
            DateFilter.since("dari", "Dari", Gift.day),
            DateFilter.until("sampai", "Sampai", Gift.day),
        ],
        keep={"lokasi": "3"},
        bulk=[BulkAction("Hapus", "/hibah/hapus", "trash", "gawat", "Hapus yang dipilih?")],
        selectable=lambda gift: gift.kind == "uang",
        limit=40,
    )
    return listing.export() or render_template_string(PAGE, listing=listing)

@blueprint.post("/hapus")
@public
def remove():
    return " ".join(str(one) for one in selected_ids())

@hookimpl
def routes():
    return [blueprint]
"""

TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("hibah_gift", sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False), sa.Column("amount", sa.Integer),
        sa.Column("day", sa.Date, nullable=False))
"""

Row = tuple[str, str, int | None, date]
FEW: list[Row] = [
    ("Beras", "barang", 5, date(2026, 11, 1)),
    ("alat tulis 100%", "barang", None, date(2026, 11, 3)),
    ("Tunai_satu", "uang", -7, date(2026, 11, 2)),
]


@pytest.fixture
def client(house: TestHouse, gift: Any) -> HouseClient:
    gift(
        "hibah",
        init=GIFT,
        files={"lumbung_hibah/migrations/0001_x.py": TABLE},
        tenants=["sumbawa", "sumbawabarat"],
    )
    client = house.client("sumbawa")
    client.get("/hibah/")
    return client


def add(house: TestHouse, rows: list[Row], tenant: str = "sumbawa") -> list[UUID]:
    from lumbung_hibah import Gift  # type: ignore[import-not-found]

    with house.scope(tenant, plugin="hibah") as scope:
        made = [Gift(name=name, kind=kind, amount=amount, day=day) for name, kind, amount, day in rows]
        scope.session.add_all(made)
        scope.session.flush()
        return [one.id for one in made]


def page(client: HouseClient, query: str = "") -> str:
    answer = client.get(f"/hibah/?{query}")
    assert answer.status_code == 200, query
    return answer.get_data(as_text=True)


def names(client: HouseClient, query: str = "") -> list[str]:
    return re.findall(r'href="/hibah/x">(.*?)</a>', page(client, query))


def csv_rows(client: HouseClient, query: str = "") -> list[list[str]]:
    answer = client.get(f"/hibah/?unduh=csv&{query}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def xlsx_rows(client: HouseClient, query: str = "") -> list[list[Any]]:
    answer = client.get(f"/hibah/?unduh=xlsx&{query}")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=hibah-sumbawa-")
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()


def test_it_is_sorted_both_ways_and_rows_without_a_value_come_last(house: TestHouse, client: HouseClient) -> None:
    add(house, FEW)
    assert names(client) == ["alat tulis 100%", "Beras", "Tunai_satu"]
    assert names(client, "urut=-nama") == ["Tunai_satu", "Beras", "alat tulis 100%"]
    assert names(client, "urut=nilai") == ["Tunai_satu", "Beras", "alat tulis 100%"]
    assert names(client, "urut=-nilai") == ["Beras", "Tunai_satu", "alat tulis 100%"]


@pytest.mark.parametrize(
    "query",
    ["urut=jenis", "urut=-", "urut=--nama", "urut=id;drop", "per=7", "per=x", "halaman=x", "jenis=emas", "dari=kacau",
     "dari=0001-01-01", "sampai=9999-12-31", "unduh=exe", "asing=1"],
)  # fmt: skip
def test_what_makes_no_sense_is_ignored(house: TestHouse, client: HouseClient, query: str) -> None:
    add(house, FEW)
    assert names(client, query) == ["alat tulis 100%", "Beras", "Tunai_satu"]


def test_a_heading_says_how_it_sorts_and_turns_it_around(house: TestHouse, client: HouseClient) -> None:
    add(house, FEW)
    first = page(client, "lokasi=9&q=a")
    assert (
        '<th scope="col" aria-sort="ascending"><a class="lb-sort" href="/hibah/?lokasi=3&amp;q=a&amp;urut=-nama"'
        in first
    )
    assert 'href="/hibah/?lokasi=3&amp;q=a&amp;urut=hari"' in first
    assert first.count("aria-sort") == 1
    turned = page(client, "urut=-nama")
    assert '<th scope="col" aria-sort="descending"><a class="lb-sort" href="/hibah/?lokasi=3"' in turned
    assert '<option value="-nama" selected>' in turned


def test_equal_rows_keep_their_order_from_page_to_page(house: TestHouse, client: HouseClient) -> None:
    ids = add(house, [("Sama", "uang", 1, date(2026, 11, 1))] * 60)
    seen = [
        found
        for number in (1, 2, 3)
        for found in re.findall(r'name="pilih" value="([^"]+)"', page(client, f"urut=nilai&halaman={number}"))
    ]
    assert seen == sorted(str(one) for one in ids)


def test_pages_have_one_of_three_sizes_and_past_the_end_is_the_last(house: TestHouse, client: HouseClient) -> None:
    add(house, [(f"Hibah {number:02}", "uang", number, date(2026, 11, 1)) for number in range(60)])
    assert len(names(client)) == 25
    assert len(names(client, "per=50")) == 50
    assert names(client, "halaman=99999") == names(client, "halaman=3")
    assert "per=50&amp;halaman=2" in page(client, "per=50")
    assert "60 hibah" in page(client)


def test_every_word_of_a_search_must_occur_and_is_taken_literally(house: TestHouse, client: HouseClient) -> None:
    add(house, FEW)
    assert names(client, "q=TULIS+alat") == ["alat tulis 100%"]
    assert names(client, "q=alat+beras") == []
    assert names(client, "q=%25") == ["alat tulis 100%"]
    assert names(client, "q=_") == ["Tunai_satu"]
    assert names(client, "q=%5C") == []
    assert names(client, "q=' OR 1=1 --") == []
    assert names(client, "q=uang") == ["Tunai_satu"]


def test_filters_narrow_and_each_can_be_taken_away(house: TestHouse, client: HouseClient) -> None:
    add(house, FEW)
    assert names(client, "jenis=barang") == ["alat tulis 100%", "Beras"]
    assert names(client, "dari=2026-11-02") == ["alat tulis 100%", "Tunai_satu"]
    assert names(client, "sampai=2026-11-02") == ["Beras", "Tunai_satu"]
    both = page(client, "jenis=barang&dari=2026-11-02&urut=-nama")
    assert "1 hibah cocok" in both
    assert 'class="lb-chip" href="/hibah/?lokasi=3&amp;dari=2026-11-02&amp;urut=-nama"' in both
    assert 'class="lb-chip" href="/hibah/?lokasi=3&amp;jenis=barang&amp;urut=-nama"' in both
    assert 'lb-chip-clear" href="/hibah/?lokasi=3&amp;urut=-nama"' in both
    assert '<input type="hidden" name="lokasi" value="3">' in both


def test_an_empty_list_tells_nothing_yet_from_nothing_that_matches(house: TestHouse, client: HouseClient) -> None:
    assert "Belum ada apa-apa" in page(client)
    assert "lb-toolbar" not in page(client)
    add(house, FEW)
    nothing = page(client, "q=emas")
    assert "Tidak ada yang cocok" in nothing
    assert "lb-toolbar" in nothing
    assert 'href="/hibah/?lokasi=3">Tampilkan semua' in nothing


def test_files_hold_what_the_filters_show_in_the_same_order(house: TestHouse, client: HouseClient) -> None:
    add(house, FEW)
    query = "jenis=barang&urut=-nama"
    shown = names(client, query)
    table, sheet = csv_rows(client, query), xlsx_rows(client, query)
    assert table[0] == sheet[0] == ["Nama", "Jenis", "Nilai", "Hari", "Catatan"]
    assert [row[0] for row in table[1:]] == [row[0] for row in sheet[1:]] == shown
    assert table[1] == ["Beras", "barang", "5", "2026-11-01", "BARANG"]
    assert sheet[1][2:4] == [5, date(2026, 11, 1)]
    assert table[2][2] == sheet[2][2] == ""


def test_a_file_holds_rows_of_all_pages_up_to_a_limit_that_is_told_before(
    house: TestHouse, client: HouseClient
) -> None:
    add(house, [(f"Hibah {number:02}", "uang", number, date(2026, 11, 1)) for number in range(40)])
    assert len(csv_rows(client)) == 41
    assert "Unduhan memuat" not in page(client)
    add(house, FEW)
    assert "Unduhan memuat 40 baris pertama dari 43" in page(client)
    assert len(csv_rows(client)) == 41
    assert "Unduhan memuat 40 baris pertama dari 43" in xlsx_rows(client)[0][0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_of_a_csv_file_can_run(house: TestHouse, client: HouseClient, start: str) -> None:
    add(house, [(f"{start}cmd|' /C calc'!A0;\"x\"", "uang", -7, date(2026, 11, 1))])
    (row,) = csv_rows(client)[1:]
    assert row[0] == f"'{start}cmd|' /C calc'!A0;\"x\""
    assert row[2] == "-7"
    if start in "=+-@":
        assert xlsx_rows(client)[1][0].startswith(start)


def test_figures_of_a_csv_file_have_a_decimal_comma() -> None:
    assert [csv_value(value) for value in (1.5, -2, None, "1.5")] == ["1,5", "-2", "", "1.5"]


def test_cells_are_written_by_kind_with_their_label_for_a_phone(house: TestHouse, client: HouseClient) -> None:
    add(house, [("<b>", "uang", 1_500_000, date(2026, 11, 24))])
    shown = page(client)
    assert "&lt;b&gt;" in shown
    assert '<td data-label="Nilai" class="lb-num">Rp\N{NO-BREAK SPACE}1.500.000</td>' in shown
    assert '<td data-label="Hari" class="text-nowrap">24 November 2026</td>' in shown


def test_rows_of_another_tenant_never_show(house: TestHouse, client: HouseClient) -> None:
    add(house, [("Tetangga", "uang", 1, date(2026, 11, 1))], "sumbawabarat")
    add(house, FEW)
    for query in ("", "q=tetangga", "jenis=uang"):
        assert "Tetangga" not in names(client, query)
        assert "Tetangga" not in [row[0] for row in csv_rows(client, query)]


def test_only_rows_that_allow_it_can_be_ticked(house: TestHouse, client: HouseClient) -> None:
    _, _, cash = add(house, FEW)
    shown = page(client, "per=50")
    assert re.findall(r'name="pilih" value="([^"]+)" aria-label="([^"]+)"', shown) == [(str(cash), "Pilih Tunai_satu")]
    assert 'formaction="/hibah/hapus" data-lb-confirm="Hapus yang dipilih?"' in shown
    assert 'name="kembali" value="/hibah/?lokasi=3&amp;per=50"' in shown


def test_ticked_ids_arrive_once_and_nonsense_does_not(client: HouseClient) -> None:
    one, two = str(uuid4()), str(uuid4())
    answer = client.post_form("/hibah/hapus", {"pilih": [one, "x", "", two, one, "' OR 1=1"]}, page="/masuk")
    assert answer.get_data(as_text=True) == f"{one} {two}"


@pytest.fixture
def bare_app() -> Flask:
    return Flask(__name__)


def test_no_more_than_five_hundred_ids_are_taken(bare_app: Flask) -> None:
    ids = [str(uuid4()) for _ in range(600)]
    with bare_app.test_request_context("/", method="POST", data={"pilih": ids}):
        assert [str(one) for one in selected_ids()] == ids[:500]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"default_sort": "surel"}, "default_sort"),
        ({"size": 30}, "size"),
        ({"filters": [ChoiceFilter("q", "Cari", [], lambda value: PersonRow.name == value)]}, "argument"),
        ({"keep": {"halaman": 1}}, "argument"),
    ],
)
def test_an_author_is_told_what_is_wrong_with_a_list(wrong: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {
        "query": select(PersonRow),
        "columns": [ListColumn("nama", "Nama", sort=PersonRow.name), ListColumn("surel", "Surel")],
        "name": "orang",
        "title": "Orang",
        "default_sort": "nama",
    }
    Listing(**right)
    with pytest.raises(ValueError, match=says):
        Listing(**{**right, **wrong})
