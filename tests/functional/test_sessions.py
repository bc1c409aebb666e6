"""Sessions: joining, replacing, resuming within the grace, and what those who must not return are told."""

import asyncio

import httpx
import pytest
import websockets

from api import Api, error_code, until
from curl import Curl
from wires import close_code, open_sse, open_websocket, open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])


async def test_replacing_a_session_closes_both_wires_with_4001(server, api, player):
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        old = ws.session_id
        answer = await api.new_session(player)
        assert answer["previous_connections_disconnected"] == 2
        assert answer["session_id"] != old
        assert await ws.closed() == 4001
        last = await sse.closed()
        assert last is not None and last.data["code"] == 4001 and last.data["reason"]
        assert last.retry == 3_600_000


async def test_the_farewell_of_a_replaced_stream_as_curl_sees_it(server, api, player):
    async with await Curl.open(f"{server.url}/sse/{player}") as curl:
        await curl.block()
        await api.new_session(player)
        block = await curl.block()
        assert '"mythos.closed"' in block.data and block.values("retry") == ["3600000"]
        assert len(block.values("id")) == 1
        assert await asyncio.wait_for(curl.process.wait(), 10) == 0, "the stream ends properly"


async def test_one_that_names_a_replaced_session_is_turned_away(server, api, player):
    async with await open_websocket(server, player) as ws:
        old = ws.session_id
        await api.new_session(player)
        await ws.closed()
    async with await open_websocket(server, player, session_id=old) as ws:
        assert ws.welcome == {}
        assert await ws.closed() == 4001
    sse = await open_sse(server, player, session_id=old)
    assert sse.status == 204


async def test_only_a_post_replaces(server, api, player):
    async with await open_websocket(server, player) as first:
        async with (
            await open_sse(server, player) as second,
            await open_websocket(server, player, session_id="s-unknown") as third,
        ):
            assert first.session_id == second.session_id == third.session_id
        assert (await first.command("ping"))["ok"]


async def test_a_session_opened_before_its_connections_is_joined(server, api, player, channel):
    opened = await api.new_session(player)
    assert opened["previous_connections_disconnected"] == 0
    await api.command(opened["session_id"], "c-1", "subscribe", {"channel": channel})
    async with await open_websocket(server, player, session_id=opened["session_id"]) as ws:
        assert ws.session_id == opened["session_id"]
        await api.publish("test.n", {}, channel=channel)
        assert len(await ws.fence(api)) == 1


async def test_first_connections_racing_share_one_session(server, api):
    for turn in range(10):
        wires = await asyncio.gather(
            *(open_wire(server, "websocket" if n % 2 else "sse", f"racer-{turn}") for n in range(4))
        )
        try:
            assert len({w.session_id for w in wires}) == 1
        finally:
            await asyncio.gather(*(w.close() for w in wires))


@WIRES
async def test_a_session_outlives_its_last_wire_by_the_grace_and_no_longer(start_server, player, channel, wire):
    server = start_server({"session.grace_s": 1, "session.sweep_interval_s": 1})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player) as first:
            session = first.session_id
            await api.command(session, "c-1", "subscribe", {"channel": channel})
        async with await open_wire(server, wire, player, session_id=session) as again:
            assert again.session_id == session

        async def ended() -> bool:
            answer = await api.post(
                "/api/commands", {"id": "c-2", "type": "ping", "data": {}}, params={"session_id": session}
            )
            return answer.status_code == 410

        await until("the session expires after its grace", ended)
        async with await open_wire(server, wire, player, session_id=session) as late:
            assert late.session_id != session
            await api.publish("test.n", {}, channel=channel)
            assert await late.fence(api) == []


@WIRES
async def test_another_players_session_is_not_joined(server, api, player, wire):
    async with await open_websocket(server, player) as ws:
        thief = f"{player}-thief"
        if wire == "websocket":
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await open_websocket(server, thief, session_id=ws.session_id)
            assert refusal.value.response.status_code == 403
        else:
            answer = await api.http.get(f"/sse/{thief}", params={"session_id": ws.session_id})
            assert answer.status_code == 403 and error_code(answer) == "foreign_session"
        await api.publish("test.secret", {}, player=player)
        assert [m.type for m in await ws.fence(api)] == ["test.secret"]


async def test_the_session_body_must_be_json(server, player):
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        answer = await http.post(f"/api/connections/{player}/session", content="{}")
        assert answer.status_code == 415


async def test_close_codes_read_the_same_on_both_wires(server, api):
    async with await open_websocket(server, "same-a") as ws, await open_sse(server, "same-b") as sse:
        for player in ("same-a", "same-b"):
            await api.ok("/api/disconnect", {"player": player, "code": 4002, "reason": "revoked"})
        codes = [close_code(await wire.closed()) for wire in (ws, sse)]
        assert codes == [4002, 4002]
        assert ws.socket.close_reason == "revoked"
