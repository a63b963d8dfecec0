"""Whether somebody is connected to a port of this machine, as the kernel's table says: a live page asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ESTABLISHED = "01"


def is_in_use(port: int) -> bool:
    """Whether a connection to ``port`` is open; False where the kernel does not say."""
    return any(local.endswith(f":{port:04X}") and state == ESTABLISHED for local, state in _connections())


def _connections() -> Iterator[tuple[str, str]]:
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            yield fields[1], fields[3]
