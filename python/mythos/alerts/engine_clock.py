"""The time that rules are evaluated by: near the wall clock, and never going back."""

from __future__ import annotations

import time
from collections.abc import Callable

AHEAD_S = 5.0  # by more than this the wall clock was stepped, or the machine slept
SLEW = 0.01  # of the time that has passed


class EngineClock:
    """`now` in seconds since the epoch. One thread's.

    Series need times that grow, and `for` counts what has really passed. A step forward is taken over at once, as a
    gap; one back is made up for by running slower, by a hundredth.
    """

    def __init__(self, wall: Callable[[], float] = time.time, mono: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._mono = wall, mono
        self._now, self._at = wall(), mono()

    def now(self) -> float:
        mono = self._mono()
        passed = mono - self._at
        ahead = self._wall() - (self._now + passed)
        self._now += passed + (ahead if ahead > AHEAD_S else max(-SLEW * passed, min(ahead, SLEW * passed)))
        self._at = mono
        return self._now
