"""One notification: the alerts of a group, told to one integration of a receiver; and its form in the state file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mythos.alerts.alert import Alert


class Key(NamedTuple):
    """What is deduplicated: a group, and who is told of it."""

    group_key: str
    receiver: str
    integration: str  # such as webhook[0]


@dataclass(frozen=True)
class Notification:
    """As the group was when it was made: what fires has `resolved` False whenever it is read.

    `firing` and `resolved` are fingerprints of all alerts of the group that were not muted, also of those that are not
    told because the integration does not want resolved ones. `owed` are those of alerts whose firing was to be told and
    could not be, so far. `alerts` are in Alertmanager's order. `only`, unless it is empty, are the recipients that are
    left: the others know.
    """

    key: Key
    group_labels: Mapping[str, str]
    alerts: tuple[Alert, ...]
    firing: frozenset[str]
    resolved: frozenset[str]
    owed: frozenset[str]
    made_at: float
    repeat_interval_s: float
    only: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return "resolved" if all(alert.resolved for alert in self.alerts) else "firing"

    def as_json(self) -> dict[str, Any]:
        return {
            "key": list(self.key),
            "group_labels": dict(self.group_labels),
            "alerts": [alert_as_json(alert) for alert in self.alerts],
            "firing": sorted(self.firing),
            "resolved": sorted(self.resolved),
            "owed": sorted(self.owed),
            "made_at": self.made_at,
            "repeat_interval_s": self.repeat_interval_s,
            "only": list(self.only),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Notification:
        return cls(
            Key(*found["key"]),
            found["group_labels"],
            tuple(alert_from_json(alert) for alert in found["alerts"]),
            frozenset(found["firing"]),
            frozenset(found["resolved"]),
            frozenset(found["owed"]),
            found["made_at"],
            found["repeat_interval_s"],
            tuple(found.get("only", ())),  # which earlier programs did not keep
        )


def alert_as_json(alert: Alert) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "starts_at": alert.starts_at,
        "ends_at": alert.ends_at,
        "resolved": alert.resolved,
        "generator_url": alert.generator_url,
    }


def alert_from_json(found: Mapping[str, Any]) -> Alert:
    return Alert(**found)


def is_resolved(alert: Alert, now: float) -> bool:
    """Ended, or not told of any more for so long that it counts as ended."""
    return alert.resolved or alert.ends_at <= now


def as_at(alert: Alert, now: float) -> Alert:
    """With `resolved` as it is now, so that it does not resolve by itself later."""
    return replace(alert, resolved=is_resolved(alert, now))


def moved(alert: Alert, seconds: float) -> Alert:
    """As it is when the wall clock was stepped so far."""
    return replace(alert, starts_at=alert.starts_at + seconds, ends_at=alert.ends_at + seconds)


def merged(old: Alert, new: Alert, now: float) -> Alert:
    """What is known of an alert after news of it: as Alertmanager's `Alert.Merge`, where the two overlap in time."""
    overlap = old.starts_at < new.ends_at < old.ends_at or old.starts_at < new.starts_at < old.ends_at
    if not overlap:
        return new
    ends_at = new.ends_at
    if is_resolved(new, now):
        ends_at = max(ends_at, old.ends_at) if is_resolved(old, now) else ends_at
    else:
        ends_at = max(ends_at, old.ends_at)
    return replace(new, starts_at=min(old.starts_at, new.starts_at), ends_at=ends_at)


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """By job, by instance, then the other labels, as Alertmanager sorts a group."""
    return sorted(alerts, key=_order)


def _order(alert: Alert) -> tuple[Any, ...]:
    labels = alert.labels
    first = [(name not in labels, labels.get(name, "")) for name in ("job", "instance")]
    return *first, len(labels), sorted(labels.items())
