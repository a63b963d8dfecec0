"""The whole set of packages as it would be with a newcomer: the core's lock, what is installed, the candidate."""

from __future__ import annotations

from lumbung.kernel import Kernel
from lumbung.lifecycle.inspection import InspectedWheel


def refuse_conflicts(kernel: Kernel, wheel: InspectedWheel) -> None:
    """Raise `LumbungError` when the set does not fit together, naming who wants what."""
