"""What plugins need of one another: by name and version range in their manifests, never by import."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.inspection import InspectedWheel
from lumbung.registry.manifest import Manifest


def refuse_older(kernel: Kernel, wheel: InspectedWheel) -> None:
    """Refuse a wheel whose version is lower than the installed one: its tables may be newer than its code."""
    installed = kernel.snapshot().plugins.get(wheel.manifest.name)
    if installed and Version(wheel.version) < Version(installed.version):
        raise LumbungError(
            "%(file)s is older than the %(plugin)s %(version)s that is installed; its tables may be newer than this "
            "code.",
            file=wheel.path.name,
            plugin=wheel.manifest.name,
            version=installed.version,
        )


def refuse_missing(kernel: Kernel, manifest: Manifest) -> None:
    """Refuse a plugin that needs another which is not installed, or not in the right version."""
    installed = kernel.snapshot().plugins
    for name, wanted in manifest.dependencies.items():
        if name not in installed:
            raise LumbungError(
                "Plugin %(plugin)s needs the plugin %(needed)s %(wanted)s; install that first.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
            )
        if not fits(installed[name].version, wanted):
            raise LumbungError(
                "Plugin %(plugin)s needs %(needed)s %(wanted)s; %(version)s is installed.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
                version=installed[name].version,
            )


def refuse_breaking_others(kernel: Kernel, manifest: Manifest) -> None:
    """Refuse a version of a plugin that an installed plugin which needs it does not accept."""
    for other in kernel.snapshot().plugins.values():
        wanted = other.raw_manifest.get("dependencies", {}).get(manifest.name)
        if wanted and other.name != manifest.name and not fits(manifest.version, wanted):
            raise LumbungError(
                "Plugin %(other)s, which is installed, needs %(plugin)s %(wanted)s; version %(version)s would break "
                "it. Upgrade %(other)s first.",
                other=other.name,
                plugin=manifest.name,
                wanted=wanted,
                version=manifest.version,
            )


def fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range such as ``>=1,<2``."""
    return SpecifierSet(wanted).contains(version, prereleases=True)
