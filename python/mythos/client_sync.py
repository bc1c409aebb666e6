"""The client for programs without an event loop: the same `Client`, on a thread of its own.

    with SyncClient("http://127.0.0.1:8000", "ann") as client:
        client.subscribe("room:tavern")
        for item in client:
            print(item)

Its methods may be called from any thread; iterating from one at a time.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack

from mythos import errors
from mythos.client import Client
from mythos.client_commands import History, Member
from mythos.client_inbox import position_of
from mythos.client_status import Change, FailedOver, WireStatus
from mythos.entries import Item, WireName

T = TypeVar("T")


class ClientOptions(TypedDict, total=False):
    """What `Client` takes by keyword."""

    mode: Literal["mirror", "standby"]
    wires: Sequence[WireName]
    client_id: str | None
    session_id: str | None
    cursor: str | None
    headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None
    ssl_context: ssl.SSLContext | None
    inbox_max: int
    open_timeout_s: float


class SyncClient:
    """See `Client`. `timeout_s` bounds each wait for an answer; None waits for ever. Raises TimeoutError."""

    def __init__(self, url: str, player: str, *, timeout_s: float | None = 30.0, **options: Unpack[ClientOptions]):
        self.timeout_s = timeout_s
        self._client = Client(url, player, **options)
        self._loop: asyncio.AbstractEventLoop | None = None  # while open
        self._thread: threading.Thread | None = None
        self._closing = asyncio.Event()
        self._taken: deque[Item] = deque()  # from the client's inbox, not yet by the application
        self._position: str | None = None

    def open(self) -> Self:
        """Opens the wires and returns with the first welcome; raises as `Client.open` does."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="mythos-client", daemon=True)
        self._thread.start()
        try:
            self._wait(self._client.open(), None)
        except BaseException:
            self._end_thread()
            raise
        return self

    def close(self) -> None:
        """Says goodbye on both wires; again does nothing."""
        if self._loop is not None:
            self._wait(self._client.close(), None)
            self._end_thread()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    # The stream.

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        item = self._next(None)
        if item is None:
            raise StopIteration
        return item

    def next(self, timeout_s: float | None = None) -> Item:
        """The next entry or gap; raises TimeoutError, or `ClientStopped` at the end."""
        item = self._next(timeout_s)
        if item is None:
            raise errors.ClientStopped("stopped")
        return item

    def _next(self, timeout_s: float | None) -> Item | None:
        if not self._taken:
            try:
                self._wait(self._fill(), timeout_s)
            except errors.ClientStopped:
                if not self._closing.is_set():
                    raise
        if not self._taken:
            return None
        item = self._taken.popleft()
        self._position = position_of(item)
        return item

    async def _fill(self) -> None:
        # Handed over on the client's loop: a waiter that gives up in between loses nothing.
        self._taken.extend(await self._client._inbox.take_all())

    @property
    def cursor(self) -> str | None:
        """The position up to which the application has taken everything."""
        return self._position if self._taken or self._client.unread else self._client.cursor

    # Commands. Each raises what `command` raises.

    def command(self, type: str, data: Any = None) -> Any:
        """Sends a command and gives its reply's data. Raises `CommandFailed`, `OutcomeUnknown`, `ClientStopped`."""
        return self._wait(self._client.command(type, data), self.timeout_s)

    def subscribe(self, *channels: str, presence: bool = False) -> str:
        """Joins channels, with `presence` to hear who comes and goes; the position from which on it counts."""
        return self._wait(self._client.subscribe(*channels, presence=presence), self.timeout_s)

    def unsubscribe(self, *channels: str) -> str:
        """Leaves channels; the position from which on it counts."""
        return self._wait(self._client.unsubscribe(*channels), self.timeout_s)

    def publish(
        self,
        type: str,
        data: Any = None,
        *,
        channel: str | None = None,
        player: str | None = None,
        everyone: bool = False,
        key: str | None = None,
    ) -> str:
        """Publishes one message to exactly one of a channel, a player and everyone; its id."""
        sent = self._client.publish(type, data, channel=channel, player=player, everyone=everyone, key=key)
        return self._wait(sent, self.timeout_s)

    def presence(self, channel: str) -> list[Member]:
        """Who is subscribed to a channel."""
        return self._wait(self._client.presence(channel), self.timeout_s)

    def history(self, channel: str, limit: int = 50, before: str | None = None) -> History:
        """The latest entries of a channel that the journal still holds, or those before an id."""
        return self._wait(self._client.history(channel, limit, before), self.timeout_s)

    def ping(self) -> float:
        """The server's time, epoch seconds."""
        return self._wait(self._client.ping(), self.timeout_s)

    # The wires.

    @property
    def wires(self) -> Mapping[WireName, WireStatus]:
        """Each wire's state, and since when."""
        return dict(self._client.wires)

    @property
    def live_wires(self) -> list[WireName]:
        """Those that carry the stream now."""
        return self._client.live_wires

    @property
    def failovers(self) -> Sequence[FailedOver]:
        """The latest hundred, oldest first."""
        return self._client.failovers

    @property
    def statistics(self) -> dict[str, int]:
        """Totals since the client was opened, as `Client.statistics`. Raises `ClientStopped` when it is closed."""
        return self._wait(self._statistics(), self.timeout_s)

    async def _statistics(self) -> dict[str, int]:
        return self._client.statistics

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls `listener`, on the client's thread, with each change of a wire."""
        return self._client.listen(listener)

    def until(self, condition: Callable[[Client], bool], timeout_s: float = 10.0) -> None:
        """Waits for a condition on the wires' states; raises TimeoutError."""
        self._wait(self._client.until(condition, timeout_s), None)

    def both_live(self, timeout_s: float = 10.0) -> None:
        """Waits until every wire in use is open; raises TimeoutError."""
        self._wait(self._client.both_live(timeout_s), None)

    def credentials_renewed(self) -> None:
        """`headers` gives new credentials now: refused wires come back."""
        self._wait(self._credentials_renewed(), self.timeout_s)

    async def _credentials_renewed(self) -> None:
        self._client.credentials_renewed()

    @property
    def unread(self) -> int:
        """Items that wait to be taken."""
        return len(self._taken) + self._client.unread

    @property
    def session_id(self) -> str | None:
        """Of the session that was joined last; None before the first welcome."""
        return self._client.session_id

    @property
    def client_id(self) -> str:
        """What names this program to the server, on both wires."""
        return self._client.client_id

    @property
    def epoch(self) -> str | None:
        """The first part of every id of this session's entries."""
        return self._client.epoch

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._closing.wait())

    def _wait(self, work: Coroutine[Any, Any, T], timeout_s: float | None) -> T:
        if self._loop is None:
            work.close()
            raise errors.ClientStopped("not_open")
        answer = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return answer.result(timeout_s)
        except concurrent.futures.CancelledError:
            raise errors.ClientStopped("stopped") from None
        except BaseException:  # a time-out or an interrupt
            answer.cancel()
            raise

    def _end_thread(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
