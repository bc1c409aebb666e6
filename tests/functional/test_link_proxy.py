"""The cutting proxy itself, in front of an echoing listener: the failover figures are worth what it is worth."""

import asyncio

import pytest
import pytest_asyncio

from link_proxy import LinkProxy, kind_of

HELLO = b"GET /sse/p1 HTTP/1.1\r\n\r\n"


@pytest_asyncio.fixture
async def proxy():
    async def echo(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    listener = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with listener, LinkProxy(listener.sockets[0].getsockname()[1]) as running:
        yield running


async def talk(proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(HELLO)
    assert await asyncio.wait_for(reader.readexactly(len(HELLO)), 5) == HELLO
    return reader, writer


def test_kinds():
    assert kind_of(b"GET /ws/p1?x HTTP/1.1\r\nHost: h") == "websocket"
    assert kind_of(b"GET /api/events HTTP/1.1\r\n") == "sse"
    assert kind_of(b"POST /api/publish HTTP/1.1\r\n") == "other"


async def test_a_reset_is_seen_as_one(proxy):
    reader, _ = await talk(proxy)
    proxy.living("sse")[0].reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), 5)


async def test_a_polite_close_is_an_end_of_file(proxy):
    reader, _ = await talk(proxy)
    proxy.living("sse")[0].close()
    assert await asyncio.wait_for(reader.read(1), 5) == b""
    assert proxy.living() == []


async def test_a_black_hole_swallows_and_says_nothing(proxy):
    reader, writer = await talk(proxy)
    other_reader, other_writer = await talk(proxy)
    proxy.living()[0].black_hole()
    writer.write(b"anyone?")
    other_writer.write(b"through")
    assert await asyncio.wait_for(other_reader.readexactly(7), 5) == b"through"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)


async def test_the_end_of_one_side_reaches_the_other(proxy):
    reader, writer = await talk(proxy)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(1), 5) == b""
