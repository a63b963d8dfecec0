"""Accounts in an application whose login page is filled in: made at first need, in step with roles, closed."""

from __future__ import annotations

import logging
import re

import bcrypt
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from lumbung.errors import LumbungError
from lumbung.identity import accounts as people_accounts
from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.instances import accounts
from lumbung.instances.hashes import hash_for
from lumbung.instances.models import AppAccountRow
from lumbung.testing.donated import make_donated

EACH = pytest.mark.parametrize("surat", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def surat(request, house, gift):
    donated = make_donated(house, gift, getattr(request, "param", "sqlite"))
    yield donated
    donated.drop()


def enter(house, surat, person):
    with house.scope(person=person) as scope:
        return accounts.account_for(scope, surat.instance, person)


def kept(surat, account):
    [(hashed, role, on)] = surat.ask(f"SELECT kata_sandi, peran, aktif FROM pengguna WHERE akun = '{account.username}'")  # noqa: S608
    return bcrypt.checkpw(account.password.encode(), hashed.encode()), role, on


@EACH
def test_an_account_is_made_once_and_follows_the_roles_of_its_person(house, surat, caplog):
    caplog.set_level(logging.DEBUG)
    clerk = house.person("sumbawa", "Siti.O'Hara+x@contoh.id", roles=["surat.clerk"], name="Siti O'Hara; --")
    account = enter(house, surat, clerk)
    assert re.fullmatch(r"siti\.oharax-[a-z0-9]{6}", account.username)
    assert kept(surat, account) == (True, "user", 1)
    assert surat.ask("SELECT nama FROM pengguna") == [("Siti O'Hara; --",)]
    assert enter(house, surat, clerk) == account
    head = house.person("sumbawa", "siti.o'hara+x@contoh.id", roles=["surat.head"])
    assert enter(house, surat, head) == accounts.Account(account.username, account.password, "admin")
    assert kept(surat, account) == (True, "admin", 1)
    with house.scope(person=head) as scope:
        newer = accounts.renew(scope, surat.instance, head)
    assert newer.username == account.username
    assert kept(surat, account)[0] is False
    assert kept(surat, newer) == (True, "admin", 1)
    with house.scope() as scope:
        sealed = scope.session.execute(text("SELECT password FROM lumbung_app_account")).scalar_one()
        actions = scope.session.execute(text("SELECT action FROM lumbung_audit WHERE action LIKE 'app_%' ORDER BY id"))
        assert {one for (one,) in actions} == {"app_account.open", "app_account.role", "app_account.renew"}
    assert newer.password.encode() not in bytes(sealed)
    assert newer.password not in caplog.text + repr(newer)


def test_who_has_no_role_there_gets_no_account(house, surat):
    with pytest.raises(accounts.NoAccount, match="Nobody gave you a role"):
        enter(house, surat, house.person("sumbawa", "warga@contoh.id"))
    assert surat.ask("SELECT * FROM pengguna") == []


def test_a_role_that_is_withdrawn_or_a_person_who_is_shut_out_closes_the_account(house, surat):
    one = house.person("sumbawa", "a@contoh.id", roles=["surat.clerk"])
    two = house.person("sumbawa", "b@contoh.id", roles=["surat.head", "surat.clerk"])
    accounts_ = [enter(house, surat, person) for person in (one, two)]
    admin = house.person("sumbawa", "admin@contoh.id", roles=["admin"])
    with house.scope(person=admin) as scope:
        row = scope.session.get_one(PersonRow, (one.tenant_id, one.id))
        people_accounts.close(scope.session, row, admin)
        row = scope.session.get_one(PersonRow, (two.tenant_id, two.id))
        people.withdraw(scope.session, row, next(grant.id for grant in row.grants if grant.role == "surat.head"))
    house.work()
    assert kept(surat, accounts_[0]) == (False, "user", 0)
    assert kept(surat, accounts_[1]) == (True, "user", 1)
    with house.scope() as scope:
        closed = select(AppAccountRow.person_id).where(AppAccountRow.closed_at.is_not(None))
        assert scope.session.scalars(closed).all() == [one.id]
        people_accounts.reopen(scope.session, scope.session.get_one(PersonRow, (one.tenant_id, one.id)))
    again = enter(house, surat, house.person("sumbawa", "a@contoh.id"))
    assert (again.username, again.password != accounts_[0].password) == (accounts_[0].username, True)
    assert kept(surat, again) == (True, "user", 1)


@EACH
def test_a_database_that_refuses_leaves_no_account_and_tells_no_value(house, surat):
    surat.ask("ALTER TABLE pengguna RENAME TO lain")
    clerk = house.person("sumbawa", "siti@contoh.id", roles=["surat.clerk"], name="Siti Rahasia")
    with pytest.raises(LumbungError, match=r"account\.sql: line 3: .*pengguna") as refused:
        enter(house, surat, clerk)
    assert "Siti" not in str(refused.value)
    with house.scope() as scope:
        assert scope.session.scalars(select(AppAccountRow)).all() == []


def test_each_hash_is_what_the_languages_of_donated_applications_check():
    assert hash_for("bcrypt", "rahasia").startswith("$2y$10$")
    assert bcrypt.checkpw(b"rahasia", hash_for("bcrypt", "rahasia").encode())
    assert PasswordHasher().verify(hash_for("argon2", "rahasia"), "rahasia")
    assert hash_for("md5", "admin") == "21232f297a57a5a743894a0e4a801fc3"
    assert hash_for("sha1", "admin") == "d033e22ae348aeb5660fc2140aec35850c4da997"
    assert hash_for("plain", "admin") == "admin"
