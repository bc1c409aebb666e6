"""The links of a `LinkProxy` and what is done to them. All but `Lane`'s methods runs on the proxy's loop."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["websocket", "sse", "other"]
Stream: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HEAD_BYTES_MAX = 64 << 10
CHUNK_BYTES = 64 << 10
CHUNKS_MAX = 16  # of one direction that wait for their time; then its sender waits
RESET = b"reset"  # in the place of a chunk: the end came as a reset


def kind_of(request_line: bytes) -> Kind:
    """What the first line of a connection asks for."""
    _, _, path = request_line.partition(b" ")
    if path.startswith((b"/ws/", b"/api/ws")):
        return "websocket"
    if path.startswith((b"/sse/", b"/api/events")):
        return "sse"
    return "other"


class Lane:
    """All links of one kind. `stay`: those that come later fare the same, until `restore`."""

    def __init__(self, kind: Kind, call: Callable[[Callable[[], Any]], Any]) -> None:
        self.kind = kind
        self.opened_total = 0
        self.delay_s = 0.0
        self.bytes_per_s: float | None = None
        self.end_newcomer: Callable[[Link], None] | None = None
        self.holed = False
        self._call = call
        self._links: set[Link] = set()

    @property
    def links(self) -> int:
        """How many pass now."""
        return int(self._call(lambda: sum(not link.holed for link in self._links)))

    def cut(self, *, stay: bool = False) -> int:
        """Resets every link, as a crash or a NAT's timeout does: what was on its way is gone. How many there were."""
        return self._end_all(Link.reset, stay)

    def close(self, *, stay: bool = False) -> int:
        """Ends every link politely, with an end of file on both sides."""
        return self._end_all(Link.close, stay)

    def black_hole(self, *, stay: bool = False) -> int:
        """Nothing passes any more, both sockets stay open, and nobody is told."""

        def act() -> int:
            self.holed |= stay
            for link in self._links:
                link.hole()
            return len(self._links)

        return int(self._call(act))

    def delay(self, delay_s: float) -> None:
        """Everything passes so much later, in each direction; 0: at once."""
        self._call(lambda: setattr(self, "delay_s", delay_s))

    def throttle(self, bytes_per_s: float | None) -> None:
        """No more than this passes a link and direction; None: all of it."""
        self._call(lambda: setattr(self, "bytes_per_s", bytes_per_s))

    def restore(self) -> None:
        """Newcomers pass, at once and at full speed; what a black hole held goes on."""

        def act() -> None:
            self.end_newcomer, self.holed = None, False
            self.delay_s, self.bytes_per_s = 0.0, None
            for link in self._links:
                link.fill()

        self._call(act)

    def _end_all(self, end: Callable[[Link], None], stay: bool) -> int:
        def act() -> int:
            if stay:
                self.end_newcomer = end
            ended = len(self._links)
            for link in tuple(self._links):
                end(link)
            return ended

        return int(self._call(act))

    def end(self) -> None:
        for link in tuple(self._links):
            link.reset()

    def join(self, link: Link) -> None:
        self.opened_total += 1
        self._links.add(link)
        if self.holed:
            link.hole()

    def leave(self, link: Link) -> None:
        self._links.discard(link)


class Link:
    """One accepted connection and its twin to the server."""

    def __init__(self, lane: Lane, client: Stream, server: Stream) -> None:
        self.lane = lane
        self._client, self._server = client, server
        self._passable = asyncio.Event()
        self._passable.set()

    @property
    def holed(self) -> bool:
        return not self._passable.is_set()

    def reset(self) -> None:
        for _, writer in (self._client, self._server):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._leave()

    def close(self) -> None:
        for _, writer in (self._client, self._server):
            writer.close()
        self._leave()

    def _leave(self) -> None:
        self.fill()  # nothing has to wait any more
        self.lane.leave(self)

    def hole(self) -> None:
        self._passable.clear()

    def fill(self) -> None:
        self._passable.set()

    async def run(self, first: bytes) -> None:
        if end := self.lane.end_newcomer:
            end(self)
            return
        self.lane.join(self)
        try:
            await asyncio.gather(
                self._direction(self._client[0], self._server[1], first),
                self._direction(self._server[0], self._client[1], b""),
            )
        finally:
            self.lane.leave(self)

    async def _direction(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, first: bytes) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_MAX)
        reading = asyncio.create_task(self._read(source, waiting, first))
        try:
            await self._write(waiting, sink)
        finally:
            reading.cancel()

    async def _read(
        self, source: asyncio.StreamReader, waiting: asyncio.Queue[tuple[float, bytes]], first: bytes
    ) -> None:
        now = asyncio.get_running_loop().time
        if first:
            await waiting.put((now(), first))
        try:
            while data := await source.read(CHUNK_BYTES):
                await waiting.put((now(), data))
            await waiting.put((now(), b""))
        except ConnectionError:
            await waiting.put((now(), RESET))

    def _next_piece(self, data: bytes) -> tuple[bytes, bytes]:
        """A throttled link gets small pieces, so that it trickles."""
        rate = self.lane.bytes_per_s
        size = len(data) if rate is None else max(1, int(rate / 20))
        return data[:size], data[size:]

    async def _write(self, waiting: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        while True:
            came, data = await waiting.get()
            if (early_s := came + self.lane.delay_s - now()) > 0:
                await asyncio.sleep(early_s)
            await self._passable.wait()
            if data is RESET:
                self.reset()
                return
            if not data:
                if sink.can_write_eof() and not sink.transport.is_closing():
                    sink.write_eof()
                return
            while data:
                piece, data = self._next_piece(data)
                if rate := self.lane.bytes_per_s:
                    await asyncio.sleep(len(piece) / rate)
                sink.write(piece)
                await sink.drain()
