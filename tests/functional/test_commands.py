"""Client commands on either wire: outcomes that are remembered, refusals, and what counts as a fault."""

import json

import pytest

from api import error_code
from wires import open_sse, open_websocket


async def send(api, wire, body, client_id="tab"):
    return await api.commands(wire.session_id, body, client_id)


async def test_ping_gets_its_reply_on_both_wires(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        reply = await ws.command("ping", id="c-1")
        assert set(reply) == {"command_id", "ok", "data"} and reply["ok"] is True
        [posted] = await send(api, ws, {"id": "c-2", "type": "ping", "data": {}})
        assert posted["type"] == "mythos.reply"
        assert posted["data"]["command_id"] == "c-2" and posted["data"]["ok"] is True


async def test_a_command_repeated_on_the_other_wire_is_not_executed_again(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        command = {"id": "c-1", "type": "publish", "data": {"player": player, "type": "test.n", "data": {"n": 1}}}
        await ws.send(command)
        first = await ws.reply("c-1")
        [again] = await send(api, ws, command)
        await ws.send(command)
        assert first["ok"] and again["data"] == first == await ws.reply("c-1")
        assert [m.json["id"] for m in await ws.fence(api)] == [first["data"]["id"]]


async def test_a_command_sent_first_by_post_is_known_on_the_websocket(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        command = {"id": "c-1", "type": "publish", "data": {"player": player, "type": "test.n", "data": {}}}
        [posted] = await send(api, ws, command)
        await ws.send(command)
        assert await ws.reply("c-1") == posted["data"]
        assert len(await ws.fence(api)) == 1


async def test_command_ids_belong_to_the_client(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        command = {"id": "c-1", "type": "publish", "data": {"player": player, "type": "test.n", "data": {}}}
        [one] = await send(api, ws, command, "tab")
        [two] = await send(api, ws, command, "phone")
        assert one["data"]["ok"] and two["data"]["ok"]
        assert len(await ws.fence(api)) == 2


async def test_the_same_id_with_another_body_conflicts(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        publish = {"player": player, "type": "test.n", "data": {"n": 1}}
        assert (await ws.command("publish", publish, id="c-1"))["ok"]
        reply = await ws.command("publish", {**publish, "data": {"n": 2}}, id="c-1")
        assert not reply["ok"] and reply["error"]["code"] == "id_conflict" and reply["error"]["retryable"] is False
        assert [m.data["n"] for m in await ws.fence(api)] == [1]


async def test_a_forgotten_number_is_stale_and_the_last_256_are_not(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        outcomes = {}
        for start in range(1, 2001, 100):
            batch = [{"id": f"c-{n}", "type": "ping", "data": {"n": n}} for n in range(start, start + 100)]
            for reply in await send(api, ws, batch):
                outcomes[reply["data"]["command_id"]] = reply["data"]
        assert len(outcomes) == 2000 and all(o["ok"] for o in outcomes.values())
        for n in (2000, 1900, 1745):
            [again] = await send(api, ws, {"id": f"c-{n}", "type": "ping", "data": {"n": n}})
            assert again["data"] == outcomes[f"c-{n}"]
        publish = {"player": player, "type": "test.n", "data": {}}
        reply = await ws.command("publish", publish, id="c-1")
        assert not reply["ok"] and reply["error"]["code"] == "stale_id"
        assert await ws.fence(api) == []


@pytest.mark.parametrize("id", ["c", "", "17c", 5, None, "c-99999999999999999999999", "c-1 " * 100])
async def test_an_id_that_does_not_end_in_a_number_is_refused(server, api, player, id):
    async with await open_websocket(server, player) as ws:
        await ws.send({"id": id, "type": "publish", "data": {"player": player, "type": "test.n", "data": {}}})
        await ws.command("ping", id="c-1")
        refusals = [m.data for m in ws.controls("mythos.reply") if m.data["command_id"] != "c-1"]
        if id is None:
            assert refusals == []
        else:
            assert [r["ok"] for r in refusals] == [False]
            assert refusals[0]["error"]["code"] == "bad_command"
            assert await ws.fence(api) == []


async def test_an_unknown_command(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        reply = await ws.command("say", {"text": "hi"}, id="c-1")
        [posted] = await send(api, ws, {"id": "c-2", "type": "say", "data": {}})
        for refusal in (reply, posted["data"]):
            assert set(refusal) == {"command_id", "ok", "error"} and refusal["ok"] is False
            assert set(refusal["error"]) == {"code", "message", "retryable"}
            assert refusal["error"]["code"] == "unknown_command" and refusal["error"]["retryable"] is False


BAD = {
    '{"id":': "bad_json",
    "hello": "bad_json",
    "": "bad_json",
    '{"id":"c-9"}': "bad_command",
    "[1]": "bad_command",
    '{"id":"c-9","type":5}': "bad_command",
    '"text"': "bad_command",
    '{"id":"c-9","type":""}': "bad_command",
}


@pytest.mark.parametrize("text", BAD)
async def test_faulty_text_on_a_websocket_is_answered_and_the_connection_lives(server, player, text):
    async with await open_websocket(server, player) as ws:
        await ws.send(text)
        reply = (await ws.control("mythos.reply")).data
        assert reply["command_id"] is None and reply["ok"] is False
        assert reply["error"]["code"] == BAD[text]
        assert (await ws.command("ping"))["ok"]


async def test_ten_faults_in_a_minute_close_the_websocket(server, player):
    async with await open_websocket(server, player) as ws:
        for n in range(9):
            await ws.send("{" if n % 2 else "{}")
            await ws.control("mythos.reply")
        assert (await ws.command("ping"))["ok"]
        await ws.send("{")
        assert await ws.closed() == 1008


@pytest.mark.parametrize("text", ["{", "", "hello"])
async def test_faulty_json_by_post(server, api, player, text):
    async with await open_sse(server, player) as sse:
        answer = await api.http.post(
            "/api/commands",
            params={"session_id": sse.session_id},
            content=text,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 400 and error_code(answer) == "bad_json"


async def test_an_array_is_answered_in_order(server, api, player):
    async with await open_sse(server, player, client_id="tab") as sse:
        replies = await send(
            api,
            sse,
            [
                {"id": "c-1", "type": "ping", "data": {}},
                {"type": "ack", "data": {"cursor": sse.welcome["cursor"]}},
                {"id": "c-2", "type": "nonsense", "data": {}},
                {"type": "publish", "data": {"player": player, "type": "test.n", "data": {"n": 1}}},
                {"id": "c-3", "type": "publish", "data": {"player": player, "type": "test.n", "data": {"n": 2}}},
            ],
        )
        assert [(r["data"]["command_id"], r["data"]["ok"]) for r in replies] == [
            ("c-1", True),
            ("c-2", False),
            ("c-3", True),
        ]
        assert [m.data["n"] for m in await sse.fence(api)] == [1, 2]


async def test_acks_alone_are_answered_by_an_empty_array(server, api, player):
    async with await open_sse(server, player, client_id="tab") as sse:
        ack = {"type": "ack", "data": {"cursor": sse.welcome["cursor"]}}
        assert await send(api, sse, ack) == []
        assert await send(api, sse, [ack, ack]) == []


async def test_fire_and_forget_on_the_websocket(server, api, player):
    async with await open_websocket(server, player) as ws:
        await ws.send({"type": "publish", "data": {"player": player, "type": "test.n", "data": {"n": 1}}})
        await ws.send({"type": "nonsense", "data": {}})
        assert (await ws.command("ping", id="c-1"))["ok"]
        assert [m.data["command_id"] for m in ws.controls("mythos.reply")] == ["c-1"]
        assert [m.data["n"] for m in await ws.fence(api)] == [1]


async def test_a_replaced_session_is_409_and_nothing_is_executed(server, api, player):
    async with await open_sse(server, player) as sse:
        old = sse.session_id
        await api.new_session(player)
    async with await open_sse(server, player) as sse:
        publish = {"id": "c-1", "type": "publish", "data": {"player": player, "type": "test.n", "data": {}}}
        answer = await api.post("/api/commands", publish, params={"session_id": old})
        assert answer.status_code == 409 and error_code(answer) == "session_replaced"
        assert await sse.fence(api) == []


async def test_an_unknown_session_is_410_and_nothing_is_executed(server, api, player):
    async with await open_sse(server, player) as sse:
        publish = {"id": "c-1", "type": "publish", "data": {"player": player, "type": "test.n", "data": {}}}
        answer = await api.post("/api/commands", publish, params={"session_id": "s-neverwas"})
        assert answer.status_code == 410 and error_code(answer) == "session_expired"
        assert await sse.fence(api) == []


async def test_commands_without_a_session_are_refused(server, api):
    answer = await api.post("/api/commands", {"id": "c-1", "type": "ping", "data": {}})
    assert answer.status_code == 400


async def test_an_ack_becomes_the_clients_known_position(server, api, player):
    async with await open_websocket(server, player, client_id="tab") as ws:
        for n in range(3):
            await api.publish("test.n", {"n": n}, player=player)
        last = (await ws.entries(3))[2].json["id"]
        await ws.send({"type": "ack", "data": {"cursor": last}})
        assert (await ws.command("ping"))["ok"]
        [known] = (await api.connections(player))["connections"]
        assert known["acknowledged"] == last


async def test_a_reply_keeps_the_order_of_its_connection(server, player):
    async with await open_websocket(server, player) as ws:
        for n in range(1, 101):
            await ws.socket.send(json.dumps({"id": f"c-{n}", "type": "ping", "data": {}}))
        replies = [(await ws.control("mythos.reply")).data["command_id"] for _ in range(100)]
        assert replies == [f"c-{n}" for n in range(1, 101)]


BUILT_IN = ["subscribe", "unsubscribe", "publish", "ack", "ping", "presence", "history", "promote", "refresh"]


@pytest.mark.parametrize("type", BUILT_IN)
@pytest.mark.parametrize("data", [None, [], "text", 5, True, {"channel": {}, "cursor": [], "connection_id": 1}])
async def test_no_built_in_command_stumbles_over_its_data(server, api, player, type, data):
    """Whatever the data, there is an answer where one is due, and the server lives."""
    async with await open_websocket(server, player, client_id="tab") as ws:
        await ws.send({"id": "c-1", "type": type, "data": data})
        await ws.send({"type": type, "data": data})
        await ws.command("ping", id="c-2")
        assert await ws.fence(api) == []
        await send(api, ws, [{"id": "c-3", "type": type, "data": data}, {"type": type, "data": data}])
        assert (await ws.command("ping", id="c-4"))["ok"]
