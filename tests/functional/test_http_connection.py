"""HTTP/1.1 as a connection: pipelining, 100-continue, ambiguous lengths, a missing Host, version 1.0."""

import json

import pytest

from raw_wire import UPGRADE, RawConnection, RawWebSocket, frame

BODY = b'{"player":"nobody","type":"t","data":{}}'
HEAD = b"POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


async def answer(raw):
    status, headers = await raw.head()
    return status, headers, await raw.body(headers)


async def test_pipelined_requests_are_answered_in_order(server):
    async with await RawConnection.connect(server.port) as raw:
        one = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        await raw.send(one + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + one)
        first, second, third = [await answer(raw) for _ in range(3)]
        assert [first[0], second[0], third[0]] == [200, 200, 200]
        assert "id" in json.loads(first[2]) and "id" in json.loads(third[2])
        assert "id" not in json.loads(second[2])


async def test_a_request_may_come_in_pieces(server):
    async with await RawConnection.connect(server.port) as raw:
        request = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        for byte in request:
            await raw.send(bytes([byte]))
        assert (await answer(raw))[0] == 200


async def test_expect_100_continue(server):
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(BODY))
        assert (await raw.head())[0] == 100
        await raw.send(BODY)
        assert (await answer(raw))[0] == 200


async def test_a_refused_expectation_gets_no_100(server):
    async with await RawConnection.connect(server.port) as raw:
        head = HEAD.replace(b"application/json", b"text/plain")
        await raw.send(head + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n")
        assert (await raw.head())[0] == 415


AMBIGUOUS = {
    "length and chunks": (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    "two lengths": (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    "negative length": (b"Content-Length: -5\r\n", 400),
    "length in hex": (b"Content-Length: 0x5\r\n", 400),
    "space before the colon": (b"Content-Length : 5\r\n", 400),
    "chunked twice": (b"Transfer-Encoding: chunked, chunked\r\n", 501),
    "chunked not last": (b"Transfer-Encoding: chunked, gzip\r\n", 501),
    "folded header": (b"X-A: 1\r\n  Content-Length: 5\r\n", 400),
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
async def test_a_body_of_ambiguous_length_is_refused_and_the_connection_closed(server, fault):
    """Otherwise what follows could be read as another's request."""
    headers, status = AMBIGUOUS[fault]
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(HEAD + headers + b"\r\n5\r\nhello\r\n0\r\n\r\n")
        assert (await raw.head())[0] == status
        await raw.end()


async def test_a_request_without_a_host_is_refused(server):
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(b"GET /livez HTTP/1.1\r\n\r\n")
        assert (await raw.head())[0] == 400


async def test_http_1_0_is_answered_and_closed(server):
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert (await answer(raw))[0] == 200
        await raw.end()


async def test_an_event_stream_by_http_1_0_has_no_chunks(server, player):
    async with await RawConnection.connect(server.port) as raw:
        await raw.send(b"GET /sse/%s HTTP/1.0\r\nHost: localhost\r\n\r\n" % player.encode())
        status, headers = await raw.head()
        assert status == 200 and "transfer-encoding" not in headers
        first = await raw.reader.readline()
        assert first.startswith(b"id: ")


async def test_what_follows_the_upgrade_in_one_packet_is_a_frame(server, player):
    raw = await RawWebSocket.connect(server.port)
    async with raw:
        ping = json.dumps({"id": "c-1", "type": "ping", "data": {}}).encode()
        await raw.send(UPGRADE.format(path=f"/ws/{player}", port=server.port, headers="").encode() + frame(1, ping))
        assert (await raw.head())[0] == 101
        assert json.loads((await raw.frame())[1])["type"] == "mythos.welcome"
        assert json.loads((await raw.frame())[1])["data"]["command_id"] == "c-1"
