"""One player on two wires: 200 messages are published, each wire is killed on the way, and one stream is read.

python docs/examples/two_wires.py [http://127.0.0.1:8000]    (needs websockets, httpx, httpx-sse)
"""

import asyncio
import json
import sys
from uuid import uuid4

import httpx
import httpx_sse
import websockets

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
CLIENT, COUNT = uuid4(), 200
applied = {}  # what the application has seen, by id
control = asyncio.Queue()


def player():
    return f"bob?client_id={CLIENT}&cursor={next(reversed(applied), '')}"  # go on after the last one applied


def take(text):
    message = json.loads(text)
    if "id" in message:
        applied.setdefault(message["id"], message["data"])  # the other wire may have brought it already
    else:
        control.put_nowait(message)


async def websocket(*deaths):
    for death in deaths:
        async with websockets.connect(f"ws{URL[4:]}/ws/{player()}", proxy=None) as socket:
            while len(applied) < death:
                take(await socket.recv())
            socket.transport.abort()
        print("WebSocket killed after", len(applied))


async def event_stream(http, *deaths):
    for death in deaths:
        async with httpx_sse.aconnect_sse(http, "GET", f"/sse/{player()}") as stream:
            async for event in stream.aiter_sse():
                take(event.data)
                if len(applied) >= death:
                    break
        print("event stream killed after", len(applied))


async def publish(http):
    for _ in range(2):
        await control.get()  # both wires' welcomes: only then is anything owed to both
    for number in range(COUNT):
        await http.post("/api/publish", json={"player": "bob", "type": "demo.tick", "data": number})


async def main():
    async with httpx.AsyncClient(base_url=URL, timeout=30, trust_env=False) as http:
        await asyncio.gather(websocket(67, COUNT), event_stream(http, 133, COUNT), publish(http))
    if list(applied.values()) != list(range(COUNT)):
        sys.exit(f"not what was sent: {applied}")
    print(f"{len(applied)} of {COUNT}, once, in order")


asyncio.run(main())
