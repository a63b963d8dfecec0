"""How long the keeper waits before it starts an application again, and when it gives up."""

from __future__ import annotations

import time

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
HEALTHY_AFTER = 60.0  # seconds of life after which a death counts as the first again
MOST_DEATHS = 8  # in a row, without having been healthy in between
FIRST_RETRY = 30.0  # seconds after which what failed may be tried again
LONGEST_RETRY = 600.0


class Pauses:
    """The deaths of one instance since it was last begun anew."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._deaths = 0
        self._was_ever_healthy = False
        self._retry = FIRST_RETRY
        self._retry_at = 0.0

    def note_health(self) -> None:
        """It was found to serve."""
        self._was_ever_healthy = True
        self._deaths = 0
        self._retry = FIRST_RETRY

    def after_death(self, *, was_healthy: bool, lived: float) -> float | None:
        """Return how many seconds to wait, None when it is not started again by itself.

        What never served since it was made is not tried a second time: somebody waits to hear why.
        """
        if was_healthy and lived >= HEALTHY_AFTER:
            self._pause = FIRST_PAUSE
        self._deaths += 1
        if not self._was_ever_healthy or self._deaths >= MOST_DEATHS:
            return None
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause

    def note_failure(self) -> None:
        """It does not start; whoever wants it may try again after a while."""
        self._retry_at = time.monotonic() + self._retry
        self._retry = min(self._retry * 2, LONGEST_RETRY)
        self._deaths, self._pause = 0, FIRST_PAUSE

    def may_try_again(self) -> bool:
        """Whether what failed may be tried again."""
        return time.monotonic() >= self._retry_at
