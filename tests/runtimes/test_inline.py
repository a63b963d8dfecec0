"""A plugin's app is made once, at its first request; one that failed is tried again later, not at every request."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.registry.discovery import PluginUnusable
from lumbung.runtimes import inline
from lumbung.runtimes.inline import InlineRuntime, package_folder
from lumbung.testing import TestHouse


def opened(house: TestHouse, runtime: InlineRuntime, name: str) -> Any:
    with house.kernel.scope():
        return runtime.open(house.kernel.snapshot().plugins[name])


def test_an_app_is_made_once_and_kept(house: TestHouse, gift: Any) -> None:
    gift()
    runtime = InlineRuntime(house.kernel)
    assert opened(house, runtime, "contoh") is opened(house, runtime, "contoh")


def test_an_app_that_failed_is_tried_again_after_a_while(
    house: TestHouse, gift: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, as_owner: Any
) -> None:
    mended = tmp_path / "mended"
    good = "from flask import Blueprint\nfrom lumbung.sdk import hookimpl, public\n"
    good += "b = Blueprint('buruk', __name__)\n@b.get('/')\n@public\ndef index():\n    return 'pulih'\n"
    good += "@hookimpl\ndef routes():\n    return [b]\n"
    gift("buruk", init=f"import os\nif not os.path.exists({str(mended)!r}):\n    raise OSError('belum')\n" + good)
    runtime = InlineRuntime(house.kernel)
    now = [1000.0]
    monkeypatch.setattr(inline.time, "monotonic", lambda: now[0])
    for _ in range(3):
        with pytest.raises(PluginUnusable, match="belum"):
            opened(house, runtime, "buruk")
    mended.touch()
    with pytest.raises(PluginUnusable, match="belum"):
        opened(house, runtime, "buruk")
    now[0] += inline.TRY_AGAIN_AFTER
    assert opened(house, runtime, "buruk").name == "lumbung_buruk"
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(1,)]


def test_a_module_that_is_no_package_has_no_folder() -> None:
    for module in ("tidak_ada_sama_sekali", "this"):
        with pytest.raises(PluginUnusable, match="is not a package"):
            package_folder(module)


def test_a_plugin_s_pages_speak_the_language_of_the_visitor(house: TestHouse, gift: Any) -> None:
    init = """
from flask import Blueprint
from lumbung.sdk import external_url, hookimpl, language, now, public, today
b = Blueprint('kata', __name__)
@b.get('/')
@public
def index():
    return f"{language()} {now().utcoffset()} {today()} {external_url('/kata/t/1')}"
@hookimpl
def routes():
    return [b]
"""
    gift("kata", init=init)
    client = house.client()
    assert client.get("/kata/").text.startswith("id 8:00:00 20")
    assert client.get("/kata/").text.endswith(" http://sumbawa.localhost/kata/t/1")
    client.post_form("/bahasa", {"language": "en", "next": "/"}, page="/masuk")
    assert client.get("/kata/").text.startswith("en ")
