"""The listener for monitoring alone (`monitor.listen`, the guide's METRICS_PORT)."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx

from api import Api
from mythosd import Mythosd, run_to_end
from raw_wire import RawConnection
from wires import open_sse, open_websocket

BOTH = ("/livez", "/readyz", "/startupz", "/health")
APART = (
    "/metrics",
    "/health/detailed",
    "/monitoring/performance",
    "/monitoring/connection-health",
    "/monitoring/errors",
)


def monitor_port(server: Mythosd) -> int:
    line = server.wait_log("where monitoring listens", lambda line: line["event"] == "Monitoring listens")
    assert line["host"] == "127.0.0.1"
    return int(line["port"])


async def test_each_listener_answers_its_own(start_server):
    server = start_server({}, {"METRICS_PORT": "0"})
    monitor_url = f"http://127.0.0.1:{monitor_port(server)}"
    async with (
        Api(server.url) as main,
        Api(monitor_url) as monitor,
        await open_websocket(server, "ann"),
        await open_sse(server, "ann"),
    ):
        for path in BOTH:
            assert (await main.http.get(path)).status_code == (await monitor.http.get(path)).status_code == 200, path
        for path in APART:
            assert (await main.http.get(path)).status_code == 404, path
            assert (await monitor.http.get(path)).status_code == 200, path
        page = await asyncio.to_thread(httpx.get, monitor_url, headers={"Accept": "text/html"}, trust_env=False)
        assert page.status_code == 200 and "/assets/dashboard.js" in page.text
        for path in ("/game", "/api/channels", "/sse/ann", "/ws/ann"):  # of which the document tells for the main one
            answer = await asyncio.to_thread(httpx.get, f"{monitor_url}{path}", trust_env=False)
            assert answer.status_code == 404, path
        assert (await monitor.http.get("/livez", headers={"Host": "game.example"})).status_code == 421
        health = await monitor.get("/monitoring/connection-health")
        assert health["overall_health"]["total_connections"] == 2, "of the game's listener; none of its own"
        told = (await monitor.get("/monitoring/performance"))["system_performance"]
        assert told["total_requests"] >= len(BOTH) + len(APART), "those of either listener"


async def test_the_stream_and_the_drain_of_it(start_server):
    server = start_server({"drain.spread_ms": 0}, {"METRICS_PORT": "127.0.0.1:0"})
    port = monitor_port(server)
    async with (
        await RawConnection.connect(port) as stream,
        Api(f"http://127.0.0.1:{port}") as monitor,
        await open_websocket(server, "ann") as ws,
    ):
        await stream.send(b"GET /monitoring/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, _ = await stream.head()
        assert status == 200
        assert (await stream.reader.readuntil(b"\n\n")).startswith(b"data: {")
        assert (await monitor.post("/drain", {})).json() == {"status": "draining"}
        assert await ws.closed() == 1001
        assert (await monitor.http.get("/readyz")).status_code == 503
    server.signal(signal.SIGTERM)
    assert await asyncio.to_thread(server.wait_exit) == 0


def test_a_taken_port_is_named(start_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run_to_end("--listen", "127.0.0.1:0", "--log.file", "", "--store.url", "none", METRICS_PORT=address)
    assert ended.returncode == 1 and f"mythosd: {address}: Another program" in ended.stderr, ended.stderr


def test_another_address_waits_for_a_restart(start_server):
    server = start_server({"monitor.listen": "0"})
    port = monitor_port(server)
    server.options["monitor.listen"] = ""
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("that it waits", lambda line: line.get("option") == "monitor.listen")
    assert httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).status_code == 200
    assert httpx.get(f"{server.url}/metrics", trust_env=False).status_code == 404
