"""The kinds of operations and the steps of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumbung.errors import LumbungError
from lumbung.lifecycle.archives import ARCHIVE
from lumbung.lifecycle.install import ADOPT, INSTALL
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.purge import PURGE
from lumbung.lifecycle.uninstall import UNINSTALL
from lumbung.lifecycle.upgrade import UPGRADE
from lumbung.lifecycle.way_back import FORGET, RETURN

KINDS: Mapping[str, Sequence[Step]] = {
    "install": INSTALL,
    "upgrade": UPGRADE,
    "return": RETURN,
    "forget": FORGET,
    "adopt": ADOPT,
    "uninstall": UNINSTALL,
    "archive": ARCHIVE,
    "purge": PURGE,
}


def steps_of(work: Work) -> Sequence[Step]:
    """Return the steps of an operation; raises `LumbungError` for a kind there is not."""
    if work.kind not in KINDS:
        raise LumbungError("There is no operation %(kind)r.", kind=work.kind)
    return KINDS[work.kind]
