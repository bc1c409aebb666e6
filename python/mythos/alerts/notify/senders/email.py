"""Email, over SMTP: TLS from the first byte on port 465, by STARTTLS otherwise, which is required unless the
configuration says `require_tls: false`.
"""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING

from mythos.alerts.notify.addresses import AddressGuard, client_tls, connected_socket
from mythos.alerts.notify.config import Email
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.rendering import Renderer
from mythos.alerts.notify.senders.outcome import SendFailed, SentToSome
from mythos.alerts.notify.template_data import Data

if TYPE_CHECKING:
    import aiosmtplib

ATTEMPT_S = 30.0
QUIT_S = 1.0  # to take leave, when the mail has long been taken


class EmailSender:
    """`new_id` gives the left side of a Message-ID."""

    def __init__(
        self,
        config: Email,
        guard: AddressGuard,
        renderer: Renderer,
        external_url: str,
        new_id: Callable[[Notification], str],
    ) -> None:
        self._config, self._guard, self._renderer = config, guard, renderer
        self._external_url, self._new_id = external_url, new_id

    async def send(self, notification: Notification) -> None:
        """Raises SentToSome where the server took it for some of the recipients, and SendFailed for none."""
        sender, recipients, message = self.message(notification)
        if notification.only:
            recipients = [each for each in recipients if each in notification.only]
        if not recipients:  # those that it was still to go to are not in the configuration any more
            return
        async with asyncio.timeout(ATTEMPT_S):
            smtp, refused = await self._deliver(sender, recipients, message)
        await _leave(smtp)
        if refused:
            raise _sent_to_some(refused, len(recipients))

    async def aclose(self) -> None:
        """Nothing is held between attempts."""

    def message(self, notification: Notification) -> tuple[str, list[str], EmailMessage]:
        """The envelope's addresses and the message. Raises SendFailed."""
        data = Data(notification, self._external_url)
        config = self._config
        message = EmailMessage(policy=SMTP_POLICY)
        for name, text in config.headers.items():
            try:
                message[name] = " ".join(self._text(text, f"email header {name}", data).split())
            except (ValueError, TypeError) as error:
                raise SendFailed("bad_header", f"the header {name} cannot be sent: {error}", final=True) from None
        if "Date" not in message:
            message["Date"] = email.utils.format_datetime(email.utils.localtime())
        if "Message-Id" not in message:
            message["Message-ID"] = f"<{self._new_id(notification)}@{config.hello}>"
        text = self._text(config.text, "email text", data)
        html = self._renderer.render(config.html, "email html", data, html=True)
        message.set_content(text or self._text('{{ template "mythos.default.text" . }}', "email text", data))
        if html:
            message.add_alternative(html, subtype="html")
        senders = _addresses(self._text(config.sender, "email from", data), "from")
        return senders[0], _addresses(self._text(config.to, "email to", data), "to"), message

    async def _deliver(
        self, sender: str, recipients: list[str], message: EmailMessage
    ) -> tuple[aiosmtplib.SMTP, dict[str, int]]:
        """When it returns the server has the mail: its connection, and whom it refused, with its code."""
        import aiosmtplib

        config = self._config
        name = config.tls.server_name or config.host
        connection = await connected_socket(self._guard, config.host, config.port)
        smtp = aiosmtplib.SMTP(
            hostname=name,
            port=None,
            sock=connection,
            use_tls=config.tls_at_once,
            start_tls=False,
            tls_context=self._tls(),
            local_hostname=config.hello or "localhost",
            timeout=ATTEMPT_S,
        )
        try:
            await smtp.connect()
            await smtp.ehlo()
            if config.require_tls and not config.tls_at_once:
                await self._start_tls(smtp, name)
            if config.username and config.password is not None:
                await smtp.login(config.username, config.password.reveal())
            refused, _ = await smtp.sendmail(sender, recipients, message.as_bytes())
        except aiosmtplib.SMTPException as error:
            smtp.close()  # and with it the socket, which is its transport's by now
            raise _failure(error) from None
        except BaseException:
            smtp.close()
            raise
        return smtp, {address: answer.code for address, answer in refused.items()}

    async def _start_tls(self, smtp: object, name: str) -> None:
        import aiosmtplib

        assert isinstance(smtp, aiosmtplib.SMTP)
        if not smtp.supports_extension("starttls"):
            raise SendFailed(
                "tls_missing",
                "the mail server offers no STARTTLS, and require_tls is true; no mail is sent in the clear",
            )
        await smtp.starttls(server_hostname=name, tls_context=self._tls())
        await smtp.ehlo()

    def _tls(self) -> ssl.SSLContext:
        tls = self._config.tls
        return client_tls(
            ca_file=str(tls.ca_file) if tls.ca_file else None,
            cert_file=str(tls.cert_file) if tls.cert_file else None,
            key_file=str(tls.key_file) if tls.key_file else None,
            insecure_skip_verify=tls.insecure_skip_verify,
        )

    def _text(self, text: str, name: str, data: Data) -> str:
        return self._renderer.render(text, name, data)


async def _leave(smtp: aiosmtplib.SMTP) -> None:
    """Whatever becomes of that: the mail was taken."""
    import aiosmtplib

    try:
        with suppress(aiosmtplib.SMTPException, OSError):
            async with asyncio.timeout(QUIT_S):
                await smtp.quit()
    finally:
        smtp.close()


def _sent_to_some(refused: dict[str, int], asked: int) -> SentToSome:
    codes = ", ".join(str(code) for code in sorted(set(refused.values())))
    return SentToSome(
        f"the mail server answers {codes} for {len(refused)} of {asked} recipients",
        refused=tuple(address for address, code in refused.items() if 500 <= code < 600),
        again=tuple(address for address, code in refused.items() if not 500 <= code < 600),
    )


def _addresses(text: str, what: str) -> list[str]:
    found = [address for _, address in email.utils.getaddresses([text]) if address]
    try:
        checked = [Address(addr_spec=address).addr_spec for address in found]
    except (ValueError, IndexError, email.errors.MessageError):
        checked = []
    if not checked:
        raise SendFailed("bad_address", f"{what} is no address of email", final=True)
    return checked


def _failure(error: Exception) -> SendFailed:
    """5xx answers are final, but those to a login or to TLS, which an operator mends; 4xx ones are tried again."""
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return SendFailed("timeout", "the mail server does not answer in time")
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SendFailed("login_refused", f"the mail server refuses the login ({error.code})")
    codes = _codes(error)
    if codes:
        final = all(500 <= code < 600 for code in codes)
        said = ", ".join(str(code) for code in sorted(set(codes)))
        return SendFailed("refused" if final else "server_error", f"the mail server answers {said}", final=final)
    if isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError):
        return SendFailed("tls_failed", "no trusted TLS connection; is the certificate valid, and for this name?")
    return SendFailed("connection_lost", f"the connection to the mail server broke off ({type(error).__name__})")


def _codes(error: Exception) -> list[int]:
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return [refused.code for refused in error.recipients]
    return [error.code] if isinstance(error, aiosmtplib.SMTPResponseException) else []
