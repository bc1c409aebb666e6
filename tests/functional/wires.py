"""Both wires as the tests hold them: Python `websockets` and `httpx-sse`, each with a task that reads.

A wire keeps all that it received, in order. Tests take from it what they wait for, with a bound on every wait, and
prove that something did not come by a fence: a later message to the same player, which the one order of the journal
puts behind everything owed before it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import httpx_sse
import websockets
from websockets.asyncio.client import ClientConnection, connect

from api import Api
from mythosd import Mythosd

WITHIN_S = 20.0
_fences = itertools.count(1)


@dataclass(frozen=True)
class Message:
    text: str
    at: float
    sse_id: str | None = None
    retry: int | None = None
    json: dict[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.json.get("type"))

    @property
    def data(self) -> Any:
        return self.json.get("data")

    @property
    def is_entry(self) -> bool:
        return "id" in self.json


class Wire:
    """What the two wires have in common."""

    name = "?"

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.welcome: dict[str, Any] = {}
        self.ended = False
        self._next_entry = 0
        self._taken: set[int] = set()
        self._changed = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None

    async def _take(self, text: str, sse_id: str | None = None, retry: int | None = None) -> None:
        async with self._changed:
            self.received.append(Message(text, time.monotonic(), sse_id, retry, json.loads(text)))
            self._changed.notify_all()

    async def _end(self) -> None:
        async with self._changed:
            self.ended = True
            self._changed.notify_all()

    async def _until(self, what: str, probe: Callable[[], Any], within: float) -> Any:
        """Waits for `probe` to find something; an ended stream or the bound fails with what was received."""
        try:
            async with asyncio.timeout(within), self._changed:
                while (found := probe()) is None:
                    assert not self.ended, f"{self.name} ended before {what}; got {self._summary()}"
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"{self.name}: no {what} within {within} s; got {self._summary()}") from None

    def _summary(self) -> list[str]:
        return [m.text[:160] for m in self.received[-12:]]

    def _find_entry(self) -> Message | None:
        while self._next_entry < len(self.received):
            message = self.received[self._next_entry]
            self._next_entry += 1
            if message.is_entry:
                return message
        return None

    async def entry(self, within: float = WITHIN_S) -> Message:
        """The next entry; control messages in between stay for `control`."""
        return await self._until("entry", self._find_entry, within)

    async def entries(self, count: int, within: float = WITHIN_S) -> list[Message]:
        return [await self.entry(within) for _ in range(count)]

    def _find_control(self, type: str) -> Message | None:
        for index, message in enumerate(self.received):
            if not message.is_entry and message.type == type and index not in self._taken:
                self._taken.add(index)
                return message
        return None

    async def control(self, type: str, within: float = WITHIN_S) -> Message:
        """The first control message of that type not yet taken."""
        return await self._until(type, lambda: self._find_control(type), within)

    def controls(self, type: str) -> list[Message]:
        return [m for m in self.received if not m.is_entry and m.type == type]

    async def fence(self, api: Api) -> list[Message]:
        """All entries not yet taken that came before a message published now to the same player."""
        mark = next(_fences)
        await api.publish("test.fence", {"mark": mark}, player=self.welcome["player_id"])
        before: list[Message] = []
        while (message := await self.entry()).data != {"mark": mark}:
            before.append(message)
        return before

    @property
    def session_id(self) -> str:
        return str(self.welcome["session_id"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        raise NotImplementedError

    async def drop(self) -> None:
        """Ends the wire as an accident would, without a farewell."""
        await self.close()


class WebSocketWire(Wire):
    name = "websocket"

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self.socket = socket
        self._commands = itertools.count(1)

    @classmethod
    async def open(cls, url: str, **options: Any) -> WebSocketWire:
        """Connects and reads up to the welcome, or to the close of a connection that gets none."""
        wire = cls(await connect(url, max_size=None, proxy=None, open_timeout=WITHIN_S, **options))
        wire._reader = asyncio.create_task(wire._read())
        await wire._await_welcome()
        return wire

    async def _await_welcome(self) -> None:
        def first_or_end() -> Any:
            return self.received[0] if self.received else (True if self.ended else None)

        first = await self._until("welcome", first_or_end, WITHIN_S)
        if isinstance(first, Message):
            assert first.type == "mythos.welcome", f"first message is {first.text}"
            self.welcome = dict(first.data)

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                assert isinstance(text, str), "the server sent a binary message"
                await self._take(text)
        except websockets.ConnectionClosed:
            pass
        finally:
            await self._end()

    async def send(self, message: Any) -> None:
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def reply(self, command_id: str | None, within: float = WITHIN_S) -> dict[str, Any]:
        """The reply to that command that was not taken yet."""

        def find() -> Message | None:
            for index, m in enumerate(self.received):
                if m.type == "mythos.reply" and m.data["command_id"] == command_id and index not in self._taken:
                    self._taken.add(index)
                    return m
            return None

        return dict((await self._until(f"reply to {command_id}", find, within)).data)

    async def command(self, type: str, data: Any = None, id: str | None = None) -> dict[str, Any]:
        """Sends a command and waits for its reply's data, ok or not."""
        id = id or f"c-{next(self._commands)}"
        await self.send({"id": id, "type": type, "data": {} if data is None else data})
        return await self.reply(id)

    async def subscribe(self, channel: str, **options: Any) -> str:
        """Subscribes; the id of the control entry."""
        reply = await self.command("subscribe", {"channel": channel, **options})
        assert reply["ok"], reply
        return str(reply["data"]["id"])

    async def unsubscribe(self, channel: str) -> None:
        reply = await self.command("unsubscribe", {"channel": channel})
        assert reply["ok"], reply

    async def closed(self, within: float = WITHIN_S) -> int | None:
        """Waits for the server's close; its code."""
        try:
            async with asyncio.timeout(within):
                await self.socket.wait_closed()
        except TimeoutError:
            raise AssertionError(f"the WebSocket was not closed within {within} s; got {self._summary()}") from None
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()
        if self._reader:
            await self._reader

    async def drop(self) -> None:
        self.socket.transport.abort()
        if self._reader:
            await self._reader


class SseWire(Wire):
    name = "sse"

    def __init__(self) -> None:
        super().__init__()
        self.status = 0
        self.answer: httpx.Response | None = None
        self._close = asyncio.Event()

    @classmethod
    async def open(cls, url: str, headers: dict[str, str] | None = None, *, http2: bool = False) -> SseWire:
        """Connects and reads up to the welcome; an answer without a stream has only its status."""
        wire = cls()
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wire._reader = asyncio.create_task(wire._read(url, headers or {}, http2, started))
        await asyncio.wait_for(started, WITHIN_S)
        if wire.status == 200:
            wire.welcome = dict((await wire.control("mythos.welcome")).data)
            assert wire.received[0].type == "mythos.welcome", f"first message is {wire.received[0].text}"
        return wire

    async def _read(self, url: str, headers: dict[str, str], http2: bool, started: asyncio.Future[None]) -> None:
        try:
            timeout = httpx.Timeout(WITHIN_S, read=None)
            async with (
                httpx.AsyncClient(timeout=timeout, trust_env=False, verify=False, http2=http2) as http,
                httpx_sse.aconnect_sse(http, "GET", url, headers=headers) as source,
            ):
                self.answer = source.response
                self.status = source.response.status_code
                if self.status != 200:
                    await source.response.aread()
                started.set_result(None)
                if self.status == 200:
                    async for event in source.aiter_sse():
                        await self._take(event.data, event.id, event.retry)
        except httpx.TransportError as error:
            if not started.done():
                started.set_exception(error)
        finally:
            await self._end()

    async def closed(self, within: float = WITHIN_S) -> Message | None:
        """Waits for the end of the stream; the `mythos.closed` that was its last message, if any."""
        await self._until("end of the stream", lambda: True if self.ended else None, within)
        last = self.received[-1] if self.received else None
        return last if last and last.type == "mythos.closed" else None

    @property
    def last_event_id(self) -> str:
        return str(self.received[-1].sse_id)

    async def close(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.cancel()
        if self._reader:
            await asyncio.wait([self._reader])


def query(**params: Any) -> str:
    given = {name: value for name, value in params.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


async def open_websocket(
    server: Mythosd, player: str, *, port: int | None = None, options: dict[str, Any] | None = None, **params: Any
) -> WebSocketWire:
    """A WebSocket of that player; `params` become the query (session_id, client_id, cursor, mode)."""
    return await WebSocketWire.open(
        f"ws://127.0.0.1:{port or server.port}/ws/{player}{query(**params)}", **(options or {})
    )


async def open_sse(
    server: Mythosd, player: str, *, port: int | None = None, last_event_id: str | None = None, **params: Any
) -> SseWire:
    headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
    return await SseWire.open(f"http://127.0.0.1:{port or server.port}/sse/{player}{query(**params)}", headers)


async def open_wire(server: Mythosd, wire: str, player: str, **params: Any) -> WebSocketWire | SseWire:
    """The wire of that name, for tests that hold on both."""
    return await (open_websocket if wire == "websocket" else open_sse)(server, player, **params)


def close_code(ended: int | Message | None) -> int | None:
    """The close code, whichever wire's `closed` told it."""
    return ended.data["code"] if isinstance(ended, Message) else ended
