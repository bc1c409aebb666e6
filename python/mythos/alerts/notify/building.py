"""What a notifier's options ask for: its state file, a sender for each integration, and what is wrong with them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from mythos.alerts.notify.addresses import AddressGuard
from mythos.alerts.notify.config import AppriseTarget, Email, Integration, NotifyConfig, Slack, Webhook
from mythos.alerts.notify.config_file import load_config
from mythos.alerts.notify.deliveries import Sender
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.receiver_url import check_url
from mythos.alerts.notify.rendering import Parse, Renderer, parse_template
from mythos.alerts.notify.secret import Secret, SecretMissing
from mythos.alerts.notify.senders.apprise import AppriseSender
from mythos.alerts.notify.senders.email import EmailSender
from mythos.alerts.notify.senders.http import Poster
from mythos.alerts.notify.senders.slack import SlackSender
from mythos.alerts.notify.senders.webhook import WebhookSender
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.notify.state_lock import StateInUse
from mythos.errors import ConfigError

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


def read_config(options: NotifyOptions, parse: Parse = parse_template) -> NotifyConfig | None:
    """What `alertmanager.yml` says, its templates and the other options checked; nothing is opened.

    Raises ConfigError with a line for each fault.
    """

    def check(text: str, name: str, template_files: str) -> None:
        Renderer(template_files, parse).check(text, name)

    complaints = _faulty_urls(options)
    try:
        AddressGuard(options.allowed_networks)
    except ValueError as error:
        complaints.append(f"alerts.allowed_networks: {error}")
    config = None
    try:
        config = None if options.config is None else load_config(options.config, check)
    except ConfigError as error:
        complaints += error.complaints
    if complaints:
        raise ConfigError(complaints)
    return config


def _faulty_urls(options: NotifyOptions) -> list[str]:
    """Of what is told beside the receivers."""
    named = [("alerts.alertmanagers", url) for url in options.alertmanagers]
    named += [("alerts.heartbeat_url", options.heartbeat_url)] if options.heartbeat_url is not None else []
    complaints = []
    for name, url in named:
        try:
            check_url(url.reveal())
        except (SecretMissing, ValueError) as error:
            complaints.append(f"{name}: {error}")
    return complaints


def opened_state(options: NotifyOptions, now: float) -> StateFile:
    """Raises ConfigError where another server owns the file."""
    try:
        return StateFile(options.state_file, now=now)
    except StateInUse as error:
        raise ConfigError(
            [
                f"alerts.state: {options.state_file} belongs to process {error.owner or '?'}, which is running; "
                "name another file for this server, such as --set alerts.state=data/alerts-2.db"
            ]
        ) from None


def warn_of_silences(options: NotifyOptions) -> None:
    """Where nobody is told by this server itself, a silence is accepted and mutes nothing."""
    if options.config is None and (options.alertmanagers or options.state_file is not None):
        advice = "silence in Alertmanager" if options.alertmanagers else "nobody is told of alerts"
        _logger.warning("Silences mute nothing", extra={"error": f"alerts.notifications names no file; {advice}"})


def _host_of(url: Secret) -> str:
    try:
        return urlsplit(url.reveal()).hostname or ""
    except (SecretMissing, ValueError):
        return ""
