"""What happens to data whose time is over: the core's rules and every application's, run by night or by hand.

A rehearsal (uji coba) does all of it and takes it back, so what it tells is what would happen, to the row. UU 27/2022
article 44 wants data deleted when the retention ends; what the law on archives keeps is made anonymous instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope, current_tenant
from lumbung.hooks import Erased
from lumbung.privacy.retention_models import Swept
from lumbung.privacy.subject import concerned

HOOK = "sweep_personal_data"
KEEP_RECORD = timedelta(days=5 * 365)  # as long as the access log: both show that the law was kept


@dataclass(frozen=True)
class Rule:
    """What the core keeps and for how long; ``sweep`` takes away what is older and returns how many rows that were.

    ``keep`` is for people to read, ``where`` the table it is about, as the register names it. A rule about nobody's
    data (``personal`` False: counters, codes) is done and not told of.
    """

    what: Bilingual
    keep: timedelta
    sweep: Callable[[Session], int]
    where: str = ""
    personal: bool = True


@dataclass(frozen=True)
class Line:
    """One kind of data and what became of it; ``plugin`` is None for the core."""

    plugin: str | None
    done: Erased
    personal: bool = True


@dataclass(frozen=True)
class Outcome:
    """What was swept, or would be, and the applications that could not do it, each with the reason."""

    lines: Sequence[Line] = ()
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> list[Line]:
        """What is about people."""
        return [line for line in self.lines if line.personal]

    @property
    def total(self) -> int:
        """How many rows went or were made anonymous."""
        return sum(line.done.count for line in self.lines if line.done.how != "kept")


def rehearse(rules: Sequence[Rule]) -> Outcome:
    """Return what a run would do now. Nothing is changed."""
    aside = current_scope().session.begin_nested()
    try:
        return _sweep(rules)
    finally:
        aside.rollback()


def run(rules: Sequence[Rule], *, by: str) -> Outcome:
    """Sweep the current tenant and write down what was done; part of the caller's transaction.

    One application that fails is left out and named, the rest is done.
    """
    scope, now = current_scope(), utc_now()
    outcome = _sweep(rules)
    for line in outcome.told:
        done = line.done
        if done.how != "kept":
            scope.session.add(
                Swept(
                    at=now,
                    by=by[:160],
                    plugin=line.plugin,
                    what=asdict(done.what),
                    count=done.count,
                    how=done.how,
                    why=asdict(done.why) if done.why else None,
                )
            )
    scope.session.execute(delete(Swept).where(Swept.at < now - KEEP_RECORD))
    if outcome.told or outcome.failures:
        count = sum(line.done.count for line in outcome.told)
        audit.record("privacy.sweep", by, count=count, failed=sorted(outcome.failures))
    return outcome


def _sweep(rules: Sequence[Rule]) -> Outcome:
    scope = current_scope()
    lines = []
    for rule in rules:
        count = rule.sweep(scope.session)
        if count:
            lines.append(Line(None, Erased(rule.what, count), rule.personal))
    asked, failures = _ask_plugins(scope)
    return Outcome([*lines, *asked], failures)


def _ask_plugins(scope: Scope) -> tuple[list[Line], Mapping[str, str]]:
    """Ask every application that holds rows of the tenant, on or off: switched off, it keeps its data and its duty."""
    plugins = [plugin for plugin in concerned(scope).plugins if HOOK in plugin.manifest.hooks]
    answers = scope.kernel.caller.ask_these(HOOK, plugins, each=Erased, today=current_tenant().today())
    lines = [Line(name, one) for name, said in answers.values.items() for one in said if one.count]
    return lines, answers.failures
