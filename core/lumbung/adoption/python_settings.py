"""The settings made for an application in Python: a module beside theirs that sets what has to be otherwise here."""

from __future__ import annotations

import re

from lumbung.adoption.django_settings import settings_for_django
from lumbung.adoption.environment import values_for
from lumbung.adoption.plan import Made, Plan
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.adoption.text import Tree

_FLASK = '''"""Made for this instance: the donated application, with what has to be otherwise here."""

from {module} import {name} as {alias}

app = {made}
if hasattr(app, "config"):
    app.debug = False
    app.config["SECRET_KEY"] = {{{{ secret | json }}}}
    app.config["PREFERRED_URL_SCHEME"] = {{{{ public_scheme | json }}}}
    app.config["SESSION_COOKIE_HTTPONLY"] = True
try:
    from werkzeug.middleware.proxy_fix import ProxyFix
except ImportError:
    application = app
else:
    inner = app.wsgi_app if hasattr(app, "wsgi_app") else app
    fixed = ProxyFix(inner, x_for=1, x_proto=1, x_host=1, x_port=0)
    if hasattr(app, "wsgi_app"):
        app.wsgi_app = fixed
        application = app
    else:
        application = fixed

if __name__ == "__main__":
    import sys
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
    from socketserver import ThreadingMixIn

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    make_server(sys.argv[1], int(sys.argv[2]), application, Server, WSGIRequestHandler).serve_forever()
'''


def settings_for_python(tree: Tree, seen: Survey, plan: Plan) -> None:
    """Put into ``plan`` what an application in Python is run with."""
    plan.process["stack"] = "python"
    source = "{{ source }}" + (f"/{seen.root}" if seen.root else "")
    if seen.root:
        plan.set("folder", seen.root, both("Di sana aplikasinya bermula."))
    if seen.requirements:
        plan.set("requirements", seen.requirements, both("Daftar paketnya sendiri, dengan versinya."))
    if plan["python"]:
        plan.process["python"] = plan["python"]
    plan.environment["PYTHONPATH"] = "{{ generated }}:" + source
    plan.environment["PYTHONUNBUFFERED"] = "1"
    openid = plan["sign_in"] == "openid"
    database = plan["database"] not in ("", "none")
    plan.environment |= values_for(seen.environment, database=database, openid=openid)
    plan.environment |= _addresses_of_database(seen, plan)
    if seen.framework == "django":
        settings_for_django(tree, seen, plan, source)
    else:
        plan.environment |= {"FLASK_ENV": "production", "FLASK_DEBUG": "0"} if seen.framework == "flask" else {}
        plan.made.append(Made("lumbung_wsgi.py", _wrapped(seen)))
        if script := plan["prepare"].removeprefix("none"):
            plan.set(
                "prepare",
                [["{{ python }}", "{{ source }}/" + script]],
                both("Dijalankan ketika disiapkan: %(script)s.", script=script),
            )
    plan.set("command", server_of(seen), both("Server yang ada di antara paketnya, menjalankan modul yang dibuatkan."))


def server_of(seen: Survey) -> list[str]:
    """Return the command that serves ``lumbung_wsgi:application``, by a server that the application brings."""
    if "waitress" in seen.packages:
        listen = "--listen={{ host }}:{{ port }}"
        return [
            "{{ python }}",
            "-m",
            "waitress",
            listen,
            "--no-clear-untrusted-proxy-headers",
            "lumbung_wsgi:application",
        ]
    if "gunicorn" in seen.packages:
        return [
            "{{ python }}",
            "-m",
            "gunicorn",
            "--bind={{ host }}:{{ port }}",
            "--threads=4",
            "lumbung_wsgi:application",
        ]
    return ["{{ python }}", "{{ generated }}/lumbung_wsgi.py", "{{ host }}", "{{ port }}"]


def _wrapped(seen: Survey) -> str:
    module, _, name = seen.entry.partition(":")
    called = name.endswith("()")
    alias = "make" if called else "given"
    return _FLASK.format(module=module, name=name.removesuffix("()"), alias=alias, made="make()" if called else "given")


def _addresses_of_database(seen: Survey, plan: Plan) -> dict[str, str]:
    """Return the database's address for SQLAlchemy, which has to be told the driver for MySQL."""
    if plan["database"] != "mysql" or "pymysql" not in seen.packages:
        return {}
    names = [name for name in seen.environment if re.fullmatch(r"DATABASE_UR[LI]|DB_URL|SQLALCHEMY_DATABASE_URI", name)]
    url = "mysql+pymysql://{{ database.user }}:{{ database.password }}@localhost/{{ database.name }}"
    url += "?unix_socket={{ database.socket }}"
    return dict.fromkeys(names, url) if seen.framework != "django" else {}
