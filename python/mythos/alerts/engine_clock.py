"""The time that rules are evaluated by and people are told of alerts by: the wall clock, whose steps are told."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 1.0  # by more than this the wall clock was stepped, or the machine slept
SLEW = 0.01  # of the time that has passed


class EngineClock:
    """`now` in seconds since the epoch, never more than `STEP_S` off the wall clock. One thread's.

    Series need times that grow, and `for` counts what has really passed. A drift is made up for by running faster or
    slower, by a hundredth. A step is taken over at once, and `take_step` says how far it was: who holds times moves
    them as far, so that everything has happened as long ago as it had before.
    """

    def __init__(self, wall: Callable[[], float] = time.time, mono: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._mono = wall, mono
        self._now, self._at = wall(), mono()
        self._stepped_s = 0.0

    def now(self) -> float:
        mono = self._mono()
        passed = mono - self._at
        ahead = self._wall() - (self._now + passed)
        if abs(ahead) > STEP_S:
            self._stepped_s += ahead
        else:
            ahead = max(-SLEW * passed, min(ahead, SLEW * passed))
        self._now += passed + ahead
        self._at = mono
        return self._now

    def take_step(self) -> float:
        """How far `now` has leapt since this was asked last, in seconds; below nought: back."""
        stepped_s, self._stepped_s = self._stepped_s, 0.0
        return stepped_s
