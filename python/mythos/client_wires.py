"""The sockets of a client: one connection at a time, by `websockets` and `httpx`.

A wire decides nothing. It opens what it is told to, hands over each message as text, and says how it ended. Belongs to
one event loop.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from mythos._core import OpenWire, PostCommands, SseDecoder, is_valid_name

CLOSE_S = 1.0  # for the closing handshake; then the socket is dropped
MESSAGE_BYTES_MAX = 16 << 20  # a reply of `history` may hold many entries
POST_S = 30.0

Headers = Callable[[], Mapping[str, str]]


def check_url(url: str) -> None:
    """Raises ValueError for what is no server's URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"a server's URL begins with http:// or https:// and a host, unlike {url!r}")


def check_name(name: str) -> None:
    """Raises ValueError for what cannot name a player, a session or a client."""
    if not is_valid_name(name):
        raise ValueError(f"a name has 1 to 128 letters, digits and . _ : @ -, unlike {name!r}")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection ended, as far as it is known: a close code, or the HTTP status that refused it, or neither."""

    code: int = 0
    http_status: int = 0
    reason: str = ""
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom a connection tells."""

    opened: Callable[[], None]
    message: Callable[[str], None]


class Wire(Protocol):
    async def run(self, reports: Reports) -> Ended:
        """Opens the connection and reads it to its end."""

    def send(self, text: str) -> None: ...

    def close(self, code: int, reason: str) -> bool:
        """Asks for a polite end; False if there is no way to be polite and the task may be cancelled."""


@dataclass(slots=True)
class Endpoint:
    """Where a server is: `http://host:port` or `https://host:port`, and a path if it stands behind one."""

    url: str
    player: str
    headers: Headers
    ssl_context: ssl.SSLContext | None = None
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        verify: ssl.SSLContext | bool = self.ssl_context or urlsplit(self.url).scheme == "https"
        # No connection is kept for a next request: a request must never go into one that died unnoticed.
        self.http = httpx.AsyncClient(
            verify=verify,
            trust_env=False,
            timeout=httpx.Timeout(POST_S, read=None),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def address(self, path: str, query: Mapping[str, str | None], *, websocket: bool = False) -> str:
        parts = urlsplit(self.url)
        scheme = parts.scheme.replace("http", "ws", 1) if websocket else parts.scheme
        given = urlencode({name: value for name, value in query.items() if value})
        return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + path, given, ""))

    def wire_address(self, order: OpenWire) -> str:
        query = {
            "session_id": order.session_id,
            "client_id": order.client_id,
            "cursor": order.cursor,
            "mode": order.mode,
            "attempt": str(order.attempt),
        }
        websocket = order.wire == "websocket"
        path = f"/{'ws' if websocket else 'sse'}/{quote(self.player, safe=':@')}"
        return self.address(path, query, websocket=websocket)

    async def post(self, order: PostCommands) -> tuple[int, str, int | None]:
        """Status, body and Retry-After in milliseconds; status 0 where no answer came."""
        url = self.address("/api/commands", {"session_id": order.session_id, "client_id": order.client_id})
        headers = {**self.headers(), "Content-Type": "application/json"}
        try:
            answer = await self.http.post(url, content=order.body, headers=headers, timeout=POST_S)
        except httpx.TransportError:
            return 0, "", None
        return answer.status_code, answer.text, retry_after_ms(answer.headers.get("Retry-After"))


def retry_after_ms(header: str | None) -> int | None:
    return int(header) * 1000 if header and header.isascii() and header.isdigit() else None


def error_code_of(body: bytes | bytearray | None) -> str | None:
    """The stable word in an error answer of the server; None where another wrote it."""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body or b"")["details"]["error_code"])
    return None


def _refused(status: int, headers: Mapping[str, str], body: bytes | bytearray | None) -> Ended:
    after = retry_after_ms(headers.get("Retry-After"))
    return Ended(http_status=status, reason=error_code_of(body) or f"HTTP {status}", retry_after_ms=after)


def _reason(error: BaseException) -> str:
    """A short word for what went wrong with a socket; the libraries wrap the system's error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "refused"
        if isinstance(cause, ConnectionResetError):
            return "reset"
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return "timeout"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, websockets.ConnectionClosed | websockets.InvalidMessage | httpx.RemoteProtocolError):
        return "closed"  # without a farewell, or in the middle of the first answer
    return type(error).__name__


class WebSocketWire:
    def __init__(self, endpoint: Endpoint, order: OpenWire) -> None:
        self._endpoint = endpoint
        self._url = endpoint.wire_address(order)
        self._socket: ClientConnection | None = None
        # Commands in flight and acknowledgements: the core's window bounds them.
        self._to_send: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue()

    async def run(self, reports: Reports) -> Ended:
        try:
            self._socket = await self._connect()
        except websockets.InvalidStatus as error:
            response = error.response
            return _refused(response.status_code, response.headers, response.body)
        except (OSError, websockets.WebSocketException, TimeoutError) as error:
            return Ended(reason=_reason(error))
        writer = asyncio.create_task(self._write(self._socket))
        try:
            reports.opened()
            return await self._read(self._socket, reports)
        finally:
            writer.cancel()
            self._socket.transport.abort()

    async def _connect(self) -> ClientConnection:
        return await connect(
            self._url,
            additional_headers=dict(self._endpoint.headers()),
            subprotocols=[Subprotocol("mythos.v1")],
            ssl=self._endpoint.ssl_context,
            proxy=None,
            open_timeout=None,  # the core gives up an attempt by its own clock
            ping_interval=None,  # and knows by the heartbeats that the server lives
            close_timeout=CLOSE_S,
            max_size=MESSAGE_BYTES_MAX,
        )

    async def _read(self, socket: ClientConnection, reports: Reports) -> Ended:
        try:
            while True:
                reports.message(await socket.recv(decode=True))
        except websockets.ConnectionClosed as closed:
            if closed.rcvd is not None:
                return Ended(code=closed.rcvd.code, reason=closed.rcvd.reason)
            return Ended(reason=_reason(closed))

    async def _write(self, socket: ClientConnection) -> None:
        # A connection that ends while being written to is reported by the reader.
        with suppress(websockets.WebSocketException, OSError):
            while True:
                match await self._to_send.get():
                    case (code, reason):
                        await socket.close(code, reason)
                        return
                    case text:
                        await socket.send(text)

    def send(self, text: str) -> None:
        self._to_send.put_nowait(text)

    def close(self, code: int, reason: str) -> bool:
        if self._socket is None:
            return False
        self._to_send.put_nowait((code, reason[:100]))
        return True


class SseWire:
    def __init__(self, endpoint: Endpoint, order: OpenWire) -> None:
        self._endpoint = endpoint
        self._url = endpoint.wire_address(order)

    async def run(self, reports: Reports) -> Ended:
        headers = {**self._endpoint.headers(), "Accept": "text/event-stream", "Cache-Control": "no-store"}
        try:
            async with self._endpoint.http.stream("GET", self._url, headers=headers) as answer:
                if answer.status_code != 200:
                    return _refused(answer.status_code, answer.headers, await answer.aread())
                reports.opened()
                decoder = SseDecoder()
                async for chunk in answer.aiter_raw():
                    for text in decoder.feed(chunk):
                        reports.message(text)
                return Ended(reason="end_of_stream")
        except (httpx.TransportError, ValueError) as error:
            return Ended(reason=_reason(error))

    def send(self, text: str) -> None:
        raise AssertionError("an event stream carries nothing to the server")

    def close(self, code: int, reason: str) -> bool:
        return False


def wire_for(endpoint: Endpoint, order: OpenWire) -> Wire:
    return WebSocketWire(endpoint, order) if order.wire == "websocket" else SseWire(endpoint, order)
