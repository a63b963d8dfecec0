"""The gate's 404, for an application that is installed and not enabled here, against the 404 of bare Flask.

Ours answers with a whole page in the tenant's name, in the visitor's language; bare Flask with its one line. Once for a
robot, which brings no cookie, and once for a browser, whose cookies are read.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bare import bare_flask
from gifts import site_with
from lumbung.testing.databases import test_server
from pairs import Figure, compare, head, show
from visits import Visit


def main() -> list[Figure]:
    """Return the figures."""
    with (
        test_server() as server,
        tempfile.TemporaryDirectory() as folder,
        site_with(server, 165, Path(folder)) as site,
    ):
        house = site.house()
        try:
            beside = Visit(bare_flask(site.urls.migrator, ""), "/gift7/").expect(404)
            figures = []
            host = "sumbawabarat.localhost"
            seen = Visit(house.app.wsgi_app, "/masuk", host=host).expect(200).cookies
            for who, cookies in (("a robot", {}), ("a browser", seen)):
                ours = Visit(house.app.wsgi_app, "/gift7/", host=host, cookies=cookies).expect(404)
                found = compare(ours, beside)
                figures.append(Figure(f"404 of the gate for {who}, CPU / Flask's", 1.2, found.cpu, found.detail))
            if "lumbung_gift7" in sys.modules:
                raise SystemExit("The gate imported a gift that is not enabled.")
            return figures
        finally:
            house.close()


if __name__ == "__main__":
    sys.exit(head() or show(main()))
