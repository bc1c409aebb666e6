"""Raw sockets, for what no well-behaved client sends: bad frames, half requests, silence."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
from typing import Self

WITHIN_S = 20.0
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
)


def frame(opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """A client frame (RFC 6455 section 5.2), faulty where asked."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", len(payload))
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


SO_ATTACH_FILTER = 26  # socket(7); Python's socket module has no name for it
DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # the classic BPF program `ret #0`


def vanish(sock: socket.socket) -> None:
    """From now on the kernel throws away what arrives for this socket, and so acknowledges nothing.

    To the other end it looks like a machine that lost its power or its network: no byte, no acknowledgement, no
    reset. Needs no rights, unlike a firewall or a route.
    """
    program = ctypes.create_string_buffer(DROP_ALL)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))


class RawConnection:
    """A TCP connection to the server, read with bounds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass  # the server has refused already; its answer is read next

    async def head(self, within: float = WITHIN_S) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer; 0 if the server closed without one."""
        try:
            async with asyncio.timeout(within):
                text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, {}
        except TimeoutError:
            raise AssertionError(f"no answer within {within} s") from None
        first, *lines = text.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers

    async def body(self, headers: dict[str, str]) -> bytes:
        async with asyncio.timeout(WITHIN_S):
            return await self.reader.readexactly(int(headers.get("content-length", 0)))

    async def end(self, within: float = WITHIN_S) -> None:
        """Waits until the server has closed the connection, whatever else it sends before."""
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(65536):
                    pass
        except ConnectionError:
            pass
        except TimeoutError:
            raise AssertionError(f"the server did not close the connection within {within} s") from None

    def reset(self) -> None:
        """Drops the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def vanish(self) -> None:
        """Like a peer without power: acknowledges nothing any more, on any level."""
        vanish(self.writer.get_extra_info("socket"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()


class RawWebSocket(RawConnection):
    """An upgraded connection whose frames the test writes itself."""

    @classmethod
    async def open(cls, port: int, path: str, headers: str = "") -> Self:
        raw = await cls.connect(port)
        await raw.send(UPGRADE.format(path=path, port=port, headers=headers).encode())
        status, _ = await raw.head()
        assert status == 101, f"the upgrade was answered {status}"
        return raw

    async def frame(self) -> tuple[int, bytes]:
        """The next frame of the server: opcode and payload."""
        head = await self.reader.readexactly(2)
        assert not head[1] & 0x80, "a server must not mask"
        length = head[1] & 0x7F
        if length == 126:
            [length] = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            [length] = struct.unpack("!Q", await self.reader.readexactly(8))
        return head[0] & 0x0F, await self.reader.readexactly(length)

    async def close_code(self, within: float = WITHIN_S, answer_pings: bool = True) -> int:
        """Reads up to the server's close frame; its code, 1005 without one, 1006 if the socket just ended."""
        try:
            async with asyncio.timeout(within):
                while True:
                    opcode, payload = await self.frame()
                    if opcode == 8:
                        return struct.unpack("!H", payload[:2])[0] if payload else 1005
                    if opcode == 9 and answer_pings:
                        await self.send(frame(10, payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 1006
        except TimeoutError:
            raise AssertionError(f"no close frame within {within} s") from None
