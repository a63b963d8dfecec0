"""The settings made for an application in Django: a module that begins with theirs, and a server for its files."""

from __future__ import annotations

import re

from lumbung.adoption.plan import Made, Plan
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.adoption.text import Tree

_SETTINGS = '''"""Made for this instance: the donated settings, with what has to be otherwise here."""

from urllib.parse import parse_qsl, unquote, urlsplit

from {settings} import *

DEBUG = False
SECRET_KEY = {{{{ secret | json }}}}
ALLOWED_HOSTS = [{{{{ public_host | json }}}}, "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [{{{{ address | json }}}}]
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = {{{{ public_scheme | json }}}} == "https"
STATIC_ROOT = {{{{ data | json }}}} + "/static"
if not globals().get("STATIC_URL"):
    STATIC_URL = "/static/"
'''
_ZONE = "TIME_ZONE = {{ tenant.time_zone | json }}\n"
_DATABASE = """
_own = urlsplit({{{{ database.url | json }}}})
_more = dict(parse_qsl(_own.query))
DATABASES = {{
    **globals().get("DATABASES", {{}}),
    "default": {{
        "ENGINE": "django.db.backends.{engine}",
        "NAME": unquote(_own.path[1:]),
        "USER": unquote(_own.username or ""),
        "PASSWORD": unquote(_own.password or ""),
        "HOST": _more.get("host") or _more.get("unix_socket") or _own.hostname or "",
        "PORT": str(_own.port or _more.get("port", "")),
    }},
}}
"""
_SQLITE = """
DATABASES = {
    **globals().get("DATABASES", {}),
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": {{ database.file | json }}},
}
"""
_OPENID = """
OIDC_RP_CLIENT_ID = {{ openid.client_id | json }}
OIDC_RP_CLIENT_SECRET = {{ openid.client_secret | json }}
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
OIDC_USE_PKCE = True
OIDC_OP_AUTHORIZATION_ENDPOINT = {{ openid.issuer | json }} + "/openid/authorize"
OIDC_OP_TOKEN_ENDPOINT = {{ openid.issuer | json }} + "/openid/token"
OIDC_OP_USER_ENDPOINT = {{ openid.issuer | json }} + "/openid/userinfo"
OIDC_OP_JWKS_ENDPOINT = {{ openid.issuer | json }} + "/openid/jwks"
"""
_SERVER = '''"""Made for this instance: the donated application, and its files, otherwise the web server's job."""

import mimetypes
import os
import socket
import sys
from pathlib import Path
from wsgiref.util import FileWrapper

os.environ["DJANGO_SETTINGS_MODULE"] = "lumbung_settings"

from django.conf import settings
from django.core.wsgi import get_wsgi_application

inner = get_wsgi_application()
PLACES = [
    (url, Path(folder).resolve())
    for url, folder in ((settings.STATIC_URL, settings.STATIC_ROOT), (settings.MEDIA_URL, settings.MEDIA_ROOT))
    if url and folder and url.startswith("/") and url != "/"
]


_resolve = socket.getaddrinfo


def _resolve_here(host, *arguments, **named):
    """Names below localhost lead to this machine (RFC 6761), which not every resolver knows."""
    here = isinstance(host, str) and host.endswith(".localhost")
    return _resolve("127.0.0.1" if here else host, *arguments, **named)


socket.getaddrinfo = _resolve_here


def application(environ, start_response):
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    if environ["REQUEST_METHOD"] in ("GET", "HEAD") and "\\0" not in path:
        for url, folder in PLACES:
            if path.startswith(url):
                file = (folder / path[len(url):]).resolve()
                if file.is_relative_to(folder) and file.is_file():
                    return _file(file, environ, start_response)
    return inner(environ, start_response)


def _file(file, environ, start_response):
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = [("Content-Type", kind), ("Content-Length", str(file.stat().st_size))]
    headers.append(("X-Content-Type-Options", "nosniff"))
    start_response("200 OK", headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return environ.get("wsgi.file_wrapper", FileWrapper)(file.open("rb"))


if __name__ == "__main__":
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    server = ThreadedWSGIServer((sys.argv[1], int(sys.argv[2])), WSGIRequestHandler)
    server.set_app(application)
    server.serve_forever()
'''
_ENGINES = {"postgresql": "postgresql", "mysql": "mysql"}


def settings_for_django(tree: Tree, seen: Survey, plan: Plan, source: str) -> None:
    """Put into ``plan`` what an application in Django is run with."""
    parts = [_SETTINGS.format(settings=seen.entry)]
    if plan["time_zone"] != "keep":
        parts.append(_ZONE)
    if plan["database"] in _ENGINES:
        parts.append(_DATABASE.format(engine=_ENGINES[plan["database"]]))
    elif plan["database"] == "sqlite":
        parts.append(_SQLITE)
    if plan["sign_in"] == "openid" and seen.openid == "mozilla-django-oidc":
        parts.append(_OPENID)
        plan.openid = {"redirect_paths": [_callback(tree)], "post_logout_paths": ["/"], "scopes": ["profile", "email"]}
        plan.because["openid.redirect_paths"] = both("Di sana mozilla-django-oidc terpasang menurut urls.py.")
    plan.made += [Made("lumbung_settings.py", "".join(parts)), Made("lumbung_wsgi.py", _SERVER)]
    plan.environment["DJANGO_SETTINGS_MODULE"] = "lumbung_settings"
    plan.because["process.environment.DJANGO_SETTINGS_MODULE"] = both(
        "Pengaturan mereka diimpor, lalu ditimpa yang perlu saja."
    )
    manage = ["{{ python }}", f"{source}/manage.py"]
    prepare = [[*manage, "migrate", "--noinput"]]
    if any(
        "django.contrib.staticfiles" in tree.read(path)
        for path in tree.paths
        if path.endswith(".py") and "settings" in path
    ):
        prepare.append([*manage, "collectstatic", "--noinput"])
    plan.set("prepare", prepare, both("Tabel dan berkas statis, sebagaimana setiap aplikasi Django."))


def _callback(tree: Tree) -> str:
    for path in tree.named("urls.py"):
        found = re.search(r"path\(\s*['\"]([\w/-]*)['\"]\s*,\s*include\(\s*['\"]mozilla_django_oidc", tree.read(path))
        if found:
            return f"/{found[1]}callback/"
    return "/oidc/callback/"
