"""A plugin's page behind the gate, against a bare Flask app doing the same work.

Both read who is signed in and 20 rows of PostgreSQL, check a permission and render the same small template. The bare
app knows no tenants, plugins, languages or row-level security.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Flask, render_template
from flask_login import LoginManager, UserMixin, current_user, login_required
from jinja2 import DictLoader
from sqlalchemy import create_engine, text
from werkzeug.test import Client

from lumbung.identity.sessions import token_hash
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.operations import install_wheel
from lumbung.settings import Settings
from lumbung.testing.databases import fresh_database, test_server
from lumbung.testing.house import TestHouse
from lumbung.testing.wheels import MANIFEST, make_wheel
from lumbung.web.house import sid_cookie
from pairs import compare

PAGE = "<ul>{% for row in rows %}<li>{{ row.name }}</li>{% endfor %}</ul><p>{{ who }}</p>"

PLUGIN = """
from flask import Blueprint, render_template
from sqlalchemy import text
from lumbung.sdk import current_person, hookimpl, requires, session
blueprint = Blueprint("bench", __name__)

@blueprint.get("/")
@requires("bench.read")
def index():
    rows = session.execute(text("SELECT name FROM lumbung_unit ORDER BY name LIMIT 20")).all()
    return render_template("bench/page.html", rows=rows, who=current_person().name)

@hookimpl
def routes():
    return [blueprint]
"""

PERMISSION = '[[permissions]]\nname = "bench.read"\ntitle = {id = "Baca", en = "Read"}\n'


def main() -> None:
    """Print the ratio."""
    with test_server() as server, fresh_database(server, []) as urls, tempfile.TemporaryDirectory() as folder:
        house = TestHouse(Settings(home=Path(folder) / "home"), urls)
        wheel = make_wheel(
            Path(folder),
            "bench",
            files={"lumbung_bench/__init__.py": PLUGIN, "lumbung_bench/templates/bench/page.html": PAGE},
            manifest=MANIFEST.format(name="bench", version="1.0.0") + PERMISSION,
        )
        install_wheel(house.kernel, wheel, by="bench")
        enable(house.kernel, "bench", house.kernel.tenant("sumbawa"), by="bench")
        for number in range(20):
            house.unit("sumbawa", f"U{number}")
        person = house.person("sumbawa", "a@sumbawa.example", roles=["admin"])
        token = house.token("sumbawa", person)
        ours = house.client("sumbawa")
        ours.set_cookie(sid_cookie(house.kernel), token, domain="sumbawa.localhost")
        beside = Client(bare_flask(urls.migrator))
        beside.set_cookie("sid", token)
        assert ours.get("/bench/").status_code == beside.get("/").status_code == 200
        compare(
            "signed-in page of 20 rows",
            lambda: [ours.get("/bench/") for _ in range(20)],
            lambda: [beside.get("/") for _ in range(20)],
            pairs=30,
        )
        house.close()


def bare_flask(url: str) -> Flask:
    """Return the app to compare with; it connects as the owner, whom no tenant's policy holds back."""
    app = Flask("bare")
    app.secret_key = "bench"  # noqa: S105
    app.jinja_loader = DictLoader({"page.html": PAGE})
    engine = create_engine(url)
    login = LoginManager(app)

    class Somebody(UserMixin):
        def __init__(self, name: str) -> None:
            self.id, self.name = name, name

    @login.request_loader
    def load(request: object) -> Somebody | None:
        with engine.connect() as connection:
            name = connection.execute(
                text(
                    "SELECT p.name FROM lumbung_session s JOIN lumbung_person p ON p.id = s.person_id "
                    "JOIN lumbung_grant g ON g.person_id = p.id WHERE s.token_hash = :hash AND g.role = 'admin'"
                ),
                {"hash": token_hash(request.cookies.get("sid", ""))},  # type: ignore[attr-defined]
            ).scalar()
        return Somebody(name) if name else None

    @app.get("/")
    @login_required
    def index() -> str:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT name FROM lumbung_unit ORDER BY name LIMIT 20")).all()
        return render_template("page.html", rows=rows, who=current_user.name)

    return app


if __name__ == "__main__":
    main()
