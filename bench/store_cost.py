"""What the history costs: connects a second and CPU a connect, without it, on SQLite and on PostgreSQL, in one run.

    python bench/store_cost.py [--connects 2000] [--rounds 3]

Each round runs the kinds in turn against a server of its own, so that what else the machine does meets all alike; the
median of the rounds is told. CPU is the server process's, its store's thread included, until everything is written.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "functional"))

from history import queued, written
from mythosd import Mythosd, eventually
from postgresql import Postgresql

PARALLEL = 8


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def connect_once(server: Mythosd, n: int) -> None:
    """An event stream up to its welcome: the cheapest client there is, so that the server's part shows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET /sse/p{n % 500} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await reader.readuntil(b"mythos.welcome")
    writer.close()
    await writer.wait_closed()


async def connects(server: Mythosd, count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for n in numbers:
            await connect_once(server, n)

    await asyncio.gather(*(work() for _ in range(PARALLEL)))


def measure(url: str, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        target = f"sqlite:///{directory}/history.db" if url == "sqlite" else url
        server = Mythosd(Path(directory), {"store.url": target, "log.level": "error", "log.file": ""}).start()
        cpu, began = cpu_seconds(server.pid), time.monotonic()
        asyncio.run(connects(server, count))
        took = time.monotonic() - began
        out = {"connects_per_second": count / took}
        if url != "none":
            eventually("all is written", lambda: queued(server) == 0 and written(server) >= 2 * count, 120)
            out["rows_per_second"] = written(server) / (time.monotonic() - began)
        out["cpu_us_per_connect"] = (cpu_seconds(server.pid) - cpu) / count * 1e6
        server.stop()
        return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connects", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    postgresql = Postgresql().start()
    try:
        kinds = {"none": "none", "sqlite": "sqlite", "postgresql": postgresql.url}
        runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
        for _ in range(given.rounds):
            for kind, url in kinds.items():
                runs[kind].append(measure(url, given.connects))
    finally:
        postgresql.stop()
    for kind, rounds in runs.items():
        told = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        print(f"{kind:10}", "  ".join(f"{name}={value:,.0f}" for name, value in told.items()))


if __name__ == "__main__":
    main()
