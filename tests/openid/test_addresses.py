"""Addresses that may be registered, and those that count as one of them."""

from __future__ import annotations

import pytest

from lumbung.openid.addresses import AddressRefused, check, is_among
from lumbung.openid.models import NATIVE, WEB

GOOD = [
    ("https://app.contoh.id/cb", WEB),
    ("https://app.contoh.id:8443/cb?tetap=1", WEB),
    ("http://127.0.0.1:5000/cb", WEB),
    ("http://localhost/cb", WEB),
    ("http://antrian.sumbawa.localhost:8000/cb", WEB),
    ("http://[::1]/cb", NATIVE),
    ("id.go.contoh.app:/cb", NATIVE),
    ("id.go.contoh.app:/", NATIVE),
]
BAD = [
    "",
    "/cb",
    "app.contoh.id/cb",
    "//app.contoh.id/cb",
    "https:/app.contoh.id/cb",
    "https:///cb",
    "https://",
    "https://app.contoh.id/cb#x",
    "https://*.contoh.id/cb",
    "https://app.contoh.id/*",
    "http://app.contoh.id/cb",
    "http://127.0.0.1.contoh.id/cb",
    "https://siti@app.contoh.id/cb",
    "https://app.contoh.id:99999/cb",
    "https://app.contoh.id:/cb",
    "https://[::1/cb",
    "https://APP.contoh.id/cb",
    "HTTPS://app.contoh.id/cb",
    "https://app.contoh.id\\@jahat.id/cb",
    "https://app.contoh.id/a/../cb",
    "https://app.contoh.id/cb\n",
    "https://app.contoh.id/c b",
    "https://âpp.contoh.id/cb",
    "https://-app.contoh.id/cb",
    "https://app.contoh.id/" + "x" * 400,
    "javascript:alert(1)",
    "data:text/html,x",
    "contoh:/cb",
    "id.go.contoh.app://cb",
    "id.go.contoh.app:",
    "ftp://app.contoh.id/cb",
]


def test_only_whole_addresses_of_ones_own_may_be_registered() -> None:
    for address, kind in GOOD:
        assert check(address, kind) == address
    for address in BAD:
        for kind in (WEB, NATIVE):
            with pytest.raises(AddressRefused):
                check(address, kind)
                pytest.fail(f"{address!r} was taken for {kind}")
    with pytest.raises(AddressRefused):
        check("id.go.contoh.app:/cb", WEB)


def test_a_loopback_port_is_free_for_native_clients_alone() -> None:
    own = ("http://127.0.0.1/cb", "http://[::1]:1/cb")
    assert is_among("http://127.0.0.1:51000/cb", own, native=True)
    assert is_among("http://[::1]:51000/cb", own, native=True)
    assert not is_among("http://127.0.0.1:51000/cb", own, native=False)
    for other in ("http://127.0.0.1:51000/cb/", "http://127.0.0.2/cb", "https://127.0.0.1/cb", "http://127.0.0.1:x/cb"):
        assert not is_among(other, own, native=True)
    assert not is_among("https://app.contoh.id:1/cb", ("https://app.contoh.id/cb",), native=True)
