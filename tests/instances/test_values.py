"""What the texts of a manifest ask for: worked out only when asked, quoted as they say, refused where there is none."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from lumbung.errors import LumbungError
from lumbung.instances.rows import change_facts, secrets_of
from lumbung.instances.values import as_text, database_url, fill, values_of
from lumbung.openid import clients
from lumbung.testing import TestHouse

SETTING = """
[[settings]]
name = "judul"
type = "text"
default = "Halo"
title = { id = "Judul", en = "Title" }
"""
OPENID = """
[openid]
redirect_paths = ["/callback"]
scopes = ["profile"]
[sign_in]
way = "openid"
"""


def test_quoting_keeps_a_value_a_value() -> None:
    nasty = 'it\'s "$(id)" \\ \n{{ port }}'
    values = {"secret": nasty}
    php = "<?php echo {{ secret|php }};"
    shown = subprocess.run(["php", "-n"], input=fill(php, values), capture_output=True, text=True, check=True)
    assert shown.stdout == nasty
    shell = fill("printf %s {{ secret | shell }}", values)
    assert subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout == nasty
    assert fill("{{secret|json}}", values) == '"it\'s \\"$(id)\\" \\\\ \\n{{ port }}"'
    with pytest.raises(LumbungError, match="no value port"):
        fill("{{ port }}", values)


def test_only_what_is_asked_for_is_worked_out(house: TestHouse, foreign) -> None:
    one = foreign(
        'stack = "command"\ncommand = ["./run", "{{ port }}", "{{ public_host }}"]\n'
        'environment = { TITLE = "{{ setting.judul }}", ZONE = "{{ tenant.time_zone }}", AT = "{{ address }}" }',
        {"run": ""},
        more=SETTING,
    )
    assert values_of(house.kernel, one, port=4711) == {
        "address": "http://hadiah.sumbawa.localhost:8000",
        "port": "4711",
        "public_host": "hadiah.sumbawa.localhost",
        "setting.judul": "Halo",
        "tenant.time_zone": "Asia/Makassar",
    }
    assert "port" not in values_of(house.kernel, one)
    house.set_setting("hadiah", "judul", "Lain")
    assert values_of(house.kernel, one, asked=["setting.judul"]) == {"setting.judul": "Lain"}
    assert values_of(house.kernel, one, asked=["secret"])["secret"] == secrets_of(house.kernel, one)["secret"]
    with pytest.raises(LumbungError, match=r"database\.host, which hadiah/sumbawa does not have"):
        values_of(house.kernel, one, asked=["database.host"])
    with pytest.raises(LumbungError, match="all tenants share"):
        values_of(house.kernel, replace(one, tenant=None), asked=["tenant.name"])


def test_identity_and_openid_are_those_of_the_tenant(house: TestHouse, foreign) -> None:
    one = foreign('stack = "php"', {"index.php": ""}, more=OPENID)
    asked = ["identity.issuer", "identity.audience", "identity.keys", "identity.header"]
    assert list(values_of(house.kernel, one, asked=asked).values()) == [
        "http://hadiah.sumbawa.localhost:8000",
        "X-Lumbung-Identity",
        "http://sumbawa.localhost:8000",
        "http://sumbawa.localhost:8000/openid/jwks",
    ]
    assert house.client().get("/openid/jwks").status_code == 200
    with pytest.raises(clients.UnknownClient):
        values_of(house.kernel, one, asked=["openid.client_id"])
    with house.scope() as scope:
        clients.follow_plugin(scope.session, one.plugin.manifest, by="test")
    given = values_of(house.kernel, one, asked=["openid.issuer", "openid.client_id", "openid.client_secret"])
    assert given["openid.issuer"] == "http://sumbawa.localhost:8000"
    assert len(given["openid.client_id"]) == 24 and len(given["openid.client_secret"]) > 30


def test_a_database_is_named_as_an_address_too(house: TestHouse, foreign) -> None:
    one = foreign('stack = "php"', {"index.php": ""})
    facts = {"engine": "postgresql", "name": "n", "user": "u", "host": "/run/p g", "port": "5432"}
    change_facts(house.kernel, one, lambda known: {**known, "database": facts})
    word = secrets_of(house.kernel, one)["database_password"]
    assert values_of(house.kernel, one, asked=["database.url"])["database.url"] == (
        f"postgresql://u:{word}@/n?host=%2Frun%2Fp%20g"
    )
    assert database_url({"engine": "sqlite", "file": "/a/b"}, "") == "sqlite:////a/b"
    mysql = {"engine": "mysql", "name": "n", "user": "u", "host": "localhost", "port": "3306", "socket": "/s"}
    assert database_url(mysql, "a@b") == "mysql://u:a%40b@localhost:3306/n?unix_socket=%2Fs"


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (None, ""), (7, "7"), (["a", 1], "a,1"), ({"a": [1]}, '{"a": [1]}')]
)
def test_settings_stand_in_texts_as_programs_read_them(value: object, text: str) -> None:
    assert as_text(value) == text
