"""Coming back with a cursor: on either wire, by header or query, and what is told where it cannot be honoured."""

import asyncio

import httpx
import pytest

from api import Api, error_code, until
from wires import open_sse, open_websocket, open_wire, query

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])


def seq(id: str) -> int:
    return int(id.rpartition("-")[2])


async def numbers(api, player, count, start=0):
    return [await api.publish("test.n", {"n": n}, player=player) for n in range(start, start + count)]


@WIRES
async def test_what_was_missed_is_replayed_in_order(server, api, player, wire):
    async with await open_wire(server, wire, player) as first:
        session = first.session_id
        cursor = (await numbers(api, player, 3))[0]
        await first.entries(3)
    await numbers(api, player, 5, start=3)
    async with await open_wire(server, wire, player, session_id=session, cursor=cursor) as again:
        assert again.session_id == session
        assert again.welcome["recovered"] is True
        assert again.welcome["replayed"] == 7
        assert again.welcome["cursor"] == cursor
        await numbers(api, player, 2, start=8)
        assert [m.data["n"] for m in await again.entries(9)] == list(range(1, 10))
        assert await again.fence(api) == []


async def test_a_cursor_of_one_wire_serves_the_other(server, api, player):
    async with await open_sse(server, player) as sse:
        await numbers(api, player, 4)
        cursor = (await sse.entries(2))[1].sse_id
        async with await open_websocket(server, player, cursor=cursor) as ws:
            assert ws.welcome["recovered"] is True
            assert [m.data["n"] for m in await ws.entries(2)] == [2, 3]
        async with await open_websocket(server, player, cursor=sse.welcome["cursor"]) as ws:
            assert [m.data["n"] for m in await ws.entries(4)] == [0, 1, 2, 3]


async def test_last_event_id_resumes(server, api, player):
    async with await open_sse(server, player) as sse:
        ids = await numbers(api, player, 4)
        await sse.entries(4)
    async with await open_sse(server, player, last_event_id=ids[1]) as again:
        assert again.welcome["recovered"] is True
        assert [m.data["n"] for m in await again.entries(2)] == [2, 3]


async def test_the_header_wins_over_the_query(server, api, player):
    async with await open_sse(server, player) as sse:
        ids = await numbers(api, player, 4)
        await sse.entries(4)
    async with await open_sse(server, player, last_event_id=ids[2], cursor=ids[0]) as again:
        assert again.welcome["cursor"] == ids[2]
        assert [m.data["n"] for m in await again.entries(1)] == [3]


async def test_the_welcomes_own_id_resumes_a_wire_that_died_before_its_first_entry(server, api, player):
    async with await open_sse(server, player) as sse:
        position = sse.last_event_id
        assert position == sse.welcome["cursor"]
    await numbers(api, player, 2)
    async with await open_sse(server, player, last_event_id=position) as again:
        assert again.welcome["recovered"] is True
        assert [m.data["n"] for m in await again.entries(2)] == [0, 1]


@WIRES
async def test_an_empty_last_event_id_is_none(server, player, wire):
    async with await open_wire(server, wire, player, cursor="") as opened:
        assert opened.welcome["recovered"] is None


@WIRES
@pytest.mark.parametrize(
    "cursor", ["garbage", "k3f9", "k3f9-", "-7", "k3f9-x", "K3F9-1", "k3f9-1e3", "k3f9-99999999999999999999"]
)
async def test_an_unreadable_cursor_is_400_before_the_upgrade(server, player, wire, cursor):
    route = "ws" if wire == "websocket" else "sse"
    upgrade = (
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        if wire == "websocket"
        else {}
    )
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{server.url}/{route}/{player}{query(cursor=cursor)}", headers=upgrade)
    assert answer.status_code == 400
    assert error_code(answer) == "bad_cursor"


@WIRES
@pytest.mark.parametrize("position", ["foreign", "future"])
async def test_a_position_that_never_was_is_told_as_a_gap_of_unknown_size(server, api, player, wire, position):
    async with await open_wire(server, wire, player) as first:
        session, epoch = first.session_id, first.welcome["epoch"]
        await numbers(api, player, 2)
        await first.entries(2)
    cursor = "zzzz0-5" if position == "foreign" else f"{epoch}-999999999"
    async with await open_wire(server, wire, player, session_id=session, cursor=cursor) as again:
        assert again.welcome["recovered"] is False
        assert again.welcome["cursor"] == cursor
        gap = await again.control("mythos.gap")
        assert gap.data["after"] is None and gap.data["lost"] is None and gap.data["at_most"] is None
        assert gap.data["before"].startswith(f"{epoch}-")
        assert gap.data["reason"]
        if wire == "sse":
            assert gap.sse_id == f"{epoch}-{seq(gap.data['before']) - 1}"
            assert again.received[0].sse_id == cursor
        fresh = await api.publish("test.n", {"n": 9}, player=player)
        entries = [await again.entry()]
        while entries[-1].json["id"] != fresh:
            entries.append(await again.entry())
        assert all(seq(m.json["id"]) >= seq(gap.data["before"]) for m in entries)


@WIRES
async def test_leaving_the_retention_is_told_as_the_exact_range(start_server, player, wire):
    server = start_server({"journal.retention_entries": 64})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player) as first:
            session = first.session_id
            ids = await numbers(api, player, 3)
            await first.entries(3)
        await numbers(api, player, 300, start=3)
        async with await open_wire(server, wire, player, session_id=session, cursor=ids[2]) as again:
            assert again.welcome["recovered"] is False
            assert again.welcome["cursor"] == ids[2]
            gap = (await again.control("mythos.gap")).data
            assert gap["after"] == ids[2]
            assert gap["at_most"] == seq(gap["before"]) - seq(gap["after"]) - 1
            got = [m.data["n"] for m in await again.fence(api)]
            assert got == list(range(303 - len(got), 303)), "the replay is the newest part without a hole"
            assert 0 < len(got) <= 64
            assert gap["lost"] == 300 - len(got)


@WIRES
async def test_a_cursor_older_than_the_session_tells_session_expired(start_server, player, channel, wire):
    server = start_server({"session.grace_s": 1, "session.sweep_interval_s": 1})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player) as first:
            session, cursor = first.session_id, first.welcome["cursor"]
        await until("the session expires", lambda: _gone(api, player, session))
        await numbers(api, player, 2)
        async with await open_wire(server, wire, player, session_id=session, cursor=cursor) as again:
            assert again.session_id != session
            assert again.welcome["recovered"] is False
            gap = (await again.control("mythos.gap")).data
            assert gap["lost"] is None and gap["reason"] == "session_expired"
            assert await again.fence(api) == [], "nothing from before the session's opening is owed to it"


async def _gone(api, player, session):
    answer = await api.http.get(f"/api/connections/{player}")
    return answer.status_code == 404 or answer.json()["session_id"] != session


async def test_a_second_wire_without_a_cursor_begins_at_its_clients_lowest(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        await numbers(api, player, 3)
        await ws.entries(3)
        async with await open_sse(server, player, client_id="tab") as sse:
            assert sse.welcome["recovered"] is None
            assert seq(sse.welcome["cursor"]) <= seq(ws.received[-1].json["id"])
            await numbers(api, player, 1, start=3)
            got = await sse.entry()
            while got.data["n"] != 3:
                got = await sse.entry()


async def test_messages_flow_while_a_wire_comes_and_goes(server, api, player):
    """Twenty reconnects in a running stream: every message once, in order, counted across the wires by cursor."""
    got: list[int] = []

    async def publish() -> None:
        for n in range(400):
            await api.publish("test.n", {"n": n}, player=player)

    wire = await open_websocket(server, player)
    session, cursor = wire.session_id, wire.welcome["cursor"]
    publishing = asyncio.create_task(publish())
    turn = 0
    while len(got) < 400:
        entry = await wire.entry()
        got.append(entry.data["n"])
        cursor = entry.json["id"]
        if len(got) % 20 == 0:
            turn += 1
            await wire.drop()
            opener = open_sse if turn % 2 else open_websocket
            wire = await opener(server, player, session_id=session, cursor=cursor)
    await publishing
    await wire.close()
    assert got == list(range(400))
