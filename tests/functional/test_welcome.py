"""The first message of every connection, and that both wires carry the same bytes."""

import json
from urllib.parse import quote

import pytest
from websockets import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from curl import Curl
from wires import SseWire, WebSocketWire, open_sse, open_websocket, open_wire

WELCOME = {
    "session_id",
    "client_id",
    "connection_id",
    "player_id",
    "wire",
    "mode",
    "epoch",
    "cursor",
    "head",
    "recovered",
    "replayed",
    "heartbeat_ms",
    "resume_window_s",
}
WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])
TRICKY = {
    "text": "Grüße, 世界 \U0001f409",
    "lines": "a\nb\r\nc\rd\u2028e",
    "zero": "\u0000",
    "slash": "</script>",
    "nested": [{"a": [1, -2.5, 1e300, True, None]}],
    "empty": {},
    "quote": '"\\',
}


@WIRES
async def test_first_message_is_a_complete_welcome(server, player, wire):
    async with await open_wire(server, wire, player, client_id="tab-1") as opened:
        welcome = opened.welcome
        assert set(welcome) == WELCOME
        assert (welcome["player_id"], welcome["client_id"], welcome["wire"]) == (player, "tab-1", wire)
        assert welcome["mode"] == "mirror"
        assert welcome["recovered"] is None and welcome["replayed"] == 0
        for position in (welcome["cursor"], welcome["head"]):
            epoch, _, seq = position.rpartition("-")
            assert epoch == welcome["epoch"] and seq.isdigit()
        assert welcome["heartbeat_ms"] == 15000 and welcome["resume_window_s"] == 30
        assert "id" not in opened.received[0].json and opened.received[0].type == "mythos.welcome"


async def test_both_wires_join_one_session(server, player):
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        assert ws.session_id == sse.session_id
        assert ws.welcome["connection_id"] != sse.welcome["connection_id"]


@WIRES
async def test_the_routes_without_a_player_in_their_path(server, player, wire):
    if wire == "websocket":
        opened = await WebSocketWire.open(f"{server.ws_url}/api/ws?player_id={player}")
    else:
        opened = await SseWire.open(f"{server.url}/api/events?player_id={player}")
    async with opened:
        assert opened.welcome["player_id"] == player


async def test_the_json_is_the_same_bytes_on_both_wires(server, api, player):
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        await api.publish("chat.said", TRICKY, player=player)
        await api.publish("chat.said", {"plain": 1}, player=player)
        for _ in range(2):
            on_ws, on_sse = await ws.entry(), await sse.entry()
            assert on_ws.text == on_sse.text
            assert on_sse.sse_id == on_ws.json["id"]


async def test_an_entry_has_the_documented_members(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.subscribe(channel)
        by_channel = await api.publish("chat.said", TRICKY, channel=channel)
        by_player = await api.publish("chat.whispered", TRICKY, player=player)
        by_everyone = await api.publish("chat.shouted", TRICKY, everyone=True)
        first, second, third = await ws.entries(3)
        assert set(first.json) == {"id", "type", "channel", "ts", "data"}
        assert (first.json["id"], first.type, first.json["channel"]) == (by_channel, "chat.said", channel)
        assert first.data == TRICKY and isinstance(first.json["ts"], (int, float))
        assert [second.json["id"], third.json["id"]] == [by_player, by_everyone]
        assert "channel" not in second.json and "channel" not in third.json


async def test_sse_blocks_as_curl_sees_them(server, api, player):
    async with await Curl.open(f"{server.url}/sse/{player}") as curl:
        assert curl.status == 200
        assert curl.headers["content-type"].startswith("text/event-stream")
        assert {"no-cache", "no-transform"} <= {part.strip() for part in curl.headers["cache-control"].split(",")}
        assert curl.headers["x-accel-buffering"] == "no"
        first = await curl.block()
        welcome = json.loads(first.data)
        assert welcome["type"] == "mythos.welcome"
        assert first.values("id") == [welcome["data"]["cursor"]]
        [retry] = first.values("retry")
        assert 0 < int(retry) <= 10_000
        ids = [await api.publish("chat.said", TRICKY, player=player) for _ in range(3)]
        for id in ids:
            block = await curl.block()
            assert block.values("id") == [id]
            assert [field for field, _ in block.fields] == ["id", "data"]
            assert json.loads(block.data)["data"] == TRICKY
        assert "event" not in dict(first.fields)


async def test_deflate_is_answered_for_the_shared_frame(server, api, player):
    async with await open_websocket(server, player) as ws:
        [extension] = ws.socket.protocol.extensions
        assert extension.name == "permessage-deflate"
        answer = ws.socket.response.headers["Sec-WebSocket-Extensions"]
        assert "server_no_context_takeover" in answer
        for _ in range(2):
            await api.publish("chat.said", {"text": "again and " * 500}, player=player)
            assert (await ws.entry()).data == {"text": "again and " * 500}
        await ws.socket.send(json.dumps({"id": "c-1", "type": "ping", "data": {"pad": "ping " * 200}}))
        assert (await ws.reply("c-1"))["ok"]


async def test_deflate_with_a_smaller_window_is_declined(server, api, player):
    offer = [ClientPerMessageDeflateFactory(server_max_window_bits=10)]
    async with await open_websocket(server, player, options={"compression": None, "extensions": offer}) as ws:
        assert ws.socket.protocol.extensions == []
        await api.publish("chat.said", {"text": "plain"}, player=player)
        assert (await ws.entry()).data == {"text": "plain"}


async def test_the_subprotocol_is_granted_where_it_is_offered(server, player):
    async with await open_websocket(server, player, options={"subprotocols": ["mythos.v1"]}) as ws:
        assert ws.socket.subprotocol == "mythos.v1"


@WIRES
@pytest.mark.parametrize("name", ["a b", "x" * 300, "é"])
async def test_names_that_cannot_be_players_are_refused(server, wire, name):
    if wire == "websocket":
        with pytest.raises(InvalidStatus) as refusal:
            await open_websocket(server, quote(name))
        assert refusal.value.response.status_code == 400
        body = json.loads(refusal.value.response.body)
    else:
        answer = await SseWire.open(f"{server.url}/sse/{name}")
        assert answer.status == 400 and answer.answer is not None
        body = answer.answer.json()
    assert body["details"]["error_code"] == "bad_name"
