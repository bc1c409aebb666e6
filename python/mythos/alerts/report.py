"""What the alert engine tells: the body of `GET /monitoring/alerts`, and its metrics."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mythos.alerts.alert import fingerprint
from mythos.alerts.alert_state import ActiveAlert
from mythos.alerts.rule import Rule
from mythos.alerts.rule_group import RuleGroup

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, math.inf)
STATES = ("pending", "firing")

# (name, help, type, series), as the core takes them: bindings/metric_values.hpp.
Family = tuple[str, str, str, list[tuple[dict[str, str], Any]]]


@dataclass
class Durations:
    """A histogram of evaluations."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BUCKETS_S))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds

    def as_value(self) -> tuple[list[tuple[float, int]], float]:
        total, cumulative = 0, []
        for bound, count in zip(BUCKETS_S, self.counts, strict=True):
            total += count
            cumulative.append((bound, total))
        return cumulative, self.sum_s


@dataclass
class EvaluatedGroup:
    """A group, and what its last evaluation was."""

    rules: RuleGroup
    next_at: float
    took_s: float = 0.0
    evaluated: bool = False


def iso(at: float | None) -> str | None:
    """As everywhere in the API: UTC with microseconds."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def alert_view(rule: Rule, alert: ActiveAlert) -> dict[str, Any]:
    labels = dict(alert.labels)
    return {
        "alertname": rule.name,
        "state": str(alert.state),
        "labels": labels,
        "annotations": dict(alert.annotations),
        "value": alert.value if math.isfinite(alert.value) else None,
        "active_at": iso(alert.active_at),
        "fired_at": iso(alert.fired_at),
        "keep_firing_since": iso(alert.keep_firing_since),
        "fingerprint": fingerprint(labels),
    }


def group_view(evaluated: EvaluatedGroup) -> dict[str, Any]:
    group = evaluated.rules
    worst: dict[str, str] = {}
    for rule, alert in group.active():
        if worst.get(rule.name) != "firing":
            worst[rule.name] = str(alert.state)
    return {
        "name": group.group.name,
        "file": group.group.file,
        "interval_s": group.interval_s,
        "evaluation_ms": evaluated.took_s * 1e3,
        "rules": [
            {
                "name": rule.name,
                "type": "alerting" if rule.kind == "alert" else "recording",
                "query": rule.expression.text,
                "health": "unknown" if not evaluated.evaluated else "err" if place in group.rule_errors else "ok",
                "error": group.rule_errors.get(place),
                "for_s": rule.for_s,
                "keep_firing_for_s": rule.keep_firing_for_s,
                **({"state": worst.get(rule.name, "inactive")} if rule.kind == "alert" else {}),
            }
            for place, rule in enumerate(group.group.rules)
        ],
    }


def alerts_view(groups: Iterable[EvaluatedGroup]) -> list[dict[str, Any]]:
    """Those that fire first, then by how long they have been there."""
    found = [alert_view(rule, alert) for each in groups for rule, alert in each.rules.active()]
    return sorted(found, key=lambda alert: (alert["state"] != "firing", alert["active_at"], alert["fingerprint"]))


def families(
    groups: Sequence[EvaluatedGroup], durations: Durations, failures: int, notifications: Mapping[tuple[str, str], int]
) -> list[Family]:
    counts: Counter[tuple[str, str]] = Counter()
    for each in groups:
        names = {rule.name for rule in each.rules.group.rules if rule.kind == "alert"}
        counts.update({(name, state): 0 for name in names for state in STATES})
        counts.update(each.rules.counts())
    return [
        (
            "mythos_alerts",
            "Alerts that the server's own rules raise, by name and state.",
            "gauge",
            [({"alertname": name, "alertstate": state}, float(n)) for (name, state), n in sorted(counts.items())],
        ),
        (
            "mythos_rule_evaluation_seconds",
            "How long the evaluation of a group of rules took.",
            "histogram",
            [({}, durations.as_value())],
        ),
        (
            "mythos_rule_evaluation_failures_total",
            "Evaluations of rules that failed.",
            "counter",
            [({}, float(failures))],
        ),
        (
            "mythos_notifications_total",
            "Notifications, by the integration that they go by and what became of them.",
            "counter",
            [
                ({"integration": integration, "status": status}, float(n))
                for (integration, status), n in sorted(notifications.items())
            ],
        ),
    ]
