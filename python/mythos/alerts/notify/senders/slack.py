"""Slack's incoming webhooks, with the message that Alertmanager sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mythos.alerts.notify.config import Slack
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.rendering import Renderer
from mythos.alerts.notify.senders.http import Poster
from mythos.alerts.notify.senders.outcome import SendFailed
from mythos.alerts.notify.template_data import Data

TITLE_CHARACTERS_MAX = 1_024

_OF_MESSAGE = ("channel", "username", "icon_emoji", "icon_url")
_ALWAYS = ("text", "fallback", "callback_id", "footer")


class SlackSender:
    def __init__(self, config: Slack, poster: Poster, renderer: Renderer, external_url: str) -> None:
        self._config, self._poster, self._renderer, self._external_url = config, poster, renderer, external_url

    async def send(self, notification: Notification) -> None:
        url = self._config.api_url.reveal()
        answer = await self._poster.post(url, self.message(notification))
        _check(answer)

    def message(self, notification: Notification) -> dict[str, Any]:
        data = Data(notification, self._external_url)
        texts = {name: self._text(text, name, data) for name, text in self._config.texts.items()}
        if len(texts["title"]) > TITLE_CHARACTERS_MAX:
            texts["title"] = texts["title"][: TITLE_CHARACTERS_MAX - 1] + "…"
        message: dict[str, Any] = {name: texts.pop(name) for name in _OF_MESSAGE}
        attachment: dict[str, Any] = {name: text for name, text in texts.items() if text or name in _ALWAYS}
        attachment["mrkdwn_in"] = list(self._config.mrkdwn_in)
        if self._config.fields:
            attachment["fields"] = [self._filled(field, data) for field in self._config.fields]
        if self._config.actions:
            attachment["actions"] = [self._filled(action, data) for action in self._config.actions]
        if self._config.link_names:
            message["link_names"] = True
        return {**{name: value for name, value in message.items() if value}, "attachments": [attachment]}

    async def aclose(self) -> None:
        await self._poster.aclose()

    def _filled(self, template: Mapping[str, Any], data: Data) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, value in template.items():
            if isinstance(value, Mapping):
                filled[name] = self._filled(value, data)
            else:
                filled[name] = self._text(value, name, data) if isinstance(value, str) else value
        return {name: value for name, value in filled.items() if value != ""}

    def _text(self, text: str, name: str, data: Data) -> str:
        return self._renderer.render(text, f"slack {name}", data)


def _check(body: bytes) -> None:
    """Slack says some errors with status 200: an incoming webhook answers `ok`, its API JSON with `ok`."""
    if body.strip() == b"ok" or not body.strip():
        return
    try:
        answer = orjson.loads(body)
        good = isinstance(answer, dict) and answer.get("ok") is True
        error = str(answer.get("error", "")) if isinstance(answer, dict) else ""
    except orjson.JSONDecodeError:
        good, error = False, body.decode(errors="replace")
    if not good:
        raise SendFailed("refused", f"Slack answers {error[:200]!r}", final=True)
