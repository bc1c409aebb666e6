"""`mythos alerts backtest` over what real servers have left: recordings and logs."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx

import mythos.alerts
from api import Api, until
from mythos.alerts.backtesting.log_series import LoggedPast
from mythosd import Mythosd, clean_environment, eventually, tool
from wires import open_sse, open_websocket

INTERVAL_S = 0.5  # only an engine that is always later than that, on average, would be another in a replay
LIFETIME = "mythos_connection_duration_seconds"
DISCONNECTED = ("WebSocket disconnected", "SSE disconnected")
SERVE = [sys.executable, "-m", "mythos", "serve"]
RULES = """
groups:
- name: g
  rules:
  - alert: Refused
    # Ends with those who are here, however slowly the time passes in which it is to be seen.
    expr: sum(increase(mythos_connection_failures_total[1h])) > 0 and on () mythos_active_connections > 0
    for: 1s  # two intervals, neither more nor less
  - {alert: Here, expr: mythos_active_connections > 0}
  - {alert: Lagging, expr: mythos_slow_consumers > 100}
"""


def backtest(directory: Path, *words: str) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", "mythos", "alerts", "backtest", "rules.yml", "--against", "rules.yml", "--json", *words],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def firings(told: list[dict[str, Any]], alert: str) -> list[dict[str, Any]]:
    return [
        each for row in told if row["kind"] == "alert" and row["alert"] == alert for each in row["proposed"]["firings"]
    ]


def metrics(server: Mythosd) -> dict[str, float]:
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
    }


async def traffic(server: Mythosd, is_noticed: Callable[[], bool]) -> None:
    """Connections of both wires, messages, and no more refusals than the log has lines for."""
    async with Api(server.url) as api:
        one, two = await open_websocket(server, "ann"), await open_sse(server, "bob")
        for number in range(5):
            await api.publish(player="ann", data={"n": number})
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            for _ in range(9):
                assert (await http.get("/sse/ann", params={"cursor": "nonsense"})).status_code == 400
            assert (await http.get("/nowhere")).status_code == 404
        await one.entries(5)

        async def noticed() -> bool:
            return is_noticed()

        await until("the alerts say so", noticed, 60)
        await two.close()
        await until("bob has gone", lambda: _active(server, 1))
        await one.close()
        await until("ann has gone", lambda: _active(server, 0))


async def _active(server: Mythosd, count: int) -> bool:
    return metrics(server)["mythos_active_connections"] == count


def counted_in_logs(log: Path) -> dict[str, float]:
    """What the series made of the log are in the end, by their names in /metrics."""
    past = LoggedPast.read([log], 15_000, {})
    *_, last = past.scrapes(past.facts.first_ms, past.facts.last_ms)
    return {_written(dict(labels)): value for labels, value in last.samples.items()}


def _written(labels: dict[str, str]) -> str:
    rest = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
    return labels["__name__"] + (f"{{{rest}}}" if rest else "")


def by_labels(values: dict[str, float]) -> dict[tuple[str, frozenset[str]], float]:
    parted = {name: name.rstrip("}").partition("{") for name in values}
    return {(parts[0], frozenset(parts[2].split(","))): values[name] for name, parts in parted.items()}


async def test_what_a_server_leaves_shows_when_its_alerts_fired(tmp_path: Path):
    options = {
        "alerts.rules": ["rules.yml"],
        "alerts.interval_s": INTERVAL_S,
        "log.file": "logs/mythos.log",
        "log.message_sample": 1.0,
    }
    (tmp_path / "rules.yml").write_text(RULES)
    server = Mythosd(tmp_path, options, program=SERVE).start()
    try:
        # What the log says of them nobody has to be there for.
        def logged(event: str) -> list[str]:
            return sorted(line["alertname"] for line in log_lines(tmp_path) if line["event"] == event)

        await traffic(server, lambda: logged("Alert firing") == ["Here", "Refused"])
        await asyncio.to_thread(
            eventually, "both are resolved", lambda: logged("Alert resolved") == ["Here", "Refused"], 60
        )
        counted = metrics(server)
    finally:
        server.stop()
    # By the recordings: the same alerts since the same milliseconds.
    told = backtest(tmp_path)
    live = live_firings(tmp_path / "data" / "incidents")
    assert live.keys() == {"Refused", "Here"}
    for alert, times in live.items():
        [replayed] = firings(told, alert)
        assert (at_ms(replayed["pending_at"]), at_ms(replayed["fired_at"])) == times, alert
        assert replayed["ended_at"]
    assert told[0]["quiet"] == ["Lagging"]
    assert {row["change"] for row in told if row["kind"] == "alert"} == {"same"}
    # By the log: what it makes series of is what was exported, and the alerts are those that can be told of it.
    of_log, exported = by_labels(counted_in_logs(tmp_path / "logs" / "mythos.log")), by_labels(counted)
    names = {name for name, _ in of_log}
    assert names >= {"mythos_errors_total", "mythos_http_errors_total", "mythos_message_delivery_seconds_count"}
    # A lifetime ends in the log when its line is written, in the statistics when the pass of its loop began: earlier
    # by as long as a busy machine let the loop wait.
    lifetimes = {key for key in of_log if key[0] in (f"{LIFETIME}_sum", f"{LIFETIME}_bucket")}
    logged_s = sum(line["duration_ms"] for line in log_lines(tmp_path) if line["event"] in DISCONNECTED) / 1e3
    assert math.isclose(sum(of_log[key] for key in lifetimes if key[0].endswith("_sum")), logged_s)
    for key in of_log.keys() - lifetimes:
        assert math.isclose(of_log[key], exported[key]), key
    by_log = backtest(tmp_path, "--over", "logs/mythos.log")
    assert len(firings(by_log, "Here")) == 1
    [lacking] = [row for row in by_log if row["kind"] == "rule" and row["rules"] == "proposed"]
    assert (lacking["name"], lacking["missing"], lacking["tried"]) == ("Lagging", ["mythos_slow_consumers"], False)


def log_lines(directory: Path) -> list[dict[str, Any]]:
    """The last may be half written."""
    lines = (directory / "logs" / "mythos.log").read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def live_firings(incidents: Path) -> dict[str, tuple[int, int]]:
    """Since when each alert was pending and firing, by the bundles that the server made when they fired."""
    alerts = [alert for file in incidents.glob("*/alerts.json") for alert in json.loads(file.read_text())["alerts"]]
    return {
        alert["alertname"]: (at_ms(alert["active_at"]), at_ms(alert["fired_at"]))
        for alert in alerts
        if alert["state"] == "firing"
    }


def at_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e3)


STEPS = 80
STEP_S = 15
ALERTS = {
    "Hot": ("load > 10", "1m", "0s"),
    "Kept": ("load > 10", "30s", "2m"),
    "Fast": ("rate(errors_total[50s]) > 0.2", "15s", "0s"),  # no sample at the ends of the range: see Prometheus 3
    "Slow": ("avg_over_time(level[110s]) > 10", "0s", "1m"),
    "Gone": ("absent(load)", "0s", "0s"),
}


def known_series() -> dict[str, list[float | None]]:
    """By name: up and down, with resets, and away for a while."""
    random = Random(6)
    load: list[float | None] = [20.0 if (n // 7) % 3 == 1 else 1.0 for n in range(STEPS)]
    load[50:56] = [None] * 6
    errors, total = [], 0.0
    for n in range(STEPS):
        total = 0.0 if n == 40 else total + random.choice((0, 0, 9)) * ((n // 11) % 2)
        errors.append(total)
    return {"load": load, "errors_total": [*errors], "level": [5.0 * random.randrange(5) for _ in range(STEPS)]}


def test_promtool_sees_the_same_alerts_fire_at_the_same_times(tmp_path: Path):
    """What a backtest finds is what promtool is told to expect, of each alert at each step."""
    series = known_series()
    result = [
        {
            "metric": {"__name__": name, "job": "mythos"},
            "values": [[n * STEP_S, str(value)] for n, value in enumerate(values) if value is not None],
        }
        for name, values in series.items()
    ]
    export = tmp_path / "export.json"
    export.write_text(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}))
    written = [
        {"alert": name, "expr": expression, "for": for_, "keep_firing_for": keep}
        for name, (expression, for_, keep) in ALERTS.items()
    ]
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps({"groups": [{"name": "g", "interval": f"{STEP_S}s", "rules": written}]}))
    found = mythos.alerts.backtest([rules], [export])
    firings = {row.alert: row.proposed.firings for row in found.rows}
    assert all(1 <= len(firings[name]) <= 9 for name in ALERTS), firings

    def expected(name: str, at_s: int) -> list[dict[str, Any]]:
        fires = any(each.fired_at <= at_s < (each.ended_at or math.inf) for each in firings[name])
        return [{"exp_labels": {} if name == "Gone" else {"job": "mythos"}}] if fires else []

    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": f"{STEP_S}s",
        "tests": [
            {
                "interval": f"{STEP_S}s",
                "input_series": [
                    {
                        "series": f'{name}{{job="mythos"}}',
                        # Where an export has nothing the series has ended.
                        "values": " ".join(
                            str(value) if value is not None else "stale" if values[n - 1] is not None else "_"
                            for n, value in enumerate(values)
                        ),
                    }
                    for name, values in series.items()
                ],
                "alert_rule_test": [
                    {"eval_time": f"{n * STEP_S}s", "alertname": name, "exp_alerts": expected(name, n * STEP_S)}
                    for name in ALERTS
                    for n in range(STEPS)
                ],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps(test))
    for command in ([tool("promtool"), "test", "rules"], [sys.executable, "-m", "mythos", "alerts", "test"]):
        ran = subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout[:3000] + ran.stderr[:3000]
