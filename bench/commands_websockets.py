"""The `echo` command on Python's `websockets`: a table of handlers, orjson, no compression, nothing remembered."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from python_peers import serve_websockets
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


async def echo(data: Any) -> Any:
    return data


HANDLERS = {"echo": echo}


async def answer(connection: ServerConnection) -> None:
    # The load generator hangs up without a close frame.
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            command = orjson.loads(message)
            data = await HANDLERS[command["type"]](command["data"])
            reply = {"type": "mythos.reply", "data": {"command_id": command["id"], "ok": True, "data": data}}
            await connection.send(orjson.dumps(reply), text=True)


if __name__ == "__main__":
    serve_websockets(answer, __doc__)
