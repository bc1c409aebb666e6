"""What shows from outside that a live option has taken effect, for each of them: `EFFECTS`.

An effect is a pair of values, the second of which is reached by SIGHUP (or by the guide's variable), and a probe that
fails unless the second holds. A probe that needs somebody who was there before the change begins as a generator: it
runs up to its `yield` before the change and on from there after it.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from api import Api, error_code, until
from mythosd import Mythosd
from raw_wire import RawConnection, RawWebSocket
from wires import close_code, open_sse, open_websocket

Probe = Callable[["Place"], AsyncIterator[None]]
FRIEND = "https://game.example"
# What cannot be told apart from outside, and why.
UNSEEN = {
    "delivery.turn_budget_us": "it shares out time within a loop",
    "delivery.catch_up_budget_bytes": "it shares out time between connections",
    "session.sweep_interval_s": "what is swept is refused from its deadline on, swept or not",
    "limits.commands_handled": "without an application no command is handed over",
    "limits.commands_outstanding": "without a command that takes time none is outstanding",
}


@dataclass
class Place:
    server: Mythosd
    api: Api
    player: str


@dataclass(frozen=True)
class Effect:
    before: Any
    after: Any
    probe: Probe
    others: dict[str, Any] = field(default_factory=dict)  # options that do not change


EFFECTS: dict[str, Effect] = {}


def shows(option: str, before: Any, after: Any, **others: Any) -> Callable[[Probe], Probe]:
    def register(probe: Probe) -> Probe:
        assert option not in EFFECTS
        EFFECTS[option] = Effect(before, after, probe, {k.replace("__", "."): v for k, v in others.items()})
        return probe

    return register


@shows("heartbeat_ms", 3_000, 400)
async def heartbeats(at: Place) -> AsyncIterator[None]:
    """For those who come; who is connected was told another in its welcome, and is not missed by the new one."""
    async with await open_websocket(at.server, at.player) as ws, await open_sse(at.server, at.player) as sse:
        yield
        async with await open_websocket(at.server, at.player) as faster:
            assert faster.welcome["heartbeat_ms"] == 400
            began = time.monotonic()
            for _ in range(6):
                await faster.control("mythos.heartbeat")
            assert time.monotonic() - began < 6, "six of the old ones would take 18 s"
        for wire in (ws, sse):
            for _ in range(2):
                await wire.control("mythos.heartbeat")


@shows("heartbeat_jitter", 0, 0.5, heartbeat_ms=400)
async def jitter(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_sse(at.server, at.player) as sse:
        times = [(await sse.control("mythos.heartbeat")).data["ts"] for _ in range(12)]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert max(waits) - min(waits) > 0.12, f"of a jitter between 0.2 and 0.6 s: {waits}"


@shows("limits.connections", 1_000, 1)
async def connections(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player):
        yield
        answer = await at.api.http.get(f"/sse/{at.player}")
        assert answer.status_code == 503 and error_code(answer) == "connection_limit"


@shows("limits.connections_per_player", 4, 1)
async def connections_per_player(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player) as oldest:
        yield
        async with await open_websocket(at.server, at.player):
            assert await oldest.closed() == 4003


@shows("limits.limit_policy", "displace", "refuse", limits__connections_per_player=1)
async def limit_policy(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player):
        yield
        answer = await at.api.http.get(f"/sse/{at.player}")
        assert answer.status_code == 429 and error_code(answer) == "player_limit"


@shows("limits.sessions", 1_000, 1)
async def sessions(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player):
        yield
        answer = await at.api.http.get(f"/sse/{at.player}-2")
        assert answer.status_code == 503 and error_code(answer) == "session_limit"


@shows("limits.channels_per_session", 8, 1)
async def channels_per_session(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player) as ws:
        await ws.subscribe("one")
        yield
        reply = await ws.command("subscribe", {"channel": "two"})
        assert reply["error"]["code"] == "limit"


@shows("limits.batch_messages", 8, 1)
async def batch_messages(at: Place) -> AsyncIterator[None]:
    yield
    message = {"player": at.player, "type": "t", "data": {}}
    answer = await at.api.post("/api/publish", {"messages": [message, message]})
    assert answer.status_code == 413 and error_code(answer) == "too_big"


@shows("limits.message_bytes", 65_536, 1_024)
async def message_bytes(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_websocket(at.server, at.player) as ws:
        await ws.send("x" * 2_000)
        assert await ws.closed() == 1009


@shows("limits.body_bytes", 65_536, 1_024)
async def body_bytes(at: Place) -> AsyncIterator[None]:
    yield
    answer = await at.api.post("/api/publish", {"player": at.player, "type": "t", "data": "x" * 2_000})
    assert answer.status_code == 413


@shows("limits.header_bytes", 65_536, 1_024)
async def header_bytes(at: Place) -> AsyncIterator[None]:
    yield
    assert (await at.api.http.get("/livez", headers={"X-Long": "x" * 2_000})).status_code == 431


@shows("limits.request_timeout_s", 600, 1)
async def request_timeout(at: Place) -> AsyncIterator[None]:
    yield
    async with await RawConnection.connect(at.server.port) as raw:
        await raw.send(b"GET /livez HTTP/1.1\r\n")
        assert (await raw.head(within=10))[0] == 408


@shows("session.idle_timeout_s", 600, 1, heartbeat_ms=600_000)
async def idle_timeout(at: Place) -> AsyncIterator[None]:
    yield
    async with await RawWebSocket.open(at.server.port, f"/ws/{at.player}") as silent:
        assert await silent.close_code(within=10) == 4004


@shows("session.grace_s", 600, 1)
async def grace(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_websocket(at.server, at.player):
        pass

    async def gone() -> bool:
        return (await at.api.connections(at.player))["session_id"] is None

    await until("the session ends", gone, within=10)


@shows("session.slow_reader", "gap", "conflate")
async def slow_reader(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player) as ws:
        session, cursor = ws.session_id, ws.welcome["cursor"]
    yield
    for n in range(5):
        await at.api.publish("test.n", {"n": n}, player=at.player, key="score")
    async with await open_websocket(at.server, at.player, session_id=session, cursor=cursor) as ws:
        assert [m.data["n"] for m in await ws.fence(at.api)] == [4]


@shows("session.replaced_ids", 1_000, 1)
async def replaced_ids(at: Place) -> AsyncIterator[None]:
    yield
    old = [(await at.api.new_session(at.player))["session_id"] for _ in range(3)]
    async with await open_websocket(at.server, at.player, session_id=old[1]) as ws:
        assert await ws.closed() == 4001, "the newest replaced one is remembered"
    async with await open_websocket(at.server, at.player, session_id=old[0]) as ws:
        assert ws.session_id == old[2], "one more than that is not"


@shows("session.command_outcomes", 256, 16)
async def command_outcomes(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player, client_id="tab") as ws:
        for n in range(1, 33):
            await ws.command("subscribe", {"channel": f"room-{n}"}, id=f"c-{n}")
        yield
        for n in range(33, 37):
            await ws.command("subscribe", {"channel": f"room-{n}"}, id=f"c-{n}")
        reply = await ws.command("subscribe", {"channel": "room-1"}, id="c-1")
        assert reply["error"]["code"] == "stale_id"


@shows("delivery.mode_default", "mirror", "standby")
async def mode_default(at: Place) -> AsyncIterator[None]:
    async with await open_websocket(at.server, at.player, client_id="tab"):
        yield
        async with await open_sse(at.server, at.player, client_id="tab") as second:
            assert second.welcome["mode"] == "standby"


@shows("http.origins", ["https://other.example"], [FRIEND])
async def origins(at: Place) -> AsyncIterator[None]:
    yield
    answer = await at.api.http.get("/api/channels", headers={"Origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    async with await open_websocket(at.server, at.player, options={"origin": FRIEND}) as ws:
        assert ws.welcome


@shows("http.allowed_hosts", ["other.example"], ["game.example"])
async def allowed_hosts(at: Place) -> AsyncIterator[None]:
    yield
    assert (await at.api.http.get("/api/channels", headers={"Host": "game.example"})).status_code == 200


@shows("http.keepalive_s", 600, 1)
async def keepalive(at: Place) -> AsyncIterator[None]:
    yield
    async with await RawConnection.connect(at.server.port) as raw:
        await raw.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, headers = await raw.head()
        assert status == 200 and await raw.body(headers)
        await raw.end(within=10)


@shows("websocket.deflate", True, False)
async def deflate(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_websocket(at.server, at.player) as ws:
        assert ws.socket.protocol.extensions == []


@shows("websocket.deflate_min_bytes", 1_000_000, 0)
async def deflate_min_bytes(at: Place) -> AsyncIterator[None]:
    yield
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    async with await RawWebSocket.open(at.server.port, f"/ws/{at.player}", offer) as raw:
        await raw.frame()  # the welcome, which is this connection's alone
        await at.api.publish("test.n", {"text": "again " * 40}, player=at.player)
        first = (await raw.reader.readexactly(1))[0]
        assert first & 0x40, "RSV1: the frame is deflated"


@shows("drain.spread_ms", 20_000, 0, drain__timeout_s=30)
async def drain_spread(at: Place) -> AsyncIterator[None]:
    yield
    async with await open_websocket(at.server, at.player) as ws, await open_sse(at.server, at.player) as sse:
        at.server.signal(signal.SIGTERM)
        for wire in (ws, sse):
            assert (await wire.control("mythos.draining")).data["reconnect_after_ms"] == 0
            assert close_code(await wire.closed(within=10)) == 1001
    assert await asyncio.to_thread(at.server.wait_exit) == 0


@shows("drain.timeout_s", 60, 1, drain__spread_ms=1_000)
async def drain_timeout(at: Place) -> AsyncIterator[None]:
    yield
    at.server.signal(signal.SIGTERM)
    line = await asyncio.to_thread(at.server.wait_log, "draining", lambda line: line["event"] == "Draining")
    assert line["timeout_s"] == 1


@shows("log.level", "error", "debug")
async def log_level(at: Place) -> AsyncIterator[None]:
    yield
    await at.api.counters()
    await asyncio.to_thread(at.server.wait_log, "a debug line", lambda line: line["event"] == "HTTP request")


async def connects(at: Place, holds: Callable[[], bool]) -> None:
    """Makes log lines until that is so."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        async with await open_sse(at.server, at.player):
            pass


def rotated(at: Place) -> list[str]:
    return sorted(file.name for file in (at.server.directory / "logs").glob("mythos.log.2*"))


@shows("log.rotate_bytes", 0, 2_000)
async def rotate_bytes(at: Place) -> AsyncIterator[None]:
    yield
    await connects(at, lambda: bool(rotated(at)))


@shows("log.rotate_s", 0, 1)
async def rotate_s(at: Place) -> AsyncIterator[None]:
    yield
    await connects(at, lambda: bool(rotated(at)))


@shows("log.keep", 5, 1, log__rotate_bytes=1_000)
async def keep(at: Place) -> AsyncIterator[None]:
    await connects(at, lambda: len(rotated(at)) >= 4)
    yield
    await connects(at, lambda: len(rotated(at)) == 1)


@shows("log.message_sample", 0, 1)
async def message_sample(at: Place) -> AsyncIterator[None]:
    async with await open_sse(at.server, at.player) as sse:
        await at.api.publish(player=at.player)
        await sse.entries(1)
        yield
        told = await at.api.publish(player=at.player)
    line = await asyncio.to_thread(at.server.wait_log, "one", lambda line: line["event"] == "Message delivered")
    assert line["message_id"] == told


@shows("health.interval_s", 3_600, 1)
async def health_interval(place: Place) -> AsyncIterator[None]:
    async def checked() -> str:
        return str((await place.api.get("/health/detailed"))["components"]["memory"]["time"])

    first = await checked()
    yield

    async def later() -> bool:
        return await checked() > first

    await until("checked anew", later)
