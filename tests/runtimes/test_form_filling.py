"""Filling in an application's own login page, against a small application that answers as the real ones do."""

from __future__ import annotations

import secrets
import socketserver
import threading
from urllib.parse import parse_qs
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer, make_server

import bcrypt
import pytest

from lumbung.instances import accounts
from lumbung.instances.accounts import Account
from lumbung.registry.foreign import SignInForm
from lumbung.runtimes import form_filling
from lumbung.runtimes.form_filling import AppSilent, SignInRefused, sign_in, sign_out
from lumbung.testing.donated import make_donated
from lumbung.web.errors import TooMany

HOST = "surat.sumbawa.localhost"
SITI = Account("siti-abc234", "Rahasia-9")
PAGE = """<!doctype html><html><head><meta name="csrf-token" content="m3ta"></head><body>
<form action="/cari"><input name="q"></form>
<form method="post" action="{action}"><input type="hidden" name="_token" value="{token}">
<input name=user value='lama'><input type=password name="pass"><input type=checkbox name=ingat>
<select name="unit"><option value="1">A<option value="2" selected>B</select>
<textarea name=pesan>x &amp; y</textarea><button name="masuk" value="1">Masuk</button></form>"""


class Application:
    """Signs in ``siti-abc234`` with a token, a cookie of its own and whatever ``ways`` say."""

    def __init__(self, **ways):
        self.ways, self.tokens, self.sent, self.asked = ways, {}, {}, []
        self.check = ways.get("check", lambda user, word: (user, word) == (SITI.username, SITI.password))

    def __call__(self, environ, start_response):
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        self.asked.append((method, path))
        self.environ = environ
        cookies = dict(one.split("=", 1) for one in environ.get("HTTP_COOKIE", "").split("; ") if "=" in one)
        answer = getattr(self, f"_{method.lower()}_{path.strip('/').replace('/', '_') or 'index'}", None)
        status, headers, body = answer(environ, cookies) if answer else ("404 Not Found", [], "tidak ada")
        start_response(status, [("Content-Type", "text/html; charset=utf-8"), *headers])
        return [body.encode()]

    def _get_index(self, _environ, _cookies):
        return "200 OK", [], '<form method=post action="/logout"><input type=hidden name=t value=9></form>'

    def _get_login(self, _environ, cookies):
        if self.ways.get("loop"):
            return "302 Found", [("Location", "/login")], ""
        sid = cookies.get("ci_session") or secrets.token_hex(4)
        self.tokens[sid] = secrets.token_hex(4)
        page = self.ways.get("page", PAGE).format(token=self.tokens[sid], action=self.ways.get("action", "/login"))
        return "200 OK", [("Set-Cookie", f"ci_session={sid}; Domain=.sumbawa.localhost; path=/; HttpOnly")], page

    def _post_login(self, environ, cookies):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        self.sent = {name: one[0] for name, one in parse_qs(body, keep_blank_values=True).items()}
        if self.sent.get("_token") != self.tokens.get(cookies.get("ci_session")):
            return "419 Page Expired", [], "kedaluwarsa"
        if not self.check(self.sent.get("user"), self.sent.get("pass")):
            return (
                ("302 Found", [("Location", "/login")], "") if self.ways.get("back") else self._get_login({}, cookies)
            )
        headers = [
            ("Set-Cookie", f"ci_session={secrets.token_hex(4)}; path=/"), ("Set-Cookie", "ingat=deleted; Max-Age=0"),
            ("Location", self.ways.get("location", "/dasbor")),
        ]  # fmt: skip
        return "303 See Other", headers, ""

    def _get_dasbor(self, _environ, _cookies):
        return "200 OK", [], "Selamat datang"

    def _post_logout(self, environ, cookies):
        self.sent = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        return "302 Found", [("Location", "/login"), ("Set-Cookie", "ci_session=; Max-Age=0; path=/")], ""

    def _get_logout(self, _environ, _cookies):
        return "405 Method Not Allowed", [], ""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_given):
        pass


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


ServerHandler.http_version = "1.1"


@pytest.fixture
def serve():
    servers = []

    def start(application):
        server = make_server("127.0.0.1", 0, application, server_class=Threaded, handler_class=Quiet)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def form(**given):
    return SignInForm(**{"path": "/login", "user_field": "user", "password_field": "pass", **given})


def test_a_login_page_is_filled_in_as_a_person_would_and_the_cookies_come_back(serve):
    app = Application()
    lines = sign_in(serve(app), HOST, form(more_fields={"unit": "7"}), SITI, headers={"User-Agent": "Peramban"})
    assert app.sent.pop("_token")
    assert app.sent == {"user": SITI.username, "pass": SITI.password, "unit": "7", "pesan": "x & y", "masuk": "1"}
    [session, other] = lines
    assert session.startswith("ci_session=")
    assert "omain" not in session
    assert other.startswith("ingat=deleted")
    told = {name: app.environ[name] for name in ("HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_USER_AGENT")}
    assert told == {"HTTP_HOST": HOST, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_USER_AGENT": "Peramban"}


@pytest.mark.parametrize(
    "ways",
    [
        {"location": "http://antrian.bandung.example/dasbor"},  # its old domain, or a scheme that it thinks it has
        {"location": "dasbor", "action": ""},
        {"action": "http://localhost/login?dari=%2Fx", "location": "https://localhost:80/dasbor?x=1"},
    ],
)
def test_wherever_an_application_believes_it_lives_it_is_asked_itself(serve, ways):
    app = Application(**ways)
    assert sign_in(serve(app), HOST, form(success="Selamat datang"), SITI)
    assert sign_in(serve(app), HOST, form(), SITI)


@pytest.mark.parametrize("ways", [{}, {"back": True}])
def test_a_wrong_password_is_refused_and_stands_in_no_message(serve, ways):
    with pytest.raises(SignInRefused, match="shows its login page again") as refused:
        sign_in(serve(Application(**ways)), HOST, form(), Account(SITI.username, "salah-sekali"))
    assert "salah-sekali" not in str(refused.value)
    with pytest.raises(SignInRefused, match="does not hold the text"):
        sign_in(serve(Application(**ways)), HOST, form(success="Selamat datang"), Account(SITI.username, "salah"))


def test_an_application_that_cannot_be_signed_in_to_says_why(serve):
    for application, given, said in (
        (Application(loop=True), {}, "from page to page"),
        (Application(), {"path": "/masuk"}, "status 404"),
        (Application(), {"password_field": "sandi"}, "has no field 'sandi'"),
    ):
        with pytest.raises(AppSilent, match=said):
            sign_in(serve(application), HOST, form(**given), SITI)
    with pytest.raises(AppSilent, match="did not answer"):
        sign_in("127.0.0.1:1", HOST, form(), SITI)
    with pytest.raises(SignInRefused, match="status 419"):
        sign_in(serve(Application(page=PAGE.replace("_token", "lain"))), HOST, form(), SITI)


def test_signing_out_reaches_an_application_that_wants_a_form_for_it(serve):
    app = Application()
    [line] = sign_out(serve(app), HOST, form(logout_path="/logout"), "ci_session=abc; lain=1")
    assert line.startswith("ci_session=;")
    assert app.sent == {"t": ["9"]}
    assert app.environ["HTTP_COOKIE"] == "ci_session=abc; lain=1"
    assert sign_out("127.0.0.1:1", HOST, form(logout_path="/logout"), "") == []
    assert sign_out("127.0.0.1:1", HOST, form(), "a=b") == []


def test_whoever_is_signed_in_enters_with_an_account_made_for_them_and_a_lost_password_is_renewed(
    house, gift, serve, monkeypatch
):
    surat = make_donated(house, gift, "sqlite")

    def knows(user, word):
        found = surat.ask("SELECT akun, kata_sandi FROM pengguna WHERE aktif = 1")
        return any(user == name and bcrypt.checkpw(word.encode(), kept.encode()) for name, kept in found)

    app = Application(check=knows)
    at, clerk = serve(app), house.person("sumbawa", "siti@contoh.id", roles=["surat.clerk"])
    environ = {"HTTP_HOST": HOST, "wsgi.url_scheme": "https", "REMOTE_ADDR": "10.1.2.3"}

    def enter(person):
        with house.scope(person=person) as scope:
            return form_filling.enter(scope, surat.instance, at, environ)

    assert enter(clerk)[0].startswith("ci_session=")
    assert app.sent["user"].startswith("siti-")
    assert app.environ["HTTP_X_FORWARDED_FOR"] == "10.1.2.3"
    before = app.sent["pass"]
    assert enter(clerk)
    assert app.sent["pass"] == before
    surat.ask("UPDATE pengguna SET kata_sandi = '$2y$10$hHkbsDvqXYVTKCdsSZgRPe4oQvKQW3WPDC0gJuoNYIhRIKyVbvMMG'")
    assert enter(clerk)
    assert app.sent["pass"] != before
    app.check = lambda *_given: False
    with pytest.raises(SignInRefused):
        enter(clerk)
    surat.ask("ALTER TABLE pengguna RENAME TO lain")
    with pytest.raises(AppSilent, match="takes no account"):
        enter(clerk)
    with pytest.raises(accounts.NoAccount):
        enter(house.person("sumbawa", "warga@contoh.id"))
    assert enter(None) == []
    monkeypatch.setattr(form_filling, "AT_MOST", 1)
    with pytest.raises(TooMany):
        enter(clerk)
