"""The `echo` command on Python's `websockets`: a table of handlers, orjson, no compression, nothing remembered."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
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


async def run(port: int) -> None:
    async with serve(answer, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port))


if __name__ == "__main__":
    main()
