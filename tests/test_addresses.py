"""How a page of a tenant is written out where no request says how visitors come."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumbung.addresses import public_address
from lumbung.settings import Settings
from lumbung.tenancy.tenant import Tenant

SUMBAWA = Tenant(1, "sumbawa", "Kabupaten Sumbawa", hosts=("sumbawa.example", "lain.example"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"port": 8000}, "http://sumbawa.example:8000/akun"),
        ({"port": 80}, "http://sumbawa.example/akun"),
        ({"secure_cookies": True, "trusted_proxies": 1, "port": 8000}, "https://sumbawa.example/akun"),
        ({"trusted_proxies": 1}, "http://sumbawa.example/akun"),
        ({"secure_cookies": True, "trusted_proxies": 1, "public_port": 8443}, "https://sumbawa.example:8443/akun"),
    ],
)
def test_the_official_host_is_written_as_visitors_reach_it(
    settings: dict[str, object], expected: str, tmp_path: Path
) -> None:
    assert public_address(Settings(home=tmp_path, **settings), SUMBAWA, "/akun") == expected


def test_without_a_host_there_is_no_address(tmp_path: Path) -> None:
    assert public_address(Settings(home=tmp_path), Tenant(1, "x", "X"), "/akun") is None
