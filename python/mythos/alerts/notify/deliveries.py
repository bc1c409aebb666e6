"""Attempts: each is made by a task of its own, within a time, and what became of it is counted, logged and acted on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from mythos.alerts.alert import Alert
from mythos.alerts.notify.backoff import RETRY_AFTER_MAX_S, delay_s
from mythos.alerts.notify.dispatcher import Dispatcher
from mythos.alerts.notify.notification import Key, Notification
from mythos.alerts.notify.outbox import Outbox
from mythos.alerts.notify.relay import Relay
from mythos.alerts.notify.senders.outcome import SendFailed, SentToSome, failure_of
from mythos.alerts.notify.tally import Tally

ATTEMPTS_AT_ONCE = 4  # of one integration: a receiver that hangs does not hold up all of its groups

_logger = logging.getLogger("mythos.alerts")


class Sender(Protocol):
    """One attempt: returns when the notification was taken."""

    async def send(self, notification: Notification) -> None: ...
    async def aclose(self) -> None: ...


class Deliveries:
    """What to do after an attempt. Not thread-safe: the notifier's lock guards it; only `attempt` waits, without it."""

    def __init__(
        self,
        senders: Mapping[tuple[str, str], Sender],
        dispatcher: Dispatcher | None,
        outbox: Outbox,
        tally: Tally,
        random: Callable[[], float],
    ) -> None:
        self._senders, self._dispatcher, self._outbox = senders, dispatcher, outbox
        self._tally, self._random = tally, random
        self._told: dict[Key, str] = {}  # the reason that was logged last, so that a long failure is not a long log

    def begin(self, now: float) -> list[Notification]:
        """What to try now; each has to be given to `attempt`, and what comes of that to `end`."""
        begun: list[Notification] = []
        for pending in self._outbox.due(now):
            key = pending.notification.key
            if self._outbox.under_way(key.receiver, key.integration) < ATTEMPTS_AT_ONCE:
                self._outbox.begin(key)
                begun.append(pending.notification)
        return begun

    async def attempt(self, notification: Notification) -> SendFailed | None:
        return await failed(self._senders[notification.key[1:]].send(notification))

    def end(self, notification: Notification, failure: SendFailed | None, now: float) -> None:
        key = notification.key
        self._outbox.end(key)
        kind = key.integration.partition("[")[0]
        if failure is None or isinstance(failure, SentToSome):
            self._tally.sent(key.receiver, kind, now)
            self._log_sent(notification)
            newer = self._dispatcher is not None and self._dispatcher.delivered(notification, now)
            if failure is not None:
                self._end_some(notification, failure, now, newer=newer)
            elif not newer:
                self._outbox.remove(key)
            return
        self._tally.failed(key.receiver, kind, f"{failure.reason}: {failure}", now, final=failure.final)
        if not failure.final:
            if failure.reason == "rate_limited" and failure.retry_after_s is not None:
                self._outbox.hold(key.receiver, key.integration, now + min(failure.retry_after_s, RETRY_AFTER_MAX_S))
            attempts = self._outbox.again(
                key, now, delay_s(self._outbox.attempts(key), failure.retry_after_s, self._random)
            )
            self._log_failed(notification, failure, attempts)
        else:
            self._log_failed(notification, failure, self._outbox.attempts(key) + 1)
            if self._outbox.get(key) is notification:
                self._outbox.remove(key)

    def _end_some(self, notification: Notification, failure: SentToSome, now: float, *, newer: bool) -> None:
        """Those who were refused for now are tried alone, unless something newer goes to everybody."""
        key = notification.key
        attempts = self._outbox.attempts(key) + 1
        error = f"{failure.reason}: {failure}"
        self._tally.failed(key.receiver, key.integration.partition("[")[0], error, now, final=failure.final)
        if failure.again and not newer:
            left = replace(notification, only=failure.again)
            attempts = self._outbox.leave(left, now, delay_s(attempts - 1, None, self._random))
        elif not newer:
            self._outbox.remove(key)
        if failure.refused or notification.only != failure.again:  # else that was told
            self._log_failed(notification, failure, attempts, recipients=[*failure.refused, *failure.again])

    def end_batch(
        self, relay: Relay, place: int, batch: Sequence[Alert], failure: SendFailed | None, now: float
    ) -> None:
        """Of alerts that went raw to an Alertmanager."""
        relay.sending = False
        name = f"alertmanager[{place}]"
        if failure is None:
            self._tally.sent(name, "alertmanager", now)
            relay.taken(batch, now)
            return
        self._tally.failed(name, "alertmanager", f"{failure.reason}: {failure}", now, final=failure.final)
        if relay.attempts == 0 or failure.final:
            level = logging.ERROR if failure.final else logging.WARNING
            _logger.log(
                level,
                "Alerts not taken by Alertmanager",
                extra={"receiver": name, "reason": failure.reason, "error": str(failure), "alerts": len(batch)},
            )
        if failure.final:
            relay.taken(batch, now)
        else:
            relay.failed(now, delay_s(relay.attempts, failure.retry_after_s, self._random))

    async def aclose(self) -> None:
        for sender in self._senders.values():
            await sender.aclose()

    def _log_sent(self, notification: Notification) -> None:
        self._told.pop(notification.key, None)
        _logger.info(
            "Notification sent",
            extra={
                "receiver": notification.key.receiver,
                "integration": notification.key.integration,
                "group_key": notification.key.group_key,
                "status": notification.status,
                "alerts": len(notification.alerts),
            },
        )

    def _log_failed(self, notification: Notification, failure: SendFailed, attempts: int, **more: object) -> None:
        key = notification.key
        if not failure.final and self._told.get(key) == failure.reason:
            return
        self._told[key] = failure.reason
        if failure.final:
            self._told.pop(key)
        _logger.log(
            logging.ERROR if failure.final else logging.WARNING,
            "Notification refused" if failure.final else "Notification not sent yet",
            extra={
                "receiver": key.receiver,
                "integration": key.integration,
                "group_key": key.group_key,
                "reason": failure.reason,
                "error": str(failure),
                "attempts": attempts,
                **more,
            },
        )


async def failed(attempt: Awaitable[object]) -> SendFailed | None:
    """None where it went well. Being cancelled is not a failure: nobody knows what became of it."""
    try:
        await attempt
    except asyncio.CancelledError:
        raise
    except Exception as error:
        failure = failure_of(error)
        if failure.reason == "internal":
            _logger.exception("Notification failed by a fault of the program")
        return failure
    return None
