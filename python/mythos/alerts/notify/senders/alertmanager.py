"""Alertmanager's API v2: each alert as it is; grouping, waiting and repeating are left to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.senders.http import Poster
from mythos.alerts.notify.template_data import go_time

BATCH_ALERTS = 64  # as Prometheus


class AlertmanagerSender:
    """`url` is the base, with the path prefix if there is one."""

    def __init__(self, url: Secret, poster: Poster) -> None:
        self._url, self._poster = url, poster

    async def send(self, alerts: Sequence[Alert]) -> None:
        """All or none are taken, by batches of `BATCH_ALERTS` at most, which is the caller's business."""
        await self._poster.post(
            f"{self._url.reveal().rstrip('/')}/api/v2/alerts", [postable(alert) for alert in alerts]
        )

    async def aclose(self) -> None:
        await self._poster.aclose()


def postable(alert: Alert) -> dict[str, Any]:
    body = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": go_time(datetime.fromtimestamp(alert.starts_at, UTC)),
        "endsAt": go_time(datetime.fromtimestamp(alert.ends_at, UTC)),
    }
    return {**body, "generatorURL": alert.generator_url} if alert.generator_url else body
