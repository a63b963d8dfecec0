"""Whether a plugin's name is free: it begins the name of all that the plugin makes in the database."""

from __future__ import annotations

from sqlalchemy import text

from lumbung.database.ownership import owned
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel

_KNOWN = text("SELECT EXISTS (SELECT 1 FROM lumbung_ledger WHERE component = :name)")
_THINGS = text(
    f"""
    SELECT t.name FROM (
        SELECT relname::text AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
        UNION
        SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ) t
    WHERE {owned("t.name")}
    ORDER BY t.name LIMIT 1
    """  # noqa: S608  (no value in it)
)


def refuse_taken(kernel: Kernel, name: str) -> None:
    """Refuse a newcomer whose tables would carry names that another plugin's tables carry already.

    ``antrean_plus`` beside ``antrean`` is welcome, unless ``antrean`` has a table ``antrean_plus_...``: nobody could
    tell any more whose that is. What a plugin that was here before left behind is its own. Raises `LumbungError`.
    """
    with kernel.database.new_session(None) as session:
        if session.execute(_KNOWN, {"name": name}).scalar():
            return
        taken = session.execute(_THINGS, {"prefix": f"{name}_"}).scalars().first()
    if taken is not None:
        raise LumbungError(
            "The name %(plugin)s is taken: %(table)s in the database is called so already and is not this plugin's. "
            "Ask its giver for another name.",
            plugin=name,
            table=taken,
        )
