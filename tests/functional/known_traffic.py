"""Traffic of which every number is known: connections, failures, messages of each outcome, errors of each type."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager

from api import Api, until
from raw_wire import RawWebSocket
from wires import open_sse, open_websocket

OPTIONS = {
    "journal.retention_entries": 32,
    "session.slow_reader": "conflate",
    "limits.connections_per_player": 2,
    "limits.limit_policy": "refuse",
    "heartbeat_ms": 2_000,
    "session.grace_s": 600,
    "health.interval_s": 1,
    "log.message_sample": 1.0,
}

# While those of `standing` are there, before everything else.
LEVELS = {
    "connections": {"websocket": 2, "sse": 2},
    "players": {"websocket": 1, "sse": 1, "dual": 1},
    "sessions": 3,
    "subscriptions": 3,
    "channels": 2,
}
# In the end.
OPENED = {"websocket": 10, "sse": 7}
CLOSED = {
    ("websocket", "normal"): 4,
    ("websocket", "peer_gone"): 2,
    ("websocket", "session_replaced"): 1,
    ("websocket", "disconnected"): 1,
    ("websocket", "unsupported"): 1,
    ("websocket", "heartbeat_missed"): 1,
    ("sse", "peer_gone"): 5,
    ("sse", "session_replaced"): 1,
    ("sse", "disconnected"): 1,
}
REFUSED = {
    ("websocket", "bad_upgrade"): 1,
    ("websocket", "origin"): 1,
    ("sse", "bad_name"): 2,
    ("sse", "bad_request"): 2,
    ("sse", "host"): 1,
    ("sse", "bad_cursor"): 3,
    ("sse", "foreign_session"): 1,
    ("sse", "origin"): 2,
    ("sse", "session_replaced"): 2,
    ("sse", "displaced"): 1,
    ("sse", "player_limit"): 2,
}
RECONNECTS = {"websocket": 1, "sse": 1}
# 20 to two, 32 that are still there and 68 that are told as a gap to one who comes back, 9 of 10 of one key skipped.
DELIVERIES = {"written": 40 + 4 + 32 + 1, "gap": 68, "conflated": 9, "unsent": 6}
WRITES = {("websocket", "success"): 20 + 1 + 3 + 32, ("sse", "success"): 20 + 1}
# Of 13 players; the three that were replaced were each replaced by one.
SESSIONS = {"opened": 13 + 3, "replaced": 3}
HTTP_ERRORS = {"not_found": 3, "method": 2, "media_type": 1, "bad_request": 4, "origin": 1}
COMMAND_ERRORS = {"bad_json": 2, "unknown_command": 3, "bad_channel": 1}
# By type, severity, and the label of what counts them.
ERRORS = {
    ("connection_error", "low", "player_limit"): 2,
    ("connection_error", "medium", "heartbeat_missed"): 1,
    ("authentication_error", "high", "foreign_session"): 1,
    ("authentication_error", "medium", "origin"): 3 + 1,
    ("authentication_error", "medium", "host"): 1,
    ("session_error", "low", "session_replaced"): 2,
    ("session_error", "low", "displaced"): 1,
    ("message_delivery_error", "medium", "retention"): 1,
    ("validation_error", "low", "bad_upgrade"): 1,
    ("validation_error", "low", "bad_name"): 2,
    ("validation_error", "low", "bad_cursor"): 3,
    ("validation_error", "low", "unsupported"): 1,
    ("validation_error", "low", "not_found"): 3,
    ("validation_error", "low", "method"): 2,
    ("validation_error", "low", "media_type"): 1,
    ("validation_error", "low", "bad_request"): 2 + 4,
    ("validation_error", "low", "bad_json"): 2,
    ("validation_error", "low", "unknown_command"): 3,
    ("validation_error", "low", "bad_channel"): 1,
}
TOTALS = {
    "opened": OPENED,
    "closed": CLOSED,
    "refused": REFUSED,
    "reconnects": RECONNECTS,
    "deliveries": DELIVERIES,
    "writes": WRITES,
    "sessions": SESSIONS,
    "http_errors": HTTP_ERRORS,
    "command_errors": COMMAND_ERRORS,
    "errors": ERRORS,
}


@asynccontextmanager
async def standing(server):
    """A player on both wires, one on each of them."""
    async with AsyncExitStack() as wires:
        lea = await wires.enter_async_context(await open_websocket(server, "lea", client_id="tab"))
        await wires.enter_async_context(await open_sse(server, "lea", client_id="tab"))
        max_ = await wires.enter_async_context(await open_websocket(server, "max", client_id="tab"))
        await wires.enter_async_context(await open_sse(server, "nia", client_id="tab"))
        await lea.subscribe("room:attic")
        await lea.subscribe("room:cellar")
        await max_.subscribe("room:attic")
        yield


async def refusals(http, session_id):
    for path, headers, times in (
        ("/ws/ann", {}, 1),
        ("/sse/not*a*name", {}, 2),
        ("/sse/ann?cursor=nonsense", {}, 3),
        (f"/sse/bob?session_id={session_id}", {}, 1),
        ("/sse/ann?mode=both", {}, 2),
        ("/sse/ann", {"Host": "elsewhere.example"}, 1),
        ("/sse/ann", {"Origin": "http://elsewhere.example"}, 2),
        ("/ws/ann", {"Origin": "http://elsewhere.example"}, 1),
        ("/nowhere", {}, 3),
        ("/api/publish", {}, 2),
        ("/api/history/room?limit=0", {}, 4),
    ):
        for _ in range(times):
            assert (await http.get(path, headers=headers)).status_code >= 400
    assert (await http.post("/api/publish", content=b"{}")).status_code == 415
    foreign = {"Origin": "http://elsewhere.example"}
    assert (await http.post("/api/publish", json={}, headers=foreign)).status_code == 403


async def gone(api, player):
    async def none_left():
        return (await api.connections(player))["connections"] == [] or None

    await until(f"{player}'s wires are gone", none_left)


async def outcomes(server, api):
    """Messages that are written, unsent, told as a gap, conflated, each to players of their own."""
    async with await open_websocket(server, "dora", client_id="tab") as dora:
        await api.publish(player="dora")
        await dora.entry()
        await dora.drop()
    await gone(api, "dora")
    for _ in range(6):
        await api.publish(player="dora")
    await api.new_session("dora")

    async with await open_sse(server, "emma", client_id="tab") as emma:
        session, cursor = emma.session_id, emma.welcome["cursor"]
    await gone(api, "emma")
    for n in range(10):
        await api.publish(data={"n": n}, player="emma", key="score")
    async with await open_sse(server, "emma", client_id="tab", session_id=session, cursor=cursor) as emma:
        assert (await emma.entry()).data == {"n": 9}
        assert (await api.ok("/api/disconnect", {"player": "emma"})) == {"disconnected": 1}
        await emma.closed()

    async with await open_websocket(server, "finn", client_id="tab") as finn:
        for _ in range(3):
            await api.publish(player="finn")
        cursor, session = (await finn.entries(3))[-1].json["id"], finn.session_id
        await finn.drop()
    await gone(api, "finn")
    for n in range(100):
        await api.publish(data={"n": n}, player="finn")
    async with await open_websocket(server, "finn", client_id="tab", session_id=session, cursor=cursor) as finn:
        assert (await finn.control("mythos.gap")).data["lost"] == DELIVERIES["gap"]
        await finn.entries(32)
        assert (await api.ok("/api/disconnect", {"player": "finn", "code": 4000})) == {"disconnected": 1}
        await finn.closed()


async def ends(server, api):
    """Connections that end in ways of their own, one of them by saying nothing."""
    silent = await RawWebSocket.open(server.port, "/ws/kim")
    async with await open_websocket(server, "gus", client_id="tab") as gus:
        await gus.close()
    async with await open_websocket(server, "hal", client_id="tab") as hal:
        await hal.send(b"binary")
        assert await hal.closed() == 1003
    async with await open_sse(server, "ida", client_id="tab") as ida:
        await ida.drop()
    async with await open_websocket(server, "jon"), await open_sse(server, "jon", client_id="tab", attempt=5):
        assert (await api.http.get("/sse/jon?client_id=tab&attempt=3")).status_code == 204
        for _ in range(2):
            assert (await api.http.get("/sse/jon")).status_code == 429
    async with silent:
        assert await silent.close_code(answer_pings=False) == 4004


async def traffic(server, api: Api):
    async with (
        await open_websocket(server, "ann", client_id="tab") as ann,
        await open_sse(server, "bob", client_id="tab") as bob,
    ):
        for n in range(20):
            await api.publish(data={"n": n}, everyone=True)
        await ann.entries(20)
        await bob.entries(20)
        await refusals(api.http, ann.session_id)
        for text in ("{", "[", '{"id":"x-1","type":"no"}', '{"id":"x-2","type":"no"}', '{"id":"x-3","type":"no"}'):
            await ann.send(text)
        await ann.send({"id": "x-4", "type": "subscribe", "data": {"channel": "\x01"}})
        assert (await ann.reply("x-4"))["error"]["code"] == "bad_channel"
        await api.new_session("ann")
        assert await ann.closed() == 4001
        await api.new_session("bob")
        assert (await bob.closed()).data["code"] == 4001
    for _ in range(2):
        assert (await api.http.get(f"/sse/bob?session_id={bob.session_id}")).status_code == 204
    await outcomes(server, api)
    await ends(server, api)
