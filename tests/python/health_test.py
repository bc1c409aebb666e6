"""What several checks are as one, and the ready-made ones."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from functools import partial
from pathlib import Path

import pytest

from mythos import Server, health


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
    details = health.read(health.all_of(well, lambda: ("degraded", {"n": 1}), ill)())[1]
    assert details == {
        "checks": [
            {"name": "well", "status": "healthy"},
            {"name": "check-2", "status": "degraded", "details": {"n": 1}},
            {"name": "ill", "status": "unhealthy"},
        ]
    }
    for n in (0, 3):
        with pytest.raises(ValueError, match="quorum"):
            health.quorum(n, well, ill)
    with pytest.raises(ValueError, match="nothing"):
        health.all_of()
    with pytest.raises(TypeError, match="a check is a function"):
        health.any_of(well, "http://shop/")  # type: ignore[arg-type]


def test_those_of_one_have_names() -> None:
    ready = (
        health.http("http://ann:secret@shop-1/health?token=secret"),
        health.tcp("shop", 80),
        health.database(lambda: None),
        health.disk_free("/"),
        health.cached(partial(well), 1),
        health.event_loop_lag(),
        health.all_of(well),
    )
    names = [check.__name__ for check in ready]  # type: ignore[attr-defined]
    assert names == ["http shop-1", "tcp shop:80", "database", "disk_free", "well", "event_loop_lag", "all_of"]


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
    with Server(listen="127.0.0.1:0") as server:
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
