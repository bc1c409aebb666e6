"""What an idle player costs: 2,000 raw WebSockets, each with a session, a client_id and one subscription."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Callable
from pathlib import Path

from mythosd import Mythosd

WARM = 400  # tables grown, code paged in
MEASURED = 8_000  # so many that what is the same for any number, as the page cache of a database, hardly counts
BOUND_KIB = 2.0
REQUEST = (
    "GET /ws/player{0:06d}?client_id={1} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def dirty_kib(pid: int) -> int:
    """Memory of the process's own, in KiB: what it has written to."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not tell Private_Dirty")


def read_until(sock: socket.socket, mark: bytes) -> None:
    seen = b""
    while mark not in seen:
        data = sock.recv(65_536)
        assert data, f"closed after {seen!r}"
        seen += data


def connect(port: int, first: int, count: int) -> list[socket.socket]:
    sockets = []
    for i in range(first, first + count):
        sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        sock.sendall(REQUEST.format(i, uuid.UUID(int=i)).encode())
        sockets.append(sock)
    for i, sock in enumerate(sockets):
        read_until(sock, b"mythos.welcome")
        command = {"id": "c-1", "type": "subscribe", "data": {"channel": f"room:{i % 20}"}}
        body = json.dumps(command).encode()
        assert len(body) < 126
        sock.sendall(bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body)
    for sock in sockets:
        read_until(sock, b"mythos.reply")
    return sockets


def test_an_idle_websocket_costs_at_most_two_kib(start_server: Callable[..., Mythosd]) -> None:
    # Without the history: what its thread holds while it writes is its own, and bounded, whoever is connected.
    server = start_server({"store.url": "none"})
    sockets = connect(server.port, 0, WARM)
    try:
        before = dirty_kib(server.pid)
        for first in range(WARM, WARM + MEASURED, 200):
            sockets += connect(server.port, first, 200)
        assert (dirty_kib(server.pid) - before) / MEASURED <= BOUND_KIB
    finally:
        for sock in sockets:
            sock.close()
