"""Every command of docs/troubleshooting.md, as it stands there, against a real server with traffic.

The page's addresses are replaced by those of the server, of a Prometheus that scrapes it, and of a PostgreSQL.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import Api, until
from mythosd import REPOSITORY, Mythosd, clean_environment, eventually, tool
from wires import open_sse, open_websocket

PAGE = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
DATABASE = "mythos_prod"
OPTIONS = {"log.message_sample": 1, "limits.connections_per_player": 2, "limits.limit_policy": "refuse"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line and not line.startswith("#")]
PROGRAMS = blocks("python")


@dataclass
class Site:
    """Where the commands are typed, and what stands for the page's addresses."""

    directory: Path
    addresses: dict[str, str]
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def serves(self, path: str) -> bool:
        """Whether this build of the server has the route already."""
        return httpx.get(self.addresses["http://localhost:8000"] + path, trust_env=False).status_code != 404

    def type(self, command: str) -> str:
        for address, real in self.addresses.items():
            command = command.replace(address, real)
        # Of `grep` 1 means that there is nothing to find; everybody else uses it for nothing that happens here.
        given = self.run("bash", "-c", f'{command}; for s in "${{PIPESTATUS[@]}}"; do [ $s -le 1 ] || exit $s; done')
        assert given.returncode == 0, f"{command}: {given.returncode} {given.stdout[-500:]} {given.stderr[-500:]}"
        return given.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prometheus(directory: Path, server: Mythosd) -> Iterator[str]:
    """One that scrapes the server; its address."""
    port = free_port()
    target = f"127.0.0.1:{server.port}"
    config = directory / "prometheus.yml"
    job = {"job_name": "mythos", "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
    config.write_text(json.dumps({"scrape_configs": [job]}))
    command = [tool("prometheus"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    with (directory / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--storage.tsdb.path={directory / 'tsdb'}"], cwd=directory, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"

    def up() -> bool:
        try:
            told = httpx.get(f"{address}/api/v1/query", params={"query": "up"}, trust_env=False).json()
        except (httpx.TransportError, ValueError):
            return False
        return [each["value"][1] for each in told["data"]["result"]] == ["1"]

    try:
        eventually("Prometheus scrapes the server", up, within=100)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def postgresql_program(name: str) -> str:
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    assert found, f"the functional tests need PostgreSQL's {name}"
    return found


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """A cluster of its own with the database; the environment by which `psql` finds it."""
    with tempfile.TemporaryDirectory(prefix="mythos-postgresql-") as home:
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it will not run as root
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        account = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with running_postgresql(Path(home), account) as where:
            yield where


@contextmanager
def running_postgresql(directory: Path, account: dict[str, Any]) -> Iterator[dict[str, str]]:
    def run(name: str, *words: str) -> None:
        command = [postgresql_program(name), *words]
        with (directory / "said").open("a") as log:
            subprocess.run(command, check=True, timeout=120, cwd="/", stdout=log, stderr=log, **account)

    data, port = str(directory / "data"), str(free_port())
    where = {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "mythos"}
    run("initdb", "-D", data, "-U", "mythos", "-A", "trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(directory / "log"), "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", port, "-U", "mythos", DATABASE)
        yield where
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


async def alone(api: Api, player: str) -> None:
    """Until the server has noticed that the player's connections are closed."""

    async def gone() -> bool:
        return not (await api.connections(player))["connections"]

    await until(f"{player} has gone", gone)


async def traffic(server: Mythosd) -> None:
    """Connections of each wire, messages, and requests that go wrong."""
    async with Api(server.url) as api:
        for player in ("ann", "ben", "ann"):
            async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
                for n in range(5):
                    await api.publish("test.n", {"n": n}, player=player)
                for wire in (ws, sse):
                    await wire.entries(5)
            await alone(api, player)
            async with await open_websocket(server, player), await open_websocket(server, player):
                assert (await api.http.get(f"/sse/{player}")).status_code == 429
            await alone(api, player)
    server.config.write_text("nonsense")
    server.signal(signal.SIGHUP)
    server.wait_log("the reload has failed", lambda line: line["event"] == "Configuration not reloaded")
    server.write_config()
    server.wait_log("all have gone", lambda line: line["event"] == "SSE disconnected" and line["player_id"] == "ann")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    import asyncio

    directory = tmp_path_factory.mktemp("site")
    (directory / "deploy").symlink_to(REPOSITORY / "deploy")
    server = Mythosd(directory, OPTIONS).start()
    try:
        asyncio.run(traffic(server))
        with prometheus(directory, server) as metrics, postgresql() as database:
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            addresses = {
                "http://localhost:8000": server.url,
                "http://localhost:9090": metrics,
                "$(pgrep -o mythosd)": str(server.pid),
            }
            yield Site(directory, addresses, clean_environment(PATH=path, **database))
    finally:
        server.stop()


def counts(text: str) -> dict[str, int]:
    """What `uniq -c` and `mythos logs --count-by` print."""
    return {value: int(count) for count, value in (line.split(maxsplit=1) for line in text.splitlines())}


def ascending(text: str) -> bool:
    values = [float(line) for line in text.splitlines()]
    return len(values) > 0 and values == sorted(values)


# What a command must have found, by a part of it; the others must print something.
FOUND: dict[str, Callable[[str], bool]] = {
    ":8000/metrics": lambda text: "mythos_connections_opened_total" in text,
    "activeTargets": lambda text: "/metrics up" in text,
    "grep '[m]ythosd'": lambda text: "--config" in text,
    "VmRSS": lambda text: text.count(" kB") == 2,
    "curl-format.txt": lambda text: "first byte" in text and "total" in text,
    "pg_stat_activity": lambda text: DATABASE in text,
    'grep "connection_error"': lambda text: text == "" or "ann" in counts(text),
    "--error-type connection_error": lambda text: text == "" or "ann" in counts(text),
    "| jq -r '.error_type'": lambda text: counts(text)["validation_error"] > 0,
    "--count-by error_type": lambda text: counts(text)["validation_error"] > 0,
    "| tail -50": lambda text: "Configuration not reloaded" in text,
    "--level error --last 50": lambda text: "Configuration not reloaded" in text,
    ".establishment_time_ms' | sort": ascending,
    ".delivery_time_ms' | sort": ascending,
    "--percentiles": lambda text: text.startswith("count ") and "p95" in text,
    "select(.establishment_time_ms > 1000)": lambda text: text == "",
    "establishment_time_ms>1000": lambda text: text == "",
    ".connection_type'": lambda text: counts(text) == {"sse": 3, "websocket": 9},
    "--count-by connection_type": lambda text: counts(text) == {"sse": 3, "websocket": 9},
    ".is_dual_connection'": lambda text: counts(text) == {"false": 9, "true": 3},
    "--count-by is_dual_connection": lambda text: counts(text) == {"false": 9, "true": 3},
    "\"WebSocket connected\" logs/mythos.log | jq -r '.player_id'": lambda text: counts(text) == {"ann": 6, "ben": 3},
    '"WebSocket connected" --count-by player_id': lambda text: counts(text) == {"ann": 6, "ben": 3},
    "--player ann": lambda text: text.count("ann") >= 10,
    "CONNECTION_POOL_SIZE": lambda text: "limits.connections = 1000" in text and "idle_timeout_s = 180" in text,
    "/monitoring/performance": lambda text: '"error":true' not in text and text.strip() not in ("", "null"),
}


def test_every_expectation_is_of_a_command():
    assert [part for part in FOUND if not any(part in command for command in COMMANDS)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_command(site: Site, command: str):
    given = site.type(command)
    route = re.search(r"http://localhost:8000(/[\w/]+)", command)
    if route and not site.serves(route[1]):
        assert '"not_found"' in given or given.strip() in ("", "null") or "404" in given
        return
    expected = [found for part, found in FOUND.items() if part in command]
    assert all(found(given) for found in expected) if expected else given, given


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(site: Site, program: str):
    given = site.run(sys.executable, "-c", program)
    assert given.returncode == 0 and given.stdout, given.stderr


def test_nothing_of_the_guide_is_left_out():
    """The first words of its commands, as they stand there or in what took their place."""
    for words in (
        *("curl http://localhost:8000/metrics", "api/v1/targets", "/monitoring/performance", "ps aux | grep python"),
        *("htop", "memory_profiler", ".system_performance.memory_usage_mb", "curl-format.txt", "pg_stat_activity"),
        *('grep "connection_error"', 'grep "WebSocket connected"', 'grep "Message delivered"', "is_dual_connection"),
        *("CONNECTION_POOL_SIZE", "METRICS_COLLECTION_INTERVAL", "gc.set_threshold(700, 10, 10)"),
    ):
        assert words in PAGE, words
