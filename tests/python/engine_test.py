"""The alert engine, step by step: what it records, evaluates, tells, and keeps over a restart."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from engine_scene import Ran
from mythos.alerts.recordings import files_of, load_recording


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
    [told] = ran.told
    assert told.name == "Crowded" and not told.resolved and told.starts_at == 1_045
    ran.core.players["a"] = 1.0
    ran.to(1_060)
    assert ran.core.report["alerts"] == []
    assert [alert.resolved for alert in ran.told] == [False, True]
    assert ({"alertname": "Crowded", "alertstate": "firing"}, 0.0) in ran.core.metrics["mythos_alerts"]


@pytest.mark.parametrize("at", [1_000.0, 1_795_467_772.1021, 1_795_467_772.9999])
def test_a_step_that_comes_a_little_late_is_in_time(tmp_path: Path, at: float):
    """So `for`, which is whole intervals as a rule, does not last one more."""
    ran = Ran(tmp_path, at)
    ran.core.players["a"] = 20.0
    for late_s in (1.4, 0.003, 1.2, 0.0):
        ran.at += ran.engine.step() + late_s
    [alert] = ran.told
    assert alert.starts_at == pytest.approx(at + 30, abs=1e-3)
    ran.at += 7.0  # and later than that
    ran.engine.step()
    ran.engine.step()
    recorded = ran.engine._recordings.rest()
    steps_ms = [later - earlier for earlier, later in pairwise(recorded.times_ms)]
    assert steps_ms[:3] == [15_000] * 3 and len(steps_ms) == 4 and steps_ms[3] > 15_000


def test_every_evaluation_reaches_the_notifier_and_what_is_told_is_whole(ran: Ran):
    assert ran.to(1_060) == pytest.approx(15)
    assert len(ran.notifier.submitted) == 5
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


def test_what_was_said_to_fire_is_not_said_again_after_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Also where the server is started twice within an evaluation."""
    caplog.set_level("INFO")
    at = 1_000
    for stays_s in (60, 0, 60):
        ran = Ran(tmp_path, at)
        ran.core.players["a"] = 20.0
        ran.to(at + stays_s)
        ran.engine.stop()
        at += stays_s + 5
    told = [record.message for record in caplog.records if record.message.startswith("Alert ")]
    assert told == ["Alert firing"]
    ran = Ran(tmp_path, at)
    ran.to(at + 60)
    assert caplog.messages.count("Alert resolved") == 1


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
