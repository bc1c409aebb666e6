"""Behind nginx, Caddy and HAProxy, as deploy/proxies has them: both wires pass and are not buffered, an event stream
comes by HTTP/2, a client resumes after the proxy was restarted, and the application's routes are not reached."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api import Api
from mythosd import Mythosd
from proxies import FILES, Proxy
from wires import SseWire, WebSocketWire, query

KINDS = ["nginx", "caddy", "haproxy"]


@pytest.fixture(scope="module", params=KINDS)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: Mythosd) -> Iterator[Proxy]:
    one = Proxy(request.param, tmp_path_factory.mktemp(request.param), server)
    try:
        yield one.start()
    finally:
        one.stop()


async def websocket(proxy: Proxy, player: str, **params: str) -> WebSocketWire:
    url = f"wss://{proxy.authority}/ws/{player}{query(**params)}"
    return await WebSocketWire.open(url, ssl=proxy.trusting())


async def event_stream(proxy: Proxy, player: str, **params: str) -> SseWire:
    return await SseWire.open(f"https://{proxy.authority}/sse/{player}{query(**params)}", http2=True)


def test_each_documented_file_is_tested():
    assert {path.name for path in FILES.iterdir()} == {"nginx.conf", "mythos.caddy", "haproxy.cfg"}


async def test_each_message_comes_when_it_is_published_on_both_wires(proxy: Proxy, api: Api, player: str):
    async with (
        await websocket(proxy, player, client_id="tab") as ws,
        await event_stream(proxy, player, client_id="tab", session_id=ws.session_id) as sse,
    ):
        assert sse.answer is not None and sse.answer.http_version == "HTTP/2"
        assert sse.session_id == ws.session_id
        for n in range(20):
            # The next is published only when this one has come: nothing pushes it out of a buffer.
            id = await api.publish(data={"n": n}, player=player)
            assert [(await wire.entry()).json["id"] for wire in (ws, sse)] == [id, id]
        big = await api.publish(data={"text": "x" * 200_000}, player=player)
        assert [(await wire.entry()).json["id"] for wire in (ws, sse)] == [big, big]


async def test_commands_pass_on_both_ways(proxy: Proxy, api: Api, player: str):
    async with await event_stream(proxy, player, client_id="tab") as sse, await websocket(proxy, player) as ws:
        assert (await ws.command("ping"))["ok"]
        async with httpx.AsyncClient(http2=True, verify=proxy.trusting(), trust_env=False) as http:
            answer = await http.post(
                f"https://{proxy.authority}/api/commands",
                params={"session_id": sse.session_id, "client_id": "tab"},
                json={"id": "c-1", "type": "subscribe", "data": {"channel": "room"}},
            )
        assert answer.status_code == 200 and answer.http_version == "HTTP/2", answer.text
        id = await api.publish(channel="room")
        assert (await sse.entry()).json["id"] == id


async def test_closes_pass_with_their_codes(proxy: Proxy, api: Api, player: str):
    async with await websocket(proxy, player) as ws, await event_stream(proxy, player) as sse:
        assert await api.ok("/api/disconnect", {"player": player, "code": 4000}) == {"disconnected": 2}
        assert await ws.closed() == 4000
        last = await sse.closed()
        assert last is not None and last.data["code"] == 4000


async def test_a_client_resumes_after_the_proxy_was_restarted(proxy: Proxy, api: Api, player: str):
    first = await websocket(proxy, player, client_id="tab")
    stream = await event_stream(proxy, player, client_id="tab", session_id=first.session_id)
    seen = await api.publish(data={"n": 0}, player=player)
    assert (await first.entry()).json["id"] == (await stream.entry()).json["id"] == seen
    proxy.die()
    await first.closed()
    await stream.closed()
    missed = [await api.publish(data={"n": n}, player=player) for n in range(1, 6)]
    proxy.start()
    session = {"client_id": "tab", "session_id": first.session_id, "cursor": seen}
    async with await websocket(proxy, player, **session) as ws, await event_stream(proxy, player, **session) as sse:
        for wire in (ws, sse):
            assert wire.welcome["recovered"] is True
            assert [entry.json["id"] for entry in await wire.entries(5)] == missed


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/health/detailed", "/monitoring/connections", "/drain", "/api/publish", "/api/v2/silences"],
)
def test_what_is_not_the_players_is_not_reached(proxy: Proxy, path: str):
    with proxy.http() as http:
        for method in ("GET", "POST"):
            assert http.request(method, path).status_code == 404
