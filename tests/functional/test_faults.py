"""Each row of docs/reference/answers.md, "Faults of the machine", against a real process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from answer_case import TABLE
from api import Api, until
from history import await_written
from mythosd import Mythosd, eventually, tool
from stepped_clock import SteppedClock
from wires import Wire, open_sse, open_websocket

COLUMNS = ["id", "fault", "what the server does", "metric"]


@dataclass
class Fault:
    """A server that is not started yet, and what tells of the fault."""

    server: Mythosd
    metric: str | None
    shown: bool = False

    def shows(self) -> bool:
        """Whether the metric tells of it by now."""
        self.shown = self.metric is not None and metric(self.server, self.metric) > 0
        return self.shown


Provoke = Callable[[Fault], Awaitable[None]]
PROVOKED: dict[str, Provoke] = {}


def provokes(row_id: str) -> Callable[[Provoke], Provoke]:
    def register(provoke: Provoke) -> Provoke:
        assert row_id not in PROVOKED
        PROVOKED[row_id] = provoke
        return provoke

    return register


def read_rows() -> dict[str, str | None]:
    """Id and metric of each row of the tables whose head is COLUMNS."""
    rows: dict[str, str | None] = {}
    inside = False
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        inside = bool(cells) and (inside or cells == COLUMNS)
        if inside and cells != COLUMNS and set(cells[0]) != {"-"}:
            rows[cells[0]] = None if cells[3] == "none" else cells[3].strip("`")
    return rows


ROWS = read_rows()


def metric(server: Mythosd, series: str) -> float:
    text = httpx.get(f"{server.url}/metrics", timeout=20, trust_env=False).text
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    assert found, f"there is no {series}"
    return float(found[1])


async def deliver(server: Mythosd, messages: int) -> None:
    """Both wires of a player get everything, in order."""
    async with Api(server.url) as api, await open_websocket(server, "ann") as ws, await open_sse(server, "ann") as sse:
        for n in range(messages):
            await api.publish("test.n", {"n": n}, player="ann")
        for wire in (ws, sse):
            assert [entry.data["n"] for entry in await wire.entries(messages)] == list(range(messages))


def test_every_row_is_provoked():
    assert set(ROWS) == set(PROVOKED) != set()


@pytest.mark.parametrize("row", ROWS)
async def test_row(row: str, tmp_path: Path):
    fault = Fault(Mythosd(tmp_path, {"log.level": "debug", "log.message_sample": 1}), ROWS[row])
    await PROVOKED[row](fault)
    assert fault.shown == (fault.metric is not None)


def json_lines(file: Path) -> list[str]:
    """Each line, which must be whole but for those that a full disk cut short; they are left out."""
    whole = []
    for line in file.read_text().splitlines():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            continue
        whole.append(line)
    return whole


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """A disk of 64 KiB there; needs root."""
    directory.mkdir()
    subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=64k", "none", directory], check=True)
    try:
        yield
    finally:
        subprocess.run([tool("umount"), "--lazy", directory], check=True)


@provokes("log-disk-full")
async def disk_full(fault: Fault) -> None:
    server = fault.server
    logs = server.directory / "logs"
    with small_disk(logs):
        server.start()
        ballast = logs / "ballast"
        ballast.write_bytes(b"x" * 48 * 1024)
        file = logs / "mythos.log"
        while not fault.shows():
            await deliver(server, 20)
        await deliver(server, 20)
        ballast.unlink()
        await deliver(server, 1)
        eventually("the file tells what is missing", lambda: "unwritten_bytes_total" in file.read_text())
        await asyncio.to_thread(server.stop)
        in_file, on_stream = json_lines(file), json_lines(server.log_file)
        assert len(file.read_text().splitlines()) - len(in_file) <= 2, "lines cut short stand alone"
        assert set(in_file) <= set(on_stream) and len(in_file) < len(on_stream)
        assert in_file[-1] == on_stream[-1]
        told = [json.loads(line) for line in in_file if "unwritten_bytes_total" in line]
        missing = len(server.log_file.read_bytes()) - len(file.read_bytes())
        # Lines that were cut short got a line end of their own.
        assert 0 <= told[-1]["unwritten_bytes_total"] - missing <= 2


@provokes("log-stream-stuck")
async def stream_stuck(fault: Fault) -> None:
    server = fault.server
    server.options |= {"log.file": ""}
    os.mkfifo(server.log_file)
    reader = os.open(server.log_file, os.O_RDONLY | os.O_NONBLOCK)
    try:
        server.start()
        while not fault.shows():
            await deliver(server, 200)
        await deliver(server, 20)
        server.signal(signal.SIGTERM)
        text = await asyncio.to_thread(_read_to_end, reader)
    finally:
        os.close(reader)
    assert server.wait_exit() == 0
    told = [json.loads(line) for line in text.splitlines() if "dropped_total" in line]
    assert told and told[-1]["dropped_total"] == sum(line["dropped"] for line in told) > 0


def _read_to_end(descriptor: int) -> str:
    pieces = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if not (piece := os.read(descriptor, 65_536)):
                break
            pieces.append(piece)
        except BlockingIOError:
            time.sleep(0.005)
    return b"".join(pieces).decode()


@provokes("log-directory-gone")
async def directory_gone(fault: Fault) -> None:
    server = fault.server
    server.start()
    logs = server.directory / "logs"
    await deliver(server, 5)
    logs.rename(server.directory / "moved")
    await deliver(server, 5)
    server.signal(signal.SIGHUP)
    eventually("the file is there again", (logs / "mythos.log").exists)
    await deliver(server, 5)
    await asyncio.to_thread(server.stop)
    written = [server.directory / "moved" / "mythos.log", logs / "mythos.log"]
    assert "".join(file.read_text() for file in written) == server.log_file.read_text()


HOUR_S = 3_600
FEW_S = 150  # that the test may take


def ahead_s(timestamp: str) -> float:
    return (datetime.fromisoformat(timestamp) - datetime.now(UTC)).total_seconds()


class Stepped:
    """A server with two connections of one player whose clock is stepped; what its clock must not change."""

    def __init__(self, server: Mythosd, api: Api, wires: list[Wire]) -> None:
        self.server, self.api, self.wires = server, api, wires
        self.sent = 0

    async def deliver(self, messages: int = 10) -> None:
        for _ in range(messages):
            await self.api.publish("test.n", {"n": self.sent}, player="ann")
            self.sent += 1
        for wire in self.wires:
            assert [e.data["n"] for e in await wire.entries(messages)] == list(range(self.sent - messages, self.sent))

    async def holds(self) -> None:
        await self.deliver()
        for wire in self.wires:
            for _ in range(3):
                await wire.control("mythos.heartbeat")
        told = await self.api.get("/monitoring/performance")
        delivery = told["message_delivery"]
        assert delivery["successful_deliveries"] == 2 * self.sent and delivery["failed_deliveries"] == 0
        assert delivery["max_delivery_time_ms"] < FEW_S * 1e3 and delivery["deliveries_per_second"] > 0
        assert {each["message_delivery"]["total_messages_sent"] for each in told["windows"].values()} == {2 * self.sent}
        assert all(0 < each["window_seconds"] < FEW_S for each in told["windows"].values())
        errors = await self.api.get("/monitoring/errors")
        assert errors["total_errors_last_hour"] == errors["window_total_errors"] == 1
        rows = (await self.api.get("/monitoring/connections"))["connections"]
        assert len(rows) == 2 and all(0 <= row["age_seconds"] < FEW_S for row in rows)
        health = await self.api.get("/monitoring/connection-health")
        assert health["overall_health"]["healthy_connections"] == health["connection_age_distribution"]["0-5_minutes"]
        checked = (await self.api.get("/health/detailed"))["components"]["memory"]
        assert 0 <= checked["age_ms"] < FEW_S * 1e3 and not checked["stale"]
        assert (await self.api.get("/health"))["uptime"] < FEW_S
        lasted = [line["duration_ms"] for line in self.server.log_lines() if "duration_ms" in line]
        assert lasted and all(0 <= duration < FEW_S * 1e3 for duration in lasted)
        assert list((self.server.directory / "logs").iterdir()) == [self.server.directory / "logs" / "mythos.log"]

    async def stepped_to(self, clock: SteppedClock, seconds: int) -> None:
        clock.set(seconds)
        shown = (await self.api.get("/health"))["timestamp"]
        assert abs(ahead_s(shown) - seconds) < FEW_S, "the clock is stepped"
        async with await open_sse(self.server, "guest"):
            pass
        await self.api.new_session("bob")
        await self.holds()
        assert abs(ahead_s(self.server.log_lines()[-1]["timestamp"]) - seconds) < FEW_S, "timestamps follow it"


def closed_at(database: Path) -> list[float]:
    """How long ago the guests' rows were closed, by their timestamps, in hours."""
    with sqlite3.connect(database, timeout=20) as rows:
        told = rows.execute("SELECT closed_at FROM connections WHERE player_id = 'guest' AND closed_at IS NOT NULL")
        return sorted(round(-ahead_s(at) / HOUR_S) for (at,) in told)


def add_old_row(database: Path, hours: int) -> None:
    """One that the retention has let go of by now."""
    with sqlite3.connect(database, timeout=20) as rows:
        rows.execute(
            "CREATE TEMP TABLE old AS SELECT * FROM connections"
            " WHERE player_id = 'guest' AND closed_at IS NOT NULL LIMIT 1"
        )
        then = f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{hours} hours')"
        rows.execute(f"UPDATE old SET connection_id = 'k_old', created_at = {then}, closed_at = {then}")
        rows.execute("INSERT INTO connections SELECT * FROM old")


@provokes("clock-stepped")
async def clock_stepped(fault: Fault) -> None:
    server = fault.server
    clock = SteppedClock(server.directory / "clock")
    server.environment |= clock.environment
    server.options |= {"heartbeat_ms": 500, "log.rotate_s": HOUR_S, "store.retention_s": 2 * HOUR_S}
    server.start()
    database = server.directory / "data" / "mythos.db"
    async with (
        Api(server.url) as api,
        await open_websocket(server, "ann", client_id="a") as ws,
        await open_sse(server, "ann", client_id="b") as sse,
    ):
        stepped = Stepped(server, api, [ws, sse])
        assert (await api.http.get("/nowhere")).status_code == 404  # the one error
        await api.new_session("bob")
        await stepped.stepped_to(clock, 0)
        await stepped.stepped_to(clock, 5 * HOUR_S)
        await asyncio.to_thread(await_written, server, 6)
        add_old_row(database, 3)
        await until("old rows are deleted", lambda: _gone(database, 3), 90)
        assert closed_at(database) == [-5, 0], "and no others"
        await stepped.stepped_to(clock, -5 * HOUR_S)
    await asyncio.to_thread(server.stop)


async def _gone(database: Path, hours: int) -> bool:
    return hours not in closed_at(database)
