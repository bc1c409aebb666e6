"""A disk or a receiver that hangs: evaluations go on, and what they leave is written when it has come back."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine_scene import Ran
from mythos.alerts.engine import HUNG_S
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.recordings import FLUSH_MS, files_of, load_recording


class Hang:
    """What waits here does so until it is let go."""

    def __init__(self) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, *_: Any) -> bool:
        self.reached.set()
        assert self.let_go.wait(60)
        return True


@pytest.fixture
def hang() -> Iterator[Hang]:
    hang = Hang()
    yield hang
    hang.let_go.set()


def test_evaluations_go_on_while_the_disk_hangs(tmp_path: Path, hang: Hang, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "fsync", hang)
    ran = Ran(tmp_path)
    ran.disk_hangs = True
    ran.core.players["a"] = 20.0
    ran.to(1_000 + 2 * FLUSH_MS / 1e3)
    assert hang.reached.wait(60)
    evaluations = 2 * FLUSH_MS // 15_000 + 1
    assert ran.core.report["evaluations"] == evaluations
    assert [alert.name for alert in ran.told][:1] == ["Crowded"]
    assert not (tmp_path / "alerts.json").exists()
    hang.let_go.set()
    ran.engine.stop()
    kept = json.loads((tmp_path / "alerts.json").read_bytes())
    assert kept["groups"][0]["rules"][0]["active"][0]["state"] == "firing"
    [file] = files_of(tmp_path / "recordings")
    assert len(load_recording(file).times_ms) == evaluations


def test_a_disk_that_hangs_for_long_is_told_by_the_health(tmp_path: Path, hang: Hang, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "fsync", hang)
    ran = Ran(tmp_path, rules="groups:\n- name: g\n  rules: [{alert: Here, expr: sum(players) > 0}]\n")
    ran.disk_hangs = True
    ran.to(1_015)
    assert hang.reached.wait(60) and set(ran.core.health) == {"healthy"}
    monkeypatch.setattr("mythos.alerts.engine.HUNG_S", 0.0)
    ran.to(1_030)
    assert ran.core.health[-1] == "degraded" and not ran.core.details["state_kept"]


def test_evaluations_go_on_while_the_notifier_waits_for_its_state_file(
    tmp_path: Path, hang: Hang, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(StateFile, "commit", hang)
    ran = Ran(tmp_path)
    passed_s = [0.0]
    notifier = Notifier(NotifyOptions(state_file=tmp_path / "alerts.db"), mono=lambda: passed_s[0])
    before = notifier.told()
    ran.engine.notifier = notifier
    notifier.start()
    try:
        assert hang.reached.wait(60)
        ran.to(1_300)
        assert ran.core.report["evaluations"] == 21
        told = notifier.told()
        assert told.snapshot == before.snapshot and told.age_s == 0
        passed_s[0] = HUNG_S
        ran.to(1_315)
        assert ran.core.health[-1] == "degraded" and ran.core.details["notifier_hangs"]
    finally:
        hang.let_go.set()
        notifier.stop()
    assert notifier.told().age_s == 0
