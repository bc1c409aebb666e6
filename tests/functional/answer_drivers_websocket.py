"""Drivers of the rows "On a WebSocket" of docs/reference/answers.md."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from answer_case import NONE, Answer, Case, drives
from raw_wire import RawWebSocket, frame
from sleeper import sleeping
from wires import open_websocket

MESSAGE_BYTES = 65_536
LIMITS = {
    "limits.message_bytes": MESSAGE_BYTES,
    "limits.body_bytes": 262_144,
    "limits.header_bytes": 8_192,
    "limits.request_timeout_s": 1,
    "http.keepalive_s": 1,
}
TEXT, BINARY, CLOSE, PING, CONTINUATION = 1, 2, 8, 9, 0


async def reply_to(case: Case, message: Any, id: str | None) -> Answer:
    """Sends one message and gives the error reply; the connection must live on."""
    async with await open_websocket(case.server, case.player) as ws:
        await ws.send(message)
        reply = await ws.reply(id)
        assert reply["ok"] is False
        assert (await ws.command("ping", id="c-9000"))["ok"]
        return Answer("reply", reply["error"]["code"])


@drives("ws-bad-json")
async def bad_json(case: Case) -> Answer:
    return await reply_to(case, '{"id":"c-1","type":', None)


@drives("ws-no-type")
async def no_type(case: Case) -> Answer:
    return await reply_to(case, {"data": {}}, None)


@drives("ws-unknown-type")
async def unknown_type(case: Case) -> Answer:
    return await reply_to(case, {"id": "c-1", "type": "say", "data": {}}, "c-1")


@drives("ws-reserved-type")
async def reserved_type(case: Case) -> Answer:
    data = {"player": case.player, "type": "mythos.welcome", "data": {}}
    return await reply_to(case, {"id": "c-1", "type": "publish", "data": data}, "c-1")


async def reply_to_command(case: Case, type: str, **data: Any) -> Answer:
    return await reply_to(case, {"id": "c-1", "type": type, "data": data}, "c-1")


@drives("ws-bad-channel")
async def bad_channel(case: Case) -> Answer:
    return await reply_to_command(case, "subscribe", channel="room\n")


@drives("ws-history-channel")
async def history_channel(case: Case) -> Answer:
    return await reply_to_command(case, "history", channel="room\n")


@drives("ws-presence-channel")
async def presence_channel(case: Case) -> Answer:
    return await reply_to_command(case, "presence", channel="room\n")


@drives("ws-history-limit")
async def history_limit(case: Case) -> Answer:
    return await reply_to_command(case, "history", channel="room", limit=-1)


@drives("ws-history-before")
async def history_before(case: Case) -> Answer:
    return await reply_to_command(case, "history", channel="room", before="yesterday")


@drives("ws-ack-cursor")
async def ack_cursor(case: Case) -> Answer:
    return await reply_to_command(case, "ack", cursor="yesterday")


@drives("ws-promote-cursor")
async def promote_cursor(case: Case) -> Answer:
    return await reply_to_command(case, "promote", connection_id="k_nothing", cursor="zzzz0-5")


@drives("ws-promote-unknown")
async def promote_unknown(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player, client_id="tab") as ws:
        data = {"connection_id": "k_nothing", "cursor": ws.welcome["cursor"]}
        return Answer("reply", (await ws.command("promote", data))["error"]["code"])


@drives("ws-refresh")
async def refresh(case: Case) -> Answer:
    return await reply_to_command(case, "refresh", token="x")


@drives("ws-too-many-channels", {"limits.channels_per_session": 1})
async def too_many_channels(case: Case) -> Answer:
    return await reply_to_command(case, "subscribe", channels=["one", "two"])


@drives("ws-too-many-readings")
async def too_many_readings(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        await ws.send([{"id": f"c-{n}", "type": "history", "data": {"channel": "room"}} for n in range(1, 6)])
        replies = [await ws.reply(f"c-{n}") for n in range(1, 6)]
        assert [reply["ok"] for reply in replies] == [True] * 4 + [False]
        assert replies[4]["error"]["retryable"] is True
        return Answer("reply", replies[4]["error"]["code"])


@drives("ws-too-many-commands")
async def too_many_commands(case: Case) -> Answer:
    return await reply_to(case, [{"id": f"c-{n}", "type": "ping"} for n in range(1, 130)], None)


@drives("ws-id-conflict")
async def id_conflict(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        assert (await ws.command("ping", {"n": 1}, id="c-1"))["ok"]
        reply = await ws.command("ping", {"n": 2}, id="c-1")
        return Answer("reply", reply["error"]["code"])


@drives("ws-stale-id")
async def stale_id(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        for n in range(1, 1501):
            await ws.send({"id": f"c-{n}", "type": "ping", "data": {}})
        for n in range(1, 1501):
            assert (await ws.reply(f"c-{n}"))["ok"]
        reply = await ws.command("ping", id="c-1")
        return Answer("reply", reply["error"]["code"])


@drives("ws-unanswerable")
async def unanswerable(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        await ws.send({"type": "say", "data": {}})
        assert (await ws.command("ping", id="c-1"))["ok"]
        assert len(ws.controls("mythos.reply")) == 1
        return Answer(NONE)


@drives("ws-ten-faults")
async def ten_faults(case: Case) -> Answer:
    async with await open_websocket(case.server, case.player) as ws:
        for _ in range(10):
            await ws.send("{")
        return Answer(f"close {await ws.closed()}")


async def closed_after(case: Case, *data: bytes, headers: str = "", answer_pings: bool = True) -> Answer:
    async with await RawWebSocket.open(case.port, f"/ws/{case.player}", headers) as raw:
        for part in data:
            await raw.send(part)
        code = await raw.close_code(answer_pings=answer_pings)
        await raw.end()
        return Answer(f"close {code}")


@drives("ws-binary")
async def binary(case: Case) -> Answer:
    return await closed_after(case, frame(BINARY, b"\x00\x01"))


@drives("ws-bad-utf8")
async def bad_utf8(case: Case) -> Answer:
    return await closed_after(case, frame(TEXT, b'{"type":"\xff\xfe"}'))


@drives("ws-oversize-frame", LIMITS)
async def oversize_frame(case: Case) -> Answer:
    return await closed_after(case, frame(TEXT, b"x" * (MESSAGE_BYTES + 1)))


@drives("ws-oversize-fragments", LIMITS)
async def oversize_fragments(case: Case) -> Answer:
    part = b"x" * (MESSAGE_BYTES // 2)
    return await closed_after(
        case, frame(TEXT, part, fin=False), frame(CONTINUATION, part, fin=False), frame(CONTINUATION, b"xx")
    )


@drives("ws-oversize-inflated", LIMITS)
async def oversize_inflated(case: Case) -> Answer:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (deflate.compress(b" " * (64 * 2**20)) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    before = case.server.resident_bytes()
    answer = await closed_after(case, frame(TEXT, bomb, reserved=4), headers=offer)
    assert case.server.resident_bytes() - before < 16 * 2**20, "the bomb was not inflated"
    return answer


@drives("ws-unmasked")
async def unmasked(case: Case) -> Answer:
    return await closed_after(case, frame(TEXT, json.dumps({"type": "ping"}).encode(), masked=False))


@drives("ws-reserved-bit")
async def reserved_bit(case: Case) -> Answer:
    return await closed_after(case, frame(TEXT, b"{}", reserved=4))


@drives("ws-reserved-opcode")
async def reserved_opcode(case: Case) -> Answer:
    return await closed_after(case, frame(3, b"{}"))


@drives("ws-stray-continuation")
async def stray_continuation(case: Case) -> Answer:
    return await closed_after(case, frame(CONTINUATION, b"{}"))


@drives("ws-fragmented-ping")
async def fragmented_ping(case: Case) -> Answer:
    return await closed_after(case, frame(PING, b"x", fin=False))


@drives("ws-long-ping")
async def long_ping(case: Case) -> Answer:
    return await closed_after(case, frame(PING, b"x" * 126))


@drives("ws-bad-close-code")
async def bad_close_code(case: Case) -> Answer:
    return await closed_after(case, frame(CLOSE, struct.pack("!H", 1005)))


@drives(
    "ws-slow-reader", {"heartbeat_ms": 300_000, "journal.retention_entries": 64, "session.slow_reader": "disconnect"}
)
async def slow_reader(case: Case) -> Answer:
    batch = [{"player": case.player, "type": "test.n", "data": {"pad": "x" * 16_000}}] * 16
    async with sleeping("websocket")(case.server, case.player) as slow:
        for _ in range(60):
            await case.api.publish_batch(batch)
        while await slow.next():
            pass
        return Answer(f"close {slow.close_code}")


@drives("ws-no-pong", {"heartbeat_ms": 200})
async def no_pong(case: Case) -> Answer:
    return await closed_after(case, answer_pings=False)
