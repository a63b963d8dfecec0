"""Whose a thing in the database is: its name begins with its plugin's, and the longest such name wins."""

from __future__ import annotations


def owned(name: str, prefix: str = ":prefix") -> str:
    """Return as SQL whether a thing called ``name`` belongs to the plugin whose name with a low line is ``prefix``.

    Both are SQL expressions. What begins with the longer name of another component is that one's: where there is an
    ``antrean_plus``, ``antrean_plus_x`` is not ``antrean``'s.
    """
    return (
        f"(starts_with({name}, {prefix}) AND NOT EXISTS (SELECT 1 FROM public.lumbung_ledger l "  # noqa: S608
        f"WHERE starts_with(l.component, {prefix}) AND starts_with({name}, l.component || '_')))"
    )
