"""Every metric of the contract is exported, with its labels, and each exported one is well made in both formats."""

import asyncio
import re
import subprocess

import pytest_asyncio

from api import Api, until
from wires import open_sse, open_websocket

# What OBSERVABILITY's table of metrics promises, with the labels of each. Those of the alert engine are not here.
NAMES = {
    "connections_total": set(),
    "connections_by_type": {"type"},
    "connection_health_percentage": set(),
    "connection_establishment_seconds": {"type"},
    "messages_sent_total": {"type", "status"},
    "message_delivery_seconds": set(),
    "message_delivery_success_rate": set(),
    "sessions_total": set(),
    "session_connections": {"session_id"},
    "request_duration_seconds": {"method", "endpoint"},
    "active_connections": set(),
    "memory_usage_bytes": set(),
    "cpu_usage_percent": set(),
    "connection_failures_total": {"type", "reason"},
    "errors_total": {"type", "severity"},
    "memory_usage_percent": set(),
    "connections_opened_total": {"type"},
    "connections_closed_total": {"type", "reason"},
    "connection_duration_seconds": {"type"},
    "connection_rtt_seconds": {"type"},
    "connections_rejected_total": {"reason"},
    "reconnects_total": {"type"},
    "auth_failures_total": {"reason"},
    "messages_received_total": {"type"},
    "sent_bytes_total": set(),
    "received_bytes_total": set(),
    "messages_dropped_total": {"reason"},
    "broadcast_duration_seconds": set(),
    "replayed_messages_total": set(),
    "subscriptions": set(),
    "channels": set(),
    "send_queue_bytes": set(),
    "send_queue_messages": set(),
    "slow_consumers": set(),
    "slow_consumer_disconnects_total": set(),
    "event_loop_lag_seconds": {"thread"},
    "connection_limit": set(),
    "build_info": {"version"},
    "health_status": {"component"},
    "health_check_duration_seconds": {"component"},
    "log_dropped_total": set(),
    "series_dropped_total": {"metric"},
    "connections_per_session": set(),
}
STANDARD = {
    *{"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"},
    "process_start_time_seconds",
}
PROMISED = {f"mythos_{name}": labels for name, labels in NAMES.items()} | {name: set() for name in STANDARD}
SAMPLE = re.compile(r"^(\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? \S+$")


def labels_by_family(text: str) -> dict[str, set[str]]:
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, part, labels = SAMPLE.match(line).groups()
        family = name if name in types else name + (part or "")
        assert family in types, f"no TYPE before {line}"
        found.setdefault(family, set()).update(re.findall(r'(\w+)="', labels or ""))
    return {family: labels - {"le"} for family, labels in found.items()}


@pytest_asyncio.fixture
async def texts(start_server, player):
    """The metrics of a server that has had a little of everything, in both formats."""
    server = start_server()
    async with (
        Api(server.url) as api,
        await open_websocket(server, player, client_id="tab") as ws,
        await open_sse(server, player, client_id="tab"),
    ):
        await api.publish(player=player)
        await ws.entry()
        plain = await api.http.get("/metrics")
        open_metrics = await api.http.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        return plain.text, open_metrics.text


async def test_every_promised_name_is_exported_with_its_labels(texts):
    exported = labels_by_family(texts[0])
    other = {name: exported.get(name) for name, labels in PROMISED.items() if exported.get(name) != labels}
    assert other == {}


async def test_no_client_can_make_series(start_server):
    """Whatever it calls itself, its routes, commands and closes; of sessions 50 are named, the others are counted."""

    async def series() -> set[str]:
        text = (await api.http.get("/metrics")).text
        return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}

    async def nonsense(n: int) -> None:
        for path in (f"/no{n}", f"/sse/not*a*name{n}", f"/api/connections/p{n}", f"/api/history/room{n}"):
            await api.http.get(path)
        await api.http.request(f"METHOD{n}", "/api/publish")
        async with await open_websocket(server, f"p{n}", client_id=f"c{n}") as ws:
            await ws.command(f"command{n}")
            await ws.subscribe(f"room{n}")
            await api.publish(f"type{n}", channel=f"room{n}")
            await ws.entry()
            await ws.socket.close(4100 + n, f"reason{n}")

    server = start_server()
    async with Api(server.url) as api:
        await nonsense(0)
        await series()
        before = await series()
        for n in range(1, 60):
            await nonsense(n)

        async def folded() -> bool:
            text = (await api.http.get("/metrics")).text
            return re.search(r"^mythos_series_dropped_total\{.*\} [1-9]", text, re.MULTILINE) is not None

        await until("ten of the sixty sessions are folded together", folded)
        new = await series() - before
        assert len(new) <= 50 and all(name.startswith("mythos_session_connections{session_id=") for name in new)


async def test_promtool_finds_nothing(texts):
    command = ["promtool", "check", "metrics"]
    checked = await asyncio.to_thread(
        subprocess.run, command, input=texts[0], text=True, capture_output=True, timeout=60
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
