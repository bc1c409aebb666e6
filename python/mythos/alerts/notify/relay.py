"""What each Alertmanager is still to be sent: the newest of every alert, raw, until it has taken it.

Kept over a restart once an attempt has failed, and at the end, so that a resolve which nobody took is not forgotten;
what fires is resent by the rules anyway.
"""

from __future__ import annotations

from collections.abc import Iterable

from mythos.alerts.alert import Alert
from mythos.alerts.notify.notification import alert_as_json, alert_from_json, moved
from mythos.alerts.notify.senders.alertmanager import BATCH_ALERTS
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.notify.tally import Tally

ALERTS_MAX = 10_000
KEPT_S = 3_600.0  # after its end an alert is nothing new to an Alertmanager
KIND = "relay"


class Relay:
    """Of one Alertmanager, by its place in the list. Not thread-safe: the notifier's lock guards it."""

    def __init__(self, place: int, state: StateFile, tally: Tally, now: float) -> None:
        self._key, self._state, self._tally = str(place), state, tally
        kept = state.all(KIND).get(self._key, [])
        self._alerts = {alert.fingerprint: alert for alert in map(alert_from_json, kept)}
        self.next_at = now
        self.attempts = 0
        self.sending = False

    def add(self, alerts: Iterable[Alert]) -> None:
        """A newer one takes an older one's place. Beyond the bound the oldest are dropped, and counted."""
        for alert in alerts:
            self._alerts.pop(alert.fingerprint, None)
            self._alerts[alert.fingerprint] = alert
        for fingerprint in list(self._alerts)[: max(0, len(self._alerts) - ALERTS_MAX)]:
            del self._alerts[fingerprint]
            self._tally.dropped("alertmanager", "queue_full")

    def due(self, now: float) -> list[Alert]:
        """The next batch, if it is time."""
        for fingerprint, alert in list(self._alerts.items()):
            if alert.ends_at + KEPT_S < now:
                del self._alerts[fingerprint]
                self._tally.dropped("alertmanager", "too_old")
        if self.sending or self.next_at > now:
            return []
        return list(self._alerts.values())[:BATCH_ALERTS]

    def taken(self, batch: Iterable[Alert], now: float) -> None:
        """It has them, or will not have them. What came meanwhile for the same alerts stays."""
        for alert in batch:
            if self._alerts.get(alert.fingerprint) is alert:
                del self._alerts[alert.fingerprint]
        self.attempts, self.next_at = 0, 0.0
        if not self._alerts:
            self.keep()

    def failed(self, now: float, again_in_s: float) -> None:
        self.attempts += 1
        self.next_at = now + again_in_s
        self.keep()

    def move(self, seconds: float) -> None:
        """The wall clock was stepped."""
        self.next_at += seconds
        self._alerts = {key: moved(alert, seconds) for key, alert in self._alerts.items()}

    def wakes_at(self) -> float | None:
        return self.next_at if self._alerts and not self.sending else None

    def __len__(self) -> int:
        return len(self._alerts)

    def keep(self) -> None:
        """Hands what is queued to the state file."""
        if self._alerts:
            self._state.put(KIND, self._key, [alert_as_json(alert) for alert in self._alerts.values()])
        else:
            self._state.drop(KIND, self._key)
