"""How the comparisons in Python are started: `--port PORT`, on loopback, without compression or a log of requests."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from websockets.asyncio.server import ServerConnection, serve

MESSAGE_BYTES_MAX = 16 << 20


def port_of(what: str | None) -> int:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    return port


def serve_uvicorn(app: object, what: str | None) -> None:
    """An ASGI application on uvicorn; `what` is what `--help` says of it."""
    import uvicorn

    uvicorn.run(
        app,  # type: ignore[arg-type]
        host="127.0.0.1",
        port=port_of(what),
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
    )


def serve_websockets(handle: Callable[[ServerConnection], Awaitable[None]], what: str | None) -> None:
    """A handler of connections on `websockets`."""

    async def run(port: int) -> None:
        async with serve(handle, "127.0.0.1", port, compression=None, max_size=MESSAGE_BYTES_MAX) as server:
            await server.serve_forever()

    asyncio.run(run(port_of(what)))
