"""Mail: over TLS however it is offered, with a login, and what it says."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

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
        assert '<a href="http://mythos.test/monitoring/alerts">Sent by' in html
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


class DropsAtQuit(SMTP):
    """Goes away when it has taken a mail: QUIT gets no answer."""

    async def smtp_QUIT(self, arg: str) -> None:
        assert self.transport is not None
        self.transport.close()


class HangsAtQuit(SMTP):
    async def smtp_QUIT(self, arg: str) -> None:
        pass


@pytest.mark.parametrize("protocol", [DropsAtQuit, HangsAtQuit])
async def test_a_mail_that_was_taken_is_told_whatever_becomes_of_the_leave(tmp_path, protocol, monkeypatch):
    monkeypatch.setattr("mythos.alerts.notify.senders.email.QUIT_S", 0.05)
    async with mail_server(protocol=protocol) as (mailbox, port):
        scene = mail_scene(tmp_path, port, "require_tls: false")
        await scene.tell(alert())
        await scene.wait(10)
        assert len(mailbox.mails) == 1 and scene.pending == 0
        assert (scene.count("email", "sent"), scene.count("email", "retried")) == (1, 0)
        await scene.notifier.aclose()


async def test_a_recipient_who_is_refused_for_good_does_not_repeat_it_to_the_others(tmp_path):
    async with mail_server() as (mailbox, port):
        mailbox.one = {"c@d.test": "550 nobody of that name"}
        scene = mail_scene(tmp_path, port, "require_tls: false")
        await scene.tell(alert())
        await scene.wait(10)
        assert [mail.rcpt_tos for mail in mailbox.mails] == [["a@b.test"]] and scene.pending == 0
        for _ in range(3):
            await scene.tell(alert(at=scene.now))
            await scene.wait(60)
        assert len(mailbox.mails) == 1
        assert (scene.count("email", "sent"), scene.count("email", "failed")) == (1, 1)
        await scene.notifier.aclose()


async def test_a_recipient_who_is_refused_for_now_is_tried_alone_also_after_a_restart(tmp_path, caplog):
    async with mail_server() as (mailbox, port):
        mailbox.one = {"c@d.test": "451 later"}
        scene = mail_scene(tmp_path, port, "require_tls: false")
        await scene.tell(alert())
        await scene.wait(10)
        assert [mail.rcpt_tos for mail in mailbox.mails] == [["a@b.test"]] and scene.pending == 1
        told = [line.__dict__ for line in caplog.records if line.message == "Notification not sent yet"]
        assert [line["recipients"] for line in told] == [["c@d.test"]]
        await scene.tell(alert(at=scene.now))
        await scene.wait(70)  # the group is due, and has nothing new
        await scene.notifier.aclose()
        scene.start()
        assert scene.pending == 1
        mailbox.one = {}
        await scene.wait(1)
        assert [mail.rcpt_tos for mail in mailbox.mails] == [["a@b.test"], ["c@d.test"]] and scene.pending == 0
        await scene.notifier.aclose()


async def test_what_is_new_goes_to_everybody_in_the_place_of_what_is_left(tmp_path):
    async with mail_server() as (mailbox, port):
        mailbox.one = {"c@d.test": "451 later"}
        scene = mail_scene(tmp_path, port, "require_tls: false")
        await scene.tell(alert(i="1"))
        await scene.wait(10)
        scene.notifier.submit([alert(i="1", at=scene.now), alert(i="2", at=scene.now)])
        mailbox.one = {"a@b.test": "451 later"}
        await scene.wait(60)
        assert [mail.rcpt_tos for mail in mailbox.mails] == [["a@b.test"], ["c@d.test"]] and scene.pending == 1
        mailbox.one = {}
        await scene.wait(10)
        assert mailbox.mails[2].rcpt_tos == ["a@b.test"] and len(mailbox.mails) == 3 and scene.pending == 0
        await scene.notifier.aclose()


def test_port_465_is_tls_from_the_first_byte(tmp_path):
    scene = mail_scene(tmp_path, 465, "require_tls: true")
    ((_, sender),) = scene.notifier._deliveries._senders.items()
    config = sender._config  # type: ignore[attr-defined]
    assert isinstance(config, Email) and config.tls_at_once
