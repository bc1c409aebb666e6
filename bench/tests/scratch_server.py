"""A small server of `mythos.v1`, wrong on demand, to try the load generator on.

It shares no code with the product. Entries go to an unbounded list; a connection gets what
its session is owed. `--fault` makes it lose, repeat or disorder one delivery in a hundred, or
deny that a resume recovered.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FAULTS = ("none", "lose", "repeat", "disorder", "unrecovered")
FAULT_EVERY = 100


@dataclass(eq=False)
class Session:
    player: str
    session_id: str
    channels: set[str] = field(default_factory=set)
    wires: set[Wire] = field(default_factory=set)

    def is_owed(self, entry: dict[str, Any]) -> bool:
        return entry.get("player") == self.player or entry.get("channel") in self.channels


@dataclass(eq=False)
class Wire:
    writer: asyncio.StreamWriter
    sse: bool

    def send(self, message: dict[str, Any], position: int) -> None:
        text = json.dumps(message, separators=(",", ":"))
        if self.sse:
            block = f"id: e-{position}\ndata: {text}\n\n".encode()
            self.writer.write(b"%x\r\n%s\r\n" % (len(block), block))
            return
        payload = text.encode()
        length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack("!H", len(payload))
        self.writer.write(b"\x81" + length + payload)


class ScratchServer:
    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.entries: list[dict[str, Any]] = []
        self.sessions: dict[str, Session] = {}
        self.deliveries = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, _ = head.split("\r\n", 1)[0].split(" ")
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                url = urlsplit(target)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                if method == "GET":
                    await self.stream(reader, writer, url.path, query, head)
                    return
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                answer = json.dumps(self.post(url.path, query, body)).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def post(self, path: str, query: dict[str, str], body: Any) -> Any:
        if path == "/api/commands":
            session = next(s for s in self.sessions.values() if s.session_id == query["session_id"])
            return [self.command(session, body)]
        return {"ids": [self.publish(message) for message in body.get("messages", [body])]}

    def publish(self, message: dict[str, Any]) -> str:
        position = len(self.entries) + 1
        entry = {"id": f"e-{position}", **message}
        self.entries.append(entry)
        for session in self.sessions.values():
            if session.is_owed(entry):
                for wire in session.wires:
                    self.deliver(wire, entry, position)
        return str(entry["id"])

    def deliver(self, wire: Wire, entry: dict[str, Any], position: int) -> None:
        self.deliveries += 1
        due = self.deliveries % FAULT_EVERY == 0
        if due and self.fault == "lose":
            return
        if due and self.fault == "disorder":
            entry = {**entry, "id": "e-0001"}
        wire.send(entry, position)
        if due and self.fault == "repeat":
            wire.send(entry, position)

    def command(self, session: Session, command: dict[str, Any]) -> dict[str, Any]:
        session.channels.add(command["data"]["channel"])
        return {"type": "mythos.reply", "data": {"command_id": command["id"], "ok": True}}

    async def stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, query: dict[str, str], head: str
    ) -> None:
        _, kind, player = path.split("/")
        wire = Wire(writer, kind == "sse")
        if wire.sse:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            key = head.split("Sec-WebSocket-Key: ")[1].split("\r\n")[0].encode()
            accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID).digest())
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
        session = self.sessions.setdefault(player, Session(player, f"s{len(self.sessions)}"))
        self.welcome(session, wire, query.get("cursor"))
        session.wires.add(wire)
        try:
            await self.read_commands(reader, session, wire)
        finally:
            session.wires.discard(wire)

    def welcome(self, session: Session, wire: Wire, cursor: str | None) -> None:
        begin = int(cursor.split("-")[1]) if cursor else len(self.entries)
        recovered = None if cursor is None else self.fault != "unrecovered"
        data = {"session_id": session.session_id, "cursor": f"e-{begin}", "recovered": recovered}
        wire.send({"type": "mythos.welcome", "data": data}, begin)
        for position, entry in enumerate(self.entries[begin:], begin + 1):
            if session.is_owed(entry):
                self.deliver(wire, entry, position)

    async def read_commands(self, reader: asyncio.StreamReader, session: Session, wire: Wire) -> None:
        if wire.sse:
            await reader.read()
            return
        while True:
            opcode, length = await reader.readexactly(2)
            length &= 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
            mask = await reader.readexactly(4)
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(length)))
            if opcode & 0x0F != 1:
                return
            command = json.loads(payload)
            if command["type"] == "subscribe":
                wire.send(self.command(session, command), len(self.entries))


async def run(fault: str) -> None:
    server = await asyncio.start_server(ScratchServer(fault).serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fault", choices=FAULTS, default="none")
    asyncio.run(run(parser.parse_args().fault))


if __name__ == "__main__":
    main()
