"""What a client does when the server goes away, comes back as another one, or does not want it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import mythos

WITHIN_S = 15.0


def server(port: int = 0, **options: Any) -> mythos.Server:
    quiet = {"drain.spread_ms": 0, "log.level": "warning"}
    return mythos.Server(mythos.Settings.only(listen=f"127.0.0.1:{port}", **{**quiet, **options}))


async def test_a_restarted_server_is_told_as_a_gap_and_subscribed_again():
    async with server() as first:
        port = first.port
        ann = mythos.Client(first.url, "ann")
        await ann.open()
        await ann.subscribe("room:1")
        await ann.both_live()
        epoch = ann.epoch
    await ann.until(lambda c: not c.live_wires)
    async with server(port) as second:
        async with asyncio.timeout(WITHIN_S):
            gap = await anext(ann)
            assert isinstance(gap, mythos.Gap)
            assert (gap.after, gap.lost, gap.reason) == (None, None, "foreign_epoch")
            assert ann.epoch != epoch
            while "ann" not in second.members("room:1"):
                await ann.ping()
            second.publish("chat.said", {"n": 1}, channel="room:1")
            entry = await anext(ann)
        assert isinstance(entry, mythos.Entry) and entry.data == {"n": 1}
        await ann.close()


async def test_a_command_in_flight_when_the_server_dies_has_no_known_outcome():
    async with server() as first:
        port = first.port

        @first.command("never")
        async def never(command: mythos.Command) -> None:
            await asyncio.Event().wait()

        ann = mythos.Client(first.url, "ann")
        await ann.open()
        answer = ann.submit("never")
        await ann.ping()
    async with server(port):
        with pytest.raises((mythos.OutcomeUnknown, mythos.CommandFailed)) as caught:
            await asyncio.wait_for(answer, WITHIN_S)
        assert getattr(caught.value, "reason", "") == "epoch_changed" or getattr(caught.value, "code", "") == "draining"
        assert await ann.ping()
        await ann.close()


@asynccontextmanager
async def refusing(answer: Callable[[str], bytes]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers each request's head as `answer` says; its URL, and the heads it got."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head)
        writer.write(answer(head))
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", heads


def status(line: str) -> Callable[[str], bytes]:
    return lambda _: f"HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def test_refused_credentials_are_not_tried_again_until_there_are_new_ones():
    token = "old"
    async with refusing(status("401 Unauthorized")) as (url, heads):
        ann = mythos.Client(url, "ann", headers=lambda: {"Authorization": f"Bearer {token}"}, open_timeout_s=5)
        opening = asyncio.create_task(ann.open())
        await ann.until(lambda c: all(s.status == "refused" for s in c.wires.values()))
        with pytest.raises(mythos.ConnectFailed) as caught:
            await opening
        assert set(caught.value.reasons) == {"websocket", "sse"}
        assert len(heads) == 2 and all("authorization: bearer old" in head.lower() for head in heads)


async def test_204_bars_the_stream():
    async with refusing(lambda head: status("204 No Content" if "/sse/" in head else "503 Busy")(head)) as (url, heads):
        ann = mythos.Client(url, "ann", open_timeout_s=0.4)
        opening = asyncio.create_task(ann.open())
        await ann.until(lambda c: c.wires["sse"].status == "barred")
        with pytest.raises(mythos.ConnectFailed):
            await opening
        assert sum("/sse/" in head for head in heads) == 1


async def test_what_the_requests_say():
    async with refusing(status("503 Busy")) as (url, heads):
        client = mythos.Client(
            f"{url}/behind", "ann", client_id="tab", session_id="s1", cursor="e1-7", mode="standby", open_timeout_s=0.6
        )
        with pytest.raises(mythos.ConnectFailed):
            await client.open()
    websocket = next(head for head in heads if "/ws/" in head)
    sse = next(head for head in heads if "/sse/" in head)
    for head, path in ((websocket, "/behind/ws/ann?"), (sse, "/behind/sse/ann?")):
        assert path in head
        for part in ("session_id=s1", "client_id=tab", "cursor=e1-7", "mode=standby", "attempt="):
            assert part in head.splitlines()[0], part
    assert "mythos.v1" in websocket
    assert "text/event-stream" in sse


async def test_a_client_is_opened_once():
    async with server() as one:
        ann = mythos.Client(one.url, "ann")
        await ann.open()
        with pytest.raises(RuntimeError, match="once"):
            await ann.open()
        await ann.close()
