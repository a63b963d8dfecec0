"""Trying a wheel out without installing it: what its author runs before giving it away, and an operator who doubts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumbung.kernel import Kernel
from lumbung.lifecycle import needs, packages, probing
from lumbung.lifecycle.full_set import FullSet, full_set, refuse_conflicts
from lumbung.lifecycle.inspection import InspectedWheel, inspect_wheel


@dataclass(frozen=True)
class Trial:
    """What was found: the wheel, the set of packages with it, and what its code does when it runs."""

    wheel: InspectedWheel
    plan: FullSet
    report: probing.Report

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, as ``lumbung plugin check --json`` prints it."""
        return {
            "plugin": self.wheel.manifest.name,
            "version": self.wheel.version,
            "sha256": self.wheel.sha256,
            "requirements": [
                {"by": one.by, "wants": one.wanted, "here": one.present, "met": one.met}
                for one in self.plan.of_the_candidate
            ],
            "checks": [
                {"name": one.name, "ok": one.ok, "words": one.words and str(one.words), "seconds": one.seconds}
                for one in self.report.checks
            ],
            "seconds": round(self.report.seconds, 2),
            "memory": self.report.memory,
            "apart": self.report.apart,
            "output": self.report.output,
        }


def try_wheel(kernel: Kernel, path: Path, *, heard: probing.Heard = probing.quietly) -> Trial:
    """Look into a wheel, at the set of packages with it, and run it apart; nothing of this site changes.

    Raises `LumbungError` when the file is not a plugin's wheel; everything else that is wrong is in what is returned.
    """
    wheel = inspect_wheel(path)
    with tempfile.TemporaryDirectory(prefix="lumbung-trial-") as folder:
        unpacked = packages.folder_of(Path(folder), packages.prepare(Path(folder), wheel))
        report = probing.probe(kernel.settings, unpacked, wheel.manifest, heard=heard)
    return Trial(wheel, full_set(kernel, wheel), report)


def refuse_unfit(kernel: Kernel, trial: Trial) -> None:
    """Raise `LumbungError` with the first thing for which an install of this wheel would be refused here."""
    needs.refuse_older(kernel, trial.wheel)
    needs.refuse_missing(kernel, trial.wheel.manifest)
    needs.refuse_breaking_others(kernel, trial.wheel.manifest)
    refuse_conflicts(kernel, trial.wheel)
    trial.report.refuse_if_bad()
