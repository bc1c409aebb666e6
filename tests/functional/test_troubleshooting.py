"""Every command of docs/troubleshooting.md, as it stands there, against a real server with traffic.

The page's addresses are replaced by those of the server, of a Prometheus that scrapes it, and of a PostgreSQL.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import mythos
from api import Api, until
from databases import PostgresqlDatabase
from mythosd import REPOSITORY, Mythosd, clean_environment, eventually
from postgresql import USER, Postgresql
from prometheus import Prometheus
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

    def type(self, command: str) -> str:
        for address, real in self.addresses.items():
            command = command.replace(address, real)
        # 141: `head` had read enough.
        ends = 'for s in "${PIPESTATUS[@]}"; do [ $s = 0 ] || [ $s = 141 ] || exit $s; done'
        given = self.run("bash", "-c", f"{command}; {ends}")
        assert given.returncode == 0, f"{command}: {given.returncode} {given.stdout[-500:]} {given.stderr[-500:]}"
        return given.stdout


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


async def slow_connection(directory: Path) -> None:
    """One that took more than a second, in the log of the server that ran here before: its application was slow."""
    before = mythos.Server(listen="127.0.0.1:0", log={"file": str(directory / "logs" / "mythos.log")})

    @before.authenticate
    async def slowly(credentials: mythos.Credentials) -> str:
        await asyncio.sleep(1.1)
        return credentials.player_id

    async with before, mythos.Client(before.url, "cal", wires=["websocket"]):
        pass


def fill(database: PostgresqlDatabase) -> None:
    """As many rows as make the planner use an index."""
    database.execute(
        "INSERT INTO connections (connection_id, player_id, session_id, client_id, connection_type, run_id, created_at)"
        " SELECT 'k' || n, 'p' || n, 's', 'c', 'sse', 'r', now() FROM generate_series(1, 5000) n; ANALYZE connections"
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    (directory / "deploy").symlink_to(REPOSITORY / "deploy")
    database = PostgresqlDatabase(postgresql, DATABASE)
    asyncio.run(slow_connection(directory))
    server = Mythosd(directory, OPTIONS | {"store.url": database.url}).start()
    try:
        asyncio.run(traffic(server))
        eventually("the history is written", lambda: len(database.rows("SELECT 1 FROM connections")) == 12)
        fill(database)
        metrics = Prometheus(directory, server)
        try:
            eventually("Prometheus scrapes the server", lambda: metrics.query("up") == {"": 1}, 100)
            addresses = {
                "http://localhost:8000": server.url,
                "http://localhost:9090": metrics.url,
                "$(pgrep -o mythosd)": str(server.pid),
            }
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            where = {"PGHOST": "127.0.0.1", "PGPORT": str(postgresql.port), "PGUSER": USER}
            yield Site(directory, addresses, clean_environment(PATH=path, **where))
        finally:
            metrics.stop()
    finally:
        server.stop()


def counts(text: str) -> dict[str, int]:
    """What `uniq -c` and `mythos logs --count-by` print."""
    return {value: int(count) for count, value in (line.split(maxsplit=1) for line in text.splitlines())}


def ascending(text: str, count: int) -> bool:
    values = [float(line) for line in text.splitlines()]
    return len(values) == count and values == sorted(values)


def is_slow(text: str) -> bool:
    return re.findall(r"player_id\W+(\w+)", text) == ["cal"]


WIRES = {"sse": 3, "websocket": 10}
DUAL = {"false": 10, "true": 3}
CONNECTS = {"ann": 6, "ben": 3, "cal": 1}
REFUSED = {"ann": 2, "ben": 1}
FAULTS = {"connection_error": 3, "validation_error": 1}
# What a command must have found, by a part of it; the others must print something.
FOUND: dict[str, Callable[[str], bool]] = {
    ":8000/metrics": lambda text: "mythos_connections_opened_total" in text,
    "activeTargets": lambda text: "/metrics up" in text,
    "grep '[m]ythosd'": lambda text: "--config" in text,
    "VmRSS": lambda text: text.count(" kB") == 2,
    "curl-format.txt": lambda text: "first byte" in text and "total" in text,
    "pg_stat_activity": lambda text: DATABASE in text,
    "CREATE INDEX": lambda text: text == "CREATE INDEX\n",
    "EXPLAIN ANALYZE": lambda text: "idx_connections_player_session" in text and "Execution Time" in text,
    'grep "connection_error"': lambda text: counts(text) == REFUSED,
    "--error-type connection_error": lambda text: counts(text) == REFUSED,
    "grep '\"error_type\"'": lambda text: counts(text) == FAULTS,
    "mythos logs --count-by error_type": lambda text: counts(text) == FAULTS,
    "(error|critical)\"' logs/mythos.log | jq": lambda text: counts(text) == {"validation_error": 1},
    "--level error --count-by": lambda text: counts(text) == {"validation_error": 1},
    "| tail -50": lambda text: text.count("\n") == 1 and "Configuration not reloaded" in text,
    "--level error --last 50": lambda text: "Configuration not reloaded" in text,
    ".establishment_time_ms' | sort": lambda text: ascending(text, WIRES["websocket"]),
    ".delivery_time_ms' | sort": lambda text: ascending(text, 30),
    "--percentiles": lambda text: text.startswith("count ") and "p95" in text,
    "select(.establishment_time_ms > 1000)": is_slow,
    "establishment_time_ms>1000": is_slow,
    ".connection_type'": lambda text: counts(text) == WIRES,
    "--count-by connection_type": lambda text: counts(text) == WIRES,
    ".is_dual_connection'": lambda text: counts(text) == DUAL,
    "--count-by is_dual_connection": lambda text: counts(text) == DUAL,
    "\"WebSocket connected\" logs/mythos.log | jq -r '.player_id'": lambda text: counts(text) == CONNECTS,
    '"WebSocket connected" --count-by player_id': lambda text: counts(text) == CONNECTS,
    "--player ann": lambda text: text.count("ann") >= 10,
    "CONNECTION_POOL_SIZE": lambda text: "limits.connections = 1000" in text and "idle_timeout_s = 180" in text,
    "/monitoring/performance": lambda text: '"error":true' not in text and text.strip() not in ("", "null"),
}


def test_every_expectation_is_of_a_command():
    assert [part for part in FOUND if not any(part in command for command in COMMANDS)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_command(site: Site, command: str):
    given = site.type(command)
    expected = [found for part, found in FOUND.items() if part in command]
    assert all(found(given) for found in expected) if expected else given, given


@pytest.mark.parametrize("statement", [line for block in blocks("sql") for line in block.splitlines()])
def test_the_guides_index_is_there(site: Site, statement: str):
    given = site.run("psql", DATABASE, "-c", statement)
    assert given.returncode == 1 and "already exists" in given.stderr, given.stderr


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
        *("CREATE INDEX CONCURRENTLY idx_connections_player_session", "idx_connections_created_at", "EXPLAIN ANALYZE"),
        *("CONNECTION_POOL_SIZE", "METRICS_COLLECTION_INTERVAL", "gc.set_threshold(700, 10, 10)"),
    ):
        assert words in PAGE, words
