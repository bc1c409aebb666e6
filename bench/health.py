"""What a Python health check that hangs costs: the p99 of delivery and of `/health`, with and without it, in one run.

    python bench/health.py --seconds 10 --rounds 3

A server in a Python process delivers `--rate` messages a second to `--receivers` WebSockets, and is asked for
`/health` a hundred times a second. Phases take turns: no check hangs; one waits for ever; one holds Python's
interpreter lock in a C call as well. Latencies count from when a message or a request was due. Prints each p99 and its
ratio to the phase without, by the medians of the rounds; exits 1 where a ratio is above --at-most.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
ASK_EVERY_S = 0.01
PHASES = ("without", "sleeps", "holds")


def percentile(values: list[float], p: float) -> float:
    """By the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(p * len(ordered)) // 100) - 1)]


class Prober(threading.Thread):
    """Asks for `/health` at a fixed rate; `phase` names where its latencies go."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.phase = "start"
        self.latencies: dict[str, list[float]] = {}
        self.statuses: dict[str, set[str]] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def run(self) -> None:
        due = time.monotonic()
        while True:
            due += ASK_EVERY_S
            time.sleep(max(0.0, due - time.monotonic()))
            phase = self.phase
            try:
                self._connection.request("GET", "/health")
                health = json.load(self._connection.getresponse())
            except (OSError, http.client.HTTPException):
                if phase == "between":  # the server is ended there
                    return
                raise
            self.latencies.setdefault(phase, []).append(1e3 * (time.monotonic() - due))
            self.statuses.setdefault(phase, set()).add(health["status"])


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    line = stream.readline()
    if not line:
        raise SystemExit("a process of the measurement has ended early")
    return line.strip()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def measure(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """One round: the p99 of each phase in milliseconds, of `delivery` and of `health`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen([sys.executable, str(HERE / "health_server.py")], **pipes)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(server.pid, {cores[0]})
    load = None
    try:
        port = int(line_of(server.stdout))
        target = ["--server", f"127.0.0.1:{port}", "--pid", str(server.pid), "--dialect", "mythos"]
        probe = ["probe", "--subscribers", str(arguments.receivers), "--rate", str(arguments.rate)]
        load = subprocess.Popen(
            [str(arguments.loadgen), *target, *probe, "--limit-s", "600"], stderr=subprocess.DEVNULL, **pipes
        )
        os.sched_setaffinity(load.pid, {cores[-1]})
        if line_of(load.stdout) != "live":
            raise SystemExit("the load did not begin")
        prober = Prober(port)
        prober.start()
        for phase in PHASES:
            if phase == "sleeps":
                tell(server, "sleep")
                line_of(server.stdout)
            elif phase == "holds":
                tell(server, f"gil {int(arguments.seconds) + 3}")
            time.sleep(1.5)  # from one phase to the next, which is neither
            prober.phase = phase
            tell(load, f"mark {phase}")
            time.sleep(arguments.seconds)
            prober.phase = "between"
            tell(load, "mark between")
        tell(load, "stop")
        report = json.loads(line_of(load.stdout))
    finally:
        for process in (load, server):
            if process is not None:
                process.kill()
                process.wait()
    if not report["ok"]:
        raise SystemExit(f"not everything was delivered: {report}")
    delivery = {phase: float(report["phases"][phase]["p99_us"]) / 1e3 for phase in PHASES}
    return {"delivery": delivery, "health": {phase: percentile(prober.latencies[phase], 99) for phase in PHASES}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loadgen", type=Path, default=HERE.parent / "build" / "bench" / "bench_loadgen")
    parser.add_argument("--receivers", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-most", type=float, default=1.1)
    arguments = parser.parse_args()
    rounds = [measure(arguments) for _ in range(arguments.rounds)]
    worst = 0.0
    for what in ("delivery", "health"):
        for phase in PHASES:
            p99 = statistics.median(found[what][phase] for found in rounds)
            ratio = statistics.median(found[what][phase] / found[what]["without"] for found in rounds)
            worst = max(worst, ratio)
            print(f"{what:8} {phase:8} p99 {p99:8.2f} ms   {ratio:.2f} of without", flush=True)
    return 0 if worst <= arguments.at_most else 1


if __name__ == "__main__":
    sys.exit(main())
