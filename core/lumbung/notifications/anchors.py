"""Anchoring the trails of all tenants by night: a line in a file, and a copy by e-mail where one is wanted."""

from __future__ import annotations

import hashlib
import logging
from html import escape

from lumbung.audit import anchor
from lumbung.clock import utc_now
from lumbung.kernel import Kernel
from lumbung.mail import Letter, MailDelayed, Mailer, MailRefused
from lumbung.registry.faults import record_fault

logger = logging.getLogger(__name__)

_WORDS = (
    "Jangkar jejak audit. Simpan surel ini: dengan baris di bawah, perubahan pada jejak sampai saat ini ketahuan.\n"
    "An anchor of the audit trail. Keep this message: the line below shows any change to the trail up to now.\n"
    "lumbung audit verify --anchor FILE"
)


def anchor_trails(kernel: Kernel, mailer: Mailer) -> str:
    """Sign where each tenant's trail stands, add that to the file, send a copy, and return the line.

    What goes wrong stands among the faults that the operator's page shows. Raises `OSError` when the file cannot be
    written; a letter that cannot be sent leaves the line in the file.
    """
    with kernel.scope(actor="housekeeping"):
        try:
            line = anchor.write(kernel.settings, kernel.database.engine, kernel.snapshot().tenants.values())
        except OSError as error:
            record_fault("-", "anchor", f"{anchor.path_of(kernel.settings)}: {error.strerror or error}", kind="anchor")
            raise
        if kernel.settings.audit_anchor_mail:
            try:
                mailer.send(_letter(kernel.settings.audit_anchor_mail, line))
            except (MailRefused, MailDelayed) as error:
                logger.warning("the anchor could not be sent: %s", error)
                record_fault("-", "anchor", str(error), kind="anchor")
    return line


def _letter(to: str, line: str) -> Letter:
    return Letter(
        to=to,
        to_name="",
        from_name="Lumbung",
        subject="Jangkar jejak audit / Audit trail anchor",
        text=f"{_WORDS}\n\n{line}\n",
        html=f"<p>{escape(_WORDS)}</p><pre>{escape(line)}</pre>",
        key=f"anchor-{hashlib.sha256(line.encode()).hexdigest()[:32]}",
        at=utc_now(),
    )
