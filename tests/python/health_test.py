"""Health checks of an application: rows of docs/reference/answers.md, how several become one, and the ready-made."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mythos import Server, health
from waiting import eventually

ANSWERS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "answers.md"
ROWS = {
    cells[0]: cells[2:]
    for line in ANSWERS.read_text().split("## Health checks of an application")[1].splitlines()
    if line.startswith("| check-") and (cells := [cell.strip() for cell in line.split("|")[1:-1]])
}


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What checks that hang wait for, until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def checks(release: threading.Event) -> dict[str, Callable[[], Any]]:
    async def waits() -> str:
        await asyncio.Event().wait()
        return "healthy"

    async def blocks() -> str:
        release.wait(20)
        return "healthy"

    def throws() -> str:
        raise ConnectionError("password=secret")

    def slow() -> str:
        time.sleep(0.3)
        return "healthy"

    def hangs() -> str:
        release.wait()
        return "healthy"

    return {
        "check-throws": throws,
        "check-nonsense": lambda: "fine",
        "check-unwritable": lambda: ("healthy", {"when": object()}),
        "check-slow": slow,
        "check-waits-for-ever": waits,
        "check-hangs": hangs,
        "check-blocks-the-loop": blocks,
        "check-exits": sys.exit,
    }


def started(**options: Any) -> Server:
    return Server(listen="127.0.0.1:0", drain={"spread_ms": 0, "timeout_s": 1}, **options)


def component(server: Server, name: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/health/detailed", trust_env=False)
    found: dict[str, Any] = answer.json()["components"][name]
    return found


HOLDS = "check-holds-the-lock"  # Python's lock, and so has an interpreter of its own


@pytest.mark.parametrize("row", sorted(set(ROWS) - {HOLDS}))
def test_a_row_of_the_table(row: str, release: threading.Event, capfd: pytest.CaptureFixture[str]) -> None:
    status, log = ROWS[row]
    server = started()
    server.health.add("own", checks(release)[row], timeout_s=0.2, interval_s=0.2)
    with server:
        found = eventually(lambda: (c := component(server, "own")) and c["status"] == "unhealthy" and c, 20)
        if "stale" in status:
            assert found["stale"] is True
        answer = httpx.get(f"{server.url}/health", trust_env=False)
        assert answer.status_code == 503 and answer.json()["components"]["own"] == "unhealthy"
        assert "secret" not in httpx.get(f"{server.url}/health/detailed", trust_env=False).text
        assert "secret" not in httpx.get(f"{server.url}/monitoring/errors", trust_env=False).text
        ready = httpx.get(f"{server.url}/readyz", trust_env=False)
        assert ready.json() == {"status": "unready", "reasons": ["check:own"]}
        assert httpx.get(f"{server.url}/livez", trust_env=False).status_code == 200
        server.publish("test.n", player="ann")
        if log != "none":
            eventually(lambda: log.strip("`") in {e.error_code for e in server.errors.recent()}, 20)
        release.set()
    lines = capfd.readouterr().err
    assert log == "none" or f'"error_code":"{log.strip("`")}"' in lines


def test_every_row_has_its_check_and_every_check_its_row(release: threading.Event) -> None:
    assert set(checks(release)) | {HOLDS} == set(ROWS)


HOLDER = """
import ctypes, pathlib, sys, mythos

def own():
    if pathlib.Path(sys.argv[1]).exists():
        ctypes.PyDLL(None).sleep(60)  # unlike CDLL, it keeps the lock
    return "healthy"

with mythos.Server(listen="127.0.0.1:0") as server:
    server.health.add("own", own, timeout_s=0.2, interval_s=0.2)
    print(server.url, flush=True)
    sys.stdin.read()
"""


def test_one_that_holds_pythons_lock(tmp_path: Path) -> None:
    """No probe waits for it, messages are delivered, and its silence is told."""
    status, error_code = ROWS[HOLDS]
    assert (status, error_code) == ("unhealthy, stale", "none")
    begin = tmp_path / "begin"
    command = [sys.executable, "-c", HOLDER, str(begin)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            with httpx.Client(base_url=program.stdout.readline().strip(), trust_env=False, timeout=10) as client:

                def own() -> dict[str, Any]:
                    found: dict[str, Any] = client.get("/health/detailed").json()["components"].get("own", {})
                    return found

                eventually(lambda: own().get("status") == "healthy", 20)
                begin.touch()
                eventually(lambda: own()["status"] == "unhealthy" and own()["stale"], 20)
                assert client.get("/livez").status_code == 200
                assert client.get("/readyz").json() == {"status": "unready", "reasons": ["check:own"]}
                assert client.get("/health").status_code == 503
                with client.stream("GET", "/sse/ann") as stream:
                    lines = stream.iter_lines()
                    assert client.post("/api/publish", json={"player": "ann", "type": "test.n", "data": 7}).is_success
                    assert any('"test.n"' in line for line in lines)
                assert own()["stale"], "it was held all the while"
        finally:
            program.kill()


def test_one_that_is_well_again() -> None:
    ill = threading.Event()
    ill.set()
    server = started()
    server.health.add("own", lambda: not ill.is_set(), interval_s=0.05, tags=("ready",))
    with server:
        found = eventually(lambda: (c := component(server, "own")) and c["status"] == "unhealthy" and c)
        assert found["critical"] is True and found["tags"] == ["ready"]
        ill.clear()
        eventually(lambda: component(server, "own")["status"] == "healthy")
        server.health.remove("own")
        assert "own" not in httpx.get(f"{server.url}/health", trust_env=False).json()["components"]


def test_what_is_not_critical_degrades_at_most() -> None:
    server = started()
    with server:
        server.health.add("own", lambda: ("unhealthy", {"shop": 7}), interval_s=0.05, critical=False)
        found = eventually(lambda: (c := component(server, "own")) and c["status"] == "unhealthy" and c)
        assert found["shop"] == 7
        answer = httpx.get(f"{server.url}/health", trust_env=False)
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        draft = httpx.get(f"{server.url}/health", trust_env=False, headers={"Accept": "application/health+json"}).json()
        assert draft["status"] == "warn" and draft["checks"]["own:responseTime"][0]["status"] == "fail"


async def test_a_coroutine_function_runs_on_the_servers_loop() -> None:
    here, seen = asyncio.get_running_loop(), []

    async def check() -> bool:
        seen.append(asyncio.get_running_loop())
        return True

    async with started() as server:
        server.health.add("own", check, interval_s=0.05)
        for _ in range(500):
            if seen:
                break
            await asyncio.sleep(0.01)
        assert seen[0] is here


def test_names_and_times_are_checked() -> None:
    server = started()
    for name in ("", "a b", "memory", "x" * 65):
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            server.health.add(name, lambda: True)
    with pytest.raises(ValueError, match="positive"):
        server.health.add("own", lambda: True, interval_s=0)
    server.health.add("own", lambda: True)
    with pytest.raises(ValueError, match="already"):
        server.health.add("own", lambda: True)
    assert "own" in server.health
    server.health.remove("own")
    for i in range(56):
        server.health.add(f"c{i}", lambda: True)
    with pytest.raises(ValueError, match="56"):
        server.health.add("one-more", lambda: True)


# Several as one


def well() -> health.Result:
    return "healthy"


def so_so() -> health.Result:
    return "degraded"


def ill() -> health.Result:
    raise RuntimeError("ill")


async def well_async() -> health.Result:
    return True


def test_all_any_and_a_quorum() -> None:
    def status(check: health.Check) -> health.Status:
        return health.read(check())[0]

    assert status(health.all_of(well, well)) == "healthy"
    assert status(health.all_of(well, so_so)) == "degraded"
    assert status(health.all_of(well, so_so, ill)) == "unhealthy"
    assert status(health.any_of(ill, so_so)) == "degraded"
    assert status(health.any_of(ill, well)) == "healthy"
    assert status(health.any_of(ill, ill)) == "unhealthy"
    assert status(health.quorum(2, well, ill, well)) == "healthy"
    assert status(health.quorum(2, well, ill, so_so)) == "degraded"
    assert status(health.quorum(2, well, ill, ill)) == "unhealthy"
    assert health.read(health.all_of(well, ill)())[1] == {"checks": ["healthy", "unhealthy"]}
    for n in (0, 3):
        with pytest.raises(ValueError, match="quorum"):
            health.quorum(n, well, ill)
    with pytest.raises(ValueError, match="nothing"):
        health.all_of()


async def test_coroutine_functions_among_others() -> None:
    both = health.all_of(well, well_async)
    assert health.is_async(both) and not health.is_async(health.all_of(well, well))
    assert health.read(await both())[0] == "healthy"  # type: ignore[misc]
    assert health.read(await health.any_of(ill, well_async)())[0] == "healthy"  # type: ignore[misc]


async def test_cached() -> None:
    calls = []

    def count() -> health.Result:
        calls.append(1)
        return "healthy"

    kept = health.cached(count, 60)
    assert kept() == kept() == "healthy" and len(calls) == 1
    always = health.cached(count, 0)
    always(), always()
    assert len(calls) == 3
    with pytest.raises(RuntimeError):
        health.cached(ill, 60)()
    kept_async = health.cached(well_async, 60)
    assert await kept_async() is await kept_async() is True  # type: ignore[misc]


def test_what_is_a_result() -> None:
    assert health.read("degraded") == ("degraded", {})
    assert health.read((False, {"n": 1})) == ("unhealthy", {"n": 1})
    for nonsense in (None, "fine", 1, (True,), (True, "x"), ("healthy", {}, 3)):
        with pytest.raises(health.Nonsense):
            health.read(nonsense)


# Ready-made


def test_http_and_tcp() -> None:
    with started() as server:
        assert health.read(health.http(server.url + "/livez")()) == ("healthy", {"http_status": 200})
        assert health.read(health.http(server.url + "/nowhere")())[0] == "unhealthy"
        assert health.tcp("127.0.0.1", server.port)() == "healthy"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            health.tcp("127.0.0.1", nobody.getsockname()[1], timeout_s=1)()


async def test_databases() -> None:
    assert health.database(lambda: sqlite3.connect(":memory:"))() == "healthy"
    with pytest.raises(sqlite3.Error):
        health.database(lambda: sqlite3.connect(":memory:"), "SELECT * FROM nowhere")()
    executed = []

    class Connection:
        async def execute(self, query: str) -> None:
            executed.append(query)

        async def close(self) -> None:
            executed.append("closed")

    async def connect() -> Connection:
        return Connection()

    assert await health.database(connect)() == "healthy"  # type: ignore[misc]
    assert executed == ["SELECT 1", "closed"]


async def test_disk_and_loop(tmp_path: Path) -> None:
    status, details = health.read(health.disk_free(str(tmp_path), degraded_percent=-1, unhealthy_percent=-1)())
    assert status == "healthy" and 0 <= details["free_percentage"] <= 100
    assert health.read(health.disk_free(str(tmp_path), unhealthy_percent=100)())[0] == "unhealthy"
    lag = health.event_loop_lag(degraded_ms=60_000, unhealthy_ms=120_000)
    assert health.read(await lag())[0] == "healthy"  # type: ignore[misc]
    late = asyncio.create_task(health.event_loop_lag(degraded_ms=1, unhealthy_ms=50)())  # type: ignore[arg-type]
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - the loop is to be late
    assert health.read(await late)[0] == "unhealthy"
