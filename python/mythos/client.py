"""A client on two wires at once, for asyncio.

    async with Client("http://127.0.0.1:8000", "ann") as client:
        await client.subscribe("room:tavern")
        await client.publish("chat.said", {"text": "hello"}, channel="room:tavern")
        async for item in client:
            print(item)

Iterating yields each entry owed to this player once and in order, whichever wire brings it, and a `Gap` where entries
will not come. Every decision is the core's (cpp/protocol/dual_client.hpp). Belongs to one event loop; `SyncClient` is
the same for programs without one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, Self

from mythos import _core, errors
from mythos.client_commands import Commands
from mythos.client_inbox import Inbox
from mythos.client_shell import ClientShell, Tiding
from mythos.client_status import Change, ClientStatus, FailedOver, WireStatus
from mythos.client_wires import Endpoint, check_name, check_url
from mythos.entries import WIRES, Gap, Item, WireName, read_entry

log = logging.getLogger("mythos.client")

INBOX_MAX = 65_536  # entries; at a few hundred bytes each, tens of megabytes


class Client(Commands):
    """One client program of a player.

    `client_id` is random unless given; give the same one, with `session_id` and `cursor`, to go on where an earlier
    run ended. `mode` is `mirror` (both wires carry everything) or `standby` (one waits). `headers` go with every
    request, from a function where they change. What the application leaves unread beyond `inbox_max` items is told to
    it as a gap. Raises ValueError for a URL or a name that cannot be.
    """

    def __init__(
        self,
        url: str,
        player: str,
        *,
        mode: Literal["mirror", "standby"] = "mirror",
        wires: Sequence[WireName] = WIRES,
        client_id: str | None = None,
        session_id: str | None = None,
        cursor: str | None = None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        inbox_max: int = INBOX_MAX,
        open_timeout_s: float = 10.0,
    ) -> None:
        super().__init__()
        check_url(url)
        for name in (player, client_id, session_id):
            if name is not None:
                check_name(name)
        self.url, self.player = url, player
        self.open_timeout_s = open_timeout_s
        self.client_id = client_id or f"py-{uuid.uuid4().hex}"
        self._headers = headers if callable(headers) else lambda: headers or {}
        self._ssl_context = ssl_context
        self._status = ClientStatus(wires)
        self._inbox = Inbox(inbox_max)
        self._subscriptions: dict[str, bool] = {}  # channel: with presence
        self._decided = asyncio.Event()  # joined a session, or there is no hope of it
        self._session: _core.SessionJoined | None = None
        self._shell: ClientShell | None = None
        self._config = _core.ClientConfig()
        self._config.client_id, self._config.mode, self._config.wires = self.client_id, mode, list(wires)
        self._config.session_id, self._config.cursor = session_id or "", cursor
        self._config.report_delay = True
        # Above every number that an earlier run under this id can have used.
        now_ms = time.time_ns() // 1_000_000
        self._config.first_command = now_ms if client_id else 1
        self._config.first_attempt = now_ms
        self._config.jitter_seed = uuid.uuid4().int & (2**63 - 1)

    def __repr__(self) -> str:
        wires = ", ".join(f"{s.wire} {s.status}" for s in self.wires.values())
        return f"<mythos.Client {self.player} at {self.url}: {wires}>"

    # Opening and closing.

    async def open(self) -> Self:
        """Opens the wires and returns with the first welcome; the other wire follows by itself.

        Raises `ConnectFailed` if there is none within `open_timeout_s`, or if all are refused; `ClientStopped` if the
        server sends this client away. A client is opened once.
        """
        if self._shell is not None:
            raise RuntimeError("a client is opened once; make another one")
        endpoint = Endpoint(self.url, self.player, self._headers, self._ssl_context)
        self._shell = ClientShell(_core.DualClient(self._config), endpoint, self._told)
        self._shell.start()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.open_timeout_s):
                    await self._decided.wait()
            if self._stopped is not None:
                raise self._stopped
            if self._session is None:
                states = (self._status.wires | self._status.troubles).values()
                raise errors.ConnectFailed(self.url, {s.wire: f"{s.status} ({s.reason})" for s in states})
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Says goodbye on both wires; commands without an answer end in `OutcomeUnknown`."""
        if self._shell is not None:
            await self._shell.stop()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # The stream.

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        """The next entry or gap. Ends when the client is closed; raises what stopped it otherwise."""
        item = await self._inbox.take()
        if item is None:
            raise StopAsyncIteration
        return item

    @property
    def unread(self) -> int:
        """Items that wait to be taken."""
        return len(self._inbox)

    @property
    def cursor(self) -> str | None:
        """The position up to which the application has taken everything: what to resume from in a later run."""
        if not self._inbox and self._shell is not None:
            return self._shell.core.applied
        return self._inbox.taken

    # The wires.

    @property
    def wires(self) -> Mapping[WireName, WireStatus]:
        """Each wire's state, and since when."""
        return self._status.wires

    @property
    def live_wires(self) -> list[WireName]:
        """Those that carry the stream now."""
        return [s.wire for s in self.wires.values() if s.status == "live"]

    @property
    def failovers(self) -> Sequence[FailedOver]:
        """The latest hundred, oldest first."""
        return tuple(self._status.failovers)

    @property
    def statistics(self) -> dict[str, int]:
        """Totals since the client was opened: delivered, duplicates (dropped copies), gaps_told, lost, failovers, …"""
        counters = self._shell.core.counters() if self._shell is not None else {}
        return {**counters, "failovers": self._status.failovers_total, "inbox_dropped": self._inbox.dropped}

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls `listener` with each `WireStatus` and `FailedOver`; the result, called, ends that."""
        return self._status.listen(listener)

    async def until(self, condition: Callable[[Self], bool], timeout_s: float = 10.0) -> None:
        """Waits for a condition on the wires' states; raises TimeoutError."""
        news = asyncio.Event()
        stop = self.listen(lambda _: news.set())
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(self):
                    news.clear()
                    await news.wait()
        finally:
            stop()

    async def both_live(self, timeout_s: float = 10.0) -> None:
        """Waits until every wire in use is open: `live`, or `standby` on one of them."""
        await self.until(lambda c: all(s.status in ("live", "standby") for s in c.wires.values()), timeout_s)

    def credentials_renewed(self) -> None:
        """`headers` gives new credentials now: refused wires come back."""
        if self._shell is not None:
            self._shell.credentials_renewed()

    # The session.

    @property
    def session_id(self) -> str | None:
        """Of the session that was joined last; None before the first welcome."""
        return self._session.session_id if self._session else None

    @property
    def epoch(self) -> str | None:
        """The first part of every id of this session's entries: ids compare only within an epoch."""
        return self._session.epoch if self._session else None

    @property
    def subscriptions(self) -> Iterable[str]:
        """The channels that it subscribed to and did not leave."""
        return self._subscriptions.keys()

    def _subscribed(self, channels: Sequence[str], presence: bool) -> None:
        self._subscriptions.update(dict.fromkeys(channels, presence))

    def _unsubscribed(self, channels: Sequence[str]) -> None:
        for channel in channels:
            self._subscriptions.pop(channel, None)

    def _send(self, type: str, data: str) -> str:
        if self._shell is None:
            raise errors.ClientStopped("not_open")
        return self._shell.send_command(type, data)

    def _told(self, tiding: Tiding) -> None:
        match tiding:
            case _core.DeliverEntry():
                self._inbox.put(read_entry(tiding.json, tiding.wire))
            case _core.TellGap():
                gap = Gap(tiding.after, tiding.before, tiding.lost, tiding.at_most, tiding.reason)
                self._inbox.put(gap)
            case _core.CommandReply() | _core.OutcomeUnknown():
                self._answered(tiding)
            case _core.WireChanged():
                status = WireStatus(tiding.wire, tiding.status, tiding.reason, time.monotonic())
                self._status.tell(status)
                if all(s.status == "refused" for s in self.wires.values()):
                    self._decided.set()
            case _core.FailedOver():
                self._status.tell(FailedOver(tiding.from_wire, tiding.to_wire, time.monotonic()))
            case _core.SessionJoined():
                self._join(tiding)
            case _core.Stopped():
                self._stop(tiding.reason)

    def _join(self, session: _core.SessionJoined) -> None:
        self._session = session
        if self._inbox.taken is None and self._shell is not None:
            self._inbox.taken = self._shell.core.applied
        self._decided.set()
        if session.fresh:
            # The session that had them is gone; whoever subscribed once wants to stay so.
            for presence in (False, True):
                channels = [c for c, p in self._subscriptions.items() if p == presence]
                if channels:
                    self._resubscribe(channels, presence)

    def _resubscribe(self, channels: list[str], presence: bool) -> None:
        def done(answer: asyncio.Future[Any]) -> None:
            if not answer.cancelled() and (error := answer.exception()):
                log.warning("could not subscribe again to %d channels: %s", len(channels), error)

        self.submit("subscribe", {"channels": channels, "presence": presence}).add_done_callback(done)

    def _stop(self, reason: str) -> None:
        self._stopped = errors.stopped(reason)
        self._inbox.end(None if reason == "stopped" else self._stopped)
        self._decided.set()
