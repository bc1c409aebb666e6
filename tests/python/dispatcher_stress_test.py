"""Handlers of every kind at once, for several clients on several loops, and an end in the middle of it."""

from __future__ import annotations

import asyncio
import collections
import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import websockets

from mythos import Command, CommandError, Server
from raw_client import RawClient

CLIENTS = 6
COMMANDS = 120  # of each client; below 128 outstanding and 256 remembered
KINDS = ["now", "soon", "later", "thread", "says_no", "busy", "fails", "say"]


class Ledger:
    """Which commands were executed, however often, by player and id. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.runs: collections.Counter[tuple[str, str]] = collections.Counter()
        self.order: dict[str, list[int]] = collections.defaultdict(list)

    def note(self, command: Command) -> None:
        with self._lock:
            self.runs[command.player_id, command.id] += 1
            if command.type == "now":
                self.order[command.player_id].append(command.data["n"])


def serve_every_kind(server: Server, ledger: Ledger) -> None:
    @server.command("now")
    def now(command: Command) -> int:
        ledger.note(command)
        return command.data["n"]

    @server.command("soon")
    async def soon(command: Command) -> int:
        ledger.note(command)
        return command.data["n"]

    @server.command("later")
    async def later(command: Command) -> int:
        ledger.note(command)
        for _ in range(command.data["n"] % 3 + 1):
            await asyncio.sleep(0)
        return command.data["n"]

    @server.command("thread", blocking=True)
    def thread(command: Command) -> int:
        ledger.note(command)
        time.sleep(0)
        return command.data["n"]

    @server.command("says_no")
    def says_no(command: Command) -> None:
        ledger.note(command)
        raise CommandError("no", "Never.")

    @server.command("busy")
    async def busy(command: Command) -> None:
        raise CommandError("busy", "Later.", retryable=True)

    @server.command("fails")
    def fails(command: Command) -> None:
        ledger.note(command)
        raise RuntimeError("a bug")

    @server.command("say")
    def say(command: Command) -> str:
        ledger.note(command)
        return server.publish("said", command.data, channel="room")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def server(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    """On two loops, with a handler of every kind."""
    caplog.set_level("CRITICAL", "mythos.server")  # a hundred tracebacks help nobody
    with Server(listen="127.0.0.1:0", server={"loops": 2}, drain={"spread_ms": 0}, log={"level": "error"}) as server:
        serve_every_kind(server, ledger)
        yield server


def expected(kind: str, n: int) -> object:
    """The reply's data, or its error's code."""
    codes = {"says_no": "no", "busy": "busy", "fails": "handler_failed"}
    return codes.get(kind, n)


async def test_each_runs_once_and_is_answered(server: Server, ledger: Ledger):
    async def play(number: int) -> None:
        dice = random.Random(number)
        kinds = [dice.choice(KINDS) for _ in range(COMMANDS)]
        async with RawClient(server, f"p{number}") as client:
            await client.ask(0, "subscribe", {"channel": "room"})
            for n, kind in enumerate(kinds, 1):
                await client.send(n, kind, {"n": n})
                if dice.random() < 0.2:
                    await client.send(n, kind, {"n": n})  # a repeat gets the same, or tries again what was refused
            for n, kind in enumerate(kinds, 1):
                reply = await client.reply(n)
                told = reply["data"] if reply["ok"] else reply["error"]["code"]
                if kind == "say":
                    # What it published stands before its reply.
                    assert client.order.index(told) < client.order.index(f"c-{n}")
                else:
                    assert told == expected(kind, n), kind
            heard = [n for n, kind in enumerate(kinds, 1) if kind == "now"]
            assert ledger.order[f"p{number}"] == heard, "plain handlers run in the order of sending"
            for n, kind in enumerate(kinds, 1):
                assert ledger.runs[f"p{number}", f"c-{n}"] == (kind != "busy")

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(play(number))


async def test_an_end_in_the_middle_leaves_nothing_twice_and_nobody_waiting(server: Server, ledger: Ledger):
    answered = threading.Semaphore(0)

    async def play(number: int) -> collections.Counter[str]:
        outcomes: collections.Counter[str] = collections.Counter()
        async with RawClient(server, f"p{number}") as client:
            with suppress(websockets.ConnectionClosed):
                for n in range(1, 1_000_000):
                    reply = await client.ask(n, random.choice(KINDS), {"n": n})
                    outcomes["ok" if reply["ok"] else reply["error"]["code"]] += 1
                    answered.release()
            assert client.socket.close_code == 1001
        return outcomes

    clients = [asyncio.create_task(play(number)) for number in range(CLIENTS)]
    for _ in range(200):
        await asyncio.to_thread(answered.acquire)
    await asyncio.to_thread(server.stop)
    outcomes = sum(await asyncio.gather(*clients), collections.Counter())
    assert outcomes["ok"] > 50
    assert set(outcomes) <= {"ok", "no", "busy", "handler_failed", "draining", "overloaded"}
    assert set(ledger.runs.values()) == {1}
