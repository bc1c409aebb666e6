"""Mail: over TLS however it is offered, with a login, and what it says."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mythos.alerts.notify.config import Email
from notify_scene import Scene, alert
from notify_servers import Mailbox, mail_server, make_certificate


def mail_scene(directory: Path, port: int, more: str, **options: Any) -> Scene:
    scene = Scene(
        directory,
        f"email_configs: [{{to: 'Ann <a@b.test>, c@d.test', from: m@b.test, smarthost: 'localhost:{port}', {more}}}]",
        **options,
    )
    scene.names["localhost"] = [["127.0.0.1"]]
    return scene


def read(mailbox: Mailbox) -> EmailMessage:
    (mail,) = mailbox.mails
    assert (mail.mail_from, mail.rcpt_tos) == ("m@b.test", ["a@b.test", "c@d.test"])
    assert isinstance(mail.content, bytes)
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_mail_goes_by_starttls_with_a_login(tmp_path):
    certificate = make_certificate(tmp_path)
    async with mail_server(certificate, password="s3cr3t") as (mailbox, port):
        mailbox.answers = ["451 later"]
        login = "auth_username: me, auth_password: s3cr3t"
        headers = "headers: {subject: 'Über {{ .GroupLabels.alertname }}', X-Severity: high}"
        scene = mail_scene(
            tmp_path,
            port,
            f"tls_config: {{ca_file: {certificate[0]}}}, {login}, {headers}, text: 'It is {{{{ .Status }}}}'",
        )
        await scene.tell(alert("Lag", i="<1>"))
        await scene.wait(10)
        assert (mailbox.mails, scene.pending) == ([], 1)
        await scene.wait(1)
        message = read(mailbox)
        assert (message["Subject"], message["X-Severity"]) == ("Über Lag", "high")
        assert (message["From"], message["To"]) == ("m@b.test", "Ann <a@b.test>, c@d.test")
        assert message["Message-ID"] and message["Date"]
        text, html = (part.get_content() for part in message.iter_parts())
        assert text.strip() == "It is firing"
        assert "i = &lt;1&gt;" in html and "Lag is bad" in html
        assert scene.pending == 0
        await scene.notifier.aclose()


async def test_mail_goes_in_the_clear_only_where_that_is_said(tmp_path):
    async with mail_server() as (mailbox, port):
        scene = mail_scene(tmp_path, port, "require_tls: false")
        await scene.tell(alert())
        await scene.wait(10)
        assert read(mailbox)["Subject"] == "[FIRING:1] Lag"
        await scene.notifier.aclose()


async def test_mail_goes_by_tls_from_the_first_byte(tmp_path, monkeypatch):
    """As port 465 has it; here on another port."""
    certificate = make_certificate(tmp_path)
    async with mail_server(certificate, at_once=True) as (mailbox, port):
        monkeypatch.setattr("mythos.alerts.notify.config_receivers.SMTPS_PORT", port)
        scene = mail_scene(tmp_path, port, f"tls_config: {{ca_file: {certificate[0]}}}")
        await scene.tell(alert())
        await scene.wait(10)
        assert read(mailbox)["To"] == "Ann <a@b.test>, c@d.test"
        await scene.notifier.aclose()


async def test_mail_does_not_go_to_a_private_address_unless_that_is_allowed(tmp_path):
    async with mail_server() as (mailbox, port):
        scene = mail_scene(tmp_path, port, "require_tls: false", allowed_networks=[])
        await scene.tell(alert())
        await scene.wait(10)
        assert scene.last_error.startswith("address_refused: ") and (mailbox.mails, scene.pending) == ([], 0)
        await scene.notifier.aclose()


def test_port_465_is_tls_from_the_first_byte(tmp_path):
    scene = mail_scene(tmp_path, 465, "require_tls: true")
    ((_, sender),) = scene.notifier._deliveries._senders.items()
    config = sender._config  # type: ignore[attr-defined]
    assert isinstance(config, Email) and config.tls_at_once
