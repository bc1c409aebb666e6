"""Readers that do not read until told: a WebSocket by `websockets`, an SSE stream by `httpx-sse`.

Both libraries stop reading from the socket while nobody takes their messages, so the kernel's buffers fill and the
server sees a slow reader.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx_sse
import websockets
from websockets.asyncio.client import connect

from mythosd import Mythosd
from wires import WITHIN_S, query

RECEIVE_BUFFER = 64 * 1024


class Sleeper:
    def __init__(self, messages: AsyncIterator[dict[str, Any]], ended: Any) -> None:
        self._messages = messages
        self._ended = ended
        self.welcome: dict[str, Any] = {}

    async def next(self) -> dict[str, Any] | None:
        """The next message, or None at the end of the stream."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return await anext(self._messages, None)
        except TimeoutError:
            raise AssertionError(f"neither a message nor the end of the stream within {WITHIN_S} s") from None

    @property
    def close_code(self) -> int | None:
        return self._ended()


@asynccontextmanager
async def sleeping_websocket(server: Mythosd, player: str, **params: Any) -> AsyncIterator[Sleeper]:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    sock.connect(("127.0.0.1", server.port))
    sock.setblocking(False)
    ws = await connect(
        f"{server.ws_url}/ws/{player}{query(**params)}",
        sock=sock,
        max_queue=1,
        compression=None,
        max_size=None,
        close_timeout=1,
    )
    try:

        async def messages() -> AsyncIterator[dict[str, Any]]:
            try:
                async for text in ws:
                    yield json.loads(text)
            except websockets.ConnectionClosed:
                return

        sleeper = Sleeper(messages(), lambda: ws.close_code)
        sleeper.welcome = (await sleeper.next() or {})["data"]
        yield sleeper
    finally:
        ws.transport.abort()


@asynccontextmanager
async def sleeping_sse(server: Mythosd, player: str, **params: Any) -> AsyncIterator[Sleeper]:
    transport = httpx.AsyncHTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)])
    last: list[dict[str, Any]] = []
    async with (
        httpx.AsyncClient(transport=transport, timeout=30) as http,
        httpx_sse.aconnect_sse(http, "GET", f"{server.url}/sse/{player}{query(**params)}") as source,
    ):

        async def messages() -> AsyncIterator[dict[str, Any]]:
            try:
                async for event in source.aiter_sse():
                    last[:] = [json.loads(event.data)]
                    yield last[0]
            except httpx.TransportError:
                return

        def ended() -> int | None:
            return last[0]["data"]["code"] if last and last[0]["type"] == "mythos.closed" else None

        sleeper = Sleeper(messages(), ended)
        sleeper.welcome = (await sleeper.next() or {})["data"]
        yield sleeper


def sleeping(wire: str) -> Any:
    return sleeping_websocket if wire == "websocket" else sleeping_sse
