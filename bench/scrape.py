"""What watching costs: scrapes and monitoring answers of a server that holds many connections.

    python bench/scrape.py --mythosd build/release/mythosd --connections 10000

One loop. Each route is asked `--times` times, a second apart or less, and the CPU time of every thread is taken from
the kernel (schedstat) around it, less what the same time costs with nobody asking. Bounds: a scrape takes 1 ms of the
loop's time and 5 ms of CPU in all. Exits 1 where one is missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRAPES = (
    "/metrics",
    "/monitoring/connection-health",
    "/monitoring/performance",
    "/monitoring/dual-connections",
)
PAGE = "/monitoring/connections?sort=lag"  # looks at each connection, 200 us of the loop at a time
LOOP_MS_MAX, ALL_MS_MAX = 1.0, 5.0
UPGRADE = (
    "GET /ws/player{0:06d} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def start(mythosd: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    (folder / "mythos.toml").write_text(
        'listen = "127.0.0.1:0"\nheartbeat_ms = 600000\n[server]\nloops = 1\n[limits]\nconnections = 100000\n'
    )
    port_file = folder / "port"
    process = subprocess.Popen(
        [str(mythosd), "--config", str(folder / "mythos.toml"), "--port-file", str(port_file)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    while not (port_file.exists() and port_file.read_text().strip()):
        if process.poll() is not None:
            raise RuntimeError(f"{mythosd} does not start")
        time.sleep(0.02)
    return process, int(port_file.read_text())


def connect(port: int, count: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        fresh = []
        for i in range(len(sockets), min(count, len(sockets) + 200)):
            sock = socket.create_connection(("127.0.0.1", port), timeout=60)
            sock.sendall(UPGRADE.format(i).encode())
            fresh.append(sock)
        for sock in fresh:
            seen = b""
            while b"mythos.welcome" not in seen:
                seen += sock.recv(65_536)
        sockets += fresh
    return sockets


def cpu_ms(pid: int) -> dict[str, float]:
    """CPU time by thread, in milliseconds."""
    times: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        times[name] = times.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e6
    return times


def spent(pid: int, before: dict[str, float]) -> tuple[float, float]:
    """Of the loop, and of all threads."""
    after = cpu_ms(pid)
    return after["loop-0"] - before["loop-0"], sum(after.values()) - sum(before.values())


def measure(pid: int, port: int, route: str, times: int) -> dict[str, float]:
    rest_s = 0.1
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    quiet, busy, bytes_read = [], [], 0
    for _ in range(times):
        before = cpu_ms(pid)
        time.sleep(rest_s)
        quiet.append(spent(pid, before))
        before = cpu_ms(pid)
        connection.request("GET", route)
        bytes_read = len(connection.getresponse().read())
        time.sleep(rest_s)
        busy.append(spent(pid, before))
    connection.close()
    loop, everything = (
        statistics.median(each[i] for each in busy) - statistics.median(each[i] for each in quiet) for i in (0, 1)
    )
    return {"loop_ms": round(loop, 3), "all_ms": round(everything, 3), "bytes": bytes_read}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mythosd", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=15)
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = True
    with tempfile.TemporaryDirectory() as folder:
        process, port = start(arguments.mythosd.resolve(), Path(folder))
        try:
            sockets = connect(port, arguments.connections)
            time.sleep(2)
            before = cpu_ms(process.pid)
            time.sleep(5)
            loop, everything = spent(process.pid, before)
            print(json.dumps({"idle_second": {"loop_ms": round(loop / 5, 3), "all_ms": round(everything / 5, 3)}}))
            for route in (*SCRAPES, PAGE):
                cost = measure(process.pid, port, route, arguments.times)
                if route in SCRAPES:
                    held = held and cost["loop_ms"] <= LOOP_MS_MAX and cost["all_ms"] <= ALL_MS_MAX
                print(json.dumps({"route": route, **cost}), flush=True)
            for sock in sockets:
                sock.close()
        finally:
            process.kill()
            process.wait()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
