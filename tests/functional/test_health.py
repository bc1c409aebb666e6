"""The probes of a real process: what an orchestrator sees of a server that starts, is full, drains and ends."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from api import Api, until
from mythosd import eventually
from raw_wire import RawConnection
from wires import open_sse, open_websocket

DRAFT = {"Accept": "application/health+json"}


async def test_health_is_as_the_guide_has_it(start_server, player):
    server = start_server({"health.interval_s": 3_600, "server.loops": 1})
    async with Api(server.url) as api, await open_websocket(server, player):
        answer = await api.http.get("/health")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        health = answer.json()
        assert set(health) == {"status", "timestamp", "version", "uptime", "components", "window", "windows"}
        assert health["status"] == "healthy" and health["timestamp"].endswith("Z")
        assert set(health["components"]) == {"connections", "database", "event_loops", "memory", "performance"}
        assert set(health["components"].values()) == {"healthy"}
        components = (await api.get("/health/detailed"))["components"]
        for component in components.values():
            assert component["stale"] is False
        assert components["connections"]["total_connections"] == 1, "of now; the check was before it came"
        assert components["connections"]["health_percentage"] == 100
        memory = components["memory"]
        assert 0 < memory["used_mb"] < memory["total_mb"] and 0 < memory["usage_percentage"] < 100


async def test_figures_are_of_now_and_of_the_window_that_is_asked_for(start_server, player):
    server = start_server({"health.interval_s": 3_600, "server.loops": 1})
    async with Api(server.url) as api, await open_websocket(server, player), await open_sse(server, player):
        connections = (await api.get("/health/detailed"))["components"]["connections"]
        assert connections["total_connections"] == connections["healthy_connections"] == 2

        async def timed():
            told = await api.get("/health/detailed", window="1h")
            return told if told["components"]["performance"]["requests_per_second"] > 0 else None

        told = await until("the requests are counted, though no check has looked again", timed)
        assert told["window"] == "1h" and set(told["windows"]) == {"1m", "5m", "1h", "24h"}
        performance = told["components"]["performance"]
        assert {name: performance[name] for name in told["windows"]["1h"]["performance"]} == told["windows"]["1h"][
            "performance"
        ]
        assert told["windows"]["5m"]["connections"]["health_percentage"] == 100
        for path in ("/health", "/health/detailed"):
            assert (await api.get(path))["window"] == "5m"
            assert (await api.http.get(path, params={"window": "zz"})).status_code == 400


async def test_the_drafts_form(start_server):
    server = start_server()
    async with Api(server.url) as api:
        for path in ("/health", "/health/detailed"):
            answer = await api.http.get(path, headers=DRAFT)
            assert answer.headers["content-type"] == "application/health+json"
            assert answer.headers.get_list("vary") == ["Origin, Accept"]
            assert (await api.http.get(path)).headers.get_list("vary") == ["Origin, Accept"]
            health = answer.json()
            assert health["status"] == "pass" and health["releaseId"]
            assert health["checks"]["memory:utilization"][0]["observedUnit"] == "percent"
            assert health["checks"]["connections:responseTime"][0]["status"] == "pass"


async def test_a_full_server_is_alive_and_not_ready(start_server, player):
    server = start_server({"limits.connections": 1})
    async with Api(server.url) as api:
        assert (await api.http.get("/readyz")).status_code == 200
        async with await open_websocket(server, player):

            async def unready():
                answer = await api.http.get("/readyz")
                return answer.json() if answer.status_code == 503 else None

            assert await until("full", unready) == {"status": "unready", "reasons": ["connection_limit"]}
            assert (await api.http.get("/livez")).status_code == 200
            assert (await api.http.get("/startupz")).json() == {"status": "started"}

        async def ready():
            return (await api.http.get("/readyz")).status_code == 200

        await until("room again", ready)


async def test_drain_by_request_keeps_the_probes(start_server, player):
    server = start_server({"drain.spread_ms": 100})
    async with Api(server.url) as api:
        async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
            assert (await api.ok("/drain", {})) == {"status": "draining"}
            for wire in (ws, sse):
                assert (await wire.control("mythos.draining")).data["reason"]
            assert await ws.closed() == 1001
            assert (await sse.closed()).data["code"] == 1001
        assert (await api.ok("/drain", {})) == {"status": "draining"}, "the second time it changes nothing"
        # Each comes on a connection of its own, since one ends with its answer now: the listener stands.
        answers = {path: await api.http.get(path) for path in ("/readyz", "/livez", "/health")}
        assert answers["/readyz"].status_code == 503
        assert answers["/readyz"].json() == {"status": "draining", "reasons": ["draining"]}
        assert answers["/livez"].status_code == answers["/health"].status_code == 200
        refused = await api.http.get(f"/sse/{player}")
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
        assert await (await open_websocket(server, player)).closed() == 1001
        assert (await api.http.post("/drain")).json() == {"status": "draining"}, "without a body, as curl sends it"
        assert (await api.http.post("/drain", content=b"x")).status_code == 415
        foreign = {"Origin": "http://elsewhere.example"}
        assert (await api.http.post("/drain", headers=foreign)).status_code == 403
        assert (await api.http.get("/drain")).status_code == 405
    server.signal(signal.SIGTERM)
    assert await asyncio.to_thread(server.wait_exit) == 0


async def test_who_only_connects_does_not_hold_the_drain(start_server):
    server = start_server({"drain.timeout_s": 60})
    before = server.descriptors()  # the connection that saw it ready may be among them
    async with await RawConnection.connect(server.port), await RawConnection.connect(server.port):
        await asyncio.to_thread(eventually, "accepted", lambda: server.descriptors() > before)
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.wait_exit) == 0
    stopped = next(line for line in server.log_lines() if line["event"] == "Stopped")
    assert stopped["drained"] is True


async def test_a_stuck_process_is_told_apart_from_one_that_is_busy(start_server):
    """Stopped for a while, it answers nothing; going on, it is alive at once, and its checks are no longer late."""
    server = start_server({"health.interval_s": 1})
    async with Api(server.url) as api:
        server.signal(signal.SIGSTOP)
        threads = [*Path(f"/proc/{server.pid}/task").iterdir()]

        async def stopped():
            return all((thread / "stat").read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)

        try:
            await until("every thread stands still", stopped)
            with pytest.raises(httpx.TimeoutException):
                await api.http.get("/livez", timeout=0.5)
        finally:
            server.signal(signal.SIGCONT)

        async def well():
            answer = await api.http.get("/health/detailed")
            fresh = all(not component["stale"] for component in answer.json()["components"].values())
            return answer.status_code == 200 and fresh and (await api.http.get("/livez")).status_code == 200

        await until("all checks are in time again", well)
