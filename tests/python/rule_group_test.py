"""Groups of rules over a store: order, series written, what is told of, and what is kept over a restart."""

from __future__ import annotations

import math
from pathlib import Path

import orjson
import pytest

from mythos.alerts.alert import as_labels
from mythos.alerts.alert_memory import AlertMemory
from mythos.alerts.expression import parse_expression
from mythos.alerts.rule_file import load_rules
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore

RULES = """
groups:
- name: g
  interval: 15s
  labels: {team: game}
  rules:
  - record: job:x:sum
    expr: sum by (job) (x)
    labels: {kind: sum, job: ""}
  - alert: High
    expr: job:x:sum > 2
    for: 30s
    keep_firing_for: 15s
    labels: {severity: '{{ if gt $value 5.0 }}critical{{ else }}warning{{ end }}', kind: ""}
    annotations:
      summary: "{{ $value | humanize }} of {{ $labels.kind }} on {{ $externalLabels.cluster }} {{ $externalURL }}"
      others: '{{ range query "x" | sortByLabel "i" }}{{ .Labels.i }}={{ .Value }} {{ end }}'
  - alert: Watched
    expr: count(ALERTS{alertname="High"}) > 0
"""


class Rig:
    """A group, its series, and a clock."""

    def __init__(self, text: str = RULES, remembered=None) -> None:
        self.store = SeriesStore()
        self.group = RuleGroup(
            load_rules(text, "rules.yml")[0],
            self.store,
            external_labels={"cluster": "eu"},
            external_url="http://mythos",
            remembered=remembered,
        )

    def at(self, now: float, *values: float):
        samples = {as_labels({"__name__": "x", "job": "a", "i": str(i)}): value for i, value in enumerate(values)}
        self.store.append(int(now * 1_000), samples)
        return self.group.evaluate(now)

    def ask(self, text: str, now: float) -> dict[tuple, float]:
        found = parse_expression(text).evaluate(self.store, int(now * 1_000))
        return {as_labels(labels): value for labels, value in found}


def test_later_rules_see_what_earlier_ones_recorded():
    rig = Rig()
    assert [alert.name for alert in rig.at(0, 1, 2)] == ["Watched"]
    assert rig.ask("job:x:sum", 0) == {as_labels({"__name__": "job:x:sum", "kind": "sum", "team": "game"}): 3}
    pending = {"__name__": "ALERTS", "alertstate": "pending", "severity": "warning", "kind": "", "alertname": "High"}
    assert rig.ask('ALERTS{alertname="High"}', 0) == {as_labels({**pending, "team": "game"}): 1}
    assert rig.group.counts() == {("High", "pending"): 1, ("Watched", "firing"): 1}


def test_an_alert_is_told_of_with_its_labels_texts_and_times():
    rig = Rig()
    for now in (1_000, 1_015):
        rig.at(now, 1, 2)
    (alert,) = [alert for alert in rig.at(1_030, 1, 2) if alert.name == "High"]
    assert alert.labels == {"alertname": "High", "severity": "warning", "team": "game", "cluster": "eu"}
    assert alert.annotations == {"summary": "3 of sum on eu http://mythos", "others": "0=1 1=2 "}
    assert (alert.starts_at, alert.ends_at, alert.resolved) == (1_030, 1_030 + 4 * 60, False)
    assert alert.generator_url == "http://mythos/monitoring/alerts?alertname=High"
    assert alert.value == 3


def test_the_series_of_an_alert_change_with_its_state():
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    (firing,) = rig.ask('ALERTS{alertname="High"}', 30)
    assert dict(firing)["alertstate"] == "firing"
    (since,) = rig.ask('ALERTS_FOR_STATE{alertname="High"}', 30).values()
    assert since == 0
    for now in (45, 60):  # kept firing, then gone
        rig.at(now, 0, 0)
    assert rig.ask('ALERTS{alertname="High"}', 60) == {}
    assert rig.ask('ALERTS_FOR_STATE{alertname="High"}', 60) == {}


def test_one_that_changes_its_labels_is_another_alert():
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    told = [alert for now in (45, 60, 75) for alert in rig.at(now, 4, 4) if alert.name == "High"]
    assert [(alert.labels["severity"], alert.resolved) for alert in told] == [("warning", True), ("critical", False)]


def test_a_resolved_alert_is_told_of_again_for_a_quarter_of_an_hour():
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    told = [(now, alert) for now in range(45, 1_100, 15) for alert in rig.at(now, 0, 0) if alert.name == "High"]
    assert all(alert.resolved and alert.ends_at == 60 for _, alert in told)
    assert [now for now, _ in told][:3] == [60, 135, 210]
    assert told[-1][0] <= 60 + 900


def test_a_rule_that_fails_keeps_its_alerts_and_those_after_it_go_on():
    text = """
groups:
- name: g
  rules:
  - {alert: A, expr: x > 0 and on(job) (x * on(job) x) > 0}
  - {record: fine, expr: sum(x)}
"""
    rig = Rig(text)
    rig.at(0, 1)
    assert len(list(rig.group.active())) == 1
    rig.at(15, 1, 1)
    assert "many-to-many" in rig.group.rule_errors[0]
    assert len(list(rig.group.active())) == 1
    assert rig.ask("fine", 15) == {(("__name__", "fine"),): 2}
    rig.at(30, 1)
    assert rig.group.rule_errors == {}


def test_a_fault_of_the_engine_in_one_rule_silences_no_other(monkeypatch: pytest.MonkeyPatch):
    rig = Rig("groups: [{name: g, rules: [{alert: A, expr: x}, {record: fine, expr: sum(x)}]}]")
    monkeypatch.setattr(rig.group, "_alerting", lambda *_: 1 // 0)
    assert rig.at(0, 1) == []
    assert rig.group.rule_errors == {0: "ZeroDivisionError: integer division or modulo by zero"}
    assert rig.ask("fine", 0) == {(("__name__", "fine"),): 1}


def test_a_scalar_is_one_series_without_labels():
    rig = Rig("groups: [{name: g, rules: [{record: a, expr: 1 + 1}, {alert: Always, expr: vector(1)}]}]")
    (alert,) = rig.at(0)
    assert alert.labels == {"alertname": "Always", "cluster": "eu"}
    assert rig.ask("a", 0) == {(("__name__", "a"),): 2}


def remembered(tmp_path: Path, rig: Rig, now: float) -> AlertMemory:
    file = tmp_path / "state" / "alerts.json"
    memory = AlertMemory(file)
    memory.write(memory.content([rig.group], (), now))
    return AlertMemory(file)


def test_what_fires_goes_on_firing_over_a_restart(tmp_path: Path):
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    memory = remembered(tmp_path, rig, 30)
    again = Rig(remembered=memory.of(rig.group.group))
    assert again.at(60, 1, 2) == []
    assert again.ask("ALERTS", 60) == {}, "not before the state is restored"
    assert [alert.name for alert in again.at(75, 1, 2)] == ["High", "Watched"]
    assert again.group.counts()["High", "firing"] == 1
    (since,) = again.ask('ALERTS_FOR_STATE{alertname="High"}', 75).values()
    assert since == 0


def test_what_ended_while_nobody_looked_is_told_of_as_resolved(tmp_path: Path):
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    again = Rig(remembered=remembered(tmp_path, rig, 30).of(rig.group.group))
    told = [alert for now in (60, 75, 90, 105) for alert in again.at(now, 0, 0) if alert.name == "High"]
    assert [alert.resolved for alert in told] == [True]


def test_a_value_that_is_no_number_is_remembered(tmp_path: Path):
    rig = Rig("groups: [{name: g, rules: [{alert: A, expr: x}]}]")
    rig.at(0, math.nan)
    memory = remembered(tmp_path, rig, 0)
    (active,) = memory.of(rig.group.group)["rules"][0]["active"]
    assert active["value"] is None
    again = Rig("groups: [{name: g, rules: [{alert: A, expr: x}]}]", memory.of(rig.group.group))
    again.at(15)
    assert again.group.counts() == {("A", "firing"): 1}


def test_a_rule_that_was_changed_begins_anew(tmp_path: Path):
    rig = Rig()
    for now in (0, 15, 30):
        rig.at(now, 1, 2)
    memory = remembered(tmp_path, rig, 30)
    changed = Rig(RULES.replace("alert: High", "alert: Higher"), memory.of(rig.group.group))
    changed.at(60, 1, 2)
    changed.at(75, 1, 2)
    assert changed.group.counts() == {("Higher", "pending"): 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":9,"groups":[]}',
        b'{"version":1,"groups":[{"file":"rules.yml","group":"g","seen_at":1,"rules":[{"active":[{}]}]}]}',
    ],
)
def test_a_file_that_cannot_be_read_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture):
    file = tmp_path / "alerts.json"
    file.write_bytes(content)
    rig = Rig()
    memory = AlertMemory(file)
    assert memory.of(rig.group.group) == {}
    assert not file.exists()
    assert (tmp_path / "alerts.json.bad").read_bytes() == content
    assert "cannot be read" in caplog.text
    memory.write(memory.content([rig.group], (), 0))
    assert orjson.loads(file.read_bytes())["version"] == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["alerts.json", "alerts.json.bad"]
