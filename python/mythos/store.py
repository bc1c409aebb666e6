"""The history that a server keeps in its database: who was connected, when, and why not any more.

    for each in server.store.connections(player_id="ann", limit=10):
        print(each.created_at, each.wire, each.close_reason)

Reading waits for the database, on the calling thread and with the GIL released, on a connection of its own: no loop and
no handler of another thread waits with it. Within asyncio call it by `asyncio.to_thread`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from mythos import _core
from mythos.errors import HistoryUnavailable, Refused


@dataclass(frozen=True, slots=True)
class PastConnection:
    """A row of the table `connections`.

    `closed_at` is None while it is open, as far as the database knows. `close_reason` is the `reason` of
    `mythos_connections_closed_total`, `server_stopped`, or `server_lost` where a server ended without saying so;
    `close_code` is what the peer was told or had said, 1006 where nobody said anything.
    """

    player_id: str
    session_id: str
    client_id: str
    connection_id: str
    wire: Literal["websocket", "sse"]
    remote_address: str | None
    server_id: str | None
    created_at: datetime
    closed_at: datetime | None
    close_reason: str | None
    close_code: int | None


@dataclass(frozen=True, slots=True)
class PastSession:
    """A row of the table `sessions`; `close_reason` is `replaced`, `expired`, `server_stopped` or `server_lost`."""

    player_id: str
    session_id: str
    server_id: str | None
    created_at: datetime
    closed_at: datetime | None
    close_reason: str | None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The store as of its last attempt to write, a few seconds old at most.

    `status` is `degraded` while writes fail or the queue is above a half, and `unhealthy` while the database is away.
    `connection_count` is how many connections this server has to it. `error` is what is wrong now, `last_error` what
    was wrong last, both as words. `written` and `dropped`, by why, count openings and closings since the start.
    """

    status: Literal["healthy", "degraded", "unhealthy"]
    response_time_ms: float
    connection_count: int
    error: str | None
    last_error: str | None
    queue_length: int
    written: int
    dropped: dict[str, int]


Ask = Callable[[Callable[[_core.ServerCore], Any]], Any]  # puts a question to the core of a server that runs
Read = Callable[[bool, str, str, float | None, int], bytes]


def _times(row: dict[str, Any]) -> dict[str, Any]:
    at = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("created_at", "closed_at")}
    return {**row, **at}


class History:
    """Reads the database of a URL, with or without a server: `History("sqlite:///data/mythos.db")`."""

    def __init__(self, url: str) -> None:
        self._read: Read = lambda *question: _core.read_history(url, *question)

    def connections(
        self,
        player_id: str = "",
        *,
        session_id: str = "",
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[PastConnection]:
        """Newest first: of everybody, or of one player or session; opened at `since` or later. Raises
        HistoryUnavailable."""
        return [PastConnection(**row) for row in self._rows(True, player_id, session_id, since, limit)]

    def sessions(self, player_id: str = "", *, since: datetime | None = None, limit: int = 100) -> list[PastSession]:
        """The same of sessions."""
        return [PastSession(**row) for row in self._rows(False, player_id, "", since, limit)]

    def _rows(
        self, connections: bool, player_id: str, session_id: str, since: datetime | None, limit: int
    ) -> list[dict[str, Any]]:
        if limit < 1:
            raise ValueError("limit is a number from 1")
        after = since.timestamp() if since is not None else None
        try:
            rows = orjson.loads(self._read(connections, player_id, session_id, after, limit))
        except Refused as error:
            raise HistoryUnavailable(error.code, error.message) from None
        except _core.CoreError as error:
            raise HistoryUnavailable(*error.args) from None
        return [_times(row) for row in rows]


class Store(History):
    """A running server's history: `Server.store`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._read = lambda *question: ask(lambda core: core.history(*question))

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Waits until all that happened before is in the database; False if it is not in time. For tests."""
        return bool(self._ask(lambda core: core.flush_history(timeout_s)))

    @property
    def status(self) -> StoreStatus | None:
        """None where no history is kept. Costs nothing: the store's own thread has asked the database."""
        probe = self._ask(lambda core: core.store_probe())
        return None if probe is None else StoreStatus(**probe)
