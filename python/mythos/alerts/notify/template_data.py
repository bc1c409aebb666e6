"""What templates see of a notification, and the webhook's JSON: Alertmanager's data model (template.Data, version 4).

The names are Alertmanager's, so that its templates work: they are attributes here as they are fields there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.notify.notification import Notification
from mythos.alerts.templates import KV

NO_TIME = "0001-01-01T00:00:00Z"  # Go's zero time: when an alert ends that has not ended
_ZERO = datetime(1, 1, 1, tzinfo=UTC)
_QUOTED = re.compile(r"[\\.+*?()|\[\]{}^$]")


class AlertData:
    """One alert of a notification."""

    def __init__(self, alert: Alert) -> None:
        self.Status = "resolved" if alert.resolved else "firing"
        self.Labels = KV(alert.labels)
        self.Annotations = KV(alert.annotations)
        self.StartsAt = datetime.fromtimestamp(alert.starts_at, UTC)
        self.EndsAt = datetime.fromtimestamp(alert.ends_at, UTC) if alert.resolved else _ZERO
        self.GeneratorURL = alert.generator_url
        self.Fingerprint = alert.fingerprint

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.Status,
            "labels": self.Labels,
            "annotations": self.Annotations,
            "startsAt": go_time(self.StartsAt),
            "endsAt": go_time(self.EndsAt),
            "generatorURL": self.GeneratorURL,
            "fingerprint": self.Fingerprint,
        }


class AlertList(list[AlertData]):
    """The alerts of a notification, and those of them that fire or are resolved."""

    def Firing(self) -> AlertList:
        return AlertList(alert for alert in self if alert.Status == "firing")

    def Resolved(self) -> AlertList:
        return AlertList(alert for alert in self if alert.Status == "resolved")


class Data:
    """The `.` of a notification's templates."""

    def __init__(self, notification: Notification, external_url: str) -> None:
        # Alertmanager quotes the name as for a regular expression; whoever reads its webhooks knows it so.
        self.Receiver = _QUOTED.sub(r"\\\g<0>", notification.key.receiver)
        self.Status = notification.status
        self.Alerts = AlertList(AlertData(alert) for alert in notification.alerts)
        self.GroupLabels = KV(notification.group_labels)
        self.CommonLabels = _common(alert.labels for alert in notification.alerts)
        self.CommonAnnotations = _common(alert.annotations for alert in notification.alerts)
        self.ExternalURL = external_url

    def as_json(self) -> dict[str, Any]:
        return {
            "receiver": self.Receiver,
            "status": self.Status,
            "alerts": [alert.as_json() for alert in self.Alerts],
            "groupLabels": self.GroupLabels,
            "commonLabels": self.CommonLabels,
            "commonAnnotations": self.CommonAnnotations,
            "externalURL": self.ExternalURL,
        }


def webhook_message(notification: Notification, external_url: str, max_alerts: int = 0) -> dict[str, Any]:
    """The webhook's payload, version 4. Beyond `max_alerts`, unless that is 0, only their number is told."""
    data = Data(notification, external_url).as_json()
    left_out = max(0, len(notification.alerts) - max_alerts) if max_alerts else 0
    if left_out:
        told = Notification(**{**vars(notification), "alerts": notification.alerts[:max_alerts]})
        data = Data(told, external_url).as_json()
    return {**data, "version": "4", "groupKey": notification.key.group_key, "truncatedAlerts": left_out}


def go_time(at: datetime) -> str:
    """As Go writes a time in JSON: RFC 3339 with as many digits of the second as there are."""
    if at == _ZERO:
        return NO_TIME
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".") if at.microsecond else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _common(several: Iterable[Mapping[str, str]]) -> KV:
    rest = iter(several)
    common = dict(next(rest, {}))
    for each in rest:
        common = {name: value for name, value in common.items() if each.get(name) == value}
    return KV(common)
