"""What tests ask a server about its store, and what they wait for."""

from __future__ import annotations

import re

import httpx

from mythosd import Mythosd, eventually

DROPS = ("queue_full", "rejected", "shutdown")


def metric(server: Mythosd, name: str) -> int:
    text = httpx.get(f"{server.url}/metrics", timeout=10, trust_env=False).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"no {name} in the metrics"
    return int(float(found[1]))


def written(server: Mythosd) -> int:
    return metric(server, "mythos_store_written_total")


def queued(server: Mythosd) -> int:
    return metric(server, "mythos_store_queue_length")


def dropped(server: Mythosd) -> dict[str, int]:
    return {why: metric(server, f'mythos_store_dropped_total{{reason="{why}"}}') for why in DROPS}


def await_written(server: Mythosd, events: int) -> None:
    eventually(f"{events} events are written", lambda: written(server) >= events, 60)
