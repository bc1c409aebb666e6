"""What a command handler is given, and how it says no."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from mythos._core import Command as Command
from mythos.errors import MythosError

# The command whose handler runs in this context, for log lines.
current_command: ContextVar[Command | None] = ContextVar("mythos_command", default=None)


class CommandNames:
    """Whether anybody wants to know `current_command`: to say it costs each command a tenth of a microsecond."""

    wanted = False


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
    """What a request shows of who sends it; None for what it does not.

    `player_id` is whom the path or the query names. `token` is a bearer's, from `Authorization` or from
    `Sec-WebSocket-Protocol: mythos.v1, bearer, <token>`.
    """

    player_id: str | None
    authorization: str | None
    cookie: str | None
    token: str | None
    ticket: str | None
