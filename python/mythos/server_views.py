"""Who is connected to a server, as live views: each look asks the server anew.

A look at everybody takes time in proportion to their number; `len`, `in` and one player's are cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import orjson

from mythos import _core

T = TypeVar("T")


class Ask(Protocol):
    """Puts a question to the core of a server that runs; raises ServerStopped."""

    def __call__(self, question: Callable[[_core.ServerCore], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection as it was when it was looked at. `cursor` is the last id handed to its socket, `acknowledged` the
    highest that its client has said to have applied; `rtt_ms` is of the last ping that a WebSocket answered."""

    player_id: str
    session_id: str
    client_id: str
    connection_id: str
    wire: Literal["websocket", "sse"]
    mode: Literal["mirror", "standby"]
    opened_at: datetime
    cursor: str
    acknowledged: str
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One player's session as it was when it was looked at; without connections it is in its grace."""

    player_id: str
    session_id: str
    connections: tuple[Connection, ...]


def _session_of(row: dict[str, Any]) -> Session:
    player_id, session_id = row["player_id"], row["session_id"]
    connections = tuple(
        Connection(player_id, session_id, **{**each, "opened_at": datetime.fromisoformat(each["opened_at"])})
        for each in row["connections"]
    )
    return Session(player_id, session_id, connections)


class Sessions(Mapping[str, Session]):
    """Sessions by player."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __len__(self) -> int:
        return self._ask(lambda core: core.session_count())

    def __iter__(self) -> Iterator[str]:
        return iter([session.player_id for session in self.snapshot()])

    def __getitem__(self, player_id: str) -> Session:
        row = orjson.loads(self._ask(lambda core: core.connections(player_id)))
        if row["session_id"] is None:
            raise KeyError(player_id)
        return _session_of(row)

    def snapshot(self) -> list[Session]:
        """All of them, at one moment."""
        rows: list[dict[str, Any]] = orjson.loads(self._ask(lambda core: core.all_connections()))
        return [_session_of(row) for row in rows]


class Connections:
    """Every connection there is."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __len__(self) -> int:
        return self._ask(lambda core: core.connection_count())

    def __iter__(self) -> Iterator[Connection]:
        for session in Sessions(self._ask).snapshot():
            yield from session.connections

    def of(self, player_id: str) -> tuple[Connection, ...]:
        """The player's; none if there is no session."""
        session = Sessions(self._ask).get(player_id)
        return session.connections if session else ()
