"""The alert engine, step by step: what it records, evaluates, tells, and keeps over a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mythos.alerts.alert import Alert
from mythos.alerts.engine import AlertEngine
from mythos.alerts.engine_clock import EngineClock
from mythos.alerts.recordings import Recordings, files_of, load_recording
from mythos.alerts.rule_file import load_rules

RULES = """
groups:
- name: busy
  rules:
  - record: job:players:sum
    expr: sum by (job) (players)
  - alert: Crowded
    expr: job:players:sum > 10
    for: 30s
    labels: {severity: warning}
    annotations: {summary: "{{ $value }} are here"}
- name: broken
  interval: 1m
  rules:
  - alert: Twice
    expr: label_replace(players, "room", "", "", "") > 0
"""


class Core:
    def __init__(self) -> None:
        self.players = {"a": 1.0, "b": 2.0}
        self.report: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        self.health: list[str] = []

    def samples(self) -> tuple[list[str], bytes]:
        return [f'players{{room="{room}"}}' for room in self.players], np.array(list(self.players.values())).tobytes()

    def tell_alerts(self, report: bytes | str, metrics: list[Any]) -> None:
        self.report = json.loads(report) if report else {}
        self.metrics = {name: series for name, _, _, series in metrics}

    def add_health(self, name: str, critical: bool, interval_s: float, timeout_s: float, tags: Any) -> None:
        raise AssertionError("steps need no thread")

    def report_health(self, name: str, status: str, took_s: float, details: bytes | str) -> None:
        assert name == "alerts"
        self.health.append(status)


class Notifier:
    def __init__(self) -> None:
        self.told: list[list[Alert]] = []

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def submit(self, alerts: list[Alert]) -> None:
        self.told.append(alerts)

    def snapshot(self) -> dict[str, Any]:
        return {"queue": {}}

    def metrics(self) -> dict[tuple[str, str], int]:
        return {("webhook", "sent"): 2}


class Ran:
    """An engine whose time stands still but for `to`."""

    def __init__(self, tmp_path: Path, at: float = 1_000.0) -> None:
        self.at = at
        self.core, self.notifier = Core(), Notifier()
        self.engine = AlertEngine(
            self.core,
            load_rules(RULES, "rules.yml"),
            self.notifier,  # type: ignore[arg-type]
            interval_s=15,
            labels={"job": "mythos", "instance": "here:1"},
            external_url="http://here:1",
            memory=tmp_path / "alerts.json",
            recordings=Recordings(tmp_path / "recordings"),
            clock=EngineClock(lambda: self.at, lambda: self.at),
        )

    def to(self, at: float) -> float:
        """As its thread would have it: a step whenever one is due."""
        waits = self.engine.step()
        while self.at + waits <= at:
            self.at += waits
            waits = self.engine.step()
        self.at = at
        return waits


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    return Ran(tmp_path)


def test_an_alert_is_pending_then_fires_then_is_resolved(ran: Ran):
    ran.to(1_000)
    assert ran.core.report["alerts"] == [] and ran.core.health == ["degraded"], "a rule fails"
    ran.core.players["a"] = 20.0
    ran.to(1_015)
    [alert] = ran.core.report["alerts"]
    assert (alert["alertname"], alert["state"], alert["value"]) == ("Crowded", "pending", 22.0)
    assert alert["labels"] == {"alertname": "Crowded", "job": "mythos", "severity": "warning"}
    assert ({"alertname": "Crowded", "alertstate": "pending"}, 1.0) in ran.core.metrics["mythos_alerts"]
    ran.to(1_045)
    [alert] = ran.core.report["alerts"]
    assert alert["state"] == "firing" and alert["annotations"] == {"summary": "22 are here"}
    assert alert["active_at"] == "1970-01-01T00:16:55.000000Z" and alert["fired_at"] == "1970-01-01T00:17:25.000000Z"
    [told] = [alert for alerts in ran.notifier.told for alert in alerts]
    assert told.name == "Crowded" and not told.resolved and told.starts_at == 1_045
    ran.core.players["a"] = 1.0
    ran.to(1_060)
    assert ran.core.report["alerts"] == []
    assert [alert.resolved for alerts in ran.notifier.told for alert in alerts] == [False, True]
    assert ({"alertname": "Crowded", "alertstate": "firing"}, 0.0) in ran.core.metrics["mythos_alerts"]


def test_every_evaluation_reaches_the_notifier_and_what_is_told_is_whole(ran: Ran):
    assert ran.to(1_060) == pytest.approx(15)
    assert len(ran.notifier.told) == 5
    report = ran.core.report
    assert report["evaluations"] == 5 and report["interval_s"] == 15
    assert report["series"]["recorded"] >= 4 and report["series"]["left_out"] == 0
    busy, broken = report["groups"]
    assert [rule["name"] for rule in busy["rules"]] == ["job:players:sum", "Crowded"]
    assert {rule["health"] for rule in busy["rules"]} == {"ok"}
    assert broken["interval_s"] == 60 and broken["rules"][0]["health"] == "err" and broken["rules"][0]["error"]
    [(_, (buckets, total))] = ran.core.metrics["mythos_rule_evaluation_seconds"]
    assert buckets[-1] == (float("inf"), 5 + 2) and total > 0
    assert ran.core.metrics["mythos_rule_evaluation_failures_total"] == [({}, 2.0)]
    assert ran.core.metrics["mythos_notifications_total"] == [({"integration": "webhook", "status": "sent"}, 2.0)]


def test_a_restart_goes_on_where_it_was(tmp_path: Path):
    first = Ran(tmp_path)
    first.core.players["a"] = 20.0
    first.to(1_045)
    assert first.core.report["alerts"][0]["state"] == "firing"
    again = Ran(tmp_path, at=1_060.0)
    again.core.players["a"] = 20.0
    again.to(1_075)
    [alert] = again.core.report["alerts"]
    assert alert["state"] == "firing" and alert["active_at"] == "1970-01-01T00:16:40.000000Z"


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    ran = Ran(tmp_path)
    (tmp_path / ".alerts.json.new").mkdir()
    ran.core.players["a"] = 20.0
    ran.to(1_060)
    assert ran.core.report["alerts"][0]["state"] == "firing"
    assert [record.message for record in caplog.records].count("Alerts are not kept over a restart") == 1


def test_the_log_says_when_an_alert_fires_and_when_it_ends(ran: Ran, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    ran.core.players["a"] = 20.0
    ran.to(1_200)
    ran.core.players["a"] = 1.0
    ran.to(1_300)
    told = [(r.message, r.alertname) for r in caplog.records if r.message.startswith("Alert ")]  # type: ignore[attr-defined]
    assert told == [("Alert firing", "Crowded"), ("Alert resolved", "Crowded")]


def test_an_alert_of_a_rule_over_its_limit_is_forgotten_and_told_anew(ran: Ran, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    group = ran.engine._groups[0].rules
    ran.core.players["a"] = 20.0
    ran.to(1_045)
    assert ran.core.report["alerts"][0]["state"] == "firing"
    usual, group.limit = group.limit, 0
    ran.to(1_060)
    assert ran.core.report["alerts"] == []
    group.limit = usual
    ran.to(1_120)
    assert ran.core.report["alerts"][0]["state"] == "firing"
    assert [r.message for r in caplog.records].count("Alert firing") == 2


def test_who_stops_before_the_first_evaluation_forgets_nothing(tmp_path: Path):
    first = Ran(tmp_path)
    first.core.players["a"] = 20.0
    first.to(1_045)
    before = (tmp_path / "alerts.json").read_bytes()
    Ran(tmp_path, at=1_050.0).engine.stop()
    assert json.loads((tmp_path / "alerts.json").read_bytes()) == json.loads(before)


def test_what_rules_saw_is_recorded_with_the_labels_of_a_scrape(ran: Ran, tmp_path: Path):
    ran.to(1_300)
    [file] = files_of(tmp_path / "recordings")
    found = load_recording(file)
    assert found.times_ms.tolist() == list(range(1_000_000, 1_300_001, 15_000))
    assert {dict(labels)["__name__"] for labels in found.labels} == {"players", "up"}
    assert all(dict(labels)["instance"] == "here:1" for labels in found.labels)


def test_a_disk_that_takes_no_recordings_ends_no_alert_and_is_logged_once(
    ran: Ran, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "recordings").write_text("in the way")
    ran.core.players["a"] = 20.0
    ran.to(3_000)
    assert [alert["state"] for alert in ran.core.report["alerts"]] == ["firing"]
    assert caplog.messages.count("Series not recorded") == 1
    (tmp_path / "recordings").unlink()
    ran.to(3_600)
    assert files_of(tmp_path / "recordings")
