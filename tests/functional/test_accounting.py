"""owed = delivered + told as a gap + conflated + unsent at the session's end, as the counters tell it."""

import pytest

from api import Api, until
from wires import open_sse, open_websocket, open_wire

STATUSES = ("written", "gap", "conflated", "unsent")
WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])


async def deliveries(api):
    counters = await api.counters()
    return {status: int(counters[f'mythos_deliveries_total{{status="{status}"}}']) for status in STATUSES}


async def settled(api, **expected):
    """Waits until the deliveries are exactly these; a number too high never passes."""
    wanted = {**dict.fromkeys(STATUSES, 0), **expected}

    async def reached():
        return await deliveries(api) == wanted

    try:
        await until(f"deliveries are {wanted}", reached, within=5)
    except AssertionError:
        assert await deliveries(api) == wanted
        raise


async def publish(api, player, count, **more):
    for n in range(count):
        await api.publish("test.n", {"n": n}, player=player, **more)


async def test_one_entry_to_two_mirrored_wires_is_one_delivery(start_server, player):
    server = start_server()
    async with Api(server.url) as api:
        async with (
            await open_websocket(server, player, client_id="tab") as ws,
            await open_sse(server, player, client_id="tab") as sse,
        ):
            await publish(api, player, 10)
            await ws.entries(10)
            await sse.entries(10)
            await settled(api, written=10)
        counters = await api.counters()
        assert counters['mythos_messages_sent_total{type="websocket",status="success"}'] >= 10
        assert counters['mythos_messages_sent_total{type="sse",status="success"}'] >= 10


async def test_two_clients_are_owed_each_their_own(start_server, player):
    server = start_server()
    async with (
        Api(server.url) as api,
        await open_websocket(server, player, client_id="tab") as one,
        await open_websocket(server, player, client_id="phone") as two,
    ):
        await publish(api, player, 10)
        await one.entries(10)
        await two.entries(10)
        await settled(api, written=20)


@WIRES
async def test_what_a_replaced_session_was_still_owed_is_unsent(start_server, player, wire):
    server = start_server()
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player, client_id="tab") as opened:
            await publish(api, player, 4)
            await opened.entries(4)
            await opened.drop()
        await _gone(api, player)
        await publish(api, player, 6)
        await api.new_session(player)
        await settled(api, written=4, unsent=6)


@WIRES
async def test_what_an_expired_session_was_still_owed_is_unsent(start_server, player, wire):
    server = start_server({"session.grace_s": 1, "session.sweep_interval_s": 1})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player, client_id="tab") as opened:
            await publish(api, player, 4)
            await opened.entries(4)
            await opened.drop()
        await _gone(api, player)
        await publish(api, player, 3)
        await settled(api, written=4, unsent=3)


@WIRES
async def test_a_replay_delivers_what_was_not_and_counts_nothing_twice(start_server, player, wire):
    server = start_server()
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player, client_id="tab") as opened:
            await publish(api, player, 4)
            await opened.entries(4)
            session, cursor = opened.session_id, opened.welcome["cursor"]
            await opened.drop()
        await _gone(api, player)
        await publish(api, player, 3)
        async with await open_wire(server, wire, player, client_id="tab", session_id=session, cursor=cursor) as again:
            await again.entries(7)
            await settled(api, written=7)


async def test_gaps_and_deliveries_add_up(start_server, player):
    server = start_server({"journal.retention_entries": 32})
    async with Api(server.url) as api:
        async with await open_websocket(server, player, client_id="tab") as ws:
            await publish(api, player, 5)
            cursor, session = (await ws.entries(5))[4].json["id"], ws.session_id
            await ws.drop()
        await _gone(api, player)
        await publish(api, player, 100)
        async with await open_sse(server, player, client_id="tab", session_id=session, cursor=cursor) as sse:
            lost = (await sse.control("mythos.gap")).data["lost"]
            await sse.entries(100 - lost)
            await settled(api, written=105 - lost, gap=lost)


async def _gone(api, player):
    async def none_left():
        return (await api.connections(player))["connections"] == [] or None

    await until("the server has noticed the end of the wire", none_left)
