"""The `echo` command on FastAPI and uvicorn (uvloop): handlers by name, orjson, no compression, nothing remembered."""

from __future__ import annotations

import argparse
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    main()
