"""The cutting proxy itself, in front of a listener that echoes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mythos.testing import LinkProxy
from mythos.testing.links import kind_of

WITHIN_S = 10.0
WS = b"GET /ws/p1?x=1 HTTP/1.1\r\n\r\n"
SSE = b"GET /sse/p1 HTTP/1.1\r\n\r\n"


def echo(connection: socket.socket) -> None:
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass


@pytest.fixture
def proxy() -> Iterator[LinkProxy]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with LinkProxy(f"http://127.0.0.1:{listener.getsockname()[1]}") as running:
        yield running
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def dial(proxy: LinkProxy, hello: bytes) -> socket.socket:
    """A link through the proxy, known to pass."""
    link = socket.create_connection(("127.0.0.1", proxy.port), WITHIN_S)
    link.sendall(hello)
    assert read(link, len(hello)) == hello
    return link


def read(link: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count and (data := link.recv(count - len(got))):
        got += data
    return got


def passes(link: socket.socket, text: bytes = b"hello") -> bool:
    link.sendall(text)
    return read(link, len(text)) == text


def test_a_link_is_known_by_what_it_asks_for():
    assert kind_of(WS) == kind_of(b"GET /api/ws?player_id=p HTTP/1.1\r\n") == "websocket"
    assert kind_of(SSE) == kind_of(b"GET /api/events HTTP/1.1\r\n") == "sse"
    assert kind_of(b"POST /api/publish HTTP/1.1\r\n") == "other"


def test_a_cut_is_a_reset_for_one_wire_alone(proxy: LinkProxy):
    with dial(proxy, WS) as websocket, dial(proxy, SSE) as sse:
        assert proxy.websocket.cut() == 1
        with pytest.raises(ConnectionResetError):
            websocket.recv(1)
        assert passes(sse)
        assert (proxy.websocket.links, proxy.sse.links) == (0, 1)
    with dial(proxy, WS) as again:
        assert passes(again)
    assert proxy.websocket.opened_total == 2


def test_a_cut_that_stays_refuses_newcomers_until_restored(proxy: LinkProxy):
    with dial(proxy, SSE) as sse:
        proxy.sse.cut(stay=True)
        with pytest.raises(ConnectionResetError):
            sse.recv(1)
    with pytest.raises(ConnectionResetError), socket.create_connection(("127.0.0.1", proxy.port), WITHIN_S) as new:
        new.sendall(SSE)
        new.recv(1)
    proxy.restore()
    with dial(proxy, SSE) as back:
        assert passes(back)


def test_what_stays_is_not_undone_by_a_later_fault(proxy: LinkProxy):
    proxy.sse.close(stay=True)
    proxy.sse.cut()
    with socket.create_connection(("127.0.0.1", proxy.port), WITHIN_S) as new:
        new.sendall(SSE)
        assert new.recv(1) == b"", "as politely as was said"


def test_a_polite_close_is_an_end_of_file(proxy: LinkProxy):
    with dial(proxy, SSE) as sse:
        proxy.sse.close()
        assert sse.recv(1) == b""


def test_a_black_hole_says_nothing_and_may_be_filled_again(proxy: LinkProxy):
    with dial(proxy, SSE) as sse, dial(proxy, WS) as websocket:
        assert proxy.sse.black_hole() == 1
        sse.sendall(b"anyone?")
        assert passes(websocket)
        sse.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sse.recv(1)
        assert proxy.sse.links == 0
        sse.settimeout(WITHIN_S)
        proxy.sse.restore()
        assert read(sse, 7) == b"anyone?"


def test_a_black_hole_that_stays_swallows_newcomers(proxy: LinkProxy):
    proxy.websocket.black_hole(stay=True)
    with socket.create_connection(("127.0.0.1", proxy.port), 0.1) as new:
        new.sendall(WS)
        with pytest.raises(TimeoutError):
            new.recv(1)


def test_a_reset_ends_a_black_holed_link(proxy: LinkProxy):
    with dial(proxy, SSE) as sse:
        proxy.sse.black_hole()
        proxy.sse.cut()
        with pytest.raises(ConnectionResetError):
            sse.recv(1)


def test_a_delay_is_kept_in_each_direction(proxy: LinkProxy):
    with dial(proxy, SSE) as sse, dial(proxy, WS) as websocket:
        proxy.sse.delay(0.1)
        began = time.monotonic()
        assert passes(sse) and time.monotonic() - began >= 0.2
        assert passes(websocket)


def test_a_throttle_spreads_what_passes(proxy: LinkProxy):
    with dial(proxy, SSE) as sse:
        proxy.sse.throttle(20_000)
        began = time.monotonic()
        assert passes(sse, b"x" * 4_000) and time.monotonic() - began >= 0.15
        proxy.sse.throttle(None)
        assert passes(sse, b"x" * 1_000_000)


def test_the_end_of_one_side_reaches_the_other(proxy: LinkProxy):
    with dial(proxy, WS) as websocket:
        websocket.shutdown(socket.SHUT_WR)
        assert websocket.recv(1) == b""


async def test_it_serves_asyncio_too():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readuntil(b"\n"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, LinkProxy(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        assert await asyncio.wait_for(reader.read(), WITHIN_S) == b"GET / HTTP/1.1\r\n"
        writer.close()
