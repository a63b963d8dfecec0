"""A plugin with a setting of each kind, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumbung import sdk
from lumbung.plugin_settings import services
from lumbung.plugin_settings.stored import Place
from lumbung.registry.manifest import Manifest
from lumbung.testing import TestHouse

SETTINGS = """
[[permissions]]
name = "contoh.manage"
title = { id = "Mengatur", en = "Manage" }

[[settings]]
name = "fee"
type = "rupiah"
title = { id = "Retribusi", en = "Fee" }
scopes = ["platform", "tenant", "unit"]
permission = "contoh.manage"
default = 5000
max = 2000000

[[settings]]
name = "days"
type = "integer"
title = { id = "Hari", en = "Days" }
scopes = ["tenant", "unit"]
default = 7
min = 1
max = 90

[[settings]]
name = "greeting"
type = "long_text"
title = { id = "Sapaan", en = "Greeting" }
help = { id = "Tampil di halaman depan.", en = "Shown on the first page." }

[[settings]]
name = "token"
type = "secret"
title = { id = "Kunci layanan", en = "Key of the service" }
scopes = ["platform", "tenant"]

[[settings]]
name = "rate"
type = "decimal"
title = { id = "Kadar", en = "Rate" }
default = 12.5

[[settings]]
name = "speaks"
type = "boolean"
title = { id = "Bersuara", en = "Speaks" }
default = true

[[settings]]
name = "letters"
type = "choices"
title = { id = "Surat", en = "Letters" }
choices = [
  { value = "ktp", title = { id = "KTP", en = "ID card" } },
  { value = "kk", title = { id = "KK", en = "Family card" } },
]

[[settings]]
name = "office"
type = "unit"
title = { id = "Kantor", en = "Office" }
"""

Ask = Callable[..., Any]


@pytest.fixture
def declared() -> str:
    """What its manifest says of them."""
    return SETTINGS


@pytest.fixture
def with_settings(gift: Any, declared: str) -> Any:
    """A gift with those settings, on in both tenants."""
    gift(more=declared, tenants=("sumbawa", "sumbawabarat"))
    return gift


@pytest.fixture
def manifest(house: TestHouse, with_settings: Any) -> Manifest:
    """Its manifest as it is installed."""
    house.kernel.state.forget()
    return house.kernel.snapshot().plugins["contoh"].manifest


@pytest.fixture
def ask(house: TestHouse, with_settings: Any) -> Ask:
    """Return a function that asks as the plugin's code does."""

    def asked(name: str, tenant: str | None = "sumbawa", **where: Any) -> Any:
        house.kernel.state.forget()
        found = house.kernel.tenant(tenant) if tenant else None
        with house.kernel.scope(found, plugin="contoh"):
            return sdk.setting(name, **where)

    return asked


@pytest.fixture
def put(house: TestHouse, manifest: Manifest) -> Ask:
    """Return a function that sets a value at a place, None for the tenant's own."""

    def change(name: str, value: Any, place: Place | None = None, tenant: str = "sumbawa", **more: Any) -> list[str]:
        with house.scope(tenant):
            return services.change(manifest, place or Place("tenant"), {name: value}, by="Siti", **more)

    return change
