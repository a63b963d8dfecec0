"""What waits for an officer: the answers of their applications, and what the house itself needs of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from lumbung.addresses import leads_here
from lumbung.admin.overview import first_steps, recent_faults
from lumbung.admin.plugins import title_of
from lumbung.admin.rights import DESK
from lumbung.admin.words import problem_words
from lumbung.context import current_scope, current_tenant
from lumbung.hooks import DeskTask
from lumbung.identity.person import Person
from lumbung.lifecycle.overview import PluginOverview, overview
from lumbung.privacy import breach, clocks, requests
from lumbung.web.access import me
from lumbung.web.i18n import core_domain, format_datetime, language

_ = core_domain.gettext

MOST_FAULTS = 20


@dataclass(frozen=True)
class Waiting:
    """A task and whose it is: the title of an application, or the house's own."""

    task: DeskTask
    source: str


@dataclass(frozen=True)
class Desk:
    """All that waits, the most urgent first, and the applications that could not be asked."""

    waiting: tuple[Waiting, ...]
    silent: tuple[str, ...]


def desk_of(person: Person) -> Desk:
    """Ask the enabled applications and the house what waits for this person now.

    One that fails is left out and written down as a fault; a link that leads elsewhere is left out too.
    """
    kernel, tenant = current_scope().kernel, current_tenant()
    snapshot = kernel.snapshot()
    answers = kernel.caller.ask_all("desk_tasks", snapshot, tenant.id, each=DeskTask, person=person)
    titles = {plugin.name: plugin.manifest.title(language()) for plugin in snapshot.enabled_for(tenant.id)}
    waiting = [
        Waiting(task, titles[name]) for name, tasks in answers.values.items() for task in tasks if leads_here(task.url)
    ]
    waiting += [Waiting(task, _("Pengelolaan")) for task in house_tasks(person)]
    return Desk(tuple(sorted(waiting, key=urgency)), tuple(titles[name] for name in answers.failures))


def urgency(waiting: Waiting) -> tuple[int, float]:
    """Return the place in the list: what cannot wait, then what is due, then what is for now, then the rest."""
    task = waiting.task
    rank = 0 if task.tone == "gawat" else 1 if task.due else 2 if task.tone == "padi" else 3
    return rank, task.due.timestamp() if task.due else float("inf")


def house_tasks(person: Person) -> list[DeskTask]:
    """Return what the house needs of whoever looks after it: applications to mend, faults, first steps."""
    tasks: list[DeskTask] = []
    if person.can("platform.plugins"):
        tasks += _to_mend(overview(current_scope().kernel))
    if person.can("platform.plugins") or person.can("core.plugins"):
        tasks += _suspended() + _faults()
    if person.can("core.privacy"):
        tasks += _data_requests() + _breaches()
    if any(person.can(permission) for permission in DESK):
        tasks += [DeskTask(step.title, step.text, step.url) for step in first_steps() if not step.done]
    return tasks


def _data_requests() -> list[DeskTask]:
    """Requests of data subjects that are not answered yet, with the clock of the first."""
    waiting = requests.open_requests(current_scope().session)
    if not waiting:
        return []
    first = waiting[0].due_at
    return [
        DeskTask(
            title=_("Permintaan data pribadi"),
            text=_("Yang pertama: %(left)s.", left=clocks.left_in_words(first)(language())),
            url="/admin/data-pribadi/",
            count=len(waiting),
            tone=clocks.tone_of(first),
            due=first,
            icon="shield-check",
        )
    ]


def _to_mend(lines: Iterable[PluginOverview]) -> list[DeskTask]:
    return [
        DeskTask(
            title=_(
                "%(name)s tidak dapat dipakai", name=line.manifest.title(language()) if line.manifest else line.name
            ),
            text=problem_words(line) or "",
            url=url_for("admin_plugins.detail", name=line.name),
            tone="gawat",
            icon="plug-off",
        )
        for line in lines
        if line.problem is not None and line.state == "installed"
    ]


def _breaches() -> list[DeskTask]:
    """Breaches of personal data that are not closed; the clock runs until all were told."""
    return [
        DeskTask(
            title=_("Kejadian %(code)s belum selesai", code=breach.code_of(case)),
            text=case.title,
            url=url_for("admin_breaches.detail", breach_id=case.id),
            tone="gawat",
            due=None if case.told_at and case.reported_at else case.due_at,
            icon="alert-triangle",
        )
        for case in breach.open_cases(current_scope().session)
    ]


def _suspended() -> list[DeskTask]:
    """Applications that are closed for everyone, as far as the person at the desk has to do with them."""
    snapshot, here = current_scope().kernel.snapshot(), current_tenant()
    return [
        DeskTask(
            title=_("%(name)s dihentikan untuk semua", name=title_of(name)),
            text=_("Sejak %(since)s warga melihat halaman pemberitahuan.", since=format_datetime(since)),
            url=url_for("admin_plugins.detail", name=name),
            tone="gawat",
            icon="player-pause",
        )
        for name, since in snapshot.suspended.items()
        if snapshot.is_enabled(name, here.id) or me().can("platform.plugins")
    ]


def _faults() -> list[DeskTask]:
    faults = recent_faults(limit=MOST_FAULTS)
    if not faults:
        return []
    names = ", ".join(dict.fromkeys(fault.plugin for fault in faults))
    return [
        DeskTask(
            title=_("Gangguan aplikasi"),
            text=_("%(names)s; yang terakhir %(at)s.", names=names, at=format_datetime(faults[0].at)),
            url=url_for("admin.home"),
            count=len(faults),
            tone="padi",
            icon="alert-triangle",
        )
    ]
