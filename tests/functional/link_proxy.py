"""A TCP proxy that stands between a client and the server and harms single links.

Each accepted link is known by its kind, read from its first request line: `websocket`, `sse` or `other`. A link can
be cut with a reset, closed politely, black-holed (nothing is forwarded any more, both sockets stay open), delayed or
throttled. Everything runs on the event loop that started it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Self

CHUNK = 64 * 1024


def kind_of(first_bytes: bytes) -> str:
    """What the first request line asks for."""
    line = first_bytes.split(b"\r\n", 1)[0]
    if line.startswith((b"GET /ws/", b"GET /api/ws")):
        return "websocket"
    if line.startswith((b"GET /sse/", b"GET /api/events")):
        return "sse"
    return "other"


class Link:
    """One accepted connection and its twin to the server."""

    def __init__(self, kind: str, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.kind = kind
        self.client, self.server = client, server
        self.delay_s = 0.0
        self.bytes_per_second: float | None = None
        self.dead = False
        self._open = asyncio.Event()
        self._open.set()

    def reset(self) -> None:
        """Both sides see a TCP reset, and what was on its way is gone."""
        for writer in (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self.dead = True

    def close(self) -> None:
        """Both sides see an orderly end."""
        for writer in (self.client, self.server):
            writer.close()
        self.dead = True

    def black_hole(self) -> None:
        """Nothing passes any more in either direction, and neither side is told."""
        self._open.clear()
        for writer in (self.client, self.server):
            if isinstance(writer.transport, asyncio.ReadTransport) and not writer.transport.is_closing():
                writer.transport.pause_reading()
        self.dead = True

    async def carry(self, data: bytes, to: asyncio.StreamWriter) -> None:
        await self._open.wait()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.bytes_per_second:
            await asyncio.sleep(len(data) / self.bytes_per_second)
        await self._open.wait()
        to.write(data)
        await to.drain()


class LinkProxy:
    """Listens on a loopback port of its own (`port`) and forwards to the server's."""

    def __init__(self, server_port: int, on_link: Callable[[Link], None] | None = None) -> None:
        self.server_port = server_port
        self.port = 0
        self.links: list[Link] = []
        self.on_link = on_link
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for link in self.links:
            link.client.transport.abort()
            link.server.transport.abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def living(self, kind: str | None = None) -> list[Link]:
        """The links that still carry, newest last."""
        return [link for link in self.links if not link.dead and kind in (None, link.kind)]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(CHUNK)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        link = Link(kind_of(first), writer, server_writer)
        self.links.append(link)
        if self.on_link:
            self.on_link(link)
        try:
            await link.carry(first, server_writer)
            await asyncio.gather(_pump(link, reader, server_writer), _pump(link, server_reader, writer))
        finally:
            link.dead = True
            writer.transport.abort()
            server_writer.transport.abort()
            self.links.remove(link)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def _pump(link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carries one direction to its end, and passes the end on."""
    try:
        while data := await source.read(CHUNK):
            await link.carry(data, sink)
        await link._open.wait()
        if sink.can_write_eof() and not sink.transport.is_closing():
            sink.write_eof()
    except ConnectionError:
        link.reset()
