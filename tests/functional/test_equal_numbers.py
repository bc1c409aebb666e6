"""Known traffic, and exactly its numbers wherever the server tells them: in its JSON, its metrics and its log."""

import re
from collections import Counter

from api import Api, until
from test_metrics import scrape
from wires import open_sse, open_websocket, open_wire

# What the traffic below makes.
OPENED = {"websocket": 6, "sse": 4}
CLOSED = {
    ("websocket", "normal"): 1,
    ("websocket", "peer_gone"): 2,
    ("websocket", "session_replaced"): 1,
    ("websocket", "disconnected"): 1,
    ("websocket", "unsupported"): 1,
    ("sse", "peer_gone"): 2,
    ("sse", "session_replaced"): 1,
    ("sse", "disconnected"): 1,
}
REFUSED = {
    ("websocket", "bad_upgrade"): 1,
    ("sse", "bad_name"): 2,
    ("sse", "bad_cursor"): 3,
    ("sse", "foreign_session"): 1,
    ("sse", "origin"): 2,
}
# 20 to two, 32 that are still there and 68 that are told as a gap to one who comes back, 9 of 10 of one key skipped.
DELIVERIES = {"written": 40 + 4 + 32 + 1, "gap": 68, "conflated": 9, "unsent": 6}
HTTP_ERRORS = {"not_found": 3, "method": 2, "media_type": 1, "bad_request": 4, "origin": 1}
COMMAND_ERRORS = {"bad_json": 2, "unknown_command": 3, "bad_channel": 1}

WIRE = {"WebSocket": "websocket", "SSE": "sse"}


async def refusals(http, session_id):
    for path, headers, times in (
        ("/ws/ann", {}, 1),
        ("/sse/not*a*name", {}, 2),
        ("/sse/ann?cursor=nonsense", {}, 3),
        (f"/sse/bob?session_id={session_id}", {}, 1),
        ("/sse/ann", {"Origin": "http://elsewhere.example"}, 2),
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


async def traffic(server, api):
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
    await outcomes(server, api)
    async with await open_websocket(server, "gus", client_id="tab") as gus:
        await gus.close()
    async with await open_websocket(server, "hal", client_id="tab") as hal:
        await hal.send(b"binary")
        assert await hal.closed() == 1003
    async with await open_wire(server, "sse", "ida", client_id="tab") as ida:
        await ida.drop()


def labelled(counters, name):
    """A family's counts that are not 0, by the values of its labels."""
    found = {}
    for series, count in counters.items():
        if series.startswith(name + "{") and count:
            values = re.findall(r'="([^"]*)"', series)
            found[values[0] if len(values) == 1 else tuple(values)] = count
    return found


def in_counters(counters):
    return {
        "opened": labelled(counters, "mythos_connections_opened_total"),
        "closed": labelled(counters, "mythos_connections_closed_total"),
        "refused": labelled(counters, "mythos_connection_failures_total"),
        "deliveries": labelled(counters, "mythos_deliveries_total"),
        "http_errors": labelled(counters, "mythos_http_errors_total"),
        "command_errors": labelled(counters, "mythos_command_errors_total"),
    }


def in_log(lines):
    opened, closed, written = Counter(), Counter(), 0
    for line in lines:
        wire, _, event = line["event"].partition(" ")
        if wire in WIRE and event == "connected":
            opened[WIRE[wire]] += 1
        elif wire in WIRE and event == "disconnected":
            closed[WIRE[wire], line["reason"]] += 1
        elif line["event"] == "Message delivered":
            written += 1
    return {"opened": dict(opened), "closed": dict(closed), "written": written}


async def test_the_numbers_are_the_same_wherever_they_are_told(start_server):
    server = start_server(
        {"journal.retention_entries": 32, "session.slow_reader": "conflate", "log.message_sample": 1.0}
    )
    expected = {
        "opened": OPENED,
        "closed": CLOSED,
        "refused": REFUSED,
        "deliveries": DELIVERIES,
        "http_errors": HTTP_ERRORS,
        "command_errors": COMMAND_ERRORS,
    }
    async with Api(server.url) as api:
        await traffic(server, api)

        async def all_are_closed():
            return (await api.stats())["connections"]["total"] == 0

        await until("all connections are closed", all_are_closed)
        told = await api.stats()
        assert in_counters(told["counters"]) == expected
        samples = await scrape(api)
        assert in_counters(samples) == expected
        assert samples["mythos_message_delivery_seconds_count"] == DELIVERIES["written"]
        for wire, opened in OPENED.items():
            assert samples[f'mythos_connection_establishment_seconds_count{{type="{wire}"}}'] == opened
    server.stop()
    wanted = {"opened": OPENED, "closed": CLOSED, "written": DELIVERIES["written"]}
    assert in_log(server.log_lines()) == wanted
