"""A TCP proxy on loopback that stands between clients and a server and harms one wire at a time.

    with LinkProxy(server.url) as proxy:
        proxy.websocket.cut()            # a reset on every WebSocket that there is
        proxy.sse.black_hole(stay=True)  # nothing passes, nobody is told, newcomers included
        proxy.sse.restore()

It runs on a thread of its own, so it serves asyncio programs and others alike; all its methods may be called from any
thread and have taken effect when they return.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Self, TypeVar
from urllib.parse import urlsplit

from mythos.testing.links import HEAD_BYTES_MAX, Kind, Lane, Link, kind_of

T = TypeVar("T")


class LinkProxy:
    """`server` is a URL. `websocket`, `sse` and `other` are the lanes: what is done to one leaves the others alone."""

    def __init__(self, server: str) -> None:
        address = urlsplit(server)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mythos-link-proxy", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.port = 0
        self.websocket = Lane("websocket", self._call)
        self.sse = Lane("sse", self._call)
        self.other = Lane("other", self._call)
        self._lanes: dict[Kind, Lane] = {"websocket": self.websocket, "sse": self.sse, "other": self.other}

    @property
    def url(self) -> str:
        """Where clients connect to instead of the server."""
        return f"http://127.0.0.1:{self.port}"

    def lane(self, kind: Kind) -> Lane:
        """The lane by its name."""
        return self._lanes[kind]

    def restore(self) -> None:
        """Everything passes again."""
        for lane in self._lanes.values():
            lane.restore()

    def start(self) -> Self:
        """Listens on a free loopback port when it returns."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        """Resets every link and listens no more; again does nothing."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _call(self, act: Callable[[], T]) -> T:
        """Does it on the proxy's loop and waits until it is done."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return act()
        done: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                done.set_result(act())
            except Exception as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()

    async def _listen(self) -> int:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
        return int(self._listener.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for lane in self._lanes.values():
            lane.end()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readuntil(b"\n")
        lane = self._lanes[kind_of(first)]
        to_server = await asyncio.open_connection(self._host, self._port)
        link = Link(lane, (reader, writer), to_server)
        try:
            await link.run(first)
        finally:
            to_server[1].transport.abort()
