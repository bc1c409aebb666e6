"""Which receivers are to be told what, and when: alerts go in, notifications come out (Alertmanager's dispatch.go).

A pure state machine: time is passed in, nothing is sent here. Whoever sends a notification says afterwards whether that
went well (`delivered`, `failed`); until then the alerts that it tells of stay.

Beyond Alertmanager: an alert that fired and is resolved while its receiver cannot be reached is still told of, as
resolved, also to a receiver that wants no resolved ones (`owed`); Alertmanager drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.notify.config import Integration, NotifyConfig, Route
from mythos.alerts.notify.group import Group
from mythos.alerts.notify.inhibition import Inhibition
from mythos.alerts.notify.notification import Key, Notification, as_at, in_order, is_resolved, merged, moved
from mythos.alerts.notify.notification_log import NotificationLog, needs_update
from mythos.alerts.notify.silences import Silences
from mythos.alerts.notify.state_file import StateFile

ALERTS_MAX = 10_000  # as in Prometheus's queue to an Alertmanager
GROUPS_MAX = 10_000
RESOLVED_KEPT_S = 900.0  # for as long rules resend what is resolved
SILENT_S = 120.0  # after the last evaluation nothing resolves by itself any more
RESTORED_S = 240.0  # what fired before a restart goes on for so long, unless it is told of

KIND = "group"

_NOWHERE = Route(None, "", (), frozenset(), False, 0.0, 0.0, 0.0, False)  # of groups that are not any more


@dataclass(frozen=True)
class AlertView:
    """An alert that fires, who is told of it, and what mutes it: ids of silences, fingerprints of alerts. `processed`
    False: no configuration says who is told, so nobody looks at what might mute it.
    """

    alert: Alert
    updated_at: float
    receivers: list[str]
    silenced_by: list[str]
    inhibited_by: list[str]
    processed: bool = True


class Dispatcher:
    """Not thread-safe: the notifier's lock guards it. `pending` gives what is still to be sent."""

    def __init__(
        self,
        config: NotifyConfig,
        state: StateFile,
        silences: Silences,
        log: NotificationLog,
        pending: Callable[[Key], Notification | None],
        now: float,
        drop: Callable[[str], object] = lambda reason: None,
    ) -> None:
        """`drop` is called for each alert beyond the bounds, with the reason."""
        self._drop = drop
        self._config, self._state, self._silences, self._log = config, state, silences, log
        self._pending = pending
        self._send_resolved = {
            (receiver, integration.name): integration.send_resolved for receiver, integration in config.integrations()
        }
        self._groups: dict[str, Group] = {}
        self._known: dict[str, Alert] = {}
        self._updated: dict[str, float] = {}  # when was it told of
        self._changed: set[str] = set()
        self._heard_at = now  # when were rules evaluated last
        self.dropped = 0  # alerts beyond the bounds
        self._restore(now)

    def receive(self, alerts: Iterable[Alert], now: float) -> None:
        """Puts alerts into their groups. Beyond the bounds new ones are dropped, and counted."""
        self._heard_at = now
        self._forget(now)
        for each in alerts:
            fingerprint = each.fingerprint
            known = self._known.get(fingerprint)
            alert = as_at(each, now) if each.resolved else each
            if known is not None:
                alert = merged(known, alert, now)
            elif len(self._known) >= ALERTS_MAX:
                self._count_dropped("alerts_full")
                continue
            self._known[fingerprint] = alert
            self._updated[fingerprint] = now
            for route in self._config.route.match(alert.labels):
                self._insert(route, fingerprint, alert, now)

    def move(self, seconds: float, now: float) -> None:
        """The wall clock was stepped to `now`: everything but silences is as long ago as it was before."""
        self._heard_at += seconds
        self._known = {key: moved(alert, seconds) for key, alert in self._known.items()}
        self._updated = {key: min(at + seconds, now) for key, at in self._updated.items()}
        for group in self._groups.values():
            group.move(seconds)
        self._changed |= self._groups.keys()
        self._log.move(seconds, now)

    def next_at(self) -> float | None:
        """When the next flush is due."""
        return min((group.next_at for group in self._groups.values()), default=None)

    def flush(self, now: float) -> tuple[list[Notification], list[Key]]:
        """What is to be told now, and which pending notifications are not to be sent any more: nothing is left of them,
        or all their alerts are muted. A new one takes the place of a pending one of the same key.
        """
        due = [group for group in self._groups.values() if group.is_due(now)]
        if not due:
            return [], []
        self._log.purge(now)
        inhibition = self._inhibition(now)
        made: list[Notification] = []
        gone: list[Key] = []
        for group in due:
            alerts = [
                alert
                for alert in group.flush(now, self._judged_at(now))
                if inhibition.muted_by(alert.labels) is None and not self._silences.mutes(alert.labels, now)
            ]
            for integration in self._config.receivers[group.route.receiver].integrations:
                notification = self._notification(group, integration, alerts, now)
                key = Key(group.key, group.route.receiver, integration.name)
                if notification is not None:
                    made.append(notification)
                    group.waiting.add(integration.name)
                elif (pending := self._pending(key)) is not None and not (alerts and pending.only):
                    gone.append(key)
            self._told(group)
        return made, gone

    def delivered(self, notification: Notification, now: float) -> bool:
        """The receiver knows. Whether what is pending for it, if that is newer by now, is still to be sent."""
        key = notification.key
        if not notification.only:  # else that was noted when the others were told
            self._log.add(notification, now)
        pending = self._pending(key)
        if pending is not None and pending is not notification and self._is_needed(pending, now):
            return True
        for group in [each for each in self._groups.values() if each.key == key.group_key]:
            if group.route.receiver == key.receiver:
                self._told(group, key.integration)
        return False

    def view(self, now: float) -> list[AlertView]:
        """What fires, in order."""
        inhibition = self._inhibition(now)
        return [
            AlertView(
                alert,
                self._updated[alert.fingerprint],
                [route.receiver for route in self._config.route.match(alert.labels)],
                list(self._silences.muting(alert.labels, now)),
                [] if (source := inhibition.muted_by(alert.labels)) is None else [source],
            )
            for alert in in_order(alert for _, alert in self._firing(now))
        ]

    def save(self) -> None:
        """Hands what has changed to the state file."""
        for id in self._changed:
            group = self._groups.get(id)
            if group is None:
                self._state.drop(KIND, id)
            else:
                self._state.put(KIND, id, group.as_json())
        self._changed.clear()

    def statistics(self) -> dict[str, int]:
        return {"groups": len(self._groups), "alerts": len(self._known), "alerts_dropped": self.dropped}

    def _notification(
        self, group: Group, integration: Integration, alerts: Sequence[Alert], now: float
    ) -> Notification | None:
        if not alerts:  # all are muted
            return None
        firing = frozenset(alert.fingerprint for alert in alerts if not alert.resolved)
        resolved = frozenset(alert.fingerprint for alert in alerts if alert.resolved)
        key = Key(group.key, group.route.receiver, integration.name)
        told = self._log.get(key)
        pending = self._pending(key)
        owed = frozenset() if pending is None else (pending.owed | pending.firing) & (firing | resolved)
        notification = Notification(
            key, group.labels, tuple(alerts), firing, resolved, owed, now, group.route.repeat_interval_s
        )
        if not self._is_needed(notification, now):
            return None
        if not integration.send_resolved:
            news = owed - (told.firing if told is not None else frozenset())
            told_of = tuple(each for each in alerts if not each.resolved or each.fingerprint in news)
            notification = replace(notification, alerts=told_of)
        if not notification.alerts:  # all are resolved, and the receiver does not want to know
            self._log.add(notification, now)
            return None
        return notification

    def _is_needed(self, notification: Notification, now: float) -> bool:
        """After what was told; what was told as firing is not owed any more."""
        told = self._log.get(notification.key)
        owed = notification.owed - (told.firing if told is not None else frozenset())
        return bool(owed & notification.resolved) or needs_update(
            told,
            notification.firing,
            notification.resolved,
            send_resolved=self._send_resolved[notification.key[1:]],
            repeat_interval_s=notification.repeat_interval_s,
            now=now,
        )

    def _inhibition(self, now: float) -> Inhibition:
        return Inhibition(self._config.inhibit_rules, self._firing(now))

    def _firing(self, now: float) -> list[tuple[str, Alert]]:
        judged_at = self._judged_at(now)
        return [(key, alert) for key, alert in self._known.items() if not is_resolved(alert, judged_at)]

    def _judged_at(self, now: float) -> float:
        """By when an alert that nobody speaks of has to have ended to be resolved: not while nobody says anything at
        all, be it that the evaluation hangs, the machine slept, or the clock was set forward.
        """
        return min(now, self._heard_at + SILENT_S)

    def _insert(self, route: Route, fingerprint: str, alert: Alert, now: float) -> None:
        new = Group(route, route.group_labels(alert.labels), now)
        group = self._groups.get(new.id)
        if group is None:
            if len(self._groups) >= GROUPS_MAX:
                self._count_dropped("groups_full")
                return
            group = self._groups[new.id] = new
        group.insert(fingerprint, alert, now)
        self._changed.add(group.id)

    def _count_dropped(self, reason: str) -> None:
        self.dropped += 1
        self._drop(reason)

    def _told(self, group: Group, integration: str = "") -> None:
        self._changed.add(group.id)
        if group.told(integration) and not group.alerts:
            self._groups.pop(group.id, None)

    def _forget(self, now: float) -> None:
        for fingerprint, alert in list(self._known.items()):
            if is_resolved(alert, now) and alert.ends_at + RESOLVED_KEPT_S < now:
                del self._known[fingerprint], self._updated[fingerprint]

    def _restore(self, now: float) -> None:
        """Groups go on where they were; what the configuration does not group so any more goes its new ways."""
        for id, found in self._state.all(KIND).items():
            group = self._restored(id, found, now)
            self._known |= group.alerts
            self._updated |= dict.fromkeys(group.alerts, now)
            routes = [self._config.route.match(alert.labels) for alert in group.alerts.values()]
            if routes and all(group.route in each for each in routes):
                self._groups[id] = group
            else:
                self._changed.add(id)
                self.receive(group.alerts.values(), now)

    def _restored(self, id: str, found: Mapping[str, Any], now: float) -> Group:
        groups = (Group(route, found["labels"], now) for route in self._config.route.walk())
        group = next((group for group in groups if group.id == id), Group(_NOWHERE, found["labels"], now))
        group.restore(found, now + RESTORED_S)
        return group
