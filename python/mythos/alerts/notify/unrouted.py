"""What fires on a server that tells nobody by itself: no configuration says who is told, so no silence holds for it."""

from __future__ import annotations

from collections.abc import Iterable

from mythos.alerts.alert import Alert
from mythos.alerts.notify.dispatcher import ALERTS_MAX, AlertView
from mythos.alerts.notify.notification import in_order, is_resolved


class Unrouted:
    """Only to be looked at. Not thread-safe: the notifier's lock guards it."""

    def __init__(self) -> None:
        self._firing: dict[str, Alert] = {}
        self._updated: dict[str, float] = {}

    def receive(self, alerts: Iterable[Alert], now: float) -> None:
        """Beyond the bound new ones are left out."""
        for alert in alerts:
            key = alert.fingerprint
            if is_resolved(alert, now):
                self._firing.pop(key, None)
            elif key in self._firing or len(self._firing) < ALERTS_MAX:
                self._firing[key], self._updated[key] = alert, now
        self._firing = {key: alert for key, alert in self._firing.items() if not is_resolved(alert, now)}
        self._updated = {key: self._updated[key] for key in self._firing}

    def view(self, now: float) -> list[AlertView]:
        """What fires, in order."""
        firing = in_order(alert for alert in self._firing.values() if not is_resolved(alert, now))
        return [AlertView(alert, self._updated[alert.fingerprint], [], [], [], processed=False) for alert in firing]
