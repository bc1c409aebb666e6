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
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from alertmanager import Alertmanager, Hooks, amtool
from contract import check_answer
from mythos.alerts.recordings import files_of, load_recording
from mythosd import REPOSITORY, SERVE, Mythosd, eventually
from prometheus import Prometheus

RULES = REPOSITORY / "deploy" / "rules" / "mythos.yml"
JOB = "game"
INTERVAL_S = 2  # of evaluations
SCRAPE_S = 1  # of either engine's own samples
FASTER = 60
UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
PATHS = ("/by-alertmanager", "/by-mythos")
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
            if "for" in rule:
                rule["for"] = f"{INTERVAL_S}s"
            rule.pop("keep_firing_for", None)  # the trouble goes on until it ends
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
            "alerts.interval_s": SCRAPE_S,
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


def longest(times: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(sorted(times)))


def most_apart_s(server: Mythosd, prometheus: Prometheus) -> float:
    """By how much the two may differ about when something began or ended: an interval of evaluation and one of scrapes.

    Each engine sees it in its own first scrape after it, and says so in its own first evaluation after that. So each is
    late by at most a scrape and an evaluation, and one may be as late as can be while the other is not at all, as their
    phases are not ours to choose. That is 3 s, and more by as much as a busy machine made either of them late, which
    they tell themselves: the samples that they have, how long a scrape took (until its end Prometheus does not see it),
    and the evaluations that it left out. Ends the server, which writes its recordings then.
    """

    def times(series: str) -> list[float]:
        return [at for each in prometheus.ask("query", query=f"{series}[10m]")["result"] for at, _ in each["values"]]

    took_s = max(prometheus.query("max_over_time(scrape_duration_seconds[10m])").values())
    evaluations = {round(at, 3) for at in times('ALERTS{alertname="HighErrorRate"}')}
    theirs = longest(times("up")) + took_s + longest(list(evaluations))
    server.stop()
    files = files_of(server.directory / "data" / "recordings")
    step = longest([at / 1e3 for file in files for at in load_recording(file).times_ms.tolist()])
    return max(theirs, step + INTERVAL_S + (step - SCRAPE_S))


async def test_both_engines_raise_and_resolve_the_same_alerts_and_alertmanager_tells_of_them(
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

        def told(path: str, status: str) -> dict[str, Any]:
            bodies = [body for taken, body in hooks.taken if (taken, body["status"]) == (path, status)]
            return {body["commonLabels"]["alertname"]: body for body in bodies}

        async def all_are_told(status: str) -> None:
            for path in PATHS:
                await asyncio.to_thread(
                    eventually, f"{path} is told", lambda path=path: told(path, status).keys() >= names, 60
                )

        await all_are_told("firing")
        theirs, ours = (
            {body["groupKey"]: body["groupLabels"] for taken, body in hooks.taken if taken == path} for path in PATHS
        )
        assert ours == theirs
        assert {alert["labels"]["alertname"] for alert in alertmanager.ask("alerts")} == names
        listed = checked(http.get("/api/v2/alerts")).json()
        assert {alert["labels"]["alertname"] for alert in listed} == names

        def exported(count: int) -> set[str]:
            """What the server exports is what its engine holds."""
            lines = http.get("/metrics").text.splitlines()
            return {
                name for name in names if f'mythos_alerts{{alertname="{name}",alertstate="firing"}} {count}' in lines
            }

        assert exported(1) == names
        [line] = [line for line in server.log_lines() if line["event"] == "Alert firing" and "Error" in str(line)]
        assert line["logger"] == "mythos.alerts" and line["alertname"] == "HighErrorRate"
        bundles = list((server.directory / "data" / "incidents").iterdir())
        assert bundles and all((bundle / "incident.ipynb").is_file() for bundle in bundles)
        # It is over: the windows of both run empty.
        ended.set()
        await asyncio.to_thread(
            eventually,
            "both have resolved them",
            lambda: not in_mythos() and not in_prometheus() and exported(0) == names,
            60,
        )
        await all_are_told("resolved")
        for path in PATHS:
            assert [body["status"] for taken, body in hooks.taken if taken == path] == ["firing"] * 2 + ["resolved"] * 2
        last = {
            each["metric"]["alertname"]: max(at for at, _ in each["values"])
            for each in prometheus.ask("query", query='ALERTS{alertstate="firing"}[10m]')["result"]
        }
        apart_s = {f"{dict(labels)['alertname']} began": ours - theirs for labels, (ours, theirs) in found.items()}
        for name in names:
            [alert] = told("/by-mythos", "resolved")[name]["alerts"]
            theirs_at = datetime.fromtimestamp(last[name] + INTERVAL_S, UTC)
            apart_s[f"{name} ended"] = datetime.fromisoformat(alert["endsAt"]) - theirs_at
        bound_s = await asyncio.to_thread(most_apart_s, server, prometheus)
        assert all(abs(each.total_seconds()) <= bound_s for each in apart_s.values()), (bound_s, apart_s)
        # What Prometheus alone can see.
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
