"""Everything else that the library Apprise knows, by one URL a service.

Without the guarantees of the other ways out: Apprise chooses the address and follows redirects by itself, says only
whether something went wrong, and a call that hangs holds a thread until its own timeouts end it.
"""

from __future__ import annotations

import asyncio
import importlib

from mythos.alerts.notify.config import AppriseTarget
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.rendering import Renderer
from mythos.alerts.notify.senders.outcome import SendFailed
from mythos.alerts.notify.template_data import Data

ATTEMPT_S = 60.0


class AppriseSender:
    def __init__(self, config: AppriseTarget, renderer: Renderer, external_url: str) -> None:
        self._config, self._renderer, self._external_url = config, renderer, external_url

    async def send(self, notification: Notification) -> None:
        data = Data(notification, self._external_url)
        title = self._renderer.render(self._config.title, "apprise title", data)
        body = self._renderer.render(self._config.body, "apprise body", data)
        kind = "success" if notification.status == "resolved" else "failure"
        async with asyncio.timeout(ATTEMPT_S):
            await asyncio.to_thread(self._notify, title, body, kind)

    async def aclose(self) -> None:
        """Nothing is held between attempts."""

    def _notify(self, title: str, body: str, kind: str) -> None:
        apprise = importlib.import_module("apprise")
        target = apprise.Apprise()
        if not target.add(self._config.url.reveal()):
            raise SendFailed("bad_url", "Apprise does not know the URL", final=True)
        if not target.notify(title=title, body=body, notify_type=kind):
            raise SendFailed("server_error", "Apprise says that it was not sent")
