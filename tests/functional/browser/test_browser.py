"""The browser's own EventSource and WebSocket, with nothing of ours on the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api import Api, until
from browser.chromium import Page
from link_proxy import LinkProxy
from mythosd import Mythosd

pytestmark = pytest.mark.timeout(180)

LISTEN = """
window.sse = []; window.ws = [];
window.source = new EventSource('/sse/%(player)s?client_id=tab');
source.onmessage = (event) => sse.push(event.data);
window.socket = new WebSocket(`ws://${location.host}/ws/%(player)s?client_id=tab`, ['mythos.v1']);
socket.onmessage = (event) => ws.push(event.data);
new Promise((done) => { const timer = setInterval(() => {
    if (sse.length && ws.length) { clearInterval(timer); done(true); } }, 10); });
"""


@pytest_asyncio.fixture
async def proxy(server: Mythosd) -> AsyncIterator[LinkProxy]:
    async with LinkProxy(server.port) as between:
        yield between


@pytest_asyncio.fixture
async def page(proxy: LinkProxy, tmp_path: Path) -> AsyncIterator[Page]:
    async with Page(f"http://127.0.0.1:{proxy.port}/livez", tmp_path / "profile") as opened:
        yield opened


async def texts(page: Page, wire: str) -> list[str]:
    """The entries that a wire of the page received, as text."""
    received = await page.evaluate(wire)
    return [text for text in received if "id" in json.loads(text)]


def numbers(entries: list[str]) -> list[int]:
    return [json.loads(entry)["data"]["n"] for entry in entries]


async def test_an_event_source_that_is_cut_finds_every_message_once(
    api: Api, page: Page, proxy: LinkProxy, player: str
):
    assert await page.evaluate(LISTEN % {"player": player})

    async def welcomes() -> list[dict]:
        messages = [json.loads(text) for text in await page.evaluate("sse")]
        return [m["data"] for m in messages if m["type"] == "mythos.welcome"]

    cuts = 0

    async def is_back() -> bool:
        return len(await welcomes()) > cuts

    for n in range(60):
        await api.publish(player=player, data={"n": n})
        if n % 20 == 5:
            # The browser asks for the stream on the connection that brought the page, which the proxy calls `other`.
            for link in proxy.living():
                if link.kind != "websocket":
                    link.reset()
            cuts += 1
        if n % 20 == 15:
            await until("the event source coming back by itself", is_back, within=30)

    async def all_there() -> bool:
        return len(await texts(page, "sse")) >= 60

    await until("all messages on the event stream", all_there, within=60)
    assert numbers(await texts(page, "sse")) == list(range(60))
    assert numbers(await texts(page, "ws")) == list(range(60))
    assert [w["recovered"] for w in await welcomes()] == [None, True, True, True]


async def test_both_wires_carry_the_same_text(api: Api, page: Page, player: str):
    assert await page.evaluate(LISTEN % {"player": player})
    for n in range(5):
        await api.publish(player=player, data={"n": n, "text": 'žluťoučký "kůň"\u2028'})

    async def both() -> bool:
        return len(await texts(page, "sse")) == len(await texts(page, "ws")) == 5

    await until("five messages on each wire", both)
    assert await texts(page, "sse") == await texts(page, "ws")


async def test_a_replaced_session_ends_both_wires_for_good(api: Api, page: Page, player: str):
    assert await page.evaluate(LISTEN % {"player": player})
    first = json.loads((await page.evaluate("ws"))[0])["data"]["session_id"]
    await page.evaluate("window.code = new Promise((done) => { socket.onclose = (event) => done(event.code); }); true")
    await api.new_session(player)
    assert await page.evaluate("code") == 4001

    async def told() -> bool:
        return json.loads((await page.evaluate("sse"))[-1])["type"] == "mythos.closed"

    await until("mythos.closed on the event stream", told)
    again = f"/sse/{player}?client_id=tab&session_id={first}"
    await page.evaluate(f"source.close(); window.late = new EventSource('{again}'); true")

    async def given_up() -> bool:
        return await page.evaluate("late.readyState === EventSource.CLOSED")

    await until("204 to stop the event source", given_up)
