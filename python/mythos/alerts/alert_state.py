"""What has become of each alert of a rule: the state machine of Prometheus' rules/alerting.go.

Pure: `now` is passed in, in seconds since the epoch, and nothing is sent or written here. Not thread-safe; the rule's
group locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mythos.alerts.alert import Labels

RESOLVED_RETENTION_S = 900.0  # so long a resolved alert is told of again, as who is told may have missed it
OUTAGE_TOLERANCE_S = 3_600.0  # what is older than this at a restart is forgotten
GRACE_S = 600.0  # an alert that was pending fires no earlier than this after a restart


class State(StrEnum):
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class LimitExceeded(RuntimeError):
    """A rule yields more alerts or series than it may."""


@dataclass(slots=True)
class ActiveAlert:
    """One label set of a rule. Inactive ones have been firing and are resolved."""

    labels: Labels
    annotations: Mapping[str, str]
    value: float
    active_at: float
    state: State = State.PENDING
    fired_at: float | None = None
    resolved_at: float | None = None
    keep_firing_since: float | None = None
    last_sent_at: float | None = None

    def move(self, seconds: float) -> None:
        """The wall clock was stepped. Who is told of the alert has its old end, so it is sent again."""
        self.active_at += seconds
        for name in ("fired_at", "resolved_at", "keep_firing_since"):
            if (at := getattr(self, name)) is not None:
                setattr(self, name, at + seconds)
        self.last_sent_at = None

    def needs_sending(self, now: float, resend_s: float) -> bool:
        if self.state is State.PENDING:
            return False
        if self.last_sent_at is None:
            return True
        resolved_since = self.resolved_at is not None and self.resolved_at > self.last_sent_at
        return resolved_since or self.last_sent_at + resend_s < now


@dataclass(slots=True)
class AlertStates:
    """Of one rule, by label set."""

    for_s: float
    keep_firing_for_s: float
    active: dict[Labels, ActiveAlert] = field(default_factory=dict)

    def update(self, found: Iterable[ActiveAlert], now: float, limit: int) -> list[ActiveAlert]:
        """Takes what the expression gives now; returns those that are pending or firing.

        Raises LimitExceeded, and then forgets all of them, as Prometheus does.
        """
        present: set[Labels] = set()
        for alert in found:
            present.add(alert.labels)
            known = self.active.get(alert.labels)
            if known is not None and known.state is not State.INACTIVE:
                known.value, known.annotations = alert.value, alert.annotations
            else:
                self.active[alert.labels] = alert
        ongoing = [alert for alert in list(self.active.values()) if self._step(alert, alert.labels in present, now)]
        if len(ongoing) > limit:
            self.active.clear()
            raise LimitExceeded(f"exceeded limit of {limit} with {len(ongoing)} alerts")
        return ongoing

    def _step(self, alert: ActiveAlert, is_present: bool, now: float) -> bool:
        """Whether it goes on."""
        if is_present:
            alert.keep_firing_since = None
        elif not self._is_kept(alert, now):
            self._end(alert, now)
            return False
        held_s = round(now - alert.active_at, 3)
        if alert.state is State.PENDING and held_s >= self.for_s:
            alert.state, alert.fired_at = State.FIRING, now
        elif alert.state is State.FIRING and held_s < self.for_s:  # the rule's `for` has grown
            alert.state, alert.fired_at = State.PENDING, None
            alert.last_sent_at = alert.keep_firing_since = None
        return True

    def _is_kept(self, alert: ActiveAlert, now: float) -> bool:
        if alert.state is not State.FIRING or self.keep_firing_for_s <= 0:
            return False
        if alert.keep_firing_since is None:
            alert.keep_firing_since = now
        return round(now - alert.keep_firing_since, 3) < self.keep_firing_for_s

    def _end(self, alert: ActiveAlert, now: float) -> None:
        is_old = alert.resolved_at is not None and now - alert.resolved_at > RESOLVED_RETENTION_S
        if alert.state is State.PENDING or is_old:
            del self.active[alert.labels]
        if alert.state is not State.INACTIVE:
            alert.state, alert.resolved_at = State.INACTIVE, now

    def move(self, seconds: float) -> None:
        """The wall clock was stepped: as ActiveAlert."""
        for alert in self.active.values():
            alert.move(seconds)

    # Over a restart.

    def remembered(self, now: float) -> list[dict[str, Any]]:
        """What `restore` takes, as JSON has it; `seen_at` is this evaluation."""
        return [
            {
                "labels": dict(alert.labels),
                "annotations": dict(alert.annotations),
                "value": alert.value,
                "state": alert.state,
                "active_at": alert.active_at,
                "fired_at": alert.fired_at,
                "resolved_at": alert.resolved_at,
                "keep_firing_since": alert.keep_firing_since,
                "last_sent_at": alert.last_sent_at,
                "seen_at": now,
            }
            for alert in self.active.values()
        ]

    def restore(self, remembered: Iterable[ActiveAlert], seen_at: float, now: float) -> None:
        """After the first evaluation since the start: what was known at `seen_at` (Group.RestoreForState).

        Beyond what Prometheus does, an alert that was firing and whose condition is gone is known again, so that it is
        kept firing for as long as it should be and is told of as resolved.
        """
        if now - seen_at > OUTAGE_TOLERANCE_S:
            return
        for old in remembered:
            if seen_at > now:  # the wall clock was set back since
                old.move(now - seen_at)
            alert = self.active.get(old.labels)
            if alert is None:
                if old.state is not State.PENDING:
                    self.active[old.labels] = old
            elif old.state is not State.INACTIVE:
                alert.active_at = self._restored_active_at(alert, old, min(seen_at, now), now)

    def _restored_active_at(self, alert: ActiveAlert, old: ActiveAlert, seen_at: float, now: float) -> float:
        remaining_s = self.for_s - (seen_at - old.active_at)
        if remaining_s <= 0:
            return old.active_at
        if self.for_s < GRACE_S:
            return alert.active_at
        if remaining_s < GRACE_S:
            return now + GRACE_S - self.for_s
        return old.active_at + now - seen_at


def alert_of(remembered: Mapping[str, Any]) -> ActiveAlert:
    """One that `remembered` gave. Raises KeyError, TypeError or ValueError for what it did not give."""
    return ActiveAlert(
        tuple(sorted((str(name), str(value)) for name, value in remembered["labels"].items())),
        {str(name): str(value) for name, value in remembered["annotations"].items()},
        float(remembered["value"]) if remembered["value"] is not None else float("nan"),
        float(remembered["active_at"]),
        State(remembered["state"]),
        *(
            None if remembered[name] is None else float(remembered[name])
            for name in ("fired_at", "resolved_at", "keep_firing_since", "last_sent_at")
        ),
    )
