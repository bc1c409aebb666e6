"""Failover measured: a dual client behind a cutting proxy, at 100 messages a second.

    python tests/functional/failover.py --mode mirror --cuts 200 [--client package]

cuts each wire `--cuts` times a kind (reset, polite close, black hole), in turn, the next when the first has recovered,
and prints what was lost, repeated or out of order, and the pause that a cut adds. Server, proxy and publisher are
processes of their own, so that a reconnect of the client delays none of them. Ends with 1 if anything was lost,
repeated, out of order or told as a gap.

A message's delay is the time from its sending to its application (one monotonic clock for all processes). The pause
of a cut is the largest delay from the cut to the recovery, less the median delay of the stretches without a cut. The
same for those stretches stands beside it as the control: what it shows is the machine's noise, not the cut's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from link_proxy import LinkProxy
from merging_client import MergingClient, WireState
from mythosd import Mythosd

RATE_PER_S = 100
PLAYER = "failover"
FAULTS = ("reset", "close", "black_hole")
WIRES = ("websocket", "sse")
QUIET_S = 0.1
RECOVER_S = 15.0

Span = tuple[float, float]


@dataclass
class Cut:
    fault: str
    wire: str
    began: float
    ended: float
    pause_ms: float = 0.0


@dataclass
class Outcome:
    mode: str
    published: int
    lost: int
    duplicated: int
    out_of_order: int
    told_gaps: int
    median_delay_ms: float
    cuts: list[Cut] = field(default_factory=list)
    control_ms: list[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.out_of_order or self.told_gaps)

    def pauses(self, fault: str | None = None, wire: str | None = None) -> list[float]:
        return [c.pause_ms for c in self.cuts if fault in (None, c.fault) and wire in (None, c.wire)]


def quantile(values: list[float], q: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(q * 1000) * len(ordered) // 1000) - 1)]


# The proxy's process.


def run_proxy(server_port: int, control: Connection) -> None:
    asyncio.run(_proxy(server_port, control))


async def _proxy(server_port: int, control: Connection) -> None:
    async with LinkProxy(server_port) as proxy:
        control.send(proxy.port)
        while (order := await asyncio.to_thread(control.recv)) is not None:
            fault, wire = order
            # On a loaded machine the wire may just have been lost without any fault: it comes back.
            while not proxy.living(wire):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            link = proxy.living(wire)[-1]
            began = time.monotonic()
            getattr(link, fault)()
            control.send(began)


# The publisher's process.


def run_publisher(server_port: int, stop: Connection) -> None:
    stop.send(asyncio.run(_publish(server_port, stop)))


async def _publish(server_port: int, stop: Connection) -> int:
    """Publishes at a fixed rate until told to stop; how many."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server_port)
    n, due = 0, time.monotonic()
    while not stop.poll():
        due += 1 / RATE_PER_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        body = json.dumps({"player": PLAYER, "type": "test.n", "data": {"n": n, "sent": time.monotonic()}})
        writer.write(
            (
                f"POST /api/publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
        async with asyncio.timeout(RECOVER_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.startswith("http/1.1 200"), head
            await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
        n += 1
    writer.close()
    return n


# The client, in the main process.


async def _until(client: MergingClient, what: str, probe: Any, within: float = RECOVER_S) -> None:
    deadline = time.monotonic() + within
    while not probe():
        if error := client.failed():
            raise error
        wires = [(w.name, w.base, w.standby) for w in client.wires.values()]
        assert time.monotonic() < deadline, f"not within {within} s: {what}; cursor {client.cursor}, wires {wires}"
        await asyncio.sleep(0.002)


def _recovered(client: MergingClient, wire: WireState, connects: int) -> bool:
    back = wire.connects > connects and wire.base is not None
    return back and (wire.standby or wire.base <= (client.cursor or 0)) and bool(client.active())


async def _quiet(client: MergingClient) -> Span:
    """A stretch without a cut, between two cuts."""
    began = time.monotonic()
    count = len(client.applied) + int(QUIET_S * RATE_PER_S)
    await _until(client, "messages flow", lambda: len(client.applied) >= count)
    return began, time.monotonic()


async def _cut(client: MergingClient, control: Connection, fault: str, wire: WireState) -> Cut:
    """Harms one wire and waits until it is back and messages flow."""
    connects = wire.connects
    control.send((fault, wire.name))
    await _until(client, "the proxy cuts", control.poll)
    began = control.recv()
    await _until(client, f"{wire.name} recovers from {fault}", lambda: _recovered(client, wire, connects))
    count = len(client.applied) + 2
    await _until(client, "messages flow again", lambda: len(client.applied) >= count)
    return Cut(fault, wire.name, began, time.monotonic())


async def _measure(client: MergingClient, control: Connection, cuts: int) -> tuple[list[Cut], list[Span]]:
    done: list[Cut] = []
    quiet: list[Span] = []
    await _until(client, "both wires are open", lambda: all(w.alive for w in client.wires.values()))
    for turn in range(cuts * len(FAULTS) * len(WIRES)):
        quiet.append(await _quiet(client))
        fault = FAULTS[turn // 2 % len(FAULTS)]
        name = WIRES[turn % 2]
        if client.mode == "standby":
            await _until(client, "one wire is active", lambda: len(client.active()) == 1)
            name = client.active()[0].name
        done.append(await _cut(client, control, fault, client.wires[name]))
    return done, quiet


def _judge(client: MergingClient, published: int, cuts: list[Cut], quiet: list[Span]) -> Outcome:
    numbers = [a.data["n"] for a in client.applied]
    delays = [(a.data["sent"], (a.at - a.data["sent"]) * 1000) for a in client.applied]

    def within(began: float, ended: float) -> list[float]:
        """The delays of what was on its way or sent in that time."""
        return [d for sent, d in delays if began <= sent + d / 1000 and sent <= ended]

    usual = median(d for stretch in quiet for d in within(*stretch))

    def pause(began: float, ended: float) -> float:
        return max(within(began, ended)) - usual

    for cut in cuts:
        cut.pause_ms = pause(cut.began, cut.ended)
    return Outcome(
        client.mode,
        published,
        published - len(set(numbers)),
        len(numbers) - len(set(numbers)),
        sum(later < earlier for earlier, later in pairwise(numbers)),
        len(client.told),
        usual,
        cuts,
        [pause(*stretch) for stretch in quiet],
    )


async def _run(server_port: int, mode: str, cuts: int, client_type: type[MergingClient]) -> Outcome:
    spawn = multiprocessing.get_context("spawn")
    control, proxy_end = spawn.Pipe()
    stop, publisher_end = spawn.Pipe()
    proxy = spawn.Process(target=run_proxy, args=(server_port, proxy_end), daemon=True)
    publisher = spawn.Process(target=run_publisher, args=(server_port, publisher_end), daemon=True)
    proxy.start()
    assert control.poll(RECOVER_S), "the proxy did not start"
    client = client_type("127.0.0.1", control.recv(), PLAYER, mode)
    client.start()
    try:
        await _until(client, "the first wire is open", lambda: client.cursor is not None)
        publisher.start()
        done, quiet = await _measure(client, control, cuts)
        stop.send(None)
        await _until(client, "the publisher ends", stop.poll)
        published = stop.recv()
        last = published - 1
        await _until(client, f"message {last} arrives", lambda: client.applied[-1].data["n"] == last)
        return _judge(client, published, done, quiet)
    finally:
        await client.stop()
        control.send(None)
        proxy.join(5)
        for process in (proxy, publisher):
            if process.is_alive():
                process.kill()


def run(server: Mythosd, mode: str, cuts: int, client_type: Any = MergingClient) -> Outcome:
    """Cuts each wire `cuts` times a fault; the server must have a short `heartbeat_ms`."""
    return asyncio.run(_run(server.port, mode, cuts, client_type))


def promises(outcome: Outcome, heartbeat_ms: int) -> list[tuple[str, bool]]:
    """What the README promises of the pause, and whether this run held it."""
    if outcome.mode == "mirror":
        return [("p99 of all cuts under 5 ms", quantile(outcome.pauses(), 0.99) < 5)]
    bound_ms = 2 * heartbeat_ms + 100
    return [
        ("p99 of resets under 20 ms", quantile(outcome.pauses("reset"), 0.99) < 20),
        (f"every black hole under {bound_ms} ms", max(outcome.pauses("black_hole")) < bound_ms),
    ]


def report(outcome: Outcome) -> str:
    def line(name: str, values: list[float]) -> str:
        return (
            f"{name:24} {len(values):6} {quantile(values, 0.5):9.2f} {quantile(values, 0.99):9.2f} {max(values):9.2f}"
        )

    rows = [
        f"{outcome.mode}: {outcome.published} published, {outcome.lost} lost, {outcome.duplicated} duplicated, "
        f"{outcome.out_of_order} out of order, {outcome.told_gaps} gaps told; "
        f"median delay {outcome.median_delay_ms:.2f} ms",
        f"{'pause, ms':24} {'cuts':>6} {'p50':>9} {'p99':>9} {'max':>9}",
    ]
    for fault in FAULTS:
        for wire in WIRES:
            if values := outcome.pauses(fault, wire):
                rows.append(line(f"{fault} {wire}", values))
    rows.append(line("all cuts", outcome.pauses()))
    rows.append(line("control (no cut)", outcome.control_ms))
    return "\n".join(rows)


def client_type(name: str) -> Any:
    """The tests' own client, or the package's, which then has to be installed."""
    if name == "merging":
        return MergingClient
    from package_client import PackageClient

    return PackageClient


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=["mirror", "standby"], default="mirror")
    parser.add_argument("--client", choices=["merging", "package"], default="merging", help="package: mythos.Client")
    parser.add_argument("--cuts", type=int, default=200, help="cuts a fault and wire")
    parser.add_argument("--heartbeat-ms", type=int, default=500)
    parser.add_argument("--strict", action="store_true", help="end with 1 if a pause is longer than promised")
    parser.add_argument("--realtime", action="store_true", help="run server and clients before all else on the machine")
    parser.add_argument("--json", type=Path, help="write every cut to this file")
    given = parser.parse_args()
    if given.realtime:
        # Inherited by the server and by each process of the harness; needs the right to it.
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    with tempfile.TemporaryDirectory() as directory:
        server = Mythosd(Path(directory), {"heartbeat_ms": given.heartbeat_ms}).start()
        try:
            outcome = run(server, given.mode, given.cuts, client_type(given.client))
        finally:
            server.stop()
    print(report(outcome))
    if given.json:
        given.json.write_text(json.dumps(asdict(outcome), indent=1))
    kept = promises(outcome, given.heartbeat_ms)
    for text, held in kept:
        print(f"{text}: {'held' if held else 'NOT held'}")
    return 0 if outcome.clean and (all(held for _, held in kept) or not given.strict) else 1


if __name__ == "__main__":
    sys.exit(main())
