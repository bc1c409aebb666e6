"""Drivers of the rows "On HTTP" of docs/reference/answers.md."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from answer_case import Answer, Case, drives, http_answer
from answer_drivers_websocket import LIMITS
from raw_wire import RawConnection

JSON = {"Content-Type": "application/json"}
GOOD = {"type": "test.n", "data": {}}


@drives("http-bad-json")
async def bad_json(case: Case) -> Answer:
    return http_answer(await case.api.http.post("/api/publish", content=b'{"player":', headers=JSON))


@drives("http-bad-utf8")
async def bad_utf8(case: Case) -> Answer:
    body = b'{"player":"x","type":"t","data":"\xff"}'
    return http_answer(await case.api.http.post("/api/publish", content=body, headers=JSON))


@drives("http-bad-batch")
async def bad_batch(case: Case) -> Answer:
    messages = [{**GOOD, "player": case.player}, {**GOOD, "player": case.player}, GOOD]
    answer = await case.api.post("/api/publish", {"messages": messages})
    assert answer.json()["details"]["index"] == 2
    return http_answer(answer)


@drives("http-reserved-type")
async def reserved_type(case: Case) -> Answer:
    return http_answer(await case.api.post("/api/publish", {**GOOD, "player": case.player, "type": "mythos.gap"}))


async def answered(raw: RawConnection) -> Answer:
    """Status and error code of whatever the server answers, and that it then closes."""
    status, headers = await raw.head()
    body = await raw.body(headers)
    await raw.end()
    return Answer(f"HTTP {status}", json.loads(body)["details"]["error_code"] if body else None)


def post(length: str) -> bytes:
    return (
        f"POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    ).encode()


@drives("http-oversize-body", LIMITS)
async def oversize_body(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(post("Content-Length: 300000"))
        return await answered(raw)


@drives("http-oversize-chunks", LIMITS)
async def oversize_chunks(case: Case) -> Answer:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 8192

    return http_answer(await case.api.http.post("/api/publish", content=chunks(), headers=JSON))


@drives("http-oversize-header", LIMITS)
async def oversize_header(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 10_000 + b"\r\n\r\n")
        return await answered(raw)


@drives("http-bad-request-line")
async def bad_request_line(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        return await answered(raw)


@drives("http-slow-head", LIMITS)
async def slow_head(case: Case) -> Answer:
    """A slow loris: always a byte more, never a whole request."""
    async with await RawConnection.connect(case.port) as raw:

        async def drip() -> None:
            await raw.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            while True:
                await raw.send(b"x")
                await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        try:
            return await answered(raw)
        finally:
            dripping.cancel()


@drives("http-slow-body", LIMITS)
async def slow_body(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(post("Content-Length: 100") + b"{")
        return await answered(raw)


@drives("http-silence", LIMITS)
async def silence(case: Case) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        status, _ = await raw.head()
        return Answer("hang-up" if status == 0 else f"HTTP {status}")


@drives("http-unknown-route")
async def unknown_route(case: Case) -> Answer:
    return http_answer(await case.api.http.get("/api/nothing"))


@drives("http-method")
async def method(case: Case) -> Answer:
    return http_answer(await case.api.http.delete("/api/publish"))


@drives("http-media-type")
async def media_type(case: Case) -> Answer:
    body = json.dumps({**GOOD, "player": case.player}).encode()
    return http_answer(await case.api.http.post("/api/publish", content=body, headers={"Content-Type": "text/plain"}))


@drives("http-foreign-origin")
async def foreign_origin(case: Case) -> Answer:
    body = {**GOOD, "player": case.player}
    return http_answer(await case.api.post("/api/publish", body, headers={"Origin": "http://evil.example"}))


@drives("http-wrong-host")
async def wrong_host(case: Case) -> Answer:
    return http_answer(await case.api.http.get("/api/channels", headers={"Host": "rebound.example"}))


async def get(case: Case, path: str, **options: Any) -> Answer:
    return http_answer(await case.api.http.get(path, **options))


@drives("http-monitoring-window")
async def monitoring_window(case: Case) -> Answer:
    return await get(case, "/monitoring/performance", params={"window": "2m"})


@drives("http-monitoring-window-health")
async def monitoring_window_health(case: Case) -> Answer:
    return await get(case, "/monitoring/connection-health", params={"window": "90s"})


async def each_of(case: Case, *paths: str) -> Answer:
    """The answer that all of them have."""
    [given] = {await get(case, path) for path in paths}
    return Answer(given.answer, given.error_code, times=len(paths))


@drives("http-monitoring-off", {"monitor.enabled": False})
async def monitoring_off(case: Case) -> Answer:
    assert (await case.api.http.get("/health/detailed")).status_code == 200
    return await each_of(case, "/metrics", "/monitoring/performance")


@drives("http-monitoring-apart", {"monitor.listen": "0"})
async def monitoring_apart(case: Case) -> Answer:
    assert (await case.api.http.get("/health")).status_code == 200
    return await each_of(case, "/metrics", "/monitoring/performance", "/health/detailed")


@drives("http-health-window")
async def health_window(case: Case) -> Answer:
    return await get(case, "/health", params={"window": "zz"})


@drives("http-health-tag")
async def health_tag(case: Case) -> Answer:
    return await get(case, "/health", params={"tag": "nobody"})


@drives("http-ready-tag")
async def ready_tag(case: Case) -> Answer:
    return await get(case, "/readyz", params={"tag": "nobody"})


@drives("http-monitoring-page")
async def monitoring_page(case: Case) -> Answer:
    return await get(case, "/monitoring/connections", params={"sort": "name"})


@drives("http-monitoring-connection")
async def monitoring_connection(case: Case) -> Answer:
    return await get(case, "/monitoring/connections/k_nobody")


@drives("http-monitoring-listeners", {"server.loops": 1})
async def monitoring_listeners(case: Case) -> Answer:
    async with AsyncExitStack() as listening:
        for _ in range(16):
            raw = await listening.enter_async_context(await RawConnection.connect(case.port))
            await raw.send(b"GET /monitoring/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await raw.head())[0] == 200
        return await get(case, "/monitoring/stream")


async def raw_answer(case: Case, request: str) -> Answer:
    async with await RawConnection.connect(case.port) as raw:
        await raw.send(request.encode())
        return await answered(raw)


@drives("http-no-host")
async def no_host(case: Case) -> Answer:
    return await raw_answer(case, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")


@drives("http-two-hosts")
async def two_hosts(case: Case) -> Answer:
    return await raw_answer(
        case, "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )


@drives("http-coding")
async def coding(case: Case) -> Answer:
    return await raw_answer(case, post("Transfer-Encoding: gzip").decode() + "xx")


@drives("http-bad-path")
async def bad_path(case: Case) -> Answer:
    return await raw_answer(case, "GET /api/history/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@drives("http-bad-query")
async def bad_query(case: Case) -> Answer:
    return await raw_answer(
        case, "GET /api/history/room?limit=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )


@drives("http-bad-player")
async def bad_player(case: Case) -> Answer:
    return await get(case, "/api/connections/a%20b")


@drives("http-bad-channel")
async def bad_channel(case: Case) -> Answer:
    return await get(case, "/api/presence/%ff")


@drives("http-bad-channel-history")
async def bad_channel_history(case: Case) -> Answer:
    return await get(case, "/api/history/%ed%a0%80")


@drives("http-history-limit")
async def history_limit(case: Case) -> Answer:
    return await get(case, "/api/history/room", params={"limit": "0"})


@drives("http-errors-limit")
async def errors_limit(case: Case) -> Answer:
    return await get(case, "/monitoring/errors", params={"limit": "0"})


@drives("http-history-before")
async def history_before(case: Case) -> Answer:
    return await get(case, "/api/history/room", params={"before": "yesterday"})


@drives("http-history-epoch")
async def history_epoch(case: Case) -> Answer:
    return await get(case, "/api/history/room", params={"before": "zzzz0-5"})


@drives("http-session-body")
async def session_body(case: Case) -> Answer:
    path = f"/api/connections/{case.player}/session"
    return http_answer(await case.api.http.post(path, content=b"{bad", headers=JSON))


@drives("http-idempotency-key")
async def idempotency_key(case: Case) -> Answer:
    body = {**GOOD, "player": case.player}
    return http_answer(await case.api.post("/api/publish", body, headers={"Idempotency-Key": b"\xff"}))


@drives("http-idempotency-conflict")
async def idempotency_conflict(case: Case) -> Answer:
    headers = {"Idempotency-Key": case.player}
    assert (await case.api.post("/api/publish", {**GOOD, "player": case.player}, headers=headers)).is_success
    return http_answer(await case.api.post("/api/publish", {**GOOD, "player": "another"}, headers=headers))


@drives("http-batch-too-big", {"limits.batch_messages": 2})
async def batch_too_big(case: Case) -> Answer:
    return http_answer(await case.api.post("/api/publish", {"messages": [{**GOOD, "player": case.player}] * 3}))


@drives("http-no-session")
async def no_session(case: Case) -> Answer:
    return http_answer(await case.api.post("/api/commands", {"id": "c-1", "type": "ping"}))


@drives("http-too-many-commands")
async def too_many_commands(case: Case) -> Answer:
    session = (await case.api.new_session(case.player))["session_id"]
    body = [{"id": f"c-{n}", "type": "ping"} for n in range(1, 130)]
    return http_answer(await case.api.post("/api/commands", body, params={"session_id": session}))


@drives("http-disconnect-nobody")
async def disconnect_nobody(case: Case) -> Answer:
    return http_answer(await case.api.post("/api/disconnect", {"code": 4003}))
