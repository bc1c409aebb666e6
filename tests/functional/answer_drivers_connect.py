"""Drivers of the rows "At connecting" and "Limits and load" of docs/reference/answers.md."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import websockets

from answer_case import Answer, Case, drives, http_answer
from api import until
from raw_wire import UPGRADE, RawConnection, RawWebSocket
from wires import Wire, open_sse, open_websocket, open_wire

HANG_UPS, GROUP = 10_000, 50
HALF_OPEN, HALF_OPEN_BEAT_S = 200, 1.5
EVIL = "http://evil.example"


async def get_stream(case: Case, headers: dict[str, str] | None = None, **params: Any) -> Answer:
    """The answer to an event stream that is not granted."""
    return http_answer(await case.api.http.get(f"/sse/{case.player}", params=params, headers=headers))


async def refused_upgrade(case: Case, options: dict[str, Any] | None = None, **params: Any) -> Answer:
    """The answer to a WebSocket that is not upgraded."""
    try:
        async with await open_websocket(case.server, case.player, options=options, **params) as ws:
            raise AssertionError(f"upgraded: {ws.welcome}")
    except websockets.InvalidStatus as refusal:
        answer = refusal.response
        return Answer(f"HTTP {answer.status_code}", json.loads(answer.body)["details"]["error_code"])


@drives("connect-bad-upgrade")
async def bad_upgrade(case: Case) -> Answer:
    return http_answer(await case.api.http.get(f"/ws/{case.player}"))


@drives("connect-bad-name")
async def bad_name(case: Case) -> Answer:
    return http_answer(await case.api.http.get("/sse/a%20b%2F"))


@drives("connect-bad-key")
async def bad_key(case: Case) -> Answer:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    return http_answer(await case.api.http.get(f"/ws/{case.player}", headers={**headers, "Sec-WebSocket-Key": "short"}))


@drives("connect-no-player")
async def no_player(case: Case) -> Answer:
    return http_answer(await case.api.http.get("/api/events"))


@drives("connect-bad-mode")
async def bad_mode(case: Case) -> Answer:
    return await refused_upgrade(case, mode="half")


@drives("connect-bad-attempt")
async def bad_attempt(case: Case) -> Answer:
    return await get_stream(case, attempt="first")


@drives("connect-bad-query")
async def bad_query(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(f"GET /sse/{case.player}?cursor=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status, headers = await raw.head()
        return Answer(f"HTTP {status}", json.loads(await raw.body(headers))["details"]["error_code"])


@drives("connect-foreign-origin")
async def foreign_origin(case: Case) -> Answer:
    return await refused_upgrade(case, {"origin": EVIL})


@drives("connect-foreign-origin-sse")
async def foreign_origin_sse(case: Case) -> Answer:
    return await get_stream(case, {"Origin": EVIL})


@drives("connect-wrong-host")
async def wrong_host(case: Case) -> Answer:
    return await get_stream(case, {"Host": "rebound.example"})


@drives("cursor-unreadable")
async def cursor_unreadable(case: Case) -> Answer:
    return await refused_upgrade(case, cursor="yesterday")


@drives("cursor-unreadable-sse")
async def cursor_unreadable_sse(case: Case) -> Answer:
    return await get_stream(case, {"Last-Event-ID": "yesterday"})


async def gap_of(wire: Wire) -> Answer:
    gap = await wire.control("mythos.gap")
    assert wire.welcome["recovered"] is False
    return Answer("gap", gap.data["reason"])


@drives("cursor-foreign")
async def cursor_foreign(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player, cursor="zzzz0-5") as ws:
        return await gap_of(ws)


@drives("cursor-future")
async def cursor_future(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        epoch = ws.welcome["epoch"]
    async with await open_sse(case.server, case.player, cursor=f"{epoch}-999999999") as sse:
        return await gap_of(sse)


@drives("session-of-another")
async def session_of_another(case: Case) -> Answer:
    async with await open_websocket(case.server, f"{case.player}-owner") as owner:
        return await get_stream(case, session_id=owner.session_id)


async def replaced(case: Case) -> str:
    """The id of a session that was replaced."""
    old = (await case.api.new_session(case.player))["session_id"]
    await case.api.new_session(case.player)
    return str(old)


@drives("session-replaced")
async def session_replaced(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player, session_id=await replaced(case)) as ws:
        assert ws.welcome == {}
        return Answer(f"close {await ws.closed()}")


@drives("session-replaced-sse")
async def session_replaced_sse(case: Case) -> Answer:
    return await get_stream(case, session_id=await replaced(case))


PING = {"id": "c-1", "type": "ping", "data": {}}


@drives("session-replaced-post")
async def session_replaced_post(case: Case) -> Answer:
    return http_answer(await case.api.post("/api/commands", PING, params={"session_id": await replaced(case)}))


@drives("session-expired-post", {"session.grace_s": 1, "session.sweep_interval_s": 1})
async def session_expired_post(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        session = ws.session_id

    async def gone() -> bool:
        answer = await case.api.http.get(f"/api/connections/{case.player}")
        return answer.status_code == 404 or answer.json()["session_id"] != session

    await until("the session expires", gone)
    return http_answer(await case.api.post("/api/commands", PING, params={"session_id": session}))


@drives("session-expired")
async def session_expired(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        cursor = ws.welcome["cursor"]
    async with await open_websocket(case.server, case.player, session_id="s-long-ago", cursor=cursor) as ws:
        return await gap_of(ws)


@drives("limit-connections", {"limits.connections": 4})
async def limit_connections(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player), await open_sse(case.server, case.player):
        return await get_stream(case)


@drives("limit-connections-ws", {"limits.connections": 4})
async def limit_connections_ws(case: Case) -> Answer:
    async with (
        await open_websocket(case.server, case.player),
        await open_sse(case.server, case.player),
        await open_websocket(case.server, case.player) as ws,
    ):
        return Answer(f"close {await ws.closed()}")


@drives("limit-player", {"limits.connections_per_player": 2, "limits.limit_policy": "refuse"})
async def limit_player(case: Case) -> Answer:
    async with await open_wire(case.server, "websocket", case.player), await open_sse(case.server, case.player):
        return await get_stream(case)


@drives("load-hang-ups")
async def hang_ups(case: Case) -> Answer:
    """One in five is upgraded before it hangs up; of the others some say nothing, some half a request."""
    let_in = 0

    async def one(n: int) -> bool:
        raw = await RawConnection.connect(case.port)
        upgrade = UPGRADE.format(path=f"/ws/{case.player}-{n}", port=case.port, headers="").encode()
        admitted = n % 5 == 0
        if admitted:
            await raw.send(upgrade)
            assert (await raw.head())[0] == 101
        elif n % 5 == 1:
            await raw.send(upgrade[: n % len(upgrade)])
        raw.reset() if n % 2 else raw.writer.transport.abort()
        return admitted

    for first in range(0, HANG_UPS, GROUP):
        let_in += sum(await asyncio.gather(*(one(n) for n in range(first, first + GROUP))))
    return Answer("hang-up", times=let_in)


async def open_stream(case: Case, query: str = "") -> RawConnection:
    raw = await RawConnection.connect(case.port)
    await raw.send(f"GET /sse/{case.player}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (await raw.head())[0] == 200
    return raw


async def all_vanish(case: Case, wire: str, raws: list[RawConnection]) -> Answer:
    """Every peer stops acknowledging, on any level, and is missed by its heartbeats."""
    missed = f'mythos_connections_closed_total{{type="{wire}",reason="heartbeat_missed"}}'
    before = (await case.api.counters())[missed]
    try:
        for raw in raws:
            raw.vanish()

        async def noticed() -> bool:
            return (await case.api.counters())[missed] - before == len(raws)

        # By when to the millisecond, loop_pulse_test says, whose clock nobody else holds up.
        await until("all are missed", noticed, within=60)
    finally:
        for raw in raws:
            raw.writer.transport.abort()
    return Answer("hang-up", times=len(raws))


HALF_OPEN_OPTIONS = {
    "heartbeat_ms": int(HALF_OPEN_BEAT_S * 1000),
    "limits.connections_per_player": HALF_OPEN,
}


@drives("load-half-open", HALF_OPEN_OPTIONS)
async def half_open(case: Case) -> Answer:
    raws = [await RawWebSocket.open(case.port, f"/ws/{case.player}") for _ in range(HALF_OPEN)]
    return await all_vanish(case, "websocket", raws)


@drives("load-half-open-sse", HALF_OPEN_OPTIONS)
async def half_open_sse(case: Case) -> Answer:
    return await all_vanish(case, "sse", [await open_stream(case) for _ in range(HALF_OPEN)])
