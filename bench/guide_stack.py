"""The guide's own stack, as its users would write it: FastAPI on uvicorn.

Every WebSocket and every SSE stream receives every published message; there is no
routing, no resume and no acknowledgement. Speaks the load generator's plain dialect:
`/ws/{player_id}`, `/sse/{player_id}`, `POST /api/publish` with one message or a batch.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from python_peers import serve_uvicorn

# A stream that falls further behind than this is dropped rather than buffered for ever.
SSE_QUEUE_MESSAGES_MAX = 4096


class Broadcaster:
    """Everybody connected, on either wire. Used on the event loop only."""

    def __init__(self) -> None:
        self._websockets: set[WebSocket] = set()
        self._queues: set[asyncio.Queue[str]] = set()
        self._published = 0

    def join(self, websocket: WebSocket) -> None:
        self._websockets.add(websocket)

    def leave(self, websocket: WebSocket) -> None:
        self._websockets.discard(websocket)

    async def publish(self, message: dict[str, Any]) -> str:
        self._published += 1
        entry_id = f"guide-{self._published}"
        text = json.dumps({"id": entry_id, "ts": time.time(), **message})
        for queue in list(self._queues):
            queue.put_nowait(text)
        for websocket in list(self._websockets):
            await websocket.send_text(text)
        return entry_id

    def open_stream(self) -> AsyncIterator[str]:
        """Joins at once: what is published before the first read is in the stream."""
        queue: asyncio.Queue[str] = asyncio.Queue(SSE_QUEUE_MESSAGES_MAX)
        self._queues.add(queue)
        return self._stream(queue)

    async def _stream(self, queue: asyncio.Queue[str]) -> AsyncIterator[str]:
        try:
            yield ": open\n\n"
            while True:
                yield f"data: {await queue.get()}\n\n"
        finally:
            self._queues.discard(queue)


app = FastAPI()
broadcaster = Broadcaster()


@app.websocket("/ws/{player_id}")
async def websocket_endpoint(websocket: WebSocket, player_id: str) -> None:
    await websocket.accept()
    broadcaster.join(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        broadcaster.leave(websocket)


@app.get("/sse/{player_id}")
async def sse_endpoint(player_id: str) -> StreamingResponse:
    return StreamingResponse(broadcaster.open_stream(), media_type="text/event-stream")


@app.post("/api/publish")
async def publish(request: Request) -> dict[str, Any]:
    body = await request.json()
    if "messages" in body:
        return {"ids": [await broadcaster.publish(message) for message in body["messages"]]}
    return {"id": await broadcaster.publish(body)}


if __name__ == "__main__":
    serve_uvicorn(app, __doc__)
