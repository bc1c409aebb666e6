"""Webhooks: the payload that Alertmanager posts, version 4."""

from __future__ import annotations

from mythos.alerts.notify.config import Webhook
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.senders.http import ATTEMPT_S, Poster
from mythos.alerts.notify.template_data import webhook_message


class WebhookSender:
    def __init__(self, config: Webhook, poster: Poster, external_url: str) -> None:
        self._config, self._poster, self._external_url = config, poster, external_url

    async def send(self, notification: Notification) -> None:
        message = webhook_message(notification, self._external_url, self._config.max_alerts)
        await self._poster.post(self._config.url.reveal(), message, timeout_s=self._config.timeout_s or ATTEMPT_S)

    async def aclose(self) -> None:
        await self._poster.aclose()
