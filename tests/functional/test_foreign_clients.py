"""The promise with nothing but other people's clients: curl, node's `ws` and `eventsource`, Python's `websockets`."""

import asyncio
import json

from curl import Curl
from link_proxy import LinkProxy
from mythosd import tool
from wires import open_sse, open_websocket, query

WITHIN_S = 20.0


class Node:
    """A node script whose lines are JSON."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def run(cls, folder, script, *arguments):
        return cls(
            await asyncio.create_subprocess_exec(
                tool("node"), str(folder / script), *map(str, arguments), stdout=asyncio.subprocess.PIPE
            )
        )

    async def line(self):
        """The next line, or None at the end."""
        text = await asyncio.wait_for(self.process.stdout.readline(), WITHIN_S)
        return json.loads(text) if text else None

    async def rest(self):
        lines = []
        while (line := await self.line()) is not None:
            lines.append(line)
        return lines

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def test_node_ws(server, api, player, channel, node_packages):
    async with await Node.run(node_packages, "ws_client.mjs", f"{server.ws_url}/ws/{player}", 6, channel) as node:
        assert (await node.line())["type"] == "mythos.welcome"
        assert (await node.line())["data"]["ok"]
        for n in range(3):
            await api.publish("test.n", {"n": n, "text": "ö" * 400}, channel=channel)
            await api.publish("test.n", {"n": n}, player=player)
        *messages, closed = [line for line in await node.rest() if line["type"] != "mythos.heartbeat"]
        assert [m["data"]["n"] for m in messages] == [0, 0, 1, 1, 2, 2]
        assert messages[0]["data"]["text"] == "ö" * 400
        assert closed == {"type": "closed", "code": 1000}


async def test_node_eventsource_resumes_by_itself_through_cuts(server, api, player, node_packages):
    """Cut with a reset again and again while messages flow: each comes once, in order, by Last-Event-ID alone."""
    async with LinkProxy(server.port) as proxy:
        session = (await api.new_session(player))["session_id"]
        url = f"http://127.0.0.1:{proxy.port}/sse/{player}{query(session_id=session)}"
        async with await Node.run(node_packages, "eventsource_client.mjs", url, 60) as node:
            await node.line()
            got = []
            for n in range(60):
                await api.publish("test.n", {"n": n}, player=player)
                if n in (10, 30, 50):
                    link = proxy.living("sse")[0]
                    link.reset() if n != 30 else link.close()
                while len(got) <= n:
                    line = await node.line()
                    assert line is not None and "message" in line, f"the stream stopped after {got}: {line}"
                    if "id" in line["message"]:
                        assert line["lastEventId"] == line["message"]["id"]
                        got.append(line["message"]["data"]["n"])
            assert got == list(range(60))
            assert line["opened"] >= 4


async def test_node_eventsource_obeys_204(server, api, player, node_packages):
    async with await open_sse(server, player) as sse:
        old = sse.session_id
        await api.new_session(player)
        await sse.closed()
    url = f"{server.url}/sse/{player}{query(session_id=old)}"
    async with await Node.run(node_packages, "eventsource_client.mjs", url, 1) as node:
        assert [line["stopped"] for line in await node.rest()] == [204]


async def test_node_eventsource_is_told_that_its_session_was_replaced(server, api, player, node_packages):
    async with await Node.run(node_packages, "eventsource_client.mjs", f"{server.url}/sse/{player}", 1) as node:
        await node.line()
        await api.new_session(player)
        [last] = await node.rest()
        assert last["message"]["type"] == "mythos.closed" and last["message"]["data"]["code"] == 4001


async def test_curl_publishes_and_curl_listens(server, player):
    async with await Curl.open(f"{server.url}/sse/{player}") as listener:
        await listener.block()
        body = json.dumps({"player": player, "type": "chat.said", "data": {"text": "hello"}})
        async with await Curl.open(
            f"{server.url}/api/publish", "-H", "Content-Type: application/json", "-d", body
        ) as speaker:
            assert speaker.status == 200
        assert json.loads((await listener.block()).data)["data"] == {"text": "hello"}


async def test_curl_resumes_by_header(server, api, player):
    async with await Curl.open(f"{server.url}/sse/{player}") as curl:
        await curl.block()
        ids = [await api.publish("test.n", {"n": n}, player=player) for n in range(5)]
        while (await curl.block()).values("id") != [ids[2]]:
            pass
    async with await Curl.open(f"{server.url}/sse/{player}", "-H", f"Last-Event-ID: {ids[2]}") as curl:
        assert json.loads((await curl.block()).data)["data"]["recovered"] is True
        assert [json.loads((await curl.block()).data)["data"]["n"] for _ in range(2)] == [3, 4]


async def test_one_publishes_cuts_either_wire_and_finds_every_message_once(server, api, player):
    """The product's main promise, with the plainest merge of two wires: by id, across cuts of both in turn."""
    async with LinkProxy(server.port) as proxy:

        async def open_both(**params):
            return (
                await open_websocket(server, player, port=proxy.port, client_id="tab", **params),
                await open_sse(server, player, port=proxy.port, client_id="tab", **params),
            )

        ws, sse = await open_both()
        session, merged, cursor = ws.session_id, {}, ws.welcome["cursor"]
        for turn in range(10):
            kind = ("websocket", "sse")[turn % 2]
            for n in range(turn * 20, turn * 20 + 20):
                await api.publish("test.n", {"n": n}, player=player)
                if n % 20 == 9:
                    proxy.living(kind)[0].reset()
            survivor = sse if kind == "websocket" else ws
            while len(merged) < (turn + 1) * 20:
                entry = await survivor.entry()
                merged.setdefault(entry.json["id"], entry.data["n"])
                cursor = entry.json["id"]
            if kind == "websocket":
                await ws.close()
                ws = await open_websocket(
                    server, player, port=proxy.port, client_id="tab", session_id=session, cursor=cursor
                )
            else:
                await sse.close()
                sse = await open_sse(
                    server, player, port=proxy.port, client_id="tab", session_id=session, cursor=cursor
                )
        assert list(merged.values()) == list(range(200))
        await ws.close()
        await sse.close()
