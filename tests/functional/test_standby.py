"""Standby mode: one wire of a client carries the stream, the other only heartbeats until it is promoted."""

import pytest

from api import Api
from wires import open_sse, open_websocket, open_wire

ORDERS = pytest.mark.parametrize("active,waiting", [("websocket", "sse"), ("sse", "websocket")])
BEAT = {"heartbeat_ms": 300}


def seq(id):
    return int(id.rpartition("-")[2])


async def pair(server, player, active, waiting):
    first = await open_wire(server, active, player, client_id="tab", mode="standby")
    second = await open_wire(server, waiting, player, client_id="tab", mode="standby")
    return first, second


async def numbers(api, player, *values):
    return [await api.publish("test.n", {"n": n}, player=player) for n in values]


async def ack(api, wire, cursor):
    assert await api.commands(wire.session_id, {"type": "ack", "data": {"cursor": cursor}}, "tab") == []


@ORDERS
async def test_the_newcomer_waits_and_carries_heartbeats_only(start_server, player, active, waiting):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, active, waiting)
        async with first, second:
            assert second.welcome["mode"] == "standby"
            assert second.welcome["recovered"] is None
            ids = await numbers(api, player, 1, 2, 3)
            assert [m.json["id"] for m in await first.entries(3)] == ids
            beat = await second.control("mythos.heartbeat")
            while seq(beat.data["head"]) < seq(ids[2]):
                beat = await second.control("mythos.heartbeat")
            assert not any(m.is_entry for m in second.received)
            assert seq(beat.data["cursor"]) < seq(ids[0]), "nothing was acknowledged yet"


@ORDERS
async def test_a_standbys_position_follows_its_clients_acknowledgements(start_server, player, active, waiting):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, active, waiting)
        async with first, second:
            ids = await numbers(api, player, 1, 2, 3)
            await first.entries(3)
            await ack(api, first, ids[1])
            beat = await second.control("mythos.heartbeat")
            while beat.data["cursor"] != ids[1]:
                assert seq(beat.data["cursor"]) < seq(ids[1])
                beat = await second.control("mythos.heartbeat")
            if waiting == "sse":
                assert beat.sse_id == ids[1]


@ORDERS
async def test_the_client_promotes_with_its_own_cursor(start_server, player, active, waiting):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, active, waiting)
        async with first, second:
            ids = await numbers(api, player, 1, 2, 3)
            await first.entries(3)
            connection = second.welcome["connection_id"]
            reply = await api.commands(
                second.session_id,
                {"id": "c-1", "type": "promote", "data": {"connection_id": connection, "cursor": ids[0]}},
                "tab",
            )
            assert reply[0]["data"]["ok"]
            promoted = await second.control("mythos.promoted")
            assert promoted.data == {"cursor": ids[0]}
            if waiting == "sse":
                assert promoted.sse_id == ids[0]
            assert [m.data["n"] for m in await second.entries(2)] == [2, 3]
            position = next(n for n, m in enumerate(second.received) if m.type == "mythos.promoted")
            assert not any(m.is_entry for m in second.received[:position])
            await numbers(api, player, 4)
            assert (await second.entry()).data["n"] == 4
            # Exactly one wire is active: the first carries nothing more.
            beats = len(first.controls("mythos.heartbeat"))
            while len(first.controls("mythos.heartbeat")) < beats + 1:
                await first.control("mythos.heartbeat")
            assert [m.data["n"] for m in first.received if m.is_entry] == [1, 2, 3]


@ORDERS
async def test_the_server_promotes_when_the_active_wire_dies(start_server, player, active, waiting):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, active, waiting)
        async with first, second:
            ids = await numbers(api, player, 1, 2, 3)
            await first.entries(3)
            await ack(api, second, ids[0])
            await first.drop()
            promoted = await second.control("mythos.promoted")
            assert promoted.data == {"cursor": ids[0]}, "rewound to the last acknowledged position"
            await numbers(api, player, 4)
            assert [m.data["n"] for m in await second.entries(3)] == [2, 3, 4]
        assert (await api.counters())["mythos_promotions_total"] == 1


@ORDERS
async def test_no_automatic_fail_back(start_server, player, active, waiting):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, active, waiting)
        async with first, second:
            await first.drop()
            await second.control("mythos.promoted")
            async with await open_wire(server, active, player, client_id="tab", mode="standby") as returned:
                assert returned.welcome["mode"] == "standby"
                await numbers(api, player, 1)
                assert (await second.entry()).data["n"] == 1
                await returned.control("mythos.heartbeat")
                assert not any(m.is_entry for m in returned.received)


async def test_promoting_the_active_wire_leaves_it_as_it_is(start_server, player):
    server = start_server(BEAT)
    async with Api(server.url) as api:
        first, second = await pair(server, player, "websocket", "sse")
        async with first, second:
            ids = await numbers(api, player, 1, 2)
            await first.entries(2)
            data = {"connection_id": first.welcome["connection_id"], "cursor": ids[1]}
            assert (await first.command("promote", data))["ok"]
            await numbers(api, player, 3)
            assert (await first.entry()).data["n"] == 3
            assert first.controls("mythos.promoted") == []


async def test_a_promotion_past_the_retention_tells_the_gap(start_server, player):
    server = start_server({"journal.retention_entries": 64})
    async with Api(server.url) as api:
        first, second = await pair(server, player, "websocket", "sse")
        async with first, second:
            ids = await numbers(api, player, *range(200))
            await first.entries(200)
            data = {"connection_id": second.welcome["connection_id"], "cursor": ids[9]}
            assert (await first.command("promote", data))["ok"]
            assert (await second.control("mythos.promoted")).data == {"cursor": ids[9]}
            gap = (await second.control("mythos.gap")).data
            assert gap["after"] == ids[9] and gap["reason"] == "retention"
            got = [m.data["n"] for m in await second.fence(api)]
            assert got == list(range(200 - len(got), 200)) and gap["lost"] == 190 - len(got)


async def test_standby_is_granted_only_to_clients_with_a_name(server, api, player):
    async with (
        await open_websocket(server, player, mode="standby") as first,
        await open_sse(server, player, mode="standby") as second,
    ):
        assert first.welcome["mode"] == second.welcome["mode"] == "mirror"
        await numbers(api, player, 1)
        assert (await first.entry()).data == (await second.entry()).data == {"n": 1}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"connection_id": "nobody", "cursor": "k3f9-1"},
        {"connection_id": 7},
        {"cursor": "garbage"},
        [],
        [1],
        "text",
        5,
        None,
    ],
)
async def test_a_faulty_promote_is_refused(server, player, data):
    async with await open_websocket(server, player, client_id="tab") as ws:
        reply = await ws.command("promote", data)
        assert not reply["ok"] and reply["error"]["code"]
