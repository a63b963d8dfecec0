"""NIK and NIP: what can be one, what is refused and why, and who may hold which number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbung.identity import employment, nik
from lumbung.identity.models import CITIZEN, CONTRIBUTOR, SERVANT, PersonRow
from lumbung.identity.nip import NipWrong, check_nip, formatted
from lumbung.identity.person import Person
from lumbung.tenancy.services import find_unit
from lumbung.testing import TestHouse, frozen_clock

NIK = "5204084107900001"
NIP = "197901012005011001"
TODAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

digits_and_more = st.text(alphabet="0123456789 .-٣५x\x00\ud800", max_size=70)


class TestNik:
    def test_the_worked_example(self) -> None:
        read = nik.read_nik(" 5204.0841 0790-0001 ")
        assert (read.number, read.born, read.is_woman) == (NIK, date(1990, 7, 1), True)
        assert nik.masked(NIK) == "5204************01"
        assert NIK not in repr(read)

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("", "16 digits"),
            ("520408410790000", "16 digits"),
            ("52040841079000011", "16 digits"),
            ("520408410790000x", "16 digits"),
            ("٥٢٠٤٠٨٤١٠٧٩٠٠٠٠١", "16 digits"),
            ("9" * 1_000_000, "16 digits"),
            (" " * 1_000_000 + NIK, "16 digits"),
            ("0004084107900001", "region"),
            ("5200084107900001", "region"),
            ("5204004107900001", "region"),
            ("5204084000900001", "birth date"),
            ("5204083202900001", "birth date"),
            ("5204087107900000", "last four|birth date"),
            ("5204084113900001", "birth date"),
            ("5204082902230001", "birth date"),
            ("5204088007900001", "birth date"),
            ("5204084107900000", "last four"),
        ],
    )
    def test_a_refusal_says_which_part_and_repeats_nothing(self, text: str, part: str) -> None:
        with frozen_clock(TODAY), pytest.raises(nik.NikWrong, match=part) as refused:
            nik.check_nik(text)
        assert not text or text not in str(refused.value)

    def test_days_of_leap_years_and_years_to_come(self) -> None:
        with frozen_clock(TODAY):
            assert nik.read_nik("5204082902000001").born == date(2000, 2, 29)
            assert nik.read_nik("5204082411260001").born == date(2026, 11, 24)
            assert nik.read_nik("5204082511260001").born == date(1926, 11, 25)
            assert nik.read_nik("5204010101800001").born == date(1980, 1, 1)  # a district that is Sumbawa Barat's now

    @settings(max_examples=300, deadline=None)
    @given(st.one_of(st.text(max_size=80), digits_and_more, st.from_regex(r"[0-9]{16}", fullmatch=True)))
    def test_whatever_is_typed_is_a_number_or_a_refusal(self, text: str) -> None:
        try:
            number = nik.check_nik(text)
        except nik.NikWrong:
            return
        assert len(number) == 16 and number.isascii() and number.isdigit()
        assert nik.check_nik(number) == number

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=20))
    def test_a_mask_shows_six_digits_at_most(self, text: str) -> None:
        assert sum(one != "*" for one in nik.masked(text)) <= 6


class TestNip:
    def test_is_kept_bare_and_written_in_groups(self) -> None:
        assert check_nip("19790101 200501 1 001") == NIP
        assert check_nip("198503122024212015") == "198503122024212015"  # under contract (PPPK)
        assert formatted(NIP) == "19790101 200501 1 001"
        assert (formatted(None), formatted("1")) == ("", "1")

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("", "18 digits"),
            ("1979010120050110011", "18 digits"),
            ("1" * 1_000_000, "18 digits"),
            ("197902302005011001", "birth date"),
            ("207901012095011001", "birth date"),
            ("187901011899011001", "birth date"),
            ("197901012005131001", "appointment"),
            ("197901012005221001", "appointment"),
            ("197901011990011001", "appointment"),
            ("197901012029011001", "appointment"),
            ("197901012005013001", "Digit 15"),
            ("197901012005011000", "last three"),
        ],
    )
    def test_a_refusal_says_which_part(self, text: str, part: str) -> None:
        with frozen_clock(TODAY), pytest.raises(NipWrong, match=part):
            check_nip(text)

    @settings(max_examples=200, deadline=None)
    @given(st.one_of(digits_and_more, st.from_regex(r"[0-9]{18}", fullmatch=True)))
    def test_whatever_is_typed_is_a_number_or_a_refusal(self, text: str) -> None:
        with suppress(NipWrong):
            assert len(check_nip(text)) == 18


def keep(house: TestHouse, person: Person, number: str, tenant: str = "sumbawa") -> None:
    with house.scope(tenant) as scope:
        nik.keep(scope.session, scope.session.get_one(PersonRow, (person.tenant_id, person.id)), number)


def test_a_number_is_one_accounts_in_a_tenant_and_anothers_next_door(house: TestHouse) -> None:
    siti, budi = (house.person("sumbawa", f"{name}@a.id") for name in ("siti", "budi"))
    yusuf = house.person("sumbawabarat", "yusuf@b.id")
    keep(house, siti, NIK)
    keep(house, yusuf, NIK, "sumbawabarat")
    keep(house, siti, NIK)  # once more, by the same person
    with pytest.raises(nik.NikTaken) as refused:
        keep(house, budi, "5204.0841.0790.0001")
    assert not any(word in str(refused.value).lower() for word in (NIK, "siti", "a.id"))
    with pytest.raises(nik.NikWrong):
        keep(house, siti, "5204084107900000")
    with house.scope("sumbawa") as scope:
        session = scope.session
        row, other = (session.get_one(PersonRow, (p.tenant_id, p.id)) for p in (siti, budi))
        assert (row.nik, other.nik, other.nik_index, other.nik_set_at) == (NIK, None, None, None)
        assert nik.find(session, NIK) == siti.id
        assert nik.find(session, "5204084107900002") is None
        found = nik.shown(session, row)
        assert found is not None and found.masked == "5204************01"
        nik.remove(session, row)
        nik.remove(session, row)
        assert nik.find(session, NIK) is None and nik.shown(session, row) is None
    keep(house, budi, NIK)


def test_of_two_who_claim_a_number_at_once_one_is_told(house: TestHouse) -> None:
    claimants = [house.person("sumbawa", f"p{number}@a.id") for number in range(4)]

    def claim(person: Person) -> bool:
        try:
            keep(house, person, NIK)
        except nik.NikTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claim, claimants)) == [False, False, False, True]


def test_what_a_civil_servant_has_others_do_not(house: TestHouse) -> None:
    house.unit("sumbawa", "DINKES")
    ani, eko = house.person("sumbawa", "ani@a.id"), house.person("sumbawa", "eko@a.id", roles=["officer"])
    with house.scope("sumbawa") as scope:
        session, unit = scope.session, find_unit(scope.session, "DINKES")
        row, other = (session.get_one(PersonRow, (p.tenant_id, p.id)) for p in (ani, eko))
        employment.describe(session, row, kind=SERVANT, nip=formatted(NIP), position=" Perawat  Ahli ", unit=unit)
        assert (row.kind, row.nip, row.position, row.home_unit) == (SERVANT, NIP, "Perawat Ahli", unit)
        with pytest.raises(employment.NipTaken):
            employment.describe(session, other, kind=SERVANT, nip=NIP)
        with pytest.raises(employment.KindFixed):
            employment.describe(session, other, kind=CITIZEN)
        for wrong in ({"kind": "raja"}, {"kind": SERVANT, "position": "x" * 161}, {"kind": SERVANT, "nip": "1"}):
            with pytest.raises(employment.LumbungError):
                employment.describe(session, row, **wrong)
        assert (row.kind, row.nip, other.kind, other.nip) == (SERVANT, NIP, CITIZEN, None)
        employment.describe(session, row, kind=CONTRIBUTOR, nip=NIP, position="Perawat", unit=unit)
        assert (row.kind, row.nip, row.position, row.unit_id) == (CONTRIBUTOR, None, None, None)
