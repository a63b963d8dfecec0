"""What is wrong with an entry, as one English sentence: for the command line and for logs."""

from __future__ import annotations

from lumbung.audit.chain import BadEntry
from lumbung.errors import Sentence

_SENTENCES = {
    "edited": "its words are not those it was sealed with: it was changed, or never written by this site",
    "missing": "missing: deleted, up to number %(other)s",
    "moved": "reordered: it was written as number %(other)s",
    "inserted": "put in afterwards",
    "replaced": "another entry stood here when the chain went on: it was changed and sealed anew",
    "cut": "missing: the end of the trail was cut off, up to number %(other)s",
    "beyond": "not sealed by the database: put in behind the newest entry",
    "headless": "the record of the newest entry is gone",
    "unsealed": "not sealed by the database: put in past its triggers",
    "anchor": "an anchor holds another hash: the trail was written anew somewhere after number %(other)s",
}


def sentence_of(bad: BadEntry) -> Sentence:
    """Return what is wrong, without naming the entry."""
    return Sentence(_SENTENCES[bad.wrong], other=bad.other)


def name_of(bad: BadEntry) -> str:
    """Return which entry it is: its number, and where the entry is still there its action, moment and id."""
    number = f"entry {bad.seq}" if bad.seq is not None else "an entry without a number"
    if bad.id is None or bad.at is None:
        return number
    return f"{number} ({bad.action}, {bad.at.isoformat(timespec='seconds')}, {bad.id})"
