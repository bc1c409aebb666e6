"""One HTTP request to a receiver: to a checked address, without redirects or proxies, within a time, and bounded."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpcore
import httpx
import orjson

from mythos.alerts.notify.addresses import AddressGuard, GuardedBackend, client_tls
from mythos.alerts.notify.config import Http
from mythos.alerts.notify.receiver_url import authorization_in, basic, check_url
from mythos.alerts.notify.senders.outcome import SendFailed

ATTEMPT_S = 10.0
ANSWER_BYTES_MAX = 65_536
CONNECTIONS_MAX = 8
USER_AGENT = "mythos-alerts"


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx over httpcore, whose connections the guard has checked."""

    def __init__(self, guard: AddressGuard, tls: ssl.SSLContext) -> None:
        # No idle connection is kept: one that the other side has closed meanwhile would fail the next attempt.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(guard),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer.stream), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class Poster:
    """Sends bodies to one receiver. One loop; `aclose` when it is over.

    The transport is called without httpx's client, which writes each URL, and with it tokens, into the log.
    """

    def __init__(self, guard: AddressGuard, http: Http | None = None) -> None:
        self._guard, self._http = guard, http or Http()
        self._transport: GuardedTransport | None = None

    async def post(self, url: str, body: Any, *, timeout_s: float = ATTEMPT_S) -> bytes:
        """The answer's body, of an answer between 200 and 299. Raises SendFailed and what `failure_of` knows."""
        return await self._ask("POST", url, orjson.dumps(body), timeout_s)

    async def get(self, url: str, *, timeout_s: float = ATTEMPT_S) -> bytes:
        return await self._ask("GET", url, b"", timeout_s)

    async def aclose(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def _ask(self, method: str, url: str, body: bytes, timeout_s: float) -> bytes:
        try:
            check_url(url)  # what a file says may have changed since the start
        except ValueError as error:
            raise SendFailed("bad_url", f"its address {error}") from None
        # As Go's client, and so Alertmanager: credentials in the URL go before those of http_config.
        headers = {"User-Agent": USER_AGENT, **self._authorization(), **authorization_in(url)}
        if body:
            headers["Content-Type"] = "application/json"
        timeouts = {"timeout": httpx.Timeout(timeout_s).as_dict()}
        request = httpx.Request(method, url, headers=headers, content=body, extensions=timeouts | self._extensions())
        async with asyncio.timeout(timeout_s):
            answer = await self._ready().handle_async_request(request)
            read = bytearray()
            try:
                async for part in answer.aiter_raw():  # nothing was asked to be compressed
                    read += part
                    if len(read) > ANSWER_BYTES_MAX:
                        break  # what it says further down does not matter
            finally:
                await answer.aclose()
        if not answer.is_success:
            raise _refusal(answer)
        return bytes(read)

    def _ready(self) -> GuardedTransport:
        if self._transport is None:
            tls = self._http.tls
            context = client_tls(
                ca_file=str(tls.ca_file) if tls.ca_file else None,
                cert_file=str(tls.cert_file) if tls.cert_file else None,
                key_file=str(tls.key_file) if tls.key_file else None,
                insecure_skip_verify=tls.insecure_skip_verify,
            )
            self._transport = GuardedTransport(self._guard, context)
        return self._transport

    def _extensions(self) -> dict[str, str]:
        name = self._http.tls.server_name
        return {"sni_hostname": name} if name else {}

    def _authorization(self) -> Mapping[str, str]:
        if self._http.authorization is not None:
            scheme, credentials = self._http.authorization
            return {"Authorization": f"{scheme} {credentials.reveal()}"}
        if self._http.basic_auth is not None:
            name, password = self._http.basic_auth
            return basic(name, password.reveal())
        return {}


def _refusal(answer: httpx.Response) -> SendFailed:
    status = answer.status_code
    if answer.is_redirect or 300 <= status < 400:
        return SendFailed(
            "redirect_refused", f"it answers with a redirect (HTTP {status}), which is not followed", final=True
        )
    if status == 429:
        return SendFailed("rate_limited", "it answers HTTP 429", retry_after_s=retry_after_s(answer.headers))
    if status >= 500:
        return SendFailed("server_error", f"it answers HTTP {status}", retry_after_s=retry_after_s(answer.headers))
    return SendFailed("refused", f"it answers HTTP {status}", final=True)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` says: seconds, or a date beside the answer's own (RFC 9110, section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
        since = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - since).total_seconds())
    except (ValueError, TypeError):
        return None
