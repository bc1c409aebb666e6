"""Every alert of deploy/rules has its page in docs/runbooks, and what the page says to run works on a live server."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from api import Api
from certificates import make_certificate
from mythosd import REPOSITORY, Mythosd, clean_environment, eventually
from prometheus import Prometheus
from test_metric_names import labels_by_family
from wires import open_sse, open_websocket

RULES = REPOSITORY / "deploy" / "rules"
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
SECTIONS = ["What it means", "What users feel", "What to run", "What to do"]
FILES = [RULES / "mythos.yml", RULES / "mythos_prometheus.yml"]
LOADED = [rule for file in FILES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in LOADED if "alert" in rule}
PAGES = {page.stem: page.read_text() for page in RUNBOOKS.glob("*.md")}
RECORDED = {rule["record"] for rule in LOADED if "record" in rule}


def commands(page: str) -> list[str]:
    return [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) for line in block.splitlines()]


COMMANDS = sorted({command for page in PAGES.values() for command in commands(page)})


def test_every_alert_has_its_page_and_every_page_its_alert():
    assert set(PAGES) == set(ALERTS)
    assert len(ALERTS) >= 18


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_the_page_has_its_sections_and_the_alert_links_it(alert: str):
    page = PAGES[alert]
    assert page.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.*)$", page, re.M) == SECTIONS
    assert len(commands(page)) == 3
    assert all(section.strip() for section in re.split(r"^## .*$", page, flags=re.M)[1:])
    annotations = ALERTS[alert]["annotations"]
    assert annotations["runbook_url"].endswith(f"/runbooks/{alert}.md")
    assert annotations["summary"] and annotations["description"]
    assert ALERTS[alert]["labels"]["severity"] in ("critical", "warning")


def test_what_the_pages_name_is_there():
    """Other alerts, options and metrics."""
    text = "\n".join(PAGES.values())
    options = set(re.findall(r"^\| `([a-z_.]+)` ", (REPOSITORY / "docs/reference/config.md").read_text(), re.M))
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text)) - {"prometheus.yml", "cpu.stat"}
    assert named and named <= options
    alerts = set(re.findall(r"[lL]ook(?:ing)? at ([A-Z][a-z]+[A-Z]\w+)", text))
    assert alerts and alerts <= set(ALERTS)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOKS / link).exists(), link


@dataclass
class Site:
    directory: Path
    server: Mythosd
    prometheus: Prometheus

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        for address, real in (
            ("http://localhost:8000", self.server.url),
            ("http://localhost:9090", self.prometheus.url),
        ):
            command = command.replace(address, real)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", command.replace("curl ", "curl --fail ")],
            cwd=self.directory,
            env=clean_environment(PATH=path),
            capture_output=True,
            text=True,
            timeout=60,
        )


async def traffic(server: Mythosd) -> None:
    async with (
        Api(server.url) as api,
        await open_websocket(server, "ann") as ws,
        await open_sse(server, "ann") as sse,
    ):
        await api.publish("test.n", {"n": 1}, player="ann")
        for wire in (ws, sse):
            await wire.entries(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    options = {
        "store.url": f"sqlite:///{directory}/history.db",
        "monitor.certificates": [str(make_certificate(directory / "proxy.pem"))],
    }
    server = Mythosd(directory, options).start()
    try:
        asyncio.run(traffic(server))
        prometheus = Prometheus(directory, server, *FILES)
        try:
            eventually("Prometheus scrapes the server", lambda: prometheus.query("up") == {"": 1}, 100)
            yield Site(directory, server, prometheus)
        finally:
            prometheus.stop()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def given_by(site: Site) -> dict[str, subprocess.CompletedProcess[str]]:
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(COMMANDS, pool.map(site.type, COMMANDS), strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_page_says_to_run_works(given_by: dict[str, subprocess.CompletedProcess[str]], command: str):
    given = given_by[command]
    assert given.returncode == 0, f"{given.stdout[-500:]} {given.stderr[-500:]}"
    assert "error" not in given.stderr.lower()


def test_prometheus_takes_the_rules_and_every_metric_in_them_is_exported(site: Site):
    text = site.prometheus.http.get(f"{site.server.url}/metrics").text
    exported = set(labels_by_family(text))
    series = {*exported, *(f"{name}{part}" for name in exported for part in ("_bucket", "_count", "_sum"))}
    expressions = [rule["expr"] for rule in LOADED] + [c for c in COMMANDS if c.startswith("promtool")]
    named = {name for text in expressions for name in re.findall(r"\b(?:mythos|process)_\w+", text)}
    assert len(named) > 15
    assert named - series - {name for name in named if f"job:{name}" in "".join(RECORDED)} == set()
    groups = site.prometheus.ask("rules")["groups"]
    loaded = {rule["name"] for group in groups for rule in group["rules"]}
    assert loaded == set(ALERTS) | RECORDED
