"""The rows "When the database fails" of docs/reference/answers.md: whatever the database does, delivery goes on.

Each test breaks a database under a publisher with a receiver on either wire, and counts what arrives and what is
written in the end.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from answer_case import TABLE
from api import Api
from databases import SqliteFile
from history import dropped, queued, written
from mythosd import Mythosd, eventually, tool
from wires import open_sse, open_websocket

COMES = 40  # connections that come and go during a fault
EVENTS = 2 * COMES
STOP_BOUND_S = 8.0  # the drain of nobody, the store's 3 s, and a busy machine


class Load:
    """A publisher that does not rest, and a receiver on either wire."""

    def __init__(self, server: Mythosd, api: Api, wires: list[Any]) -> None:
        self.server, self.api, self.wires = server, api, wires
        self.sent = 0
        self.ends = False

    async def publish(self) -> None:
        while not self.ends:
            await self.api.publish("test.load", {"n": self.sent}, player="load")
            self.sent += 1

    async def come_and_go(self, count: int = COMES) -> None:
        for n in range(count):
            async with await open_websocket(self.server, f"guest{n}"):
                pass

    async def nothing_was_lost(self) -> None:
        for wire in self.wires:
            received = [m.data["n"] for m in await wire.entries(self.sent)]
            assert received == list(range(self.sent))


@asynccontextmanager
async def load_on(server: Mythosd) -> AsyncIterator[Load]:
    async with (
        Api(server.url) as api,
        await open_websocket(server, "load") as ws,
        await open_sse(server, "load") as sse,
    ):
        load = Load(server, api, [ws, sse])
        publisher = asyncio.create_task(load.publish())
        yield load
        load.ends = True
        await publisher
        assert load.sent > 0
        await load.nothing_was_lost()


async def eventually_off(what: str, probe: Callable[[], Any], within: float = 60) -> Any:
    """Polled on a thread, so that the load goes on meanwhile."""
    return await asyncio.to_thread(eventually, what, probe, within)


def fault_lines(server: Mythosd) -> set[str]:
    return {
        line["error_code"]
        for line in server.log_lines()
        if str(line.get("event", "")).startswith("Database ") and "error_code" in line
    }


def events_told(server: Mythosd) -> int:
    return sum(line["events"] for line in server.log_lines() if line["event"] == "History not written")


async def errors_agree(server: Mythosd, api: Api) -> None:
    """Each line of an error is one that is counted."""
    lines = Counter(line["reason"] for line in server.log_lines() if "error_type" in line)
    counters = await api.counters()
    assert lines == {
        "store_failures": counters["mythos_store_failures_total"],
        "store_drops": counters["mythos_store_drop_reports_total"],
    }
    told = await api.get("/monitoring/errors")
    assert told["error_breakdown"] == {"system_error_medium": lines.total()}


async def all_written(server: Mythosd) -> None:
    await eventually_off("everything queued is written", lambda: queued(server) == 0)


def guests(rows: list[tuple[str, ...]]) -> int:
    """Rows of guests that are closed; each only once."""
    ids = [row[0] for row in rows]
    assert len(ids) == len(set(ids))
    return len(ids)


GUESTS = "SELECT connection_id FROM connections WHERE player_id LIKE 'guest%' AND closed_at IS NOT NULL"


def server_on(start_server: Callable[..., Mythosd], url: str, **options: Any) -> Mythosd:
    return start_server({"store.url": url, **options})


def test_each_row_has_its_test():
    rows = re.findall(r"^\| (store-[a-z-]+) \|", TABLE.read_text(), re.MULTILINE)
    here = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_store_")}
    elsewhere = {"store-bad-url", "store-schema-newer"}  # test_store.py
    assert set(rows) == here | elsewhere


async def test_store_killed(start_server, postgresql):
    server = server_on(start_server, postgresql.url)
    async with load_on(server) as load:
        await load.come_and_go()
        await asyncio.to_thread(postgresql.kill)
        try:
            await load.come_and_go()
            await eventually_off("the loss is noticed", lambda: "unreachable" in fault_lines(server))
        finally:
            await asyncio.to_thread(postgresql.start)
        await load.come_and_go()
        await all_written(server)
    assert guests([(line,) for line in postgresql.psql(GUESTS).stdout.split()]) == 3 * COMES
    assert set(dropped(server).values()) == {0}


async def test_store_restart_empty(start_server, postgresql):
    await asyncio.to_thread(postgresql.kill)
    try:
        server = server_on(start_server, postgresql.url)
        postgresql_was_away = fault_lines(server)
        async with load_on(server) as load:
            await load.come_and_go()
            await asyncio.to_thread(postgresql.start)
            await all_written(server)
    finally:
        postgresql.start()
    assert postgresql_was_away == {"unreachable"}
    assert written(server) >= EVENTS and set(dropped(server).values()) == {0}


async def stopped_within_bound(server: Mythosd) -> None:
    began = time.monotonic()
    await asyncio.to_thread(server.stop)
    assert time.monotonic() - began < STOP_BOUND_S


async def test_store_hangs_new(start_server):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        url = f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/game?connect_timeout=2"
        server = server_on(start_server, url)
        async with load_on(server) as load:
            await load.come_and_go()
            await eventually_off("it is told", lambda: fault_lines(server))
            assert queued(server) >= EVENTS
        await stopped_within_bound(server)
    assert fault_lines(server) == {"timed_out"}
    assert "secret" not in server.diagnosis() + server.log_file.read_text()
    unwritten = [line["events"] for line in server.log_lines() if line["event"] == "History not written"]
    assert len(unwritten) == 1 and unwritten[0] >= EVENTS


async def test_store_hangs(start_server, postgresql):
    server = server_on(start_server, postgresql.url)
    before = guests([(line,) for line in postgresql.psql(GUESTS).stdout.split()])
    async with load_on(server) as load:
        await all_written(server)
        stopped = postgresql.backends()
        assert len(stopped) == 1
        os.kill(stopped[0], signal.SIGSTOP)
        try:
            await load.come_and_go()
            await eventually_off("it is cut off", lambda: "timed_out" in fault_lines(server))
            await all_written(server)  # on another connection
        finally:
            os.kill(stopped[0], signal.SIGCONT)
    assert guests([(line,) for line in postgresql.psql(GUESTS).stdout.split()]) == before + COMES
    assert set(dropped(server).values()) == {0}


async def test_store_locked(start_server, tmp_path):
    database = SqliteFile(tmp_path)
    server = server_on(start_server, database.url)
    async with load_on(server) as load:
        with sqlite3.connect(database.file, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            await load.come_and_go()
            await eventually_off("the lock is noticed", lambda: "locked" in fault_lines(server))
            other.execute("ROLLBACK")
        await all_written(server)
    assert guests(database.rows(GUESTS)) == COMES
    assert set(dropped(server).values()) == {0}


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 1 MiB of its own."""
    where = tmp_path / "small"
    where.mkdir()
    subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=1m", "mythos-test", str(where)], check=True)
    yield where
    subprocess.run([tool("umount"), "--lazy", str(where)], check=True)


async def test_store_disk_full(start_server, small_disk):
    database = SqliteFile(small_disk)
    server = server_on(start_server, database.url)
    ballast = small_disk / "ballast"
    async with load_on(server) as load:
        await all_written(server)
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)
        for _ in range(20):
            await load.come_and_go()
            if "disk_full" in fault_lines(server):
                break
        await eventually_off("the full disk is noticed", lambda: "disk_full" in fault_lines(server))
        ballast.unlink()
        await all_written(server)
    assert guests(database.rows(GUESTS)) >= COMES
    assert set(dropped(server).values()) == {0}
    await asyncio.to_thread(server.stop)


async def test_store_queue_full(start_server, postgresql):
    server = server_on(start_server, postgresql.url, **{"store.queue_events": 64})
    before = guests([(line,) for line in postgresql.psql(GUESTS).stdout.split()])
    async with load_on(server) as load:
        await all_written(server)
        await asyncio.to_thread(postgresql.kill)
        try:
            await load.come_and_go(2 * COMES)
            lost = dropped(server)["queue_full"]
            assert lost > 0 and queued(server) <= 64
        finally:
            await asyncio.to_thread(postgresql.start)
        await all_written(server)
        await eventually_off("what was dropped is told as errors", lambda: events_told(server) == lost)
        await errors_agree(server, load.api)
    assert dropped(server) == {"queue_full": lost, "rejected": 0, "shutdown": 0}
    there = guests([(line,) for line in postgresql.psql(GUESTS).stdout.split()]) - before
    assert 0 < there < 2 * COMES
