"""A group of alerts: what a route's receiver is told of together, and when (Alertmanager's aggrGroup)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.notify.config import Route
from mythos.alerts.notify.notification import (
    alert_as_json,
    alert_from_json,
    as_at,
    in_order,
    is_resolved,
    moved,
)


class Group:
    """Not thread-safe: the notifier's lock guards it. Times are seconds since the epoch."""

    def __init__(self, route: Route, labels: Mapping[str, str], now: float) -> None:
        self.route, self.labels = route, dict(labels)
        self.key = group_key(route, labels)
        self.id = f"{route.position or '/'} {self.key}"  # of two routes with the same matchers each has its own groups
        self.alerts: dict[str, Alert] = {}
        self.next_at = now + route.group_wait_s
        self.flushed = False
        self.waiting: set[str] = set()  # integrations that have not been told yet of what was flushed
        self._ended: dict[str, Alert] = {}  # what was resolved at the flush, and goes when everybody knows

    def insert(self, fingerprint: str, alert: Alert, now: float) -> None:
        self.alerts[fingerprint] = alert
        if not self.flushed and alert.starts_at + self.route.group_wait_s < now:
            self.next_at = now

    def is_due(self, now: float) -> bool:
        """Also where the clock went back, so that the next flush is farther ahead than any can be."""
        longest_s = max(self.route.group_wait_s, self.route.group_interval_s)
        return self.next_at <= now or self.next_at > now + longest_s

    def flush(self, now: float, judged_at: float) -> list[Alert]:
        """The alerts in order, each as it is by `judged_at`; the next flush is due an interval later."""
        self.flushed = True
        self.next_at = now + self.route.group_interval_s
        self.waiting = set()
        self._ended = {key: alert for key, alert in self.alerts.items() if is_resolved(alert, judged_at)}
        return in_order(as_at(alert, judged_at) for alert in self.alerts.values())

    def move(self, seconds: float) -> None:
        """The wall clock was stepped."""
        self.next_at += seconds
        before, self.alerts = self.alerts, {key: moved(alert, seconds) for key, alert in self.alerts.items()}
        self._ended = {
            key: self.alerts[key] if before.get(key) is alert else alert for key, alert in self._ended.items()
        }

    def told(self, integration: str = "") -> bool:
        """One integration knows (or none had to): whether all do now, and resolved alerts are gone."""
        self.waiting.discard(integration)
        if self.waiting:
            return False
        for fingerprint, alert in self._ended.items():
            if self.alerts.get(fingerprint) is alert:  # else it has fired again
                del self.alerts[fingerprint]
        self._ended = {}
        return True

    def as_json(self) -> dict[str, Any]:
        alerts = [alert_as_json(alert) for alert in self.alerts.values()]
        return {"next_at": self.next_at, "flushed": self.flushed, "labels": self.labels, "alerts": alerts}

    def restore(self, found: Mapping[str, Any], still_firing_until: float) -> None:
        """What fired when this was kept goes on firing until the rules had time to say otherwise."""
        self.next_at, self.flushed = found["next_at"], found["flushed"]
        for each in found["alerts"]:
            alert = alert_from_json(each)
            if not alert.resolved:
                alert = Alert(**{**each, "ends_at": max(alert.ends_at, still_firing_until)})
            self.alerts[alert.fingerprint] = alert


def group_key(route: Route, labels: Mapping[str, str]) -> str:
    """`{}/{severity="critical"}:{alertname="MythosDown"}`, as Alertmanager writes it."""
    pairs = ", ".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items()))
    return f"{route.key}:{{{pairs}}}"


def _quoted(text: str) -> str:
    """As Go's %q."""
    escapes = {
        "\\": r"\\",
        '"': r"\"",
        "\n": r"\n",
        "\t": r"\t",
        "\r": r"\r",
        "\a": r"\a",
        "\b": r"\b",
        "\f": r"\f",
        "\v": r"\v",
    }
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else _code(c)) for c in text) + '"'


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
