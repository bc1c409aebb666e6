"""What a command handler is given, and how it says no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

from mythos.errors import MythosError


class CommandError(MythosError):
    """Raise it in a handler: the caller gets `code` and `message` as the command's error reply.

    The command counts as executed: the same command sent again gets the same reply. With `retryable` it does not:
    nothing was done, and the caller, or its client by itself, may send it again.
    """

    def __init__(self, code: str, message: str = "", *, retryable: bool = False) -> None:
        self.code, self.message, self.retryable = code, message, retryable
        super().__init__(f"{code}: {message}")


class Unauthorised(CommandError):
    """Raise it in an `authenticate` function: the connection is refused with 401 and this message."""

    def __init__(self, message: str = "The credentials are missing or not valid.") -> None:
        super().__init__("unauthorised", message)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a newcomer shows of who it is; None for what it does not.

    `player_id` is whom the path or the query names. `token` is a bearer's, from `Authorization` or from
    `Sec-WebSocket-Protocol: mythos.v1, bearer, <token>`.
    """

    player_id: str | None
    authorization: str | None
    cookie: str | None
    token: str | None
    ticket: str | None


class Command:
    """One command of a client.

    `id` is the client's own name for it, empty for one that wants no reply. `client_id` is empty for a command that was
    posted without one.
    """

    __slots__ = ("_data", "_text", "client_id", "id", "player_id", "session_id", "type")

    def __init__(self, id: str, type: str, text: bytes | str, player_id: str, session_id: str, client_id: str) -> None:
        self.id, self.type = id, type
        self.player_id, self.session_id, self.client_id = player_id, session_id, client_id
        self._text: bytes | str | None = text
        self._data: Any = None

    @property
    def data(self) -> Any:
        """What the client sent as `data`: a dict, mostly; `{}` where it sent none."""
        if self._text is not None:
            # A str has integers beyond 64 bits, of which orjson would make floats.
            self._data = orjson.loads(self._text) if isinstance(self._text, bytes) else json.loads(self._text)
            self._text = None
        return self._data

    def __repr__(self) -> str:
        return f"Command({self.type!r}, player_id={self.player_id!r}, id={self.id!r})"
