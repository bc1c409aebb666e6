"""An alert engine without threads of its own, on what stands for a server, and whose clock the test holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mythos.alerts.alert import Alert
from mythos.alerts.engine import AlertEngine
from mythos.alerts.engine_clock import EngineClock
from mythos.alerts.notify.notifier import Told
from mythos.alerts.recordings import Recordings
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
        self.details: dict[str, Any] = {}

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
        self.details = json.loads(details)


class Notifier:
    def __init__(self) -> None:
        self.submitted: list[list[Alert]] = []

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def submit(self, alerts: list[Alert]) -> None:
        self.submitted.append(alerts)

    def told(self) -> Told:
        return Told({"queue": {}}, {("webhook", "sent"): 2}, 0.0)


class Ran:
    """An engine whose time stands still but for `to`."""

    def __init__(self, tmp_path: Path, at: float = 1_000.0, rules: str = RULES) -> None:
        self.at = at  # by the wall clock
        self.disk_hangs = False  # what is written is not waited for
        self.stepped_s = 0.0  # how much of that no time has passed for
        self.core, self.notifier = Core(), Notifier()
        self.engine = AlertEngine(
            self.core,
            load_rules(rules, "rules.yml"),
            self.notifier,  # type: ignore[arg-type]
            interval_s=15,
            labels={"job": "mythos", "instance": "here:1"},
            external_url="http://here:1",
            memory=tmp_path / "alerts.json",
            recordings=Recordings(tmp_path / "recordings"),
            clock=EngineClock(lambda: self.at, lambda: self.at - self.stepped_s),
        )

    def to(self, at: float) -> float:
        """As its thread would have it: a step whenever one is due."""
        waits = self.engine.step()
        while self.at + waits <= at:
            self.at += waits
            waits = self.engine.step()
        self.at = at
        if not self.disk_hangs:
            assert self.engine._disk.settle(60)
        return waits

    def set_clock(self, seconds: float) -> None:
        """The wall clock is stepped."""
        self.at += seconds
        self.stepped_s += seconds

    @property
    def told(self) -> list[Alert]:
        """What the notifier was given, in order."""
        return [alert for alerts in self.notifier.submitted for alert in alerts]
