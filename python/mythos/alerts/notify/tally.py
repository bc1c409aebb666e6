"""What became of notifications, counted: for `/metrics` (`mythos_notifications_total`) and `/monitoring/alerts`. What
was dropped is told in the log as well.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Of `mythos_notifications_total{integration,status}`.
STATUSES = ("sent", "retried", "failed", "dropped")

ERROR_CHARACTERS_MAX = 300
DROPS_TOLD_EACH_S = 60.0

_logger = logging.getLogger("mythos.alerts")


@dataclass
class ReceiverTally:
    """Of one receiver since the start. Times are seconds since the epoch."""

    sent: int = 0
    failed: int = 0
    last_success_at: float | None = None
    last_error_at: float | None = None
    last_error: str = ""


@dataclass
class Tally:
    """Not thread-safe: the notifier's lock guards it."""

    notifications: Counter[tuple[str, str]] = field(default_factory=Counter)  # (integration, status)
    drops: Counter[str] = field(default_factory=Counter)  # by reason
    receivers: dict[str, ReceiverTally] = field(default_factory=dict)
    _told: dict[str, tuple[int, float]] = field(default_factory=dict)  # of `drops`, when they were logged last

    def sent(self, receiver: str, integration: str, now: float) -> None:
        self.notifications[integration, "sent"] += 1
        tally = self._of(receiver)
        tally.sent += 1
        tally.last_success_at = now

    def failed(self, receiver: str, integration: str, error: str, now: float, *, final: bool) -> None:
        """An attempt failed: for good, or to be repeated."""
        self.notifications[integration, "failed" if final else "retried"] += 1
        tally = self._of(receiver)
        tally.failed += 1
        tally.last_error_at, tally.last_error = now, error[:ERROR_CHARACTERS_MAX]

    def dropped(self, integration: str, reason: str, count: int = 1) -> None:
        self.notifications[integration, "dropped"] += count
        self.drops[reason] += count

    def tell_drops(self, now: float) -> None:
        """Logs what was dropped since it last did: a line a reason, and none before a minute has passed."""
        for reason, count in self.drops.items():
            told, at = self._told.get(reason, (0, float("-inf")))
            if count > told and not at <= now < at + DROPS_TOLD_EACH_S:
                _logger.error("Notifications dropped", extra={"reason": reason, "count": count - told})
                self._told[reason] = count, now

    def as_json(self) -> dict[str, Any]:
        return {
            "notifications": [
                {"integration": integration, "status": status, "count": count}
                for (integration, status), count in sorted(self.notifications.items())
            ],
            "dropped_by_reason": dict(sorted(self.drops.items())),
            "receivers": {name: vars(tally) for name, tally in sorted(self.receivers.items())},
        }

    def _of(self, receiver: str) -> ReceiverTally:
        return self.receivers.setdefault(receiver, ReceiverTally())
