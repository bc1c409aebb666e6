"""The `echo` command on FastAPI and uvicorn (uvloop): handlers by name, orjson, no compression, nothing remembered."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from python_peers import serve_uvicorn


async def echo(data: Any) -> Any:
    return data


HANDLERS = {"echo": echo}
app = FastAPI()


@app.websocket("/ws/{player_id}")
async def answer(websocket: WebSocket, player_id: str) -> None:
    await websocket.accept()
    try:
        while True:
            command = orjson.loads(await websocket.receive_text())
            data = await HANDLERS[command["type"]](command["data"])
            reply = {"type": "mythos.reply", "data": {"command_id": command["id"], "ok": True, "data": data}}
            await websocket.send_text(orjson.dumps(reply).decode())
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    serve_uvicorn(app, __doc__)
