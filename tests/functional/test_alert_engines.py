"""One rule file, two engines: `mythos serve` and a real Prometheus raise the same alerts, and people are told of them.

The rules are the packaged ones with all their times divided, so that what takes minutes at night takes seconds here.
The job is called otherwise than in the examples, as somebody's may be.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from alertmanager import Alertmanager, Hooks, amtool
from contract import check_answer
from mythosd import REPOSITORY, SERVE, Mythosd, eventually
from prometheus import Prometheus

RULES = REPOSITORY / "deploy" / "rules" / "mythos.yml"
JOB = "game"
INTERVAL_S = 2
FASTER = 60
UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
CONFIG = """
route:
  receiver: everybody
  group_by: [alertname, job, instance]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 4h
receivers:
- name: everybody
  webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""


def faster(text: str) -> str:
    """No shorter than four evaluations: a rate needs samples."""
    return re.sub(
        r"\b(\d+)(ms|s|m|h|d)\b",
        lambda found: f"{max(4_000 * INTERVAL_S, int(found[1]) * UNITS_MS[found[2]] // FASTER)}ms",
        text,
    )


def faster_rules(target: Path) -> Path:
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        group["interval"] = f"{INTERVAL_S}s"
        for rule in group["rules"]:
            rule["expr"] = faster(rule["expr"])
            for field in {"for", "keep_firing_for"} & rule.keys():
                rule[field] = f"{INTERVAL_S}s" if field == "for" else "10m"
    target.write_text(yaml.safe_dump(rules))
    return target


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    taken = Hooks()
    yield taken
    taken.stop()


@pytest.fixture
def alertmanager(tmp_path: Path, hooks: Hooks) -> Iterator[Alertmanager]:
    running = Alertmanager(tmp_path, CONFIG.format(url=f"{hooks.url}/by-alertmanager"))
    yield running
    running.stop()


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Mythosd], hooks: Hooks, alertmanager: Alertmanager) -> Mythosd:
    config = tmp_path / "own.yml"
    config.write_text(CONFIG.format(url=f"{hooks.url}/by-mythos"))
    return start_server(
        {
            "alerts.rules": [str(faster_rules(tmp_path / "rules.yml"))],
            "alerts.interval_s": 1,
            "alerts.job": JOB,
            "alerts.notifications": str(config),
            "alerts.alertmanagers": [alertmanager.url],
            "alerts.allowed_networks": ["127.0.0.0/8"],
        },
        program=SERVE,
    )


def checked(answer: httpx.Response) -> httpx.Response:
    check_answer(answer)
    return answer


async def cause_trouble(server: Mythosd, ended: asyncio.Event) -> None:
    """Streams that are refused: failures of connections, and errors."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        while not ended.is_set():
            assert (await http.get("/sse/ann", params={"cursor": "nonsense"})).status_code == 400
            await asyncio.sleep(0.1)


def by_labels(alerts: list[dict[str, Any]], since: str) -> dict[tuple[tuple[str, str], ...], datetime]:
    return {
        tuple(sorted(alert["labels"].items())): datetime.fromisoformat(alert[since])
        for alert in alerts
        if alert["state"] == "firing"
    }


async def test_both_engines_raise_the_same_alerts_and_alertmanager_tells_of_them(
    tmp_path: Path, server: Mythosd, hooks: Hooks, alertmanager: Alertmanager
):
    directory = tmp_path / "prometheus"
    directory.mkdir()
    prometheus = await asyncio.to_thread(Prometheus, directory, server, tmp_path / "rules.yml", job=JOB)
    http = httpx.Client(base_url=server.url, trust_env=False)

    def in_mythos() -> dict[Any, datetime]:
        return by_labels(checked(http.get("/monitoring/alerts")).json()["alerts"], "active_at")

    def in_prometheus() -> dict[Any, datetime]:
        return by_labels(prometheus.ask("alerts")["alerts"], "activeAt")

    def the_same() -> dict[Any, tuple[datetime, datetime]] | None:
        ours, theirs = in_mythos(), in_prometheus()
        return {labels: (ours[labels], theirs[labels]) for labels in ours} if ours.keys() == theirs.keys() else None

    def is_under_way() -> bool:
        """Scraped, and every group evaluated."""
        groups = prometheus.ask("rules")["groups"]
        evaluated = all(not group["lastEvaluation"].startswith("0001") for group in groups)
        return evaluated and bool(prometheus.query("count_over_time(up[1m]) >= 3"))

    await asyncio.to_thread(eventually, "Prometheus watches", is_under_way, 60)
    ended = asyncio.Event()
    trouble = asyncio.create_task(cause_trouble(server, ended))
    try:
        # Whichever sees the trouble first.
        await asyncio.to_thread(eventually, "an alert fires", in_mythos, 60)
        found = await asyncio.to_thread(
            eventually, "both agree", lambda: (same := the_same()) is not None and len(same) >= 2 and same, 60
        )
        names = {dict(labels)["alertname"] for labels in found}
        assert names == {"HighConnectionFailureRate", "HighErrorRate"}
        assert {dict(labels)["job"] for labels in found} == {JOB}
        for ours, theirs in found.values():
            # One evaluation apart at most, and they look at their own scrapes.
            assert abs((ours - theirs).total_seconds()) <= 2 * INTERVAL_S + 1

        def told(path: str) -> set[str]:
            bodies = [body for taken, body in hooks.taken if taken == path and body["status"] == "firing"]
            return {body["commonLabels"]["alertname"] for body in bodies}

        for path in ("/by-alertmanager", "/by-mythos"):
            await asyncio.to_thread(eventually, f"{path} was told", lambda path=path: told(path) >= names, 60)
        theirs, ours = (
            {body["groupKey"]: body["groupLabels"] for taken, body in hooks.taken if taken == path}
            for path in ("/by-alertmanager", "/by-mythos")
        )
        assert ours == theirs
        assert {alert["labels"]["alertname"] for alert in alertmanager.ask("alerts")} == names
        listed = checked(http.get("/api/v2/alerts")).json()
        assert {alert["labels"]["alertname"] for alert in listed} == names
        # What the server exports is what its engine holds.
        firing = {
            name
            for name in names
            if f'mythos_alerts{{alertname="{name}",alertstate="firing"}} 1' in http.get("/metrics").text.splitlines()
        }
        assert firing == names
        [line] = [line for line in server.log_lines() if line["event"] == "Alert firing" and "Error" in str(line)]
        assert line["logger"] == "mythos.alerts" and line["alertname"] == "HighErrorRate"
        bundles = list((server.directory / "data" / "incidents").iterdir())
        assert bundles and all((bundle / "incident.ipynb").is_file() for bundle in bundles)
        # What Prometheus alone can see.
        ended.set()
        await trouble
        await asyncio.to_thread(server.stop)
        down = {"alertname": "MythosDown", "job": JOB, "instance": f"127.0.0.1:{server.port}", "severity": "critical"}
        await asyncio.to_thread(eventually, "it is down", lambda: tuple(sorted(down.items())) in in_prometheus(), 60)
    finally:
        ended.set()
        await trouble
        http.close()
        await asyncio.to_thread(prometheus.stop)


def test_amtool_silences_alerts_of_the_server_itself(server: Mythosd):
    there = f"--alertmanager.url={server.url}"
    added = amtool(there, "silence", "add", "alertname=HighErrorRate", "-a", "ann", "-c", "we know")
    assert added.returncode == 0, added.stderr
    silence = added.stdout.strip()
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        [listed] = checked(http.get("/api/v2/silences")).json()
        assert (listed["id"], listed["createdBy"], listed["comment"]) == (silence, "ann", "we know")
        assert checked(http.get(f"/api/v2/silence/{silence}")).json() == listed
        queried = amtool(there, "silence", "query", "-o", "json")
        assert [each["id"] for each in json.loads(queried.stdout)] == [silence], queried.stderr
        assert amtool(there, "silence", "expire", silence).returncode == 0
        assert checked(http.get(f"/api/v2/silence/{silence}")).json()["status"]["state"] == "expired"
        for answer in (http.get("/api/v2/silence/nobody"), http.delete("/api/v2/silence/nobody")):
            assert checked(answer).status_code == 404
        answer = checked(http.post("/api/v2/silences", json={"matchers": []}))
        assert answer.status_code == 400 and isinstance(answer.json(), str)
        # amtool asks for it first, and what is no route is an error in the log.
        assert checked(http.get("/api/v2/status")).status_code == 200
    assert not [line for line in server.log_lines() if line.get("path") == "/api/v2/status"]


def test_what_is_silenced_over_http_is_listed_from_a_shell(server: Mythosd):
    command = [sys.executable, "-m", "mythos", "alerts", "silence"]

    def run(*arguments: str) -> str:
        return subprocess.run(
            [*command, *arguments, "--url", server.url], capture_output=True, text=True, timeout=60, check=True
        ).stdout

    silence = run("add", "severity=warning", "--comment", "maintenance", "--author", "bo").strip()
    assert silence in run("list") and "maintenance" in run("list")
    run("expire", silence)
    assert silence not in run("list")
