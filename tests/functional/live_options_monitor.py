"""Effects of live options, as live_options.py has them: those of the monitoring and of how often a player may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

from api import until
from live_options import Place, shows
from raw_wire import RawConnection
from wires import open_websocket


@shows("limits.requests", 0, 2, limits__window_s=3_600)
async def requests(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_websocket(at.server, at.player) as ws:
        told = [(await ws.command("ping"))["ok"] for _ in range(3)]
        assert told == [True, False, False], "to connect was the first of two"


@shows("limits.window_s", 86_400, 1, limits__requests=2)
async def window(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player) as ws:
        await ws.command("ping")
        yield

        async def asks_again() -> bool:
            return bool((await ws.command("ping"))["ok"])

        await until("half a second makes room for one", asks_again)


@shows("monitor.enabled", True, False)
async def monitoring(at: Place) -> AsyncIterator[None]:
    yield
    for path in ("/metrics", "/monitoring/performance", "/monitoring/stream"):
        assert (await at.api.http.get(path)).status_code == 404
    assert (await at.api.http.get("/health/detailed")).status_code == 200


@shows("monitor.sample_interval_s", 3_600, 1)
async def sample_interval(at: Place) -> AsyncIterator[None]:
    """Of the process, and of a connection that falls behind."""

    async def told() -> tuple[float, int]:
        system = (await at.api.get("/monitoring/performance"))["system_performance"]
        health = await at.api.get("/monitoring/connection-health")
        return system["sampled_seconds_ago"], health["overall_health"]["unhealthy_connections"]

    async with await RawConnection.connect(at.server.port) as reader:
        await reader.send(f"GET /sse/{at.player} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.head()
        for _ in range(20):
            await at.api.publish("test.n", {"text": "x" * 500_000}, player=at.player)
        yield

        async def looked_at() -> bool:
            ago, unhealthy = await told()
            return ago < 2 and unhealthy == 1

        await until("somebody has looked", looked_at)


@shows("monitor.max_samples", 1_000, 2)
async def max_samples(at: Place) -> AsyncIterator[None]:
    async def kept() -> int:
        return len((await at.api.get("/monitoring/errors", limit=100))["recent_errors"])

    for _ in range(5):
        assert (await at.api.http.get(f"/api/history/{at.player}", params={"limit": 0})).status_code == 400
    yield
    assert await kept() == 2
    assert (await at.api.http.get(f"/api/history/{at.player}", params={"limit": 0})).status_code == 400
    assert await kept() == 2
