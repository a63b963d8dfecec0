"""Roles and their reasons in words, for the pages about people and what they may do."""

from __future__ import annotations

from datetime import date

from lumbung.context import current_scope, current_tenant
from lumbung.identity import role_ends
from lumbung.identity.explain import Asleep
from lumbung.identity.models import Grant
from lumbung.web import role_titles
from lumbung.web.i18n import core_domain, format_date, language
from lumbung.web.permission_titles import PermissionTitle
from lumbung.web.permission_titles import permission_title as titled

_ = core_domain.gettext


def role_title(role: str) -> role_titles.RoleTitle:
    """Return what a role is called, in the language of this page."""
    return role_titles.title_of(role, current_scope().kernel.snapshot(), current_tenant().id, language())


def permission_title(permission: str) -> PermissionTitle:
    """Return what a permission is called, in the language of this page."""
    return titled(permission, current_scope().kernel.snapshot(), current_tenant().id, language())


def last_day(grant: Grant) -> date | None:
    """Return the last day on which a grant holds; None for one that does not end."""
    return role_ends.last_day(grant, current_tenant().time_zone)


def days_left(grant: Grant) -> str:
    """Return how long a grant still holds, in words; empty for one that does not end."""
    day = last_day(grant)
    if day is None:
        return ""
    if not grant.is_live:
        return str(_("sudah berakhir"))
    days = (day - current_tenant().today()).days
    return str(_("berakhir hari ini") if days <= 0 else _("%(count)s hari lagi", count=days))


def place(grant: Grant) -> str:
    """Return where a grant holds."""
    return grant.unit.name if grant.unit else str(_("Seluruh daerah"))


def why_asleep(reason: Asleep) -> str:
    """Return why a grant gives nothing, empty when it does."""
    words: dict[Asleep, str] = {
        "ended": _("perannya sudah berakhir"),
        "application off": _("perannya mati karena aplikasinya nonaktif"),
        "unknown": _("perannya tidak dikenal lagi"),
        "unit": _("izin ini hanya berlaku untuk seluruh daerah"),
    }
    return words.get(reason, "")


def through(grant: Grant) -> str:
    """Return in one line through what a permission comes: the role, where, from whom, until when."""
    parts = [str(_("Peran %(role)s, %(place)s", role=role_title(grant.role).title, place=place(grant)))]
    given = format_date(grant.granted_at, "d MMM y")
    if grant.granted_by:
        parts.append(str(_("diberikan %(who)s, %(day)s", who=grant.granted_by, day=given)))
    else:
        parts.append(str(_("diberikan %(day)s", day=given)))
    if day := last_day(grant):
        parts.append(str(_("sampai %(day)s", day=format_date(day, "d MMM y"))))
    return "; ".join(parts)


def why_title(why: str | None) -> str:
    """Return why a post ended, in words."""
    titles: dict[str, str] = {
        "withdrawn": _("dicabut"),
        "expired": _("berakhir sendiri"),
        "role removed": _("perannya dihapus"),
        "handed over": _("diserahterimakan"),
    }
    return titles.get(why or "", "")
