"""One WebSocket without a client's kindness: what is sent is sent once, and every entry and reply is shown."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import websockets
from websockets.asyncio.client import ClientConnection

from mythos import Server


class RawClient:
    """Sends commands by number, and waits for replies by number.

    Entries are kept in `entries`; `order` has their ids and those of the commands that were answered, as they came.
    """

    def __init__(self, server: Server, player: str = "ann", client_id: str = "c", **headers: str) -> None:
        address = f"ws://127.0.0.1:{server.port}/ws/{player}?client_id={client_id}"
        self._connecting = websockets.connect(address, additional_headers=headers, proxy=None, max_queue=None)
        self.entries: list[Any] = []
        self.order: list[str] = []
        self._replies: dict[str, list[Any]] = {}

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await self._connecting
        self.welcome = json.loads(await self.socket.recv())["data"]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):
        await self.socket.close()

    async def send(self, number: int | None, type: str, data: Any = None) -> None:
        command = {"type": type, "data": {} if data is None else data}
        if number is not None:
            command["id"] = f"c-{number}"
        await self.socket.send(json.dumps(command))

    async def reply(self, number: int) -> Any:
        """`{"ok": True, "data": …}` or `{"ok": False, "error": …}`"""
        while not self._replies.get(f"c-{number}"):
            await self._read()
        return self._replies[f"c-{number}"].pop(0)

    async def entry(self, number: int = 0) -> Any:
        """The entry of that place in the order of coming, as soon as it is there."""
        while len(self.entries) <= number:
            await self._read()
        return self.entries[number]

    async def _read(self) -> None:
        message = json.loads(await self.socket.recv())
        if message["type"] == "mythos.reply":
            self.order.append(message["data"]["command_id"])
            self._replies.setdefault(message["data"]["command_id"], []).append(message["data"])
        elif "id" in message:
            self.order.append(message["id"])
            self.entries.append(message)

    async def ask(self, number: int, type: str, data: Any = None) -> Any:
        await self.send(number, type, data)
        return await self.reply(number)

    async def code(self, number: int, type: str, data: Any = None) -> str:
        """The error's code of a command that fails."""
        return str((await self.ask(number, type, data))["error"]["code"])
