"""Writing down what a plugin did wrong, so that the operator's page can name it. Never fails itself."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from lumbung.context import scope_or_none
from lumbung.registry.models import FaultRow

logger = logging.getLogger(__name__)


def _storable(words: str) -> str:
    return words.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def record_fault(plugin: str, place: str, message: str) -> None:
    """Keep one line about a fault of ``plugin``, in a transaction of its own."""
    scope = scope_or_none()
    if scope is None:
        return
    try:
        with scope.database.new_session(None) as session, session.begin():
            session.add(
                FaultRow(
                    plugin=plugin,
                    tenant_id=scope.tenant.id if scope.tenant else None,
                    place=_storable(place)[:80],
                    message=_storable(message)[:2000],
                )
            )
    except SQLAlchemyError:
        logger.exception("a fault of plugin %s could not be written down", plugin)
