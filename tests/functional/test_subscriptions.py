"""Channels: what is owed is decided at each entry's own position, by subscription intervals."""

import pytest

from wires import open_sse, open_websocket, open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])


async def say(api, channel, *numbers):
    return [await api.publish("test.n", {"n": n}, channel=channel) for n in numbers]


def said(messages):
    return [m.data["n"] for m in messages]


async def subscribe(api, wire, id, channel, type="subscribe"):
    return await api.command(wire.session_id, id, type, {"channel": channel})


@WIRES
async def test_nothing_from_before_a_join_leaks_and_nothing_after_a_leave(server, api, player, channel, wire):
    async with await open_wire(server, wire, player) as opened:
        await say(api, channel, 1, 2)
        joined = (await subscribe(api, opened, "c-1", channel))["id"]
        [three, _] = await say(api, channel, 3, 4)
        await subscribe(api, opened, "c-2", channel, "unsubscribe")
        await say(api, channel, 5)
        await subscribe(api, opened, "c-3", channel)
        await say(api, channel, 6)
        assert said(await opened.fence(api)) == [3, 4, 6]
        assert int(joined.rpartition("-")[2]) < int(three.rpartition("-")[2])


async def test_the_same_intervals_decide_a_replay_from_the_start(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await say(api, channel, 1)
        await ws.subscribe(channel)
        await say(api, channel, 2)
        await ws.unsubscribe(channel)
        await say(api, channel, 3)
        await ws.subscribe(channel)
        await say(api, channel, 4)
        live = await ws.fence(api)
        async with await open_sse(server, player, cursor=ws.welcome["cursor"]) as sse:
            replay = await sse.entries(3)
        assert said(live) == said(replay[:2]) == [2, 4]


async def test_what_was_owed_before_an_unsubscribe_reaches_a_wire_that_was_away(server, api, player, channel):
    async with await open_sse(server, player) as sse:
        await subscribe(api, sse, "c-1", channel)
        session, cursor = sse.session_id, sse.welcome["cursor"]
    await say(api, channel, 1)
    await api.command(session, "c-2", "unsubscribe", {"channel": channel})
    await say(api, channel, 2)
    async with await open_websocket(server, player, session_id=session, cursor=cursor) as ws:
        assert ws.welcome["recovered"] is True
        assert said(await ws.fence(api)) == [1]


async def test_subscriptions_outlive_the_wires_within_the_grace(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.subscribe(channel)
        session = ws.session_id
    async with await open_sse(server, player, session_id=session) as sse:
        await say(api, channel, 1)
        assert said(await sse.fence(api)) == [1]


async def test_a_new_session_inherits_nothing(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.subscribe(channel)
        await api.new_session(player)
        await ws.closed()
    async with await open_websocket(server, player) as ws:
        await say(api, channel, 1)
        assert await ws.fence(api) == []


async def test_several_channels_in_one_command(server, api, player, channel):
    rooms = [f"{channel}:{n}" for n in range(3)]
    async with await open_websocket(server, player) as ws:
        reply = await ws.command("subscribe", {"channels": rooms})
        assert reply["ok"] and reply["data"]["id"]
        for n, room in enumerate(rooms):
            await say(api, room, n)
        reply = await ws.command("unsubscribe", {"channels": rooms[:2]})
        assert reply["ok"]
        for n, room in enumerate(rooms):
            await say(api, room, 10 + n)
        assert said(await ws.fence(api)) == [0, 1, 2, 12]


async def test_subscribing_twice_delivers_once(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.subscribe(channel)
        await ws.subscribe(channel)
        await say(api, channel, 1)
        await ws.unsubscribe(channel)
        await say(api, channel, 2)
        assert said(await ws.fence(api)) == [1]


FAULTY = [
    {},
    {"channel": 7},
    {"channel": ""},
    {"channels": []},
    {"channels": [1]},
    {"channel": "a\nb"},
    {"channel": "x" * 257},
    [],
    "text",
    5,
    None,
]


@pytest.mark.parametrize("data", FAULTY)
async def test_a_faulty_subscribe_is_refused(server, player, data):
    async with await open_websocket(server, player) as ws:
        reply = await ws.command("subscribe", data)
        assert not reply["ok"]
        assert set(reply["error"]) == {"code", "message", "retryable"} and reply["error"]["retryable"] is False


async def test_leaving_what_was_never_joined_is_harmless(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.command("unsubscribe", {"channel": channel})
        await say(api, channel, 1)
        assert await ws.fence(api) == []


async def test_channels_lists_sessions_not_wires(server, api, player, channel):
    async with (
        await open_websocket(server, player) as one,
        await open_sse(server, player),
        await open_websocket(server, f"{player}-x") as two,
    ):
        await one.subscribe(channel)
        await two.subscribe(channel)
        listed = {c["channel"]: c["subscribers"] for c in (await api.get("/api/channels"))["channels"]}
        assert listed[channel] == 2
        await two.unsubscribe(channel)
        listed = {c["channel"]: c["subscribers"] for c in (await api.get("/api/channels"))["channels"]}
        assert listed[channel] == 1


async def test_a_session_has_a_limit_of_channels(start_server, player):
    server = start_server({"limits.channels_per_session": 3})
    async with await open_websocket(server, player) as ws:
        assert (await ws.command("subscribe", {"channels": ["a", "b", "c"]}))["ok"]
        reply = await ws.command("subscribe", {"channel": "d"})
        assert not reply["ok"] and reply["error"]["code"] == "limit"
        await ws.unsubscribe("a")
        await ws.subscribe("d")
        assert (await ws.command("subscribe", {"channels": ["b", "c", "d"]}))["ok"], "they are joined already"
