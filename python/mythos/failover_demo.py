"""Failover shown and counted: a publisher, some clients, and a proxy that keeps killing their wires.

Everything runs in this process, on real sockets. Every client is owed every message, so what was lost, came twice or
came out of order is a matter of counting. A pause is the time from publishing a message to its arrival.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from mythos.client import Client
from mythos.entries import Entry, Gap
from mythos.server import Server
from mythos.settings import Settings
from mythos.testing.link_proxy import LinkProxy

CHANNEL = "demo:failover"
HEARTBEAT_MS = 500  # so that a wire which dies unnoticed is noticed within a second
END_S = 30.0  # for the last message to reach everybody
POLL_S = 0.005
FAULTS = ("reset", "close", "black_hole")
WIRES = ("websocket", "sse")


@dataclass(frozen=True, slots=True)
class Plan:
    clients: int = 4
    messages_per_s: float = 100.0
    seconds: float = 10.0
    cuts_per_s: float = 2.0
    mode: Literal["mirror", "standby"] = "mirror"
    seed: int = 1


@dataclass(slots=True)
class Outcome:
    """What came of it. A cut kills one wire of every client."""

    clients: int = 0
    published: int = 0
    cuts: dict[str, int] = field(default_factory=dict)
    owed: int = 0
    delivered: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    gaps: int = 0
    failovers: int = 0
    median_pause_ms: float = 0.0
    longest_pause_ms: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.out_of_order or self.gaps)


class Audience:
    """One client and what it has seen."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.numbers: list[int] = []
        self.pauses_s: list[float] = []
        self.gaps = 0

    async def read(self, last: asyncio.Future[int]) -> None:
        """To the message with the number `last`, which becomes known at the end."""
        async for item in self.client:
            match item:
                case Entry(data={"n": n, "sent": sent}):
                    self.numbers.append(n)
                    self.pauses_s.append(time.monotonic() - sent)
                case Gap():
                    self.gaps += 1
            if last.done() and self.numbers and self.numbers[-1] >= last.result():
                return


async def run(plan: Plan, progress: Callable[[str], None] = lambda _: None) -> Outcome:
    """Runs the plan; `progress` hears of each cut."""
    outcome = Outcome(clients=plan.clients)
    options = {"heartbeat_ms": HEARTBEAT_MS, "drain.spread_ms": 0, "log.level": "error"}
    server = Server(Settings.only(listen="127.0.0.1:0", **options))
    async with server, LinkProxy(server.url) as proxy:
        audience = [Audience(Client(proxy.url, f"demo{n}", mode=plan.mode)) for n in range(plan.clients)]
        try:
            for one in audience:
                await one.client.open()
                await one.client.subscribe(CHANNEL)
                await one.client.both_live()
            await _perform(plan, server, proxy, audience, outcome, progress)
        finally:
            proxy.restore()
            for one in audience:
                await one.client.close()
    _judge(audience, outcome)
    return outcome


async def _perform(
    plan: Plan,
    server: Server,
    proxy: LinkProxy,
    audience: list[Audience],
    outcome: Outcome,
    progress: Callable[[str], None],
) -> None:
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reading = [asyncio.create_task(one.read(last)) for one in audience]
    cutting = asyncio.create_task(_cut(plan, proxy, audience, outcome, progress))
    outcome.published = await _publish(plan, server)
    cutting.cancel()
    proxy.restore()
    # One more, that everybody waits for: what comes before it has come.
    last.set_result(outcome.published)
    outcome.published += 1
    server.publish("demo.n", {"n": last.result(), "sent": time.monotonic()}, channel=CHANNEL)
    await asyncio.wait(reading, timeout=END_S)
    for task in reading:
        task.cancel()


async def _publish(plan: Plan, server: Server) -> int:
    began, n = time.monotonic(), 0
    while (now := time.monotonic()) - began < plan.seconds:
        due = began + n / plan.messages_per_s
        if due > now:
            await asyncio.sleep(due - now)
        server.publish("demo.n", {"n": n, "sent": time.monotonic()}, channel=CHANNEL)
        n += 1
    return n


async def _cut(
    plan: Plan, proxy: LinkProxy, audience: list[Audience], outcome: Outcome, progress: Callable[[str], None]
) -> None:
    """Never the last wire of anybody: what is shown is failing over, not being offline."""
    chance = random.Random(plan.seed)
    counts: Counter[str] = Counter()
    wait_s = chance.expovariate(plan.cuts_per_s)
    while True:
        await asyncio.sleep(wait_s)
        if not _all_have_both(proxy, audience):
            wait_s = POLL_S
            continue
        wait_s = chance.expovariate(plan.cuts_per_s)
        fault, wire = chance.choice(FAULTS), chance.choice(WIRES)
        lane = proxy.websocket if wire == "websocket" else proxy.sse
        links = {"reset": lane.cut, "close": lane.close, "black_hole": lane.black_hole}[fault]()
        counts[f"{fault} {wire}"] += 1
        outcome.cuts = dict(counts)
        progress(f"{fault} on {links} {wire} links")


def _all_have_both(proxy: LinkProxy, audience: list[Audience]) -> bool:
    """A black-holed wire is live in its client's eyes until a heartbeat is missed; the proxy knows better."""
    passing = all(lane.links == len(audience) for lane in (proxy.websocket, proxy.sse))
    return passing and all(
        status.status in ("live", "standby") for one in audience for status in one.client.wires.values()
    )


def _judge(audience: list[Audience], outcome: Outcome) -> None:
    pauses_s = [pause for one in audience for pause in one.pauses_s]
    outcome.owed = outcome.published * len(audience)
    for one in audience:
        seen = len(set(one.numbers))
        outcome.delivered += seen
        outcome.duplicated += len(one.numbers) - seen
        outcome.out_of_order += sum(later < earlier for earlier, later in pairwise(one.numbers))
        outcome.gaps += one.gaps
        outcome.failovers += one.client.statistics["failovers"]
    outcome.lost = outcome.owed - outcome.delivered
    outcome.median_pause_ms = round(median(pauses_s) * 1000, 2) if pauses_s else 0.0
    outcome.longest_pause_ms = round(max(pauses_s) * 1000, 2) if pauses_s else 0.0
