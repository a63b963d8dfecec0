"""From answers to a whole plan: what the process is run with, who may come in, how people sign in."""

from __future__ import annotations

import re

from lumbung.adoption.dump_findings import dump_of
from lumbung.adoption.finding import Finding
from lumbung.adoption.login_page import LoginPage, find_login
from lumbung.adoption.php_settings import settings_for_php
from lumbung.adoption.plan import Made, Plan
from lumbung.adoption.python_settings import settings_for_python
from lumbung.adoption.receiving import Received
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.adoption.text import Tree
from lumbung.errors import LumbungError

_CLOSED = ("phpinfo", "sql_page")
_USER = re.compile(r"user_?name|username|user|login|nama_?pengguna|uid|nip", re.I)
_PASSWORD = re.compile(r"pass|sandi|pwd", re.I)
_NOBODYS = {"mysql": "MD5(RAND())", "postgresql": "md5(random()::text)", "sqlite": "hex(randomblob(16))"}
_NAME = re.compile(r"nama(_lengkap)?|full_?name|name", re.I)


def fill_plan(tree: Tree, seen: Survey, received: Received, found: list[Finding], plan: Plan) -> None:
    """Work out the rest of a plan from its answers; raises `LumbungError` for answers that do not fit together."""
    plan.process["start"] = plan["start"]
    _database(tree, seen, plan)
    if seen.stack == "php":
        settings_for_php(tree, seen, plan)
    else:
        settings_for_python(tree, seen, plan)
    for folder in received.empty_folders[: 40 - len(plan.made)]:
        plan.made.append(Made(f"{folder}/.lumbung", "", "source"))
    hosts = {host: where for host, where in list(seen.hosts.items())[:20] if len(host) <= 120}
    if hosts:
        where = ", ".join(dict.fromkeys(hosts.values()))
        plan.set(
            "old_hosts", list(hosts), both("Alamat itu tertulis di %(where)s; jawaban menyebut yang baru.", where=where)
        )
    health: dict[str, object] = {"path": plan["health"]}
    if expected := plan["health_expect"] or _expected(tree, seen, plan):
        health["expect"] = expected
    if plan.process.get("prepare") or plan["database"] == "mysql":
        health["within_seconds"] = 120
    plan.process["health"] = health
    if plan["memory_mb"]:
        if not plan["memory_mb"].isdigit():
            raise LumbungError("%(key)s cannot be %(value)r; it is a number.", key="memory_mb", value=plan["memory_mb"])
        plan.process["limits"] = {"memory_mb": int(plan["memory_mb"])}
    _access(seen, found, plan)
    _sign_in(tree, seen, plan)


def _expected(tree: Tree, seen: Survey, plan: Plan) -> str:
    """Return a text that the page of the health check holds when it is well, empty when none is known."""
    login = find_login(tree, seen)
    words = f'name="{login.password_field}"' if login and login.path == plan["health"] else ""
    return words if login and words in tree.read(login.where) else ""


def _database(tree: Tree, seen: Survey, plan: Plan) -> None:
    engine = plan["database"]
    if engine in ("", "none"):
        return
    database: dict[str, object] = {"engine": engine}
    chosen = plan["dump"]
    if chosen and chosen != "none":
        if not tree.has(chosen):
            raise LumbungError("There is no %(path)s in what was handed over.", path=chosen)
        database["dump"] = chosen
        dump = dump_of(seen, chosen, tree.folder)
        if dump is not None:
            database["least_tables"] = len(dump.tables)
            if engine == "mysql" and (dump.charset or "").startswith("latin1"):
                database["charset"] = "latin1"
    if engine == "sqlite":
        database["file"] = seen.sqlite[0] if seen.sqlite else "database.sqlite"
    plan.set("database", database, both("Basis data milik setiap instans sendiri."))


def _access(seen: Survey, found: list[Finding], plan: Plan) -> None:
    plan.access.append(("/", plan["access"]))
    root = str(plan.process.get("document_root", "")) or ""
    for one in found:
        if one.kind in _CLOSED and seen.stack == "php":
            path = one.where.partition(":")[0]
            inside = path.removeprefix(f"{root}/") if root else path
            if re.fullmatch(r"[\w./-]+", inside) and (f"/{inside}", "closed") not in plan.access:
                plan.access.append((f"/{inside}", "closed"))
    plan.access[1:] = plan.access[1:199]
    plan.because["access"] = both("Halaman yang membuka rahasia ditutup; selebihnya: %(rule)s.", rule=plan["access"])


def _sign_in(tree: Tree, seen: Survey, plan: Plan) -> None:
    way = plan["sign_in"]
    if way == "openid" and plan.openid is None:
        plan.openid = {"redirect_paths": ["/oidc/callback"], "scopes": ["profile", "email"]}
        plan.because["openid.redirect_paths"] = both("Tidak dapat dibaca dari kodenya: periksa alamat kembalinya.")
    if way != "none":
        plan.sign_in["way"] = way
    if way != "form":
        return
    login = find_login(tree, seen)
    if login is None:
        raise LumbungError("No sign-in page was found in this application; sign_in cannot be 'form'.")
    plan.sign_in |= {"account": "account.sql", "close_account": "close_account.sql", "hash": login.hash}
    form: dict[str, object] = {
        "path": login.path,
        "user_field": login.user_field,
        "password_field": login.password_field,
    }
    if login.hidden:
        form["more_fields"] = dict(login.hidden[:20])
    if login.logout:
        form["logout_path"] = login.logout
    plan.sign_in["form"] = form
    plan.because["sign_in.form"] = both("Dari formulir di %(where)s.", where=login.where)
    plan.files |= _account_files(tree, seen, plan, login)


def _account_files(tree: Tree, seen: Survey, plan: Plan, login: LoginPage) -> dict[str, str]:
    """Return the SQL that makes and closes an account there, by the table of the dump that looks like its accounts."""
    dump = dump_of(seen, plan["dump"], tree.folder)
    tables = {table.name: table.columns for table in dump.tables} if dump else {}
    named = [account.table for account in dump.accounts] if dump else []
    for name in [*named, *sorted(tables)]:
        columns = tables.get(name, ())
        user = _like(_USER, columns)
        password = next((one for one in columns if _PASSWORD.search(one)), None)
        if user and password and re.fullmatch(r"\w+", name):
            email = _like(re.compile(r"e-?mail|surel", re.I), columns)
            called = _like(_NAME, [one for one in columns if one != user])
            plan.because["sign_in.account"] = both("Tabel akunnya menurut dump: %(table)s.", table=name)
            return _statements(name, user, password, called, email, engine=plan["database"])
    raise LumbungError(
        "No table of accounts was found in the dump; write account.sql by hand, and leave sign_in at 'none' until then."
    )


def _like(pattern: re.Pattern[str], columns: list[str] | tuple[str, ...]) -> str | None:
    return next((one for one in columns if pattern.fullmatch(one) and re.fullmatch(r"\w+", one)), None)


def _statements(
    table: str, user: str, password: str, called: str | None, email: str | None, *, engine: str
) -> dict[str, str]:
    quote = "`" if engine == "mysql" else '"'
    q = {one: f"{quote}{one}{quote}" for one in (table, user, password, called or "", email or "")}
    columns = {user: ":username", password: ":password_hash"}
    columns |= {column: value for column, value in ((called, ":name"), (email, ":email")) if column}
    names, values = ", ".join(q[one] for one in columns), ", ".join(columns.values())
    where = f"{q[user]} = :username"
    source = "FROM DUAL " if engine == "mysql" else ""
    return {
        "account.sql": (
            f"UPDATE {q[table]} SET {q[password]} = :password_hash WHERE {where};\n\n"  # noqa: S608
            f"INSERT INTO {q[table]} ({names})\n"
            f"SELECT {values} {source}WHERE NOT EXISTS (SELECT 1 FROM {q[table]} WHERE {where});\n"
        ),
        # No password has this for its digest, nor is it anybody's password.
        "close_account.sql": f"UPDATE {q[table]} SET {q[password]} = {_NOBODYS[engine]} WHERE {where};\n",  # noqa: S608
    }
