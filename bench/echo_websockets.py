"""An echo server on Python's `websockets`, to compare mythos-echo with. No compression."""

from __future__ import annotations

import contextlib

from python_peers import serve_websockets
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


async def echo(connection: ServerConnection) -> None:
    # The load generator hangs up without a close frame.
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await connection.send(message)


if __name__ == "__main__":
    serve_websockets(echo, __doc__)
