"""Receivers on loopback that behave as told: an HTTP server by script, and mail servers with TLS and without."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *headers: str, body: str = "") -> Answer:
    """Answers with it, and closes."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} X", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()

    return answer


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says nothing until the other side closes."""
    await reader.read()


async def close_in_the_middle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


class HttpServer:
    """Answers as the script says, one entry a request, and 200 when it is over. Keeps what it was sent."""

    def __init__(self, *script: Answer, host: str = "127.0.0.1", certificate: tuple[Path, Path] | None = None) -> None:
        self.script, self.host = list(script), host
        self._tls = None if certificate is None else server_tls(certificate)
        self.requests: list[tuple[str, dict[str, str], Any]] = []  # path, headers, body
        self.url, self.port = "", 0

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.requests]

    async def is_asked(self) -> bool:
        return bool(self.requests)

    async def __aenter__(self) -> HttpServer:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://{self.host}:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((head[0].split()[1], headers, json.loads(body) if body else None))
            answer = self.script.pop(0) if self.script else status(200)
            await answer(reader, writer)
        writer.close()


@contextlib.asynccontextmanager
async def serving(*script: Answer) -> AsyncIterator[HttpServer]:
    async with HttpServer(*script) as server:
        yield server


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for localhost that it signs itself, and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [*command.split(), *files, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True
    )
    return certificate, key


def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    return context


class Mailbox:
    """Takes mail. `answers` are said to the next mails in the place of 250; `recipient` to each recipient, but for
    those in `one`.
    """

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.answers: list[str] = []
        self.recipient = "250 OK"
        self.one: dict[str, str] = {}

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.one.get(address, self.recipient)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 taken"


@contextlib.asynccontextmanager
async def mail_server(
    certificate: tuple[Path, Path] | None = None,
    *,
    at_once: bool = False,
    password: str = "",
    protocol: type[SMTP] = SMTP,
) -> AsyncIterator[tuple[Mailbox, int]]:
    """On loopback: with STARTTLS if there is a certificate, or with TLS from the first byte (`at_once`)."""
    context = None if certificate is None else server_tls(certificate)

    def log_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"me", password.encode())
        return AuthResult(success=good, handled=False)

    mailbox = Mailbox()
    options: dict[str, Any] = {"authenticator": log_in, "auth_required": True} if password else {}
    if context is not None and not at_once:
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(mailbox, hostname="mail.test", loop=loop, **options),
        "127.0.0.1",
        0,
        ssl=context if at_once else None,
    )
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        server.close()
