"""Presence, history and the other questions that a client or an operator may ask."""

from wires import open_sse, open_websocket


async def test_presence_is_told_to_those_who_asked(server, api, player, channel):
    async with (
        await open_websocket(server, f"{player}-a") as watcher,
        await open_websocket(server, f"{player}-b") as deaf,
    ):
        await watcher.subscribe(channel, presence=True)
        await deaf.subscribe(channel)
        assert {m.type for m in await watcher.fence(api)} <= {"presence.joined"}
        async with await open_sse(server, f"{player}-c") as guest:
            await api.command(guest.session_id, "c-1", "subscribe", {"channel": channel})
            await api.command(guest.session_id, "c-2", "unsubscribe", {"channel": channel})
            joined, left = [m for m in await watcher.fence(api) if m.data.get("player_id") == f"{player}-c"]
            assert (joined.type, left.type) == ("presence.joined", "presence.left")
            assert joined.json["channel"] == channel and joined.is_entry
        assert await deaf.fence(api) == []


async def test_leaving_by_the_end_of_a_session_is_told(server, api, player, channel):
    watcher = await open_websocket(server, f"{player}-a")
    async with watcher, await open_websocket(server, f"{player}-b") as guest:
        await guest.subscribe(channel)
        await watcher.subscribe(channel, presence=True)
        await watcher.fence(api)
        await api.new_session(f"{player}-b")
        left = await watcher.entry()
        assert left.type == "presence.left" and left.data["player_id"] == f"{player}-b"


async def test_presence_lists_the_members(server, api, player, channel):
    async with await open_websocket(server, f"{player}-a") as a, await open_sse(server, f"{player}-b") as b:
        await a.subscribe(channel)
        await api.command(b.session_id, "c-1", "subscribe", {"channel": channel})
        listed = await api.get(f"/api/presence/{channel}")
        assert set(listed) == {"channel", "members"} and listed["channel"] == channel
        members = {m["player_id"]: m for m in listed["members"]}
        assert set(members) == {f"{player}-a", f"{player}-b"}
        assert set(members[f"{player}-a"]) == {"player_id", "session_id", "since"}
        assert members[f"{player}-a"]["session_id"] == a.session_id
        reply = await a.command("presence", {"channel": channel})
        assert reply["ok"] and {m["player_id"] for m in reply["data"]["members"]} == set(members)
    assert (await api.get("/api/presence/room:nobody"))["members"] == []


async def test_history_pages_backwards(server, api, player, channel):
    ids = [await api.publish("test.n", {"n": n}, channel=channel) for n in range(7)]
    page = await api.get(f"/api/history/{channel}", limit=3)
    assert set(page) == {"channel", "entries", "more"}
    assert [e["data"]["n"] for e in page["entries"]] == [4, 5, 6] and page["more"] is True
    assert [e["id"] for e in page["entries"]] == ids[4:]
    page = await api.get(f"/api/history/{channel}", limit=3, before=page["entries"][0]["id"])
    assert [e["data"]["n"] for e in page["entries"]] == [1, 2, 3] and page["more"] is True
    page = await api.get(f"/api/history/{channel}", limit=3, before=page["entries"][0]["id"])
    assert [e["data"]["n"] for e in page["entries"]] == [0] and page["more"] is False
    assert (await api.get("/api/history/room:nobody")) == {"channel": "room:nobody", "entries": [], "more": False}


async def test_history_gives_fifty_by_default_and_the_bytes_of_the_wire(server, api, player, channel):
    async with await open_websocket(server, player) as ws:
        await ws.subscribe(channel)
        await api.publish_batch([{"channel": channel, "type": "test.n", "data": {"n": n}} for n in range(60)])
        on_wire = [m.json for m in await ws.entries(60)]
        page = await api.get(f"/api/history/{channel}")
        assert page["entries"] == on_wire[10:] and page["more"] is True
        reply = await ws.command("history", {"channel": channel, "limit": 5})
        assert reply["ok"] and reply["data"]["entries"] == on_wire[55:]
        assert (await api.get(f"/api/history/{channel}", limit=60))["more"] is False


async def test_faulty_questions_about_history_are_refused(server, api, channel):
    for params in ({"limit": "many"}, {"limit": -1}, {"before": "garbage"}):
        answer = await api.http.get(f"/api/history/{channel}", params=params)
        assert answer.status_code == 400, params


async def test_connections_of_a_player(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws, await open_sse(server, player) as sse:
        listed = await api.connections(player)
        assert listed["player_id"] == player and listed["session_id"] == ws.session_id
        by_id = {c["connection_id"]: c for c in listed["connections"]}
        assert {w.welcome["connection_id"]: w.name for w in (ws, sse)} == {k: c["wire"] for k, c in by_id.items()}
        for connection in by_id.values():
            assert {"connection_id", "wire", "opened_at", "cursor"} <= set(connection)
    unknown = await api.http.get("/api/connections/nobody-at-all")
    assert unknown.status_code == 404 or unknown.json()["connections"] == []


async def test_stats_count_wires_and_players(server, api, player):
    before = await api.stats()
    async with (
        await open_websocket(server, player),
        await open_sse(server, player),
        await open_websocket(server, f"{player}-x"),
    ):
        after = await api.stats()
    assert isinstance(after["counters"], dict)

    def live(stats, wire):
        return stats["counters"].get(f'mythos_connections_opened_total{{type="{wire}"}}', 0)

    assert live(after, "websocket") - live(before, "websocket") == 2
    assert live(after, "sse") - live(before, "sse") == 1


async def test_disconnect_by_each_name(server, api, player):
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        body = {"connection_id": ws.welcome["connection_id"], "code": 4000, "reason": "one wire"}
        assert await api.ok("/api/disconnect", body) == {"disconnected": 1}
        assert await ws.closed() == 4000 and ws.socket.close_reason == "one wire"
        assert await sse.fence(api) == []
        async with await open_websocket(server, player) as ws:
            body = {"session_id": sse.session_id, "code": 4000, "reason": "session"}
            assert await api.ok("/api/disconnect", body) == {"disconnected": 2}
            last = await sse.closed()
            assert await ws.closed() == 4000 and last.data == {"code": 4000, "reason": "session"}
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        assert await api.ok("/api/disconnect", {"player": player}) == {"disconnected": 2}
        await ws.closed()
        await sse.closed()
    assert await api.ok("/api/disconnect", {"player": "nobody-at-all"}) == {"disconnected": 0}


async def test_a_faulty_disconnect_is_refused(server, api, player):
    for body in (
        {},
        {"player": player, "session_id": "x"},
        {"player": player, "code": 1006},
        [],
        {"player": 5},
        {"player": player, "code": 17},
    ):
        assert (await api.post("/api/disconnect", body)).status_code == 400, body
