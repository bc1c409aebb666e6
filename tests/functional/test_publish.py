"""POST /api/publish: targets, batches, idempotency keys, refusals."""

import asyncio

import pytest

from api import error_code
from wires import open_sse, open_websocket


async def test_each_target_reaches_whom_it_names_and_no_other(server, api, channel):
    async with (
        await open_websocket(server, "target-a") as member,
        await open_sse(server, "target-b") as named,
        await open_websocket(server, "target-c") as bystander,
    ):
        await member.subscribe(channel)
        await api.publish("to.channel", {"n": 1}, channel=channel)
        await api.publish("to.player", {"n": 2}, player="target-b")
        await api.publish("to.everyone", {"n": 3}, everyone=True)
        assert [m.type for m in await member.fence(api)] == ["to.channel", "to.everyone"]
        assert [m.type for m in await named.fence(api)] == ["to.player", "to.everyone"]
        assert [m.type for m in await bystander.fence(api)] == ["to.everyone"]


async def test_a_player_without_a_session_is_owed_nothing(server, api, player):
    id = await api.publish("test.early", {}, player=player)
    assert "-" in id
    async with await open_websocket(server, player) as ws:
        assert await ws.fence(api) == []


async def test_a_batch_gives_ids_in_order_and_arrives_in_order(server, api, player, channel):
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        await ws.subscribe(channel)
        targets = [{"player": player}, {"channel": channel}, {"everyone": True}]
        batch = [{**targets[n % 3], "type": "test.n", "data": {"n": n}} for n in range(60)]
        ids = await api.publish_batch(batch)
        assert len(ids) == 60 and len(set(ids)) == 60
        for wire in (ws, sse):
            got = await wire.entries(60)
            assert [m.json["id"] for m in got] == ids
            assert [m.data["n"] for m in got] == list(range(60))


FAULTS = {
    "no target": {"type": "test.n", "data": {}},
    "two targets": {"type": "test.n", "data": {}, "player": "x", "channel": "y"},
    "no type": {"player": "x", "data": {}},
    "type not a string": {"player": "x", "type": 7, "data": {}},
    "everyone not true": {"everyone": "yes", "type": "test.n", "data": {}},
    "not an object": "hello",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_batch_is_all_or_nothing_and_names_the_index(server, api, player, fault):
    async with await open_websocket(server, player) as ws:
        good = {"player": player, "type": "test.n", "data": {}}
        answer = await api.post("/api/publish", {"messages": [good, good, FAULTS[fault], good]})
        assert answer.status_code == 400
        assert error_code(answer) == "bad_command"
        assert answer.json()["details"]["index"] == 2
        assert await ws.fence(api) == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_faulty_message_is_refused(server, api, fault):
    answer = await api.post("/api/publish", FAULTS[fault])
    assert answer.status_code == 400 and error_code(answer) in ("bad_command", "bad_json")


@pytest.mark.parametrize("type", ["mythos.welcome", "mythos.x", "presence.joined", "presence.left", "presence.other"])
async def test_reserved_types_are_refused(server, api, player, type):
    async with await open_websocket(server, player) as ws:
        answer = await api.post("/api/publish", {"player": player, "type": type, "data": {}})
        assert answer.status_code == 400
        assert error_code(answer) == "reserved_type"
        reply = await ws.command("publish", {"player": player, "type": type, "data": {}})
        assert not reply["ok"] and reply["error"]["code"] == "reserved_type"
        assert await ws.fence(api) == []


async def test_an_empty_batch_is_refused_or_empty(server, api):
    answer = await api.post("/api/publish", {"messages": []})
    assert answer.status_code == 400 or answer.json() == {"ids": []}


async def test_an_idempotency_key_publishes_once(server, api, player):
    async with await open_websocket(server, player) as ws:
        body = {"player": player, "type": "test.n", "data": {"n": 1}}
        key = {"Idempotency-Key": f"key-{player}"}
        first = await api.ok("/api/publish", body, headers=key)
        assert await api.ok("/api/publish", body, headers=key) == first
        other = await api.ok("/api/publish", body, headers={"Idempotency-Key": f"other-{player}"})
        assert other != first
        assert [m.json["id"] for m in await ws.fence(api)] == [first["id"], other["id"]]


async def test_an_idempotency_key_covers_a_batch(server, api, player):
    async with await open_websocket(server, player) as ws:
        body = {"messages": [{"player": player, "type": "test.n", "data": {"n": n}} for n in range(3)]}
        key = {"Idempotency-Key": f"batch-{player}"}
        first = await api.ok("/api/publish", body, headers=key)
        assert await api.ok("/api/publish", body, headers=key) == first
        assert [m.json["id"] for m in await ws.fence(api)] == first["ids"]


async def test_an_idempotency_key_with_another_body_conflicts(server, api, player):
    key = {"Idempotency-Key": f"conflict-{player}"}
    await api.ok("/api/publish", {"player": player, "type": "test.n", "data": {"n": 1}}, headers=key)
    answer = await api.post("/api/publish", {"player": player, "type": "test.n", "data": {"n": 2}}, headers=key)
    assert answer.status_code == 409
    assert error_code(answer) == "idempotency_conflict"


async def test_a_player_may_publish_without_authentication(server, api, player, channel):
    async with await open_websocket(server, player) as speaker, await open_sse(server, f"{player}-x") as listener:
        await speaker.subscribe(channel)
        await api.command(listener.session_id, "c-1", "subscribe", {"channel": channel})
        reply = await speaker.command("publish", {"channel": channel, "type": "chat.said", "data": {"text": "hi"}})
        assert reply["ok"]
        for wire in (speaker, listener):
            entry = await wire.entry()
            assert entry.json["id"] == reply["data"]["id"] and entry.data == {"text": "hi"}


async def test_publishes_of_many_at_once_keep_one_order(server, api, player):
    """Concurrent publishers: both wires see the same total order, that of the ids."""
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        ids = await asyncio.gather(*(api.publish("test.n", {"n": n}, player=player) for n in range(200)))
        on_ws = [m.json["id"] for m in await ws.entries(200)]
        on_sse = [m.json["id"] for m in await sse.entries(200)]
        assert on_ws == on_sse == sorted(ids, key=lambda id: int(id.rpartition("-")[2]))
