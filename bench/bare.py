"""The app to compare with: Flask, Flask-Login and SQLAlchemy, written as their manuals say, doing the same work.

One database session a request. Flask-Login keeps an alternative id in Flask's signed cookie, as its manual advises for
sessions that can be revoked: the token of a row, which is read at each request together with the person and their
roles. The queries are those that ours sends, the tenant in the ORM's one too. It knows no tenants, plugins, languages,
row-level security, cross-site tokens or security headers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, abort, g, render_template
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from jinja2 import DictLoader
from sqlalchemy import DateTime, String, Text, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumbung.identity.sessions import token_hash

PAGE = """<ul>{% for row in rows %}<li>{{ row.name }}: {{ row.note }}</li>{% endfor %}</ul><p>{{ who }}</p>
"""
_WHO = text(
    "SELECT p.id, p.name, array_agg(g.role) AS roles FROM lumbung_session s "
    "JOIN lumbung_person p ON p.tenant_id = s.tenant_id AND p.id = s.person_id "
    "LEFT JOIN lumbung_grant g ON g.tenant_id = p.tenant_id AND g.person_id = p.id "
    "WHERE s.token_hash = :hash AND s.revoked_at IS NULL GROUP BY p.id, p.name"
)
_ROWS = text("SELECT id, name, note FROM gift0_item ORDER BY name LIMIT 20")


TENANT = 1


class Model(DeclarativeBase):
    """Its tables."""


class Item(Model):
    """The table of the gift, column for column."""

    __tablename__ = "gift0_item"

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    place_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    urgency: Mapped[int]
    came_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Somebody(UserMixin):
    """Who is signed in."""

    def __init__(self, token: str, name: str, roles: list[str]) -> None:
        self.id, self.name, self.roles = token, name, roles


def bare_page() -> str:
    """Return the part of a page that holds the rows."""
    return PAGE


def bare_flask(url: str, token: str) -> Flask:
    """Return the app; ``/masuk`` signs in with ``token``. It connects as the owner, whom no policy holds back."""
    app = Flask("bare")
    app.secret_key = "bench"  # noqa: S105
    app.jinja_loader = DictLoader({"rows.html": PAGE})
    engine = create_engine(url)
    login = LoginManager(app)

    def session() -> Session:
        if "session" not in g:
            g.session = Session(engine)
        kept: Session = g.session
        return kept

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        if "session" in g:
            g.session.close()

    @login.user_loader
    def load(user_id: str) -> Somebody | None:
        row: Any = session().execute(_WHO, {"hash": token_hash(user_id)}).first()
        return Somebody(user_id, row.name, row.roles) if row else None

    @app.get("/masuk")
    def sign_in() -> str:
        login_user(Somebody(token, "", []))
        return ""

    @app.get("/gift0/baris")
    @login_required
    def rows() -> str:
        if "admin" not in current_user.roles:
            abort(403)
        return render_template("rows.html", rows=session().execute(_ROWS).all(), who=current_user.name)

    @app.get("/gift0/berkas")
    @login_required
    def shell() -> str:
        if "admin" not in current_user.roles:
            abort(403)
        return render_template("shell.html", rows=session().execute(_ROWS).all(), who=current_user.name)

    @app.get("/gift0/objek")
    @login_required
    def objects() -> str:
        if "admin" not in current_user.roles:
            abort(403)
        items = session().scalars(select(Item).where(Item.tenant_id == TENANT).order_by(Item.name).limit(20)).all()
        return render_template("rows.html", rows=items, who=current_user.name)

    return app
