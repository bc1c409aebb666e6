"""An echo server on Python's `websockets`, to compare mythos-echo with. No compression."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

MESSAGE_BYTES_MAX = 16 << 20


async def echo(connection: ServerConnection) -> None:
    # The load generator hangs up without a close frame.
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await connection.send(message)


async def run(port: int) -> None:
    async with serve(echo, "127.0.0.1", port, compression=None, max_size=MESSAGE_BYTES_MAX) as server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port))


if __name__ == "__main__":
    main()
