"""What an alert of `mythos serve` is over a restart, and over a step of the wall clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alertmanager import Hooks
from mythosd import SERVE, Mythosd, eventually
from stepped_clock import SteppedClock

RULES = """
groups:
- name: g
  rules:
  - {alert: Burning, expr: 'sum(increase(mythos_connection_failures_total[1h])) > 0'}
  - {alert: Away, expr: 'absent(mythos_active_connections)'}
"""
CONFIG = """
route: {{receiver: ops, group_wait: 0s, group_interval: 1s, repeat_interval: 30m}}
receivers:
- name: ops
  webhook_configs: [{{url: "{url}"}}]
"""
HOUR_S = 3_600


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    taken = Hooks()
    yield taken
    taken.stop()


@pytest.fixture
def clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock(tmp_path / "clock")


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Mythosd], hooks: Hooks, clock: SteppedClock) -> Mythosd:
    rules, config = tmp_path / "rules.yml", tmp_path / "own.yml"
    rules.write_text(RULES)
    config.write_text(CONFIG.format(url=f"{hooks.url}/"))
    options = {
        "alerts.rules": [str(rules)],
        "alerts.interval_s": 0.25,
        "alerts.notifications": str(config),
        "alerts.allowed_networks": ["127.0.0.0/8"],
        "drain.spread_ms": 0,
    }
    return start_server(options, clock.environment, SERVE)


def evaluated(server: Mythosd, times: int) -> dict[str, str]:
    """The alerts and their states after so many evaluations more."""

    def report() -> dict[str, Any]:
        return {"evaluations": 0, **httpx.get(f"{server.url}/monitoring/alerts", trust_env=False).json()}

    until = report()["evaluations"] + times
    last = eventually("evaluations", lambda: (now := report())["evaluations"] >= until and now, 60)
    return {alert["alertname"]: alert["state"] for alert in last["alerts"]}


def make_it_fire(server: Mythosd) -> None:
    """The alert that looks an hour back. An increase needs a sample from before."""
    evaluated(server, 3)
    assert httpx.get(f"{server.url}/sse/ann", params={"cursor": "nonsense"}, trust_env=False).status_code == 400
    server.wait_log("it fires", lambda line: line["event"] == "Alert firing", 60)


def said(server: Mythosd) -> list[str]:
    return [line["event"] for line in server.log_lines() if line["event"] in ("Alert firing", "Alert resolved")]


def test_an_alert_over_an_hour_goes_on_over_a_restart(server: Mythosd, hooks: Hooks):
    make_it_fire(server)
    eventually("people are told", lambda: hooks.taken, 60)
    for _ in range(2):
        server.stop()
        server.start()
        assert evaluated(server, 4) == {"Burning": "firing"}
    assert [line["files"] for line in server.log_lines() if line["event"] == "Series read back"] == [1, 2]
    assert said(server) == ["Alert firing"]
    assert len(list((server.directory / "data" / "incidents").iterdir())) == 1
    assert [body["status"] for _, body in hooks.taken] == ["firing"]


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
def test_a_stepped_clock_neither_ends_an_alert_nor_repeats_it_nor_fires_one(
    server: Mythosd, hooks: Hooks, clock: SteppedClock, step_s: int
):
    make_it_fire(server)
    eventually("people are told", lambda: hooks.taken, 60)
    clock.set(step_s)
    server.wait_log("the step", lambda line: line["event"] == "Clock stepped", 60)
    assert evaluated(server, 6) == {"Burning": "firing"}
    assert said(server) == ["Alert firing"]
    assert [body["status"] for _, body in hooks.taken] == ["firing"], (
        "though by the clock the time to repeat it is over"
    )
    [alert] = httpx.get(f"{server.url}/api/v2/alerts", trust_env=False).json()
    [line] = [line for line in server.log_lines() if line["event"] == "Clock stepped"]
    starts_at, ends_at, stepped_at = (
        datetime.fromisoformat(text) for text in (alert["startsAt"], alert["endsAt"], line["timestamp"])
    )
    assert starts_at <= stepped_at < ends_at < stepped_at + timedelta(minutes=30)
