"""What the alert engine tells of itself."""

from __future__ import annotations

import math

from mythos.alerts.report import BUCKETS_S, Durations, EvaluatedGroup, alerts_view, families, group_view, iso
from mythos.alerts.rule_file import load_rules
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore

RULES = """
groups:
- name: g
  rules:
  - {record: "one:x", expr: vector(1)}
  - {alert: Old, expr: vector(1), labels: {severity: warning}}
  - {alert: New, expr: vector(0) / 0, for: 1m}
  - {alert: Quiet, expr: vector(1) > 2}
"""


def evaluated(*times: float) -> EvaluatedGroup:
    [group] = load_rules(RULES, "r.yml")
    rules = RuleGroup(group, SeriesStore())
    for at in times:
        rules.evaluate(at)
    return EvaluatedGroup(rules, next_at=0.0, took_s=0.002, evaluated=bool(times))


def test_times_are_written_as_everywhere_in_the_api():
    assert iso(1_700_000_000.25) == "2023-11-14T22:13:20.250000Z" and iso(None) is None


def test_durations_are_a_histogram_of_prometheus():
    durations = Durations()
    for seconds in (0.0005, 0.0006, 0.3, 99.0):
        durations.add(seconds)
    buckets, total = durations.as_value()
    assert [bound for bound, _ in buckets] == list(BUCKETS_S) and buckets[-1] == (math.inf, 4)
    assert dict(buckets)[0.0005] == 1 and dict(buckets)[0.001] == 2 and dict(buckets)[0.5] == 3
    assert total == 0.0005 + 0.0006 + 0.3 + 99.0


def test_alerts_that_fire_stand_first_and_what_is_no_number_is_null():
    first, second = alerts_view([evaluated(100.0)])
    assert (first["alertname"], first["state"], first["value"]) == ("Old", "firing", 1.0)
    assert (second["alertname"], second["state"], second["value"]) == ("New", "pending", None)
    assert first["fired_at"] == first["active_at"] and second["fired_at"] is None
    assert len(first["fingerprint"]) == 16


def test_a_group_says_how_each_rule_is():
    told = group_view(evaluated(100.0))
    assert told["name"] == "g" and told["file"] == "r.yml" and told["evaluation_ms"] == 2.0
    assert [rule["type"] for rule in told["rules"]] == ["recording", "alerting", "alerting", "alerting"]
    assert [rule.get("state") for rule in told["rules"]] == [None, "firing", "pending", "inactive"]
    assert {rule["health"] for rule in told["rules"]} == {"ok"}
    assert {rule["health"] for rule in group_view(evaluated())["rules"]} == {"unknown"}


def test_metrics_have_a_series_for_every_alert_and_state():
    told = {name: series for name, _, _, series in families([evaluated(100.0)], Durations(), 3, {("slack", "sent"): 2})}
    counts = {(labels["alertname"], labels["alertstate"]): n for labels, n in told["mythos_alerts"]}
    assert counts == {
        ("Old", "firing"): 1,
        ("Old", "pending"): 0,
        ("New", "firing"): 0,
        ("New", "pending"): 1,
        ("Quiet", "firing"): 0,
        ("Quiet", "pending"): 0,
    }
    assert told["mythos_rule_evaluation_failures_total"] == [({}, 3.0)]
    assert told["mythos_notifications_total"] == [({"integration": "slack", "status": "sent"}, 2.0)]
