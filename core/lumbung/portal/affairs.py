"""What a citizen has open, asked of every service that is on: a little on the home page, all on its own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template

from lumbung.addresses import leads_here
from lumbung.context import current_scope
from lumbung.hooks import Affair
from lumbung.web.access import signed_in
from lumbung.web.i18n import language
from lumbung.web.view import Service, service_of

blueprint = Blueprint("affairs", __name__)


@dataclass(frozen=True)
class Affairs:
    """The open affairs of the person, by service; ``missing`` names the services that could not answer."""

    by_service: Sequence[tuple[Service, list[Affair]]] = ()
    missing: Sequence[str] = ()

    @property
    def all(self) -> list[Affair]:
        """Return every affair, service after service."""
        return [affair for _service, affairs in self.by_service for affair in affairs]


@blueprint.get("/urusan")
@signed_in
def index() -> str:
    """Show all that the person has open, by service."""
    return render_template("portal/affairs.html", affairs=my_affairs())


def my_affairs() -> Affairs:
    """Ask the services that are on what this person has open; one that fails is named, and written down as a fault."""
    scope = current_scope()
    if scope.person is None or scope.tenant is None:
        return Affairs()
    snapshot = scope.kernel.snapshot()
    answers = scope.kernel.caller.ask_all("my_affairs", snapshot, scope.tenant.id, each=Affair, person=scope.person)
    by_service = [
        (service_of(snapshot.plugins[name].manifest, language()), [one for one in said if leads_here(one.url)])
        for name, said in answers.values.items()
    ]
    return Affairs(
        [(service, affairs) for service, affairs in by_service if affairs],
        [snapshot.plugins[name].manifest.title(language()) for name in answers.failures],
    )
