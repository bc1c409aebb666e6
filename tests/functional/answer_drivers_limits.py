"""Drivers of docs/reference/answers.md: the rows "Limits and load" that fill something up, and "While draining"."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
from collections.abc import AsyncIterator

import httpx

from answer_case import Answer, Case, drives, http_answer
from answer_drivers_connect import open_stream
from answer_drivers_http import answered
from mythosd import eventually
from raw_wire import UPGRADE, RawConnection, RawWebSocket
from wires import WebSocketWire, close_code, open_sse, open_websocket, open_wire

CLIENTS_PER_SESSION = 64
SESSIONS = {"limits.sessions": 16}


async def fill_sessions(case: Case) -> None:
    """Opens sessions of other players until there is no room for one more."""
    for n in itertools.count():
        assert n <= SESSIONS["limits.sessions"]
        answer = await case.api.post(f"/api/connections/{case.player}-{n}/session", {})
        if answer.status_code == 503:
            return


@drives("limit-sessions", SESSIONS, alone=True)
async def limit_sessions(case: Case) -> Answer:
    await fill_sessions(case)
    answer = await case.api.http.get(f"/sse/{case.player}")
    assert int(answer.headers["retry-after"]) > 0
    return http_answer(answer)


@drives("limit-sessions-ws", SESSIONS, alone=True)
async def limit_sessions_ws(case: Case) -> Answer:
    await fill_sessions(case)
    async with await open_websocket(case.server, case.player) as ws:
        return Answer(f"close {await ws.closed()}")


@drives("limit-sessions-post", SESSIONS, alone=True)
async def limit_sessions_post(case: Case) -> Answer:
    await fill_sessions(case)  # which ends with one refusal
    answer = await case.api.post(f"/api/connections/{case.player}/session", {})
    assert int(answer.headers["retry-after"]) > 0
    given = http_answer(answer)
    return Answer(given.answer, given.error_code, times=2)


CLIENTS = {"limits.connections_per_player": 2 * CLIENTS_PER_SESSION}


RATE = {"limits.requests": 3, "limits.window_s": 3_600}


@contextlib.asynccontextmanager
async def at_its_rate(case: Case) -> AsyncIterator[WebSocketWire]:
    """A player that has asked as often as it may: once by connecting, and by two commands."""
    async with await open_websocket(case.server, case.player, client_id="tab") as ws:
        for n in (1, 2):
            assert (await ws.command("ping", id=f"c-{n}"))["ok"]
        yield ws


def waits(answer: httpx.Response) -> Answer:
    assert 0 < int(answer.headers["retry-after"]) <= RATE["limits.window_s"] / RATE["limits.requests"]
    return http_answer(answer)


@drives("limit-rate", RATE)
async def limit_rate(case: Case) -> Answer:
    async with at_its_rate(case) as ws:
        reply = await ws.command("ping", id="c-3")
        assert reply["error"]["retryable"] is True
        assert (await ws.command("ping", id="c-2"))["ok"], "a repeat is answered"
        return Answer("reply", reply["error"]["code"])


@drives("limit-rate-post", RATE)
async def limit_rate_post(case: Case) -> Answer:
    async with at_its_rate(case) as ws:
        params = {"session_id": ws.session_id, "client_id": "tab"}
        ack = {"type": "ack", "data": {"cursor": ws.welcome["cursor"]}}
        assert (await case.api.post("/api/commands", [ack], params=params)).status_code == 200
        return waits(await case.api.post("/api/commands", [ack, {"id": "c-3", "type": "ping"}], params=params))


@drives("limit-rate-sse", RATE)
async def limit_rate_sse(case: Case) -> Answer:
    async with at_its_rate(case):
        return waits(await case.api.http.get(f"/sse/{case.player}"))


@drives("limit-rate-ws", RATE)
async def limit_rate_ws(case: Case) -> Answer:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with at_its_rate(case):
        return waits(await case.api.http.get(f"/ws/{case.player}", headers=headers))


@contextlib.asynccontextmanager
async def all_clients(case: Case) -> AsyncIterator[str]:
    """A session whose clients are as many as it may have, each connected."""
    session = (await case.api.new_session(case.player))["session_id"]
    async with contextlib.AsyncExitStack() as stack:
        for n in range(CLIENTS_PER_SESSION):
            query = f"session_id={session}&client_id=tab-{n}"
            await stack.enter_async_context(await open_stream(case, query))
        yield session


@drives("limit-clients", CLIENTS)
async def limit_clients(case: Case) -> Answer:
    async with all_clients(case):
        return http_answer(await case.api.http.get(f"/sse/{case.player}", params={"client_id": "one-more"}))


@drives("limit-clients-post", CLIENTS)
async def limit_clients_post(case: Case) -> Answer:
    async with all_clients(case) as session:
        params = {"session_id": session, "client_id": "one-more"}
        return http_answer(await case.api.post("/api/commands", {"id": "c-1", "type": "ping"}, params=params))


@drives("limit-displaced", {"limits.connections_per_player": 2})
async def limit_displaced(case: Case) -> Answer:
    async with (
        await open_websocket(case.server, case.player) as oldest,
        await open_sse(case.server, case.player),
        await open_websocket(case.server, case.player),
    ):
        return Answer(f"close {await oldest.closed()}")


@contextlib.asynccontextmanager
async def displaced_client(case: Case, wire: str) -> AsyncIterator[str]:
    """The client_id of one that was displaced, while those who displaced it are there."""
    async with (
        await open_wire(case.server, wire, case.player, client_id="one") as one,
        await open_wire(case.server, wire, case.player, client_id="two"),
        await open_wire(case.server, wire, case.player, client_id="three"),
    ):
        assert close_code(await one.closed()) == 4003
        yield "one"


@drives("limit-displaced-returns", {"limits.connections_per_player": 2})
async def limit_displaced_returns(case: Case) -> Answer:
    async with (
        displaced_client(case, "websocket") as client,
        await open_websocket(case.server, case.player, client_id=client) as ws,
    ):
        return Answer(f"close {await ws.closed()}")


@drives("limit-displaced-returns-sse", {"limits.connections_per_player": 2})
async def limit_displaced_returns_sse(case: Case) -> Answer:
    async with displaced_client(case, "sse") as client:
        return http_answer(await case.api.http.get(f"/sse/{case.player}", params={"client_id": client}))


@drives("limit-journal", {"journal.retention_entries": 16, "limits.batch_messages": 50_000})
async def limit_journal(case: Case) -> Answer:
    messages = [{"type": "t", "player": "x"}] * 34_000  # the least room of a journal is for 32,767
    answer = await case.api.post("/api/publish", {"messages": messages})
    assert int(answer.headers["retry-after"]) > 0
    return http_answer(answer)


# Who asks while draining, here on a connection from before, is refused or answered; test_health.py has newcomers.

DRAIN = {"drain.spread_ms": 30_000, "drain.timeout_s": 30}


@contextlib.asynccontextmanager
async def draining(case: Case) -> AsyncIterator[RawConnection]:
    """A connection from before the drain, which has not asked anything yet; the counters are read on another."""
    before = case.server.descriptors()
    raw, counters = [await RawConnection.connect(case.port) for _ in range(2)]
    async with raw, counters, await open_websocket(case.server, case.player) as ws:
        await asyncio.to_thread(eventually, "all are accepted", lambda: case.server.descriptors() >= before + 3)
        case.server.signal(signal.SIGTERM)
        await ws.control("mythos.draining")
        yield raw
        await counters.send(b"GET /api/connections/stats HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _, headers = await counters.head()
        case.counters = json.loads(await counters.body(headers))["counters"]
        case.server.signal(signal.SIGTERM)


@drives("drain-sse", DRAIN, ends=True)
async def drain_sse(case: Case) -> Answer:
    async with draining(case) as raw:
        await raw.send(f"GET /sse/{case.player} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return await answered(raw)


@drives("drain-ws", DRAIN, ends=True)
async def drain_ws(case: Case) -> Answer:
    async with draining(case) as raw:
        await raw.send(UPGRADE.format(path=f"/ws/{case.player}", port=case.port, headers="").encode())
        assert (await raw.head())[0] == 101
        code = await RawWebSocket(raw.reader, raw.writer).close_code()
        return Answer(f"close {code}")


@drives("drain-command", DRAIN, ends=True)
async def drain_command(case: Case) -> Answer:
    session = (await case.api.new_session(case.player))["session_id"]
    body = json.dumps({"id": "c-1", "type": "subscribe", "data": {"channel": "room"}})
    async with draining(case) as raw:
        await raw.send(
            f"POST /api/commands?session_id={session} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        status, headers = await raw.head()
        [reply] = json.loads(await raw.body(headers))
        assert status == 200 and reply["data"]["ok"] is False and reply["data"]["error"]["retryable"] is True
        return Answer("reply", reply["data"]["error"]["code"])
