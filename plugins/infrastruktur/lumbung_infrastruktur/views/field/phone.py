"""The field page: a shell that is nobody's, the orders of whoever asks, and what their phone sends."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from lumbung.sdk import DomainError, current_person, now, public, requires

from ...rules import work
from ...services import field, field_facts, work_photos
from ...services.work_orders import FIELD
from ...words import _
from . import blueprint

MOST_KNOWN = 1000


@blueprint.get("")
@public
def page() -> ResponseReturnValue:
    """The page itself, the same for everybody: phones keep it, and a script fills it with what is theirs."""
    return render_template("infrastruktur/field/page.html", photo_kinds=work_photos.KINDS, item_kinds=work.ITEM_KINDS)


@blueprint.get("/data.json")
@requires(FIELD)
def orders() -> Response:
    """The orders of who asks, and a token to send with. With ``hanya=token`` nothing but who they are and the token."""
    found: dict[str, Any] = {"person": _who(), "token": generate_csrf()}
    if request.args.get("hanya") != "token":
        known = frozenset(request.args.get("punya", "").split(",")[:MOST_KNOWN])
        mine, more = field.my_orders()
        found |= {"orders": field_facts.facts(mine, known), "more": more, "at": now().isoformat()}
    answer = jsonify(found)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/kirim")
@requires(FIELD)
def send() -> ResponseReturnValue:
    """Take in what a phone kept: ``kiriman`` is JSON, each photo a file called like the key of its update."""
    if request.form.get("milik") != _who().get("id"):
        return {"error": "other", "message": _("Isian ini milik orang lain; masuklah sebagai orang itu.")}, 409
    try:
        updates = field.read(json.loads(request.form.get("kiriman", "")), request.files)
    except DomainError as refusal:
        return {"error": "unread", "message": str(refusal)}, 422
    except (ValueError, RecursionError):
        return {"error": "unread", "message": _("Kiriman dari lapangan tidak terbaca.")}, 422
    return {"outcomes": [one.as_data() for one in field.receive(updates)]}


def _who() -> dict[str, str]:
    person = current_person()
    return {"id": str(person.id), "name": person.name} if person else {}
