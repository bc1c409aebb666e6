"""The wall clock is stepped under the engine: nothing fires or is resolved for that, and no time told is to come."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from engine_scene import Ran
from mythos.alerts.recordings import files_of, load_recording

HOUR_S = 3_600.0
RAN_S = 1_500.0
STEPS = pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
START = 1_800_000_000.0
RULES = """
groups:
- name: busy
  rules:
  - {alert: Crowded, expr: 'sum(players) > 10', for: 5m}
  - {alert: Empty, expr: absent(players)}
  - {alert: Flat, expr: 'count_over_time(players{room="a"}[5m]) < 20'}
  - {alert: Coming, expr: 'sum(rate(players[5m])) > 0.01'}
  - {alert: Lonely, expr: 'absent(job:players:sum)'}
- name: slow
  interval: 4m
  rules:
  - {record: 'job:players:sum', expr: sum by (job) (players)}
  - {alert: Kept, expr: 'min_over_time(players{room="b"}[3m]) > 1'}
"""


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Nobody speaks any more of what was resolved when it had begun; the slow group was evaluated a minute ago."""
    ran = Ran(tmp_path, START, RULES)
    ran.to(START + RAN_S)
    ran.notifier.submitted.clear()
    return ran


def states(ran: Ran) -> dict[str, str]:
    return {alert["alertname"]: alert["state"] for alert in ran.core.report["alerts"]}


@STEPS
def test_no_alert_fires_by_for_by_staleness_or_by_a_range(ran: Ran, step_s: float):
    assert states(ran) == {"Kept": "firing"}
    ran.core.players["a"] = 20.0
    ran.core.players["b"] = 2.0
    ran.to(ran.at + 60)
    began = ran.at - 60
    assert states(ran) == {"Kept": "firing", "Crowded": "pending", "Coming": "firing"}
    ran.set_clock(step_s)
    ran.to(ran.at + 15)
    assert states(ran) == {"Kept": "firing", "Crowded": "pending", "Coming": "firing"}
    ran.to(began + step_s + 300)
    assert states(ran)["Crowded"] == "pending"
    ran.to(began + step_s + 330)
    assert states(ran)["Crowded"] == "firing", "by the time that has passed"
    assert {alert.name for alert in ran.told} == {"Kept", "Crowded", "Coming"}


@STEPS
def test_what_fires_goes_on_is_told_of_at_once_and_with_times_of_now(ran: Ran, step_s: float):
    ran.to(ran.at + 5)
    ran.set_clock(step_s)
    ran.notifier.submitted.clear()
    ran.to(ran.at)
    [kept] = ran.told
    assert kept.name == "Kept" and not kept.resolved
    assert kept.starts_at == pytest.approx(START + step_s)
    assert ran.at < kept.ends_at <= ran.at + 4 * 240 + 1
    for _ in range(20):
        ran.to(ran.at + 60)
        assert states(ran) == {"Kept": "firing"}
    assert all(alert.starts_at <= ran.at and not alert.resolved for alert in ran.told)


@STEPS
def test_what_ends_afterwards_has_ended_now(ran: Ran, step_s: float):
    ran.set_clock(step_s)
    ran.core.players["b"] = 0.5
    ran.notifier.submitted.clear()
    ran.to(ran.at + 300)
    resolved = [alert for alert in ran.told if alert.resolved]
    assert {alert.name for alert in resolved} == {"Kept"}
    assert all(ran.at - 300 <= alert.ends_at <= ran.at for alert in resolved)


@STEPS
def test_it_is_logged_and_the_engine_does_not_sleep_over_it(ran: Ran, step_s: float, caplog: pytest.LogCaptureFixture):
    ran.set_clock(step_s)
    assert 0 <= ran.engine.step() <= 15
    assert [(record.message, record.seconds) for record in caplog.records] == [("Clock stepped", step_s)]  # type: ignore[attr-defined]
    assert 0 <= ran.engine.step() <= 15
    assert len(caplog.records) == 1


def test_a_recording_ends_where_the_clock_is_set_back(ran: Ran, tmp_path: Path):
    ran.set_clock(-HOUR_S)
    ran.to(ran.at + 300)
    times_ms = [load_recording(file).times_ms.tolist() for file in files_of(tmp_path / "recordings")]
    assert [times[0] for times in times_ms] == [(START + RAN_S - HOUR_S) * 1e3, START * 1e3]
    assert all(later > earlier for times in times_ms for earlier, later in pairwise(times))


def test_a_clock_that_went_back_during_a_restart_ends_no_alert(tmp_path: Path, ran: Ran):
    again = Ran(tmp_path, ran.at - HOUR_S, RULES)
    again.to(again.at + 600)
    assert states(again) == {"Kept": "firing"}
    assert not [alert for alert in again.told if alert.resolved and alert.name == "Kept"]
    assert all(alert.starts_at <= again.at for alert in again.told)
