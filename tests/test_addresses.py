"""No path that a visitor can influence leaves the host; and how a page is written out where no request tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumbung.addresses import leads_here, local_path, public_address
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


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "//evil",
        "///evil",
        "/\\evil",
        "\\\\evil",
        "/\t/evil",
        "/\n/evil",
        "\t//evil",
        " //evil",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "https:evil",
        "https:///evil",
        "https://evil.example/",
        "http:/evil",
        "evil.example",
        "evil/path",
        "?next=x",
        "/a\r\nSet-Cookie: x=1",
        "/a\x00b",
        "/a\x7fb",
        "/\\/evil",
        "/path\\..\\evil",
    ],
)
def test_a_target_elsewhere_is_replaced(target: str | None) -> None:
    assert local_path(target) == "/"
    assert local_path(target, "/akun") == "/akun"
    assert not leads_here(target or "")


@pytest.mark.parametrize("target", ["/", "/antrean/ambil?lokasi=mpp", "/a#b", "/a//b", "/x:y", "/é", "/a?u=https://x"])
def test_a_path_on_this_host_is_kept(target: str) -> None:
    assert local_path(target) == target
    assert leads_here(target)
