"""Looking at applications that run elsewhere: does their address answer as their manifest says."""

from __future__ import annotations

from collections.abc import Iterator

from lumbung.doctor.findings import Asked, Finding, bad, both, good, in_both
from lumbung.errors import LumbungError, Sentence
from lumbung.outgoing import ask
from lumbung.registry.foreign import Remote

GUIDE = "docs/operating/foreign-apps.md"
SECONDS = 10.0


def remote(asked: Asked) -> Iterator[Finding]:
    """Which applications elsewhere do not answer; they are asked from here, as a visitor would."""
    if asked.quick:
        return
    snapshot = asked.kernel.snapshot()
    tenants = [one for one in snapshot.tenants.values() if asked.tenant is None or one.id == asked.tenant.id]
    plugins = {plugin.name: plugin for tenant in tenants for plugin in snapshot.enabled_for(tenant.id)}
    for name, plugin in sorted(plugins.items()):
        if plugin.manifest.remote is None:
            continue
        trouble = _trouble(asked, plugin.manifest.remote)
        if trouble is None:
            yield good(both("%(plugin)s menjawab di %(address)s.", plugin=name, address=plugin.manifest.remote.address))
        else:
            yield bad(
                both("%(plugin)s tidak menjawab dengan baik: %(problem)s", plugin=name, problem=in_both(trouble)),
                both("Aplikasi ini berjalan di tempat lain; warga yang dibawa ke sana tidak terlayani."),
                GUIDE,
            )


def _trouble(asked: Asked, remote: Remote) -> Sentence | None:
    address = remote.address.rstrip("/") + remote.health.path
    try:
        reply = ask(asked.settings, address, seconds=SECONDS)
    except LumbungError as error:
        return error.sentence
    if reply.status >= 500:
        return Sentence("Its page %(path)s answers with status %(status)s.", path=address, status=reply.status)
    if remote.health.expect and remote.health.expect not in reply.body.decode("utf-8", "replace"):
        return Sentence('Its page %(path)s does not say "%(sign)s".', path=address, sign=remote.health.expect)
    return None
