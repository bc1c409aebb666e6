"""Heartbeats on both wires, and that a silent peer is noticed."""

import time

import pytest

from api import Api, until
from raw_wire import RawConnection, RawWebSocket
from wires import open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])
BEAT_S = 0.25
BEAT = {"heartbeat_ms": int(BEAT_S * 1000)}
# Where it is measured when something is noticed: a third beat is more than the machine's noise.
STEADY_S = 1.5  # by when a silent peer is missed to the millisecond, loop_pulse_test says
STEADY = {"heartbeat_ms": int(STEADY_S * 1000), "heartbeat_jitter": 0}
MISSED = 'mythos_connections_closed_total{type="%s",reason="heartbeat_missed"}'


@WIRES
async def test_an_idle_wire_carries_heartbeats(start_server, player, wire):
    server = start_server(BEAT)
    async with await open_wire(server, wire, player) as idle:
        assert idle.welcome["heartbeat_ms"] == BEAT["heartbeat_ms"]
        beats = [await idle.control("mythos.heartbeat") for _ in range(3)]
        for beat in beats:
            assert "id" not in beat.json and {"cursor", "head", "ts"} <= set(beat.data)
            assert abs(beat.data["ts"] - time.time()) < 5, "server time in epoch seconds"
            if wire == "sse":
                assert beat.sse_id == beat.data["cursor"]


@WIRES
async def test_a_heartbeats_cursor_keeps_an_idle_client_inside_the_retention(start_server, player, wire):
    server = start_server({**BEAT, "journal.retention_entries": 64})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player) as idle:
            for n in range(300):
                last = await api.publish("test.n", {"n": n}, player=f"{player}-x")

            async def passed():
                return (await idle.control("mythos.heartbeat")).data["cursor"]

            welcome = idle.welcome["cursor"]
            cursor = await until("the heartbeat's cursor moves", lambda: _moved(passed, welcome))
            assert cursor.rpartition("-")[0] == last.rpartition("-")[0]
            session = idle.session_id
        async with await open_wire(server, wire, player, session_id=session, cursor=cursor) as again:
            assert again.welcome["recovered"] is True


async def _moved(next_cursor, welcome):
    cursor = await next_cursor()
    return cursor if cursor != welcome else None


async def test_a_websocket_that_answers_no_ping_is_closed_with_4004(start_server, player):
    server = start_server(STEADY)
    async with await RawWebSocket.open(server.port, f"/ws/{player}") as silent:
        started = time.monotonic()
        code = await silent.close_code(answer_pings=False)
        took = time.monotonic() - started
        assert code == 4004
        assert took > STEADY_S, "a first missed heartbeat is forgiven"
        async with Api(server.url) as api:
            assert (await api.counters())[MISSED % "websocket"] == 1


@WIRES
async def test_a_peer_that_vanishes_is_noticed(start_server, player, wire):
    """Not even its kernel answers any more: the machine is gone."""
    server = start_server(STEADY)
    if wire == "websocket":
        raw = await RawWebSocket.open(server.port, f"/ws/{player}")
    else:
        raw = await RawConnection.connect(server.port)
        await raw.send(f"GET /sse/{player} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert (await raw.head())[0] == 200
    async with Api(server.url) as api, raw:
        raw.vanish()

        async def noticed():
            return (await api.counters())[MISSED % wire] == 1

        await until("it is missed", noticed, within=60)


async def test_a_websocket_that_answers_pings_stays(start_server, player):
    server = start_server(BEAT)
    async with Api(server.url) as api, await open_wire(server, "websocket", player) as ws:
        for _ in range(8):
            await ws.control("mythos.heartbeat")
        assert await ws.fence(api) == []


async def test_an_event_stream_that_never_acks_stays_while_its_socket_lives(start_server, player):
    server = start_server(BEAT)
    async with Api(server.url) as api, await open_wire(server, "sse", player) as sse:
        for _ in range(8):
            await sse.control("mythos.heartbeat")
        assert await sse.fence(api) == []


async def test_an_event_stream_that_stops_acking_is_closed(start_server, player):
    """A peer that acked once is held to it: behind a proxy, that is all the server can know of it."""
    server = start_server(STEADY)
    async with Api(server.url) as api, await open_wire(server, "sse", player, client_id="tab") as sse:
        body = {"type": "ack", "data": {"cursor": sse.welcome["cursor"]}}
        for _ in range(2):
            await sse.control("mythos.heartbeat")
            assert await api.commands(sse.session_id, body, "tab") == []
        acked = time.monotonic()
        last = await sse.closed(within=20 * STEADY_S)
        took = time.monotonic() - acked
        assert last is not None and last.data["code"] == 4004
        assert took > STEADY_S


async def test_a_ping_frame_is_answered_with_its_payload(server, player):
    async with await open_wire(server, "websocket", player) as ws:
        waiter = await ws.socket.ping(b"are you there?")
        assert await waiter >= 0


async def test_a_peer_without_a_sign_of_life_is_closed_whatever_the_heartbeat_says(start_server, player):
    server = start_server({"heartbeat_ms": 600_000, "session.idle_timeout_s": 1})
    async with await RawWebSocket.open(server.port, f"/ws/{player}") as silent:
        assert await silent.close_code(answer_pings=False) == 4004
        async with Api(server.url) as api:
            counters = await api.counters()
            assert counters['mythos_connections_closed_total{type="websocket",reason="idle_timeout"}'] == 1
