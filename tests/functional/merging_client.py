"""A dual-wire client for measuring, by the rules of docs/reference/protocol.md and nothing of the server's code.

It merges a WebSocket (`websockets`) and an SSE stream (a bare socket, so that a reconnect costs little), reconnects
with its cursor, promotes, and keeps what it applied with the time of it. Positions are numbers within one epoch; an
epoch that changes under it ends the run.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from wires import query

HELD_MAX = 100_000
RETRY_S = 0.02
CONNECT_S = 5.0


def seq(id: str) -> int:
    return int(id.rpartition("-")[2])


@dataclass
class WireState:
    name: str
    base: int | None = None  # None: not connected
    standby: bool = False
    connection_id: str = ""
    heard: float = 0.0
    held: list[tuple[int, dict[str, Any], float]] = field(default_factory=list)
    drop: Callable[[], None] | None = None
    connects: int = 0

    @property
    def alive(self) -> bool:
        return self.base is not None


@dataclass
class Applied:
    seq: int
    data: Any
    at: float


class MergingClient:
    """`start`, then watch `applied` grow; `told` holds the gaps told to the application; `stop` ends it."""

    def __init__(self, host: str, port: int, player: str, mode: str = "mirror", client_id: str = "dual") -> None:
        self.host, self.port, self.player, self.mode, self.client_id = host, port, player, mode, client_id
        self.wires = {name: WireState(name) for name in ("websocket", "sse")}
        self.applied: list[Applied] = []
        self.told: list[dict[str, Any]] = []
        self.below_cursor = 0
        self.cursor: int | None = None
        self.epoch = ""
        self.session_id = ""
        self.heartbeat_s = 15.0
        self._socket: ClientConnection | None = None
        self._command = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(job)
            for job in (
                self._keep(self.wires["websocket"], self._websocket),
                self._keep(self.wires["sse"], self._sse),
                self._watch(),
                self._acknowledge(),
            )
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    def failed(self) -> BaseException | None:
        """Why a task of the client ended, if one did."""
        return next((t.exception() for t in self._tasks if t.done() and not t.cancelled() and t.exception()), None)

    def active(self) -> list[WireState]:
        """The wires that carry the stream."""
        return [wire for wire in self.wires.values() if wire.alive and not wire.standby]

    # The merge.

    def _take(self, wire: WireState, message: dict[str, Any], at: float) -> None:
        wire.heard = at
        type, data = message["type"], message.get("data")
        if "id" in message:
            self._entry(wire, seq(message["id"]), message["data"], at)
        elif type == "mythos.heartbeat":
            if not wire.standby:
                self._complete_to(wire, seq(data["cursor"]))
        elif type == "mythos.promoted":
            wire.standby, wire.base = False, seq(data["cursor"])
            wire.held.clear()
        elif type == "mythos.gap":
            self._gap(wire, data)

    def _welcome(self, wire: WireState, data: dict[str, Any]) -> None:
        assert not self.epoch or data["epoch"] == self.epoch, "the epoch changed"
        self.epoch, self.session_id = data["epoch"], data["session_id"]
        self.heartbeat_s = data["heartbeat_ms"] / 1000
        wire.base, wire.connection_id = seq(data["cursor"]), data["connection_id"]
        wire.standby = data["mode"] == "standby"
        wire.held.clear()
        wire.connects += 1
        if self.cursor is None:
            self.cursor = wire.base

    def _entry(self, wire: WireState, position: int, data: Any, at: float) -> None:
        assert self.cursor is not None and wire.base is not None
        if position <= self.cursor:
            self.below_cursor += 1
        elif wire.base <= self.cursor:
            self._apply(position, data, at)
            self._release(at)
        else:
            wire.held.append((position, data, at))
            assert len(wire.held) <= HELD_MAX, "a held wire overflowed"

    def _apply(self, position: int, data: Any, at: float) -> None:
        self.cursor = position
        self.applied.append(Applied(position, data, at))

    def _complete_to(self, wire: WireState, position: int) -> None:
        if wire.base is not None and self.cursor is not None and wire.base <= self.cursor < position:
            self.cursor = position
            self._release(time.monotonic())

    def _release(self, at: float) -> None:
        """What was held on a wire that is no longer ahead follows, in order."""
        for wire in self.wires.values():
            while wire.held and wire.base is not None and self.cursor is not None and wire.base <= self.cursor:
                position, data, _ = wire.held.pop(0)
                if position > self.cursor:
                    self._apply(position, data, at)

    def _gap(self, wire: WireState, data: dict[str, Any]) -> None:
        assert wire.base is not None and self.cursor is not None
        below = seq(data["before"]) - 1
        covered = any(
            w.alive and not w.standby and w.base is not None and w.base <= self.cursor
            for w in self.wires.values()
            if w is not wire
        )
        if wire.base <= self.cursor < below and not covered:
            self.told.append(data)
            self.cursor = below
        wire.base = below
        self._release(time.monotonic())

    def _lost(self, wire: WireState) -> None:
        """A wire is gone: the other must carry on from our own cursor, if it does not already."""
        wire.base, wire.standby = None, False
        wire.held.clear()
        for other in self.wires.values():
            if other.alive and other is not wire and (other.standby or other.base > (self.cursor or 0)):
                self._promote(other)

    def _promote(self, wire: WireState) -> None:
        self._command += 1
        command = {
            "id": f"m-{self._command}",
            "type": "promote",
            "data": {"connection_id": wire.connection_id, "cursor": f"{self.epoch}-{self.cursor}"},
        }
        self._tasks.append(asyncio.create_task(self._send(command, wire)))

    # The wires.

    async def _keep(self, wire: WireState, run: Callable[[WireState], Any]) -> None:
        while True:
            with suppress(OSError, websockets.WebSocketException, asyncio.IncompleteReadError, TimeoutError):
                await run(wire)
            if wire.alive:
                self._lost(wire)
            await asyncio.sleep(RETRY_S)

    def _query(self) -> str:
        position = f"{self.epoch}-{self.cursor}" if self.cursor is not None else None
        return query(client_id=self.client_id, mode=self.mode, session_id=self.session_id or None, cursor=position)

    async def _websocket(self, wire: WireState) -> None:
        url = f"ws://{self.host}:{self.port}/ws/{self.player}{self._query()}"
        async with connect(
            url, compression=None, ping_interval=None, close_timeout=0, open_timeout=CONNECT_S, proxy=None
        ) as socket:
            self._socket = socket
            wire.drop = socket.transport.abort
            async for text in socket:
                self._receive(wire, text)

    async def _sse(self, wire: WireState) -> None:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(self.host, self.port)
        wire.drop = writer.transport.abort
        try:
            writer.write(
                (
                    f"GET /sse/{self.player}{self._query()} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Accept: text/event-stream\r\n\r\n"
                ).encode()
            )
            async with asyncio.timeout(CONNECT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            while True:
                line = await reader.readuntil(b"\n")
                if line.startswith(b"data: "):
                    self._receive(wire, line[6:].decode())
        finally:
            writer.transport.abort()

    def _receive(self, wire: WireState, text: str) -> None:
        at = time.monotonic()
        message = json.loads(text)
        if message["type"] == "mythos.welcome":
            wire.heard = at
            self._welcome(wire, message["data"])
        else:
            self._take(wire, message, at)

    async def _watch(self) -> None:
        """A wire silent for a heartbeat and a half is dead, whatever its socket says."""
        while True:
            await asyncio.sleep(self.heartbeat_s / 20)
            silent_since = time.monotonic() - 1.5 * self.heartbeat_s
            for wire in self.wires.values():
                if wire.alive and wire.heard < silent_since:
                    assert wire.drop is not None
                    wire.drop()
                    self._lost(wire)

    async def _acknowledge(self) -> None:
        acked = -1
        while True:
            await asyncio.sleep(0.2)
            if self.cursor is not None and self.cursor != acked:
                acked = self.cursor
                await self._send({"type": "ack", "data": {"cursor": f"{self.epoch}-{acked}"}}, None)

    async def _send(self, command: dict[str, Any], wire: WireState | None) -> None:
        """By the WebSocket where it lives (but a promotion on the wire that is to live), else by POST."""
        if self.wires["websocket"].alive and (wire is None or wire.name == "websocket"):
            try:
                assert self._socket is not None
                await self._socket.send(json.dumps(command))
                return
            except websockets.WebSocketException:
                pass
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._post(json.dumps(command))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass

    async def _post(self, body: str) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(
                (
                    f"POST /api/commands{query(session_id=self.session_id, client_id=self.client_id)} HTTP/1.1\r\n"
                    f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                    f"Connection: close\r\n\r\n{body}"
                ).encode()
            )
            status = await reader.readline()
            assert status.startswith(b"HTTP/1.1 200"), status
        finally:
            writer.transport.abort()
