"""The kinds of operations and the steps of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumbung.errors import LumbungError
from lumbung.lifecycle import instance_steps, isolating
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
    "isolate": isolating.STEPS,
    "join": isolating.STEPS,
}


def steps_of(work: Work) -> Sequence[Step]:
    """Return the steps of an operation; raises `LumbungError` for a kind there is not.

    Those that concern instances are left out for a plugin that never had any.
    """
    if work.kind not in KINDS:
        raise LumbungError("There is no operation %(kind)r.", kind=work.kind)
    steps = KINDS[work.kind]
    if work.plugin is None or work.kind in ("install", "adopt", "forget"):
        return steps
    if "instances" not in work.facts:
        work.facts["instances"] = bool(instance_steps.instances(work))  # written down with the first step
    return steps if work.facts["instances"] else [one for one in steps if one.name not in instance_steps.NAMES]
