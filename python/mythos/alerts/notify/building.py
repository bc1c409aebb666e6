"""A sender for each integration of a configuration."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from mythos.alerts.notify.addresses import AddressGuard
from mythos.alerts.notify.config import AppriseTarget, Email, Integration, NotifyConfig, Slack, Webhook
from mythos.alerts.notify.deliveries import Sender
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.rendering import Renderer
from mythos.alerts.notify.secret import Secret, SecretMissing
from mythos.alerts.notify.senders.apprise import AppriseSender
from mythos.alerts.notify.senders.email import EmailSender
from mythos.alerts.notify.senders.http import Poster
from mythos.alerts.notify.senders.slack import SlackSender
from mythos.alerts.notify.senders.webhook import WebhookSender

_logger = logging.getLogger("mythos.alerts")


def senders_of(
    config: NotifyConfig, guard: AddressGuard, renderer: Renderer, external_url: str
) -> Mapping[tuple[str, str], Sender]:
    """By receiver and integration, such as ("ops", "webhook[0]")."""

    def sender_of(integration: Integration) -> Sender:
        if isinstance(integration, Webhook):
            return WebhookSender(integration, Poster(guard, integration.http), external_url)
        if isinstance(integration, Slack):
            return SlackSender(integration, Poster(guard, integration.http), renderer, external_url)
        if isinstance(integration, Email):
            return EmailSender(integration, guard, renderer, external_url, message_id)
        assert isinstance(integration, AppriseTarget)
        return AppriseSender(integration, renderer, external_url)

    return {(receiver, each.name): sender_of(each) for receiver, each in config.integrations()}


def message_id(notification: Notification) -> str:
    """The same for each attempt, so that a mail which arrives twice after a lost answer can be told."""
    text = "\0".join((*notification.key, f"{notification.made_at:.3f}"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def warn_of_refused(guard: AddressGuard, config: NotifyConfig | None, others: Mapping[str, Secret | None]) -> None:
    """Tells at the start, and not at night, of receivers whose address would be refused; `others` by name."""
    hosts = {name: _host_of(url) for name, url in others.items() if url is not None}
    for receiver, each in () if config is None else config.integrations():
        if isinstance(each, Email):
            hosts[f"{receiver}/{each.name}"] = each.host
        elif isinstance(each, Webhook | Slack):
            hosts[f"{receiver}/{each.name}"] = _host_of(each.url if isinstance(each, Webhook) else each.api_url)
    for name, host in hosts.items():
        if guard.refuses(host):
            _logger.warning(
                "Receiver at a private address",
                extra={"receiver": name, "error": f"{host} is refused; allow its network (alerts.allowed_networks)"},
            )


def _host_of(url: Secret) -> str:
    try:
        return urlsplit(url.reveal()).hostname or ""
    except (SecretMissing, ValueError):
        return ""
