"""The dead man's switch: a URL that is called while rules are evaluated. Who expects the call notices its absence.

The in-process twin of the alert MythosDown, which only somebody outside can raise.
"""

from __future__ import annotations

RETRY_S = 10.0
EVALUATED_WITHIN_S = 120.0  # or within an interval: rules count as being evaluated


class Heartbeat:
    """When to call. Times are seconds since the epoch. Not thread-safe: the notifier's lock guards it."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._fresh_s = max(interval_s, EVALUATED_WITHIN_S)
        self._evaluated_at: float | None = None
        self._next_at = 0.0
        self.beating = False

    def evaluated(self, now: float) -> None:
        """The rules have just been evaluated."""
        self._evaluated_at = now

    def move(self, seconds: float) -> None:
        """The wall clock was stepped."""
        self._next_at += seconds
        if self._evaluated_at is not None:
            self._evaluated_at += seconds

    def is_due(self, now: float) -> bool:
        if self._evaluated_at is None or self.beating:
            return False
        late = self._next_at > now + self._interval_s  # the clock went back
        return (self._next_at <= now or late) and now - self._evaluated_at <= self._fresh_s

    def wakes_at(self) -> float | None:
        if self._evaluated_at is None or self.beating:
            return None
        return self._next_at if self._next_at - self._evaluated_at <= self._fresh_s else None

    def beaten(self, now: float, *, well: bool) -> None:
        self.beating = False
        self._next_at = now + (self._interval_s if well else min(RETRY_S, self._interval_s))
