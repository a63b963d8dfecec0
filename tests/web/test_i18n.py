"""Dates, clock times, numbers and Rupiah as the tenant and the reader write them; what WTForms says by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from flask_wtf import FlaskForm
from sqlalchemy import text
from wtforms import SelectChoice, SelectField

from lumbung.testing import TestHouse
from lumbung.web import i18n

MOMENT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # half past midnight of the next day in WITA


def in_language(house: TestHouse, code: str) -> None:
    """Make a language the tenant's only one."""
    with house.kernel.scope() as scope:
        scope.session.execute(text("UPDATE lumbung_tenant SET languages = ARRAY[:code]"), {"code": code})
        scope.session.execute(text("UPDATE lumbung_generation SET value = value + 1"))
    house.kernel.state.forget()


def test_a_moment_is_told_in_the_tenant_s_zone_in_a_job_too(house: TestHouse) -> None:
    with house.scope():
        assert i18n.format_date(MOMENT) == "25 November 2026"
        assert i18n.format_time(MOMENT) == "00.30"
        assert i18n.format_datetime(MOMENT) == "25 Nov 2026 00.30"
        assert i18n.format_date(date(2026, 11, 24), "EEEE, d MMMM y") == "Selasa, 24 November 2026"


def test_a_clock_time_has_the_separator_of_its_language(house: TestHouse) -> None:
    with house.scope():
        assert i18n.format_time(time(8, 5)) == "08.05"
    in_language(house, "en")
    with house.scope():
        assert i18n.format_time(time(8, 5)) == "08:05"
        assert i18n.format_datetime(MOMENT) == "25 Nov 2026 00:30"


@pytest.mark.parametrize(
    ("code", "amount", "sen", "written"),
    [
        ("id", 1_234_567, False, "Rp\N{NO-BREAK SPACE}1.234.567"),
        ("id", Decimal("1234567.89"), True, "Rp\N{NO-BREAK SPACE}1.234.567,89"),
        ("id", -500, False, "-Rp\N{NO-BREAK SPACE}500"),
        ("id", 0, False, "Rp\N{NO-BREAK SPACE}0"),
        ("en", 1_234_567, False, "Rp\N{NO-BREAK SPACE}1,234,567"),
        ("en", Decimal("0.5"), True, "Rp\N{NO-BREAK SPACE}0.50"),
    ],
)
def test_rupiah_is_written_as_rp_in_both_languages(house, code, amount, sen, written) -> None:
    in_language(house, code)
    with house.scope():
        assert i18n.format_rupiah(amount, sen=sen) == written


def test_nothing_is_written_for_nothing(house: TestHouse) -> None:
    with house.scope():
        for form in (i18n.format_date, i18n.format_time, i18n.format_datetime, i18n.format_number, i18n.format_rupiah):
            assert form(None) == ""


class Choice(FlaskForm):
    class Meta:
        csrf = False

    service = SelectField("Layanan", choices=[SelectChoice("ktp", "KTP-el")])


@pytest.mark.parametrize(
    ("code", "said"), [("id", "Pilihan ini tidak ada. Pilih dari daftar."), ("en", "Not a valid choice.")]
)
def test_a_forged_choice_is_refused_in_the_reader_s_language(house: TestHouse, code: str, said: str) -> None:
    in_language(house, code)
    with house.scope(), house.app.test_request_context("/", method="POST", data={"service": "sim"}):
        form = Choice()
        assert not form.validate()
        assert form.service.errors == [said]
