"""Kind, NIP, position and unit of an account, out of its form; a refusal stands beside the field it is about."""

from __future__ import annotations

from uuid import UUID

from lumbung.admin.forms import PersonForm
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import employment
from lumbung.identity.models import PersonRow
from lumbung.identity.nip import NipWrong
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import unit_tree
from lumbung.web.refusals import words_of


def person_form(row: PersonRow | None = None) -> PersonForm:
    """Return the form of a new account, or of ``row``, with the units to choose from."""
    return PersonForm(obj=row).offer(unit_tree(current_scope().session), row)


def keep_employment(row: PersonRow, form: PersonForm) -> bool:
    """Keep what the form says of a person's work; False, and a word beside the field, when it is refused."""
    session = current_scope().session
    chosen = form.unit_id.data
    unit = session.get(Unit, (current_tenant().id, UUID(chosen))) if chosen else None
    try:
        employment.describe(
            session, row, kind=form.kind.data, nip=form.nip.data, position=form.position.data, unit=unit
        )
    except (NipWrong, employment.NipTaken) as refusal:
        form.nip.errors = [words_of(refusal)]
    except LumbungError as refusal:
        form.kind.errors = [words_of(refusal)]
    else:
        return True
    return False
