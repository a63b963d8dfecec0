"""Accounts that the platform makes for people in an application whose login page it fills in.

Username and password are the platform's: nobody knows them, they are kept encrypted, and each is made when its person
comes for the first time. The application's own table is written by the SQL that its manifest names, as the
application's own database user. What somebody may do there follows what they may do here; who may do nothing any more
has their account there closed.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session, undefer

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.instances import running_sql
from lumbung.instances.hashes import hash_for
from lumbung.instances.instance import Instance, instance_of
from lumbung.instances.models import AppAccountRow
from lumbung.jobs import defer_app_accounts
from lumbung.openid.claims import rights_in
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin

LONGEST_NAME = 20  # letters of an address that a username begins with
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
VALUES = frozenset(["username", "password", "password_hash", "name", "email", "role", "tenant"])


class NoAccount(LumbungError):
    """Somebody gets no account in an application: no role there goes with what they may do here."""


@dataclass(frozen=True)
class Account:
    """How the platform signs somebody in there. ``role`` is theirs in the application, empty where it has none."""

    username: str
    password: str = field(repr=False)
    role: str = ""


def role_in(manifest: Manifest, permissions: Collection[str]) -> str | None:
    """Return the role there of somebody with these permissions (without the plugin's name in front).

    The first that fits; empty where the manifest names none, None when there are roles and none is theirs.
    """
    if not manifest.sign_in.roles:
        return ""
    return next(
        (
            role
            for role, permission in manifest.sign_in.roles.items()
            if permission.removeprefix(f"{manifest.name}.") in permissions
        ),
        None,
    )


def account_for(scope: Scope, instance: Instance, person: Person) -> Account:
    """Return somebody's account in an application, made there first, or given another role, where that is needed.

    What is made is committed by itself, since a page that is looked at writes nothing. Raises `NoAccount` when they
    may have none, `LumbungError` when the application's database does not do as its SQL says.
    """
    role = _role_of(scope, instance, person)
    row = _row(scope.session, instance.name, person.id)
    if row is not None and row.closed_at is None and (row.role or "") == role:
        return Account(row.username, row.password, role)
    return _write(scope, instance, person, role, renewed=False)


def renew(scope: Scope, instance: Instance, person: Person) -> Account:
    """Give somebody's account another password, here and there; raises as `account_for` does."""
    return _write(scope, instance, person, _role_of(scope, instance, person), renewed=True)


def username_of(session: Session, plugin: str, person_id: UUID) -> str | None:
    """Return what somebody is called in an application, None when they have no account of ours there."""
    return session.scalar(
        select(AppAccountRow.username).where(AppAccountRow.plugin == plugin, AppAccountRow.person_id == person_id)
    )


def follow(scope: Scope, person_id: UUID) -> int:
    """Bring the accounts of one person in step with what they may do now; return how many were changed.

    One of an application that is switched off is left as it is: the gate lets nobody there. Raises the first
    `LumbungError` after all were tried, so that the job is tried again.
    """
    open_ones = AppAccountRow.closed_at.is_(None)
    rows = scope.session.scalars(select(AppAccountRow).where(AppAccountRow.person_id == person_id, open_ones)).all()
    person = scope.session.get(PersonRow, (current_tenant().id, person_id))
    done, failed = 0, None
    for row in rows:
        plugin = scope.kernel.snapshot().plugins.get(row.plugin)
        if plugin is None or not scope.kernel.snapshot().is_enabled(row.plugin, current_tenant().id):
            continue
        if plugin.manifest.sign_in.way != "form" or plugin.manifest.process is None:
            continue
        instance = instance_of(scope.kernel.settings, plugin, scope.tenant)
        try:
            done += _followed(scope, instance, row, person)
        except LumbungError as error:
            failed = failed or error
    scope.session.flush()
    if failed is not None:
        raise failed
    return done


def follow_all(scope: Scope) -> int:
    """Do as `follow` for everybody in the tenant, by night: what could not be done by day. Return how many changed."""
    people = scope.session.scalars(
        select(AppAccountRow.person_id).where(AppAccountRow.closed_at.is_(None)).distinct()
    ).all()
    done = 0
    for person_id in people:
        try:
            done += follow(scope, person_id)
        except LumbungError:
            continue  # its database is away; the next night comes
    return done


def plugins_of(scope: Scope, person_id: UUID) -> list[InstalledPlugin]:
    """Return the applications in which somebody has an account that is open."""
    names = scope.session.scalars(
        select(AppAccountRow.plugin).where(AppAccountRow.person_id == person_id, AppAccountRow.closed_at.is_(None))
    )
    plugins = scope.kernel.snapshot().plugins
    return [plugins[name] for name in names.all() if name in plugins and plugins[name].manifest.process is not None]


def close_those_of(scope: Scope, person_id: UUID) -> None:
    """Close every account of somebody who goes for good, also where the application is off; raises `LumbungError`."""
    for plugin in plugins_of(scope, person_id):
        row = _row(scope.session, plugin.name, person_id)
        if row is not None:
            _close(scope, instance_of(scope.kernel.settings, plugin, scope.tenant), row)


def _role_of(scope: Scope, instance: Instance, person: Person) -> str:
    manifest = instance.plugin.manifest
    role = role_in(manifest, {name.removeprefix(f"{manifest.name}.") for name in person.powers})
    if role is None:
        raise NoAccount("Nobody gave you a role in %(plugin)s; ask your administrator for one.", plugin=manifest.name)
    return role


def _row(session: Session, plugin: str, person_id: UUID) -> AppAccountRow | None:
    return session.scalar(
        select(AppAccountRow)
        .where(AppAccountRow.plugin == plugin, AppAccountRow.person_id == person_id)
        .options(undefer(AppAccountRow.password))
        .execution_options(populate_existing=True)
    )


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


def _write(scope: Scope, instance: Instance, person: Person, role: str, *, renewed: bool) -> Account:
    with scope.kernel.scope(scope.tenant, person=scope.person, address=scope.address) as aside:
        # two pages of one browser may both be the first
        aside.session.execute(_ONE_AT_A_TIME, {"what": f"account {instance.label} {person.id}"})
        row = _row(aside.session, instance.name, person.id)
        made = row is None or row.closed_at is not None
        if row is None:
            row = AppAccountRow(
                person_id=person.id, plugin=instance.name, username=new_username(person.email), made_at=utc_now()
            )
            aside.session.add(row)
        if made or renewed:
            row.password = new_password()
        row.role, row.closed_at = role or None, None
        aside.session.flush()
        account = Account(row.username, row.password, role)
        _apply(aside, instance, account, name=person.name, email=person.email)
        action = "app_account.open" if made else "app_account.renew" if renewed else "app_account.role"
        audit.record(action, instance.name, about=person.id, role=role or None)
    return account


def _apply(scope: Scope, instance: Instance, account: Account, *, name: str, email: str) -> None:
    sign_in = instance.plugin.manifest.sign_in
    values = {
        **_who(account.username, account.role, name, email),
        "password": account.password,
        "password_hash": hash_for(sign_in.hash, account.password),
    }
    _run(scope, instance, sign_in.account, values)


def _followed(scope: Scope, instance: Instance, row: AppAccountRow, person: PersonRow | None) -> int:
    manifest = instance.plugin.manifest
    stays = person is not None and person.active and person.erased_at is None
    rights = rights_in(scope.session, manifest.name, row.person_id)["permissions"] if stays else ()
    role = role_in(manifest, rights) if stays else None
    if role is None:
        _close(scope, instance, row)
        return 1
    if person is None or role == (row.role or ""):
        return 0
    row.role = role or None
    _apply(scope, instance, Account(row.username, row.password, role), name=person.name, email=person.email)
    audit.record("app_account.role", manifest.name, about=row.person_id, role=role)
    return 1


def _close(scope: Scope, instance: Instance, row: AppAccountRow) -> None:
    """Close an account there: by its SQL, or, where the manifest names none, with a password that nobody keeps."""
    sign_in = instance.plugin.manifest.sign_in
    person = scope.session.get(PersonRow, (current_tenant().id, row.person_id))
    name, email = (person.name, person.email) if person else ("", "")
    password = new_password()
    if sign_in.close_account is None:
        account = Account(row.username, password, row.role or "")
        _apply(scope, instance, account, name=name, email=email)
    else:
        _run(
            scope,
            instance,
            sign_in.close_account,
            {
                **_who(row.username, row.role or "", name, email),
                "password": password,
                "password_hash": hash_for(sign_in.hash, password),
            },
        )
    row.closed_at = utc_now()
    audit.record("app_account.close", instance.name, about=row.person_id)


def _who(username: str, role: str, name: str, email: str) -> dict[str, str]:
    return {"username": username, "role": role, "name": name, "email": email, "tenant": current_tenant().slug}


def _run(scope: Scope, instance: Instance, file: str | None, values: Mapping[str, str]) -> None:
    if file is None:
        raise LumbungError("Plugin %(plugin)s names no SQL that makes an account.", plugin=instance.name)
    statements = running_sql.statements_of(instance, file, known=VALUES)
    try:
        with running_sql.connected(scope.kernel, instance, as_adapter=False) as connection:
            for statement in statements:
                running_sql.run(connection, instance, statement, values)
    except running_sql.StatementFailed as failed:
        raise LumbungError(
            "Plugin %(plugin)s: the account could not be written by %(file)s: %(reason)s",
            plugin=instance.name,
            file=file,
            reason=failed,
        ) from None


def new_username(email: str) -> str:
    """Return a name for an account there: of the address, with six signs that no account of the application has."""
    begins = re.sub(r"[^a-z0-9.]+", "", email.partition("@")[0].lower()).strip(".")[:LONGEST_NAME].rstrip(".")
    return f"{begins or 'akun'}-{''.join(secrets.choice(SIGNS) for _ in range(6))}"


def new_password() -> str:
    """Return a password that no rule for passwords refuses: long, with letters of both kinds, a digit and a sign."""
    rest = [secrets.choice(string.ascii_letters + string.digits) for _ in range(24)]
    return "".join(
        [secrets.choice(string.ascii_uppercase), *rest, secrets.choice(string.ascii_lowercase),
         secrets.choice(string.digits), secrets.choice("-._")]
    )  # fmt: skip


def _privileges_changed(session: Session, person_id: UUID) -> None:
    """Have the job worker look at the accounts of somebody whose roles changed or who was shut out."""
    has_one = select(AppAccountRow.id).where(AppAccountRow.person_id == person_id, AppAccountRow.closed_at.is_(None))
    if session.scalar(has_one.limit(1)) is not None:
        defer_app_accounts(current_scope(), person_id)


sessions.tell_also(_privileges_changed)
