"""The commands of a client and their answers. Belongs to one event loop.

A command is written on the WebSocket where that lives, else posted, and sent again when what carried it dies, under
the same id: it is executed once at most. Each ends in its reply, in `CommandFailed`, or in `OutcomeUnknown`.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mythos import _core, errors
from mythos.entries import Entry, entry_of, message_of


@dataclass(frozen=True, slots=True)
class Member:
    """A session that is subscribed to a channel; `since` is ISO 8601, in UTC."""

    player_id: str
    session_id: str
    since: str


@dataclass(frozen=True, slots=True)
class History:
    """A channel's latest retained entries, oldest first; `more` if there are older ones."""

    entries: list[Entry]
    more: bool


class Commands(ABC):
    """Whoever sends gives the command an id, under which `_answered` is told its outcome."""

    def __init__(self) -> None:
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._stopped: errors.ClientStopped | None = None

    @abstractmethod
    def _send(self, type: str, data: str) -> str: ...
    @abstractmethod
    def _subscribed(self, channels: Sequence[str], presence: bool) -> None: ...
    @abstractmethod
    def _unsubscribed(self, channels: Sequence[str]) -> None: ...

    def submit(self, type: str, data: Any = None) -> asyncio.Future[Any]:
        """Sends a command; its reply's data comes by the future. For many at once; `command` is for one."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            id = self._send(type, json.dumps(data, separators=(",", ":")) if data is not None else "")
        except _core.CoreError as error:
            code, message = error.args
            raise self._refusal(code, message) from None
        self._answers[id] = answer
        return answer

    async def command(self, type: str, data: Any = None) -> Any:
        """Sends a command and gives its reply's data.

        Raises `CommandFailed`, `OutcomeUnknown`, or `ClientStopped`. Cancelled (as by `asyncio.timeout`), it may be
        executed all the same.
        """
        return await self.submit(type, data)

    async def subscribe(self, *channels: str, presence: bool = False) -> str:
        """From the position that it gives on, what is said in these channels is owed to this client's session.

        With `presence`, joins and leaves are entries too (`presence.joined`, `presence.left`). Where the session is
        lost to a restart or its grace period, the client subscribes again by itself.
        """
        data: dict[str, Any] = {"channels": list(channels)}
        if presence:
            data["presence"] = True
        reply = await self.command("subscribe", data)
        self._subscribed(channels, presence)
        return str(reply["id"])

    async def unsubscribe(self, *channels: str) -> str:
        """From the position that it gives on, nothing of these channels is owed any more; what was owed still comes."""
        reply = await self.command("unsubscribe", {"channels": list(channels)})
        self._unsubscribed(channels)
        return str(reply["id"])

    async def publish(
        self,
        type: str,
        data: Any = None,
        *,
        channel: str | None = None,
        player: str | None = None,
        everyone: bool = False,
        key: str | None = None,
    ) -> str:
        """Publishes one message to exactly one of a channel, a player and everyone; its id.

        Raises `CommandFailed`: `bad_command`, `reserved_type`, `unauthorised` where players may not.
        """
        message = message_of(type, data, channel, player, everyone, key)
        return str((await self.command("publish", message))["id"])

    async def presence(self, channel: str) -> list[Member]:
        """Who is subscribed to a channel."""
        reply = await self.command("presence", {"channel": channel})
        return [Member(m["player_id"], m["session_id"], m["since"]) for m in reply["members"]]

    async def history(self, channel: str, limit: int = 50, before: str | None = None) -> History:
        """The latest entries of a channel that the journal still holds, or those before an id."""
        data: dict[str, Any] = {"channel": channel, "limit": limit}
        if before is not None:
            data["before"] = before
        reply = await self.command("history", data)
        return History([entry_of(e) for e in reply["entries"]], bool(reply["more"]))

    async def ping(self) -> float:
        """The server's time, epoch seconds."""
        return float((await self.command("ping"))["ts"])

    def _refusal(self, code: str, message: str) -> errors.MythosError:
        if code == "stopped":
            return self._stopped or errors.ClientStopped("not_open")
        return errors.CommandFailed(code, message)

    def _answered(self, outcome: _core.CommandReply | _core.OutcomeUnknown) -> None:
        answer = self._answers.pop(outcome.command_id, None)
        if answer is None or answer.done():
            return
        if isinstance(outcome, _core.OutcomeUnknown):
            answer.set_exception(errors.OutcomeUnknown(outcome.reason))
        elif outcome.ok:
            answer.set_result(None if outcome.data is None else json.loads(outcome.data))
        else:
            answer.set_exception(errors.CommandFailed(outcome.error_code or "", outcome.error_message or ""))
