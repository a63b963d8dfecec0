"""A signed-in, tenant-scoped, permission-checked page of a gift with one query of 20 rows, against bare Flask.

Both run in this process, in turns; see `bare.py` for what stands beside. The page comes twice: its rows as rows, and
as objects of the ORM, as most gifts write it.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

from flask import Flask

from bare import bare_flask, bare_page
from gifts import site_with
from lumbung.testing.databases import test_server
from lumbung.testing.house import TestHouse
from lumbung.web.house import sid_cookie
from pairs import Figure, compare, head, show
from visits import Visit


def main() -> list[Figure]:
    """Return the figures."""
    figures: list[Figure] = []
    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, 1, Path(folder)) as one,
        site_with(server, 165, Path(folder)) as many,
    ):
        house, full = one.house(), many.house()
        try:
            figures += against_bare(house)
            figures += with_many(full, house)
        finally:
            full.close(), house.close()
    return figures


def against_bare(house: TestHouse) -> list[Figure]:
    """Compare a page of ours with the same page of the bare app."""
    token = signed_in(house)
    bare = bare_flask(house.urls.migrator, token)
    cookies = Visit(bare, "/masuk").expect(200).cookies
    figures = []
    for path, kind in (("/gift0/baris", "rows"), ("/gift0/objek", "objects")):
        ours = visit(house, token, path).expect(200)
        beside = Visit(bare, path, cookies=cookies).expect(200)
        assert ours.body == beside.body, (ours.body, beside.body)
        found = compare(ours, beside)
        figures.append(Figure(f"page of 20 {kind}, CPU / bare Flask", 1.05, found.cpu, found.detail))
    return [*figures, in_the_shell(house, token, bare)]


def in_the_shell(house: TestHouse, token: str, bare: Flask) -> Figure:
    """Compare the page in the whole shell with the finished HTML as a template of the bare app: rows aside, one text.

    No site is written so, and ours packs its page where bare Flask leaves that to a server in front. It is printed
    without a goal.
    """
    ours = visit(house, token, "/gift0/berkas").expect(200)
    page = gzip.decompress(ours.body).decode()
    head_, _, rest = page.partition("<ul>\n" if "<ul>\n" in page else "<ul><li>Berkas")
    bare.jinja_loader.mapping["shell.html"] = (
        f"{{% raw %}}{head_}{{% endraw %}}{bare_page()}{{% raw %}}{rest.partition('</ul>')[2]}{{% endraw %}}"
    )
    beside = Visit(bare, "/gift0/berkas", cookies=Visit(bare, "/masuk").expect(200).cookies).expect(200)
    assert abs(len(page) - len(beside.body)) < 400, (len(page), len(beside.body))
    found = compare(ours, beside)
    return Figure("the same rows in the whole shell / finished HTML of bare Flask", None, found.cpu, found.detail)


def with_many(full: TestHouse, one: TestHouse) -> list[Figure]:
    """Compare the page with 165 gifts installed and enabled with the same page where there is one."""
    ours, beside = (visit(house, signed_in(house), "/gift0/baris").expect(200) for house in (full, one))
    found = compare(ours, beside)
    return [Figure("the same page with 165 gifts / with one", 1.03, found.cpu, found.detail)]


def signed_in(house: TestHouse) -> str:
    """Return the token of an administrator's session."""
    return house.token("sumbawa", house.person("sumbawa", "a@sumbawa.example", roles=["admin"]))


def visit(house: TestHouse, token: str, path: str) -> Visit:
    """Return a visit of ours, signed in; the browser has seen a form, and carries the cookie that goes with it."""
    host = "sumbawa.localhost"
    cookies = Visit(house.app.wsgi_app, "/masuk", host=host).expect(200).cookies if token else {}
    cookies |= {sid_cookie(house.kernel): token} if token else {}
    return Visit(house.app.wsgi_app, path, host=host, cookies=cookies)


if __name__ == "__main__":
    sys.exit(head() or show(main()))
