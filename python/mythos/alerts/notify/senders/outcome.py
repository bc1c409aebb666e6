"""How an attempt failed, and what a failure of a library means."""

from __future__ import annotations

import ssl

import httpcore
import httpx

from mythos.alerts.notify.addresses import AddressRefused, Unresolvable
from mythos.alerts.notify.secret import SecretMissing


class SendFailed(Exception):
    """One attempt failed. `reason` is a stable word; the text has no secret in it.

    `final`: the receiver has refused it, and trying again would not help. `retry_after_s` is what the receiver asked
    for.
    """

    def __init__(self, reason: str, message: str, *, final: bool = False, retry_after_s: float | None = None) -> None:
        self.reason, self.final, self.retry_after_s = reason, final, retry_after_s
        super().__init__(message)


class SentToSome(SendFailed):
    """The receiver has it, but not everybody that it was for: `again` are to be tried once more, without the others;
    `refused` are never to be.
    """

    def __init__(self, message: str, *, refused: tuple[str, ...], again: tuple[str, ...]) -> None:
        self.refused, self.again = refused, again
        super().__init__("recipients_refused", message, final=not again)


def failure_of(error: Exception) -> SendFailed:
    """What was raised by an attempt, as the outbox takes it. Texts of libraries are left out: they name URLs."""
    if isinstance(error, SendFailed):
        return error
    if isinstance(error, AddressRefused):
        return SendFailed("address_refused", str(error), final=True)
    if isinstance(error, SecretMissing):
        return SendFailed("secret_missing", str(error))
    if isinstance(error, Unresolvable):
        return SendFailed("unresolvable", str(error))
    if isinstance(error, TimeoutError | httpx.TimeoutException | httpcore.TimeoutException):
        return SendFailed("timeout", "no answer in time")
    if _is_tls(error):
        return SendFailed("tls_failed", "no trusted TLS connection; is the certificate valid, and for this name?")
    if isinstance(error, ConnectionRefusedError | httpx.ConnectError | httpcore.ConnectError):
        return SendFailed("unreachable", "nobody accepts a connection there")
    if isinstance(error, OSError | httpx.TransportError | httpcore.NetworkError | httpcore.ProtocolError):
        return SendFailed("connection_lost", f"the connection broke off ({type(error).__name__})")
    return SendFailed("internal", f"sending failed by a fault of the program ({type(error).__name__})")


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
