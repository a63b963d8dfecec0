"""The platform's strip gets into whole pages only, and into nothing that merely looks like one."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lumbung.runtimes.bar import SCRIPT, Strip, admit, inject, is_wanted, script_url, serve_script, strip_for
from lumbung.tenancy.tenant import Tenant

PUBLIC, PORTAL = "https://antrian.kab.go.id", "https://kab.go.id"
SUMBAWA = Tenant(1, "sumbawa", "Kabupaten Sumbawa", hosts=("kab.go.id",), logo_hash="a1")


def strip(**changed: Any) -> Strip:
    given = {"title": "Antrian", "donor": "Kota Bandung", "portal": PORTAL, "person": "Siti", **changed}
    return strip_for(SUMBAWA, **given)


def opened(policy: str) -> tuple[str, str]:
    headers, html = admit([("Content-Security-Policy", policy)], PUBLIC, strip())
    return dict(headers)["Content-Security-Policy"], html


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!doctype html><head><title>x</title></head>\n<BODY class='a>b' onload=\"1>0\">", "isi</body>"),
        ("<html><!-- <body> --><script>var x='<body>';</script><body>", "<body>"),
        ("<html><head><style>/* <body> */</style><noscript><body></noscript></head><body\n>", "<p>"),
    ],
)
def test_it_comes_first_in_the_body_wherever_a_block_ends(before: str, after: str) -> None:
    page = (before + after).encode()
    for size in range(1, len(page) + 1):
        pieces = (page[at : at + size] for at in range(0, len(page), size))
        assert b"".join(inject(pieces, "[BAR]")).decode() == f"{before}[BAR]{after}"


@pytest.mark.parametrize(
    "page",
    ["<p>bagian", "<html><frameset><frame></frameset></html>", "<html><!-- <body>", "<bodyguard>", "", "x" * 400_000],
)
def test_what_has_no_body_goes_out_as_it_is(page: str) -> None:
    assert b"".join(inject([page[:9].encode(), page[9:].encode()], "[BAR]")).decode() == page


def test_what_follows_the_body_s_tag_is_not_held_back() -> None:
    taken: list[int] = []

    def stream() -> Any:
        for number, piece in enumerate((b"<html><body>", b"satu", b"dua")):
            taken.append(number)
            yield piece

    pieces = inject(stream(), "[BAR]")
    assert (next(pieces), taken) == (b"<html><body>[BAR]", [0])
    assert (next(pieces), taken) == (b"satu", [0, 1])


def test_only_a_page_of_a_window_gets_it() -> None:
    def asked(method: str = "GET", **headers: str) -> bool:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return is_wanted(EnvironBuilder("/", method=method, headers=named).get_environ())

    assert asked(Sec_Fetch_Dest="document", Accept="*/*")
    assert asked(Accept="text/html,*/*", method="POST"), "a browser without that header"
    assert not asked(Accept="text/html,*/*", Sec_Fetch_Dest="iframe")
    assert not asked(Accept="text/html,*/*", Sec_Fetch_Dest="empty")
    assert not asked(Accept="text/html, */*; q=0.01", X_Requested_With="XMLHttpRequest")
    assert not asked(Accept="text/html", HX_Request="true")
    assert not asked(Accept="*/*")


def test_it_names_whose_site_and_whose_gift_this_is_in_both_languages_and_in_ascii() -> None:
    html = strip(person="Ny. <b>Ömer</b>", title='"Buku" & Tamu').html
    assert html.isascii()
    assert "<b>" not in html.replace('<b class="title"', "") and "&lt;b&gt;&#214;mer" in html
    assert "Hibah dari Kota Bandung" in html and "Keluar" in html and 'href="https://kab.go.id/"' in html
    english = strip(language="en").html
    assert 'lang="en"' in english
    assert "/_lumbung/masuk" in strip(person=None).html
    assert "/_lumbung/masuk" not in strip(person=None, signs_in=False).html


def test_a_policy_is_opened_for_the_one_script() -> None:
    script = PUBLIC + SCRIPT
    assert opened("script-src 'self' x.com")[0] == "script-src 'self' x.com"
    assert opened("script-src 'none'")[0] == f"script-src {script}"
    assert opened("default-src https://cdn.example")[0] == (
        f"default-src https://cdn.example; script-src https://cdn.example {script}"
    )
    assert opened("img-src *")[0] == "img-src *"
    policy, html = opened("script-src 'nonce-abc+/=' 'strict-dynamic'")
    assert policy == "script-src 'nonce-abc+/=' 'strict-dynamic'"
    assert f'<script src="{PUBLIC}{script_url()}" async nonce="abc+/="></script>' in html
    assert opened("form-action 'none'")[0] == f"form-action {PUBLIC}/_lumbung/ {PORTAL}"
    policy, html = opened("script-src 'nonce-a', script-src 'nonce-b'")
    assert policy == f"script-src 'nonce-a', script-src 'nonce-b' {script}" and 'nonce="a"' in html
    assert "style" not in opened("style-src 'self'")[1]
    assert "style" in opened("style-src 'unsafe-inline'")[1]


def test_it_works_on_a_page_with_another_base() -> None:
    html = opened("img-src *")[1]
    assert f'action="{PUBLIC}/_lumbung/keluar"' in html and f'src="{PUBLIC}/_lumbung/_tenant/logo?v=a1"' in html
    assert '"/_lumbung/' not in html


def test_a_page_with_the_bar_is_one_person_s() -> None:
    given = [("ETag", '"1"'), ("Last-Modified", "x"), ("Cache-Control", "public, max-age=600")]
    assert admit(given, PUBLIC, strip())[0] == [("Cache-Control", "private, no-cache")]
    kept = [("Cache-Control", "no-store, max-age=0")]
    assert admit(kept, PUBLIC, strip())[0] == kept


def test_its_script_may_be_kept_for_ever_under_its_hash() -> None:
    body, status, headers = run_wsgi_app(serve_script, EnvironBuilder(script_url()).get_environ(), buffered=True)
    assert status == "200 OK" and "immutable" in headers["Cache-Control"] and b"lumbung-bar" in b"".join(body)
    headers = run_wsgi_app(serve_script, EnvironBuilder(f"{SCRIPT}?v=0").get_environ())[2]
    assert headers["Cache-Control"] == "no-cache"


PAGES = {
    "/lama": "<html><style>*{color:red!important;font-size:40px!important}</style><body>isi</body></html>",
    "/tetap": "<html><body><div style='position:fixed;top:0;left:0;right:0;height:50px'>menu</div></body></html>",
    "/bingkai": "<html><body><iframe src='/lama'></iframe></body></html>",
}


@pytest.fixture
def site() -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == SCRIPT:
            return serve_script(environ, start_response)
        page = PAGES.get(environ["PATH_INFO"], "").encode()
        headers = [("Content-Type", "text/html"), ("Content-Security-Policy", "script-src 'none'")]
        headers, html = admit(headers, f"http://{environ['HTTP_HOST']}", strip(portal=""))
        start_response("200 OK", headers)
        return inject([page], html)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_in_a_browser_it_lies_above_the_page_and_gives_way_to_a_fixed_menu(site: str, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 700})
    try:
        page.goto(f"{site}/lama", wait_until="load")
        page.wait_for_function("document.querySelector('html > lumbung-bar')?.shadowRoot")
        bar = page.locator("lumbung-bar")
        assert bar.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 45}
        assert page.evaluate("document.body.getBoundingClientRect().top") >= 45
        out = page.get_by_role("button", name="Keluar")
        box = out.bounding_box()
        assert box["height"] >= 44 and box["x"] + box["width"] <= 390
        assert out.evaluate("one => getComputedStyle(one).fontSize") == "14px"
        page.goto(f"{site}/tetap", wait_until="load")
        page.wait_for_selector("lumbung-bar.foot")
        assert bar.bounding_box()["y"] == 655
        page.goto(f"{site}/bingkai", wait_until="load")
        frame = page.frames[1]
        frame.wait_for_function("!document.querySelector('lumbung-bar')")
        page.emulate_media(media="print")
        assert not bar.is_visible()
        assert re.fullmatch("0px", page.evaluate("getComputedStyle(document.documentElement).marginTop"))
    finally:
        page.close()
