"""Health checks as the server runs them: rows of docs/reference/answers.md, what `add` takes, what the probes tell."""

from __future__ import annotations

import asyncio
import math
import re
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


def well() -> health.Result:
    return "healthy"


def ill() -> health.Result:
    raise RuntimeError("ill")


async def well_async() -> health.Result:
    return True


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
        "check-child-throws": health.all_of(well, throws),
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


@pytest.mark.parametrize("loop", [True, False], ids=["on a loop", "without one"])
def test_what_is_to_be_awaited_is_whoever_gives_it(loop: bool) -> None:
    async def check() -> health.Result:
        await asyncio.sleep(0)
        return "degraded", {"n": 7}

    def add(server: Server) -> None:
        server.health.add("own", lambda: check(), interval_s=0.05, critical=False)
        several = health.any_of(ill, lambda: check(), lambda: health.cached(lambda: check(), 60)())
        server.health.add("several", several, interval_s=0.05, critical=False)

    def told(server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
        return tuple(  # type: ignore[return-value]
            eventually(lambda name=name: (c := component(server, name)) and not c.get("pending") and c)
            for name in ("own", "several")
        )

    async def on_a_loop() -> tuple[dict[str, Any], dict[str, Any]]:
        async with started() as server:
            add(server)
            return await asyncio.to_thread(told, server)

    if loop:
        own, several = asyncio.run(on_a_loop())
    else:
        with started() as server:
            add(server)
            own, several = told(server)
    assert own["status"] == several["status"] == "degraded" and own["n"] == 7
    assert [(each["name"], each["status"]) for each in several["checks"]] == [
        ("ill", "unhealthy"),
        ("check-2", "degraded"),
        ("check-3", "degraded"),
    ]
    assert several["checks"][1]["details"] == {"n": 7}


def test_what_one_of_several_raises_is_told_whatever_follows(capfd: pytest.CaptureFixture[str]) -> None:
    def odd() -> Any:
        return "fine"

    async def ill_async() -> health.Result:
        raise ConnectionError("no shop")

    server = started()
    server.health.add("sync", health.any_of(well, ill, odd), interval_s=0.05)
    server.health.add("async", health.quorum(1, well_async, health.all_of(ill_async)), interval_s=0.05)
    with server:
        codes = {"check_failed", "check_nonsense"}
        eventually(lambda: codes <= {e.error_code for e in server.errors.recent()})
        eventually(lambda: {"sync", "async"} <= {e.details.get("component") for e in server.errors.recent()})
        assert component(server, "sync")["status"] == component(server, "async")["status"] == "healthy"
    lines = capfd.readouterr().err
    for told in ("ill: RuntimeError('ill')", "odd: a check gives a status", "ill_async: ConnectionError('no shop')"):
        assert told in lines


def test_probes_may_be_asked_of_a_tag_alone() -> None:
    server = started()
    server.health.add("shop", lambda: False, interval_s=0.05, tags=["deep"])
    server.health.add("room", lambda: True, interval_s=0.05, tags=("traffic", "deep"))

    def get(path: str, **query: str) -> httpx.Response:
        return httpx.get(server.url + path, params=query, trust_env=False)

    with server:
        eventually(lambda: component(server, "shop")["status"] == "unhealthy")
        eventually(lambda: component(server, "room")["status"] == "healthy")
        assert get("/health").status_code == get("/readyz").status_code == 503
        assert get("/readyz", tag="traffic").json() == {"status": "ready"}
        told = get("/health", tag="traffic")
        assert told.status_code == 200 and told.json()["components"] == {"room": "healthy"}
        assert told.json()["tag"] == "traffic"
        deep = get("/health/detailed", tag="deep")
        assert deep.status_code == 503 and set(deep.json()["components"]) == {"room", "shop"}
        assert get("/health", tag="nobody").status_code == get("/readyz", tag="nobody").status_code == 404


def test_details_that_are_too_long_are_told_by_their_length() -> None:
    server = started()
    several = health.all_of(*[lambda: ("healthy", {"text": "x" * 100})] * 40)
    server.health.add("several", several, interval_s=0.05)
    with server:
        found = eventually(lambda: (c := component(server, "several")) and not c.get("pending") and c)
        assert found["status"] == "healthy" and found["details_bytes_left_out"] > 4_096 and "checks" not in found


def test_without_a_store_the_database_is_there_and_well() -> None:
    with started() as server:
        found = component(server, "database")
        assert (found["status"], found["enabled"], found["connection_count"]) == ("healthy", False, 0)


def test_names_and_times_are_checked() -> None:
    server = started()
    for name in ("", "a b", "memory", "x" * 65):
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            server.health.add(name, lambda: True)
    for wrong, error, says in (
        ({"interval_s": 0}, ValueError, "interval_s is positive"),
        ({"timeout_s": -1}, ValueError, "timeout_s is positive"),
        ({"interval_s": math.inf}, ValueError, "at most 86400"),
        ({"timeout_s": math.nan}, ValueError, "timeout_s is positive"),
        ({"interval_s": "10"}, TypeError, "interval_s is a number"),
        ({"critical": "no"}, TypeError, "critical is True or False"),
        ({"tags": "ready"}, TypeError, re.escape("('ready',)")),
        ({"tags": [1]}, TypeError, "a tag is a text, not 1"),
        ({"tags": ["a b"]}, ValueError, "'a b' is no tag"),
        ({"tags": [str(n) for n in range(17)]}, ValueError, "at most 16 tags"),
        ({"check": True}, TypeError, "a check is a function, not True"),
        ({"name": 7}, TypeError, "a name is a text, not 7"),
    ):
        given: dict[str, Any] = {"name": "own", "check": well, **wrong}
        with pytest.raises(error, match=says):
            server.health.add(given.pop("name"), given.pop("check"), **given)
    server.health.add("own", lambda: True)
    with pytest.raises(ValueError, match="already"):
        server.health.add("own", lambda: True)
    assert "own" in server.health
    server.health.remove("own")
    for i in range(56):
        server.health.add(f"c{i}", lambda: True)
    with pytest.raises(ValueError, match="56"):
        server.health.add("one-more", lambda: True)
