"""The notifier: alerts in, people told. On a thread of its own, so that no disk and no receiver holds up an evaluation.

    notifier = Notifier(NotifyOptions(config=Path("alertmanager.yml"), allowed_networks=["10.0.0.0/8"]))
    notifier.start()
    notifier.submit(alerts)        # at the end of every evaluation
    notifier.stop()

What is told, and when, is `Dispatcher`'s; what could not be told yet is kept by `Outbox`. A notification is told at
least once: it is repeated where its receiver may have taken it without our learning so (an answer that did not come in
time or was cut off, a process that ended before it could note it), and never otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.engine_clock import EngineClock
from mythos.alerts.notify.addresses import AddressGuard, Resolve, resolve_by_system
from mythos.alerts.notify.building import (
    opened_state,
    read_config,
    senders_of,
    warn_of_refused,
    warn_of_silences,
)
from mythos.alerts.notify.config import NotifyConfig
from mythos.alerts.notify.deliveries import Deliveries, failed
from mythos.alerts.notify.dispatcher import AlertView, Dispatcher
from mythos.alerts.notify.heartbeat import Heartbeat
from mythos.alerts.notify.notification import Notification
from mythos.alerts.notify.notification_log import NotificationLog
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.outbox import Outbox
from mythos.alerts.notify.relay import Relay
from mythos.alerts.notify.rendering import Parse, Renderer, parse_template
from mythos.alerts.notify.senders.alertmanager import AlertmanagerSender
from mythos.alerts.notify.senders.http import Poster
from mythos.alerts.notify.silences import Silence, SilenceRefused, Silences
from mythos.alerts.notify.tally import STATUSES, Tally
from mythos.alerts.notify.unrouted import Unrouted

INBOX_MAX = 1_000  # evaluations; the thread takes them at once unless the disk holds it up
ATTEMPT_LOOK_S = 0.25  # while attempts are under way
LOOK_S = 2.0  # for what `mythos alerts silence` writes
STOP_S = 3.0  # for attempts that are under way

_logger = logging.getLogger("mythos.alerts")


@dataclass(frozen=True)
class Told:
    """`Notifier.told`: what `snapshot` and `metrics` gave, so many seconds ago."""

    snapshot: dict[str, Any]
    metrics: dict[tuple[str, str], int]
    age_s: float


class Notifier:
    """Any thread may call any method; `run`, `step` and `settle` are for one loop. Raises ConfigError.

    `config` is what `read_config` gave for the options, if somebody has asked it already.
    """

    def __init__(
        self,
        options: NotifyOptions,
        *,
        config: NotifyConfig | None = None,
        now: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        resolve: Resolve = resolve_by_system,
        parse: Parse = parse_template,
    ) -> None:
        self._now, self._mono, self._lock = now, mono, threading.RLock()
        self._clock = EngineClock(now, mono)
        config = config or read_config(options, parse)
        guard = AddressGuard(options.allowed_networks, resolve)
        at = now()
        self._state = opened_state(options, at)
        self._tally = Tally()
        self._silences = Silences(self._state)
        known = [] if config is None else [(receiver, each.name) for receiver, each in config.integrations()]
        self._kinds = {name.partition("[")[0] for _, name in known}
        self._kinds |= {"alertmanager"} if options.alertmanagers else set()
        self._kinds |= {"heartbeat"} if options.heartbeat_url is not None else set()
        self._outbox = Outbox(self._state, self._tally, known, at)
        self._dispatcher: Dispatcher | None = None
        senders = {}
        if config is not None:
            log = NotificationLog(self._state)
            self._dispatcher = Dispatcher(
                config, self._state, self._silences, log, self._outbox.get, at, partial(self._tally.dropped, "dispatch")
            )
            senders = dict(senders_of(config, guard, Renderer(config.templates, parse), options.external_url))
        self._alerts: Dispatcher | Unrouted = self._dispatcher or Unrouted()
        self._deliveries = Deliveries(senders, self._dispatcher, self._outbox, self._tally, random)
        self._relays = [
            (place, Relay(place, self._state, self._tally, at), AlertmanagerSender(url, Poster(guard)))
            for place, url in enumerate(options.alertmanagers)
        ]
        others = {f"alertmanager[{place}]": url for place, url in enumerate(options.alertmanagers)}
        warn_of_refused(guard, config, {**others, "heartbeat": options.heartbeat_url})
        warn_of_silences(options)
        self._heartbeat = Heartbeat(options.heartbeat_s) if options.heartbeat_url is not None else None
        self._heartbeat_url, self._poster = options.heartbeat_url, Poster(guard)
        self._inbox: deque[Sequence[Alert]] = deque()
        self._lost = self._lost_counted = 0  # evaluations that the inbox had no room for
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._looked = self.snapshot(), self.metrics(), mono()

    # What the application calls

    def start(self) -> None:
        """Begins to tell; what was kept before a restart is tried at once."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run()), name="mythos-alerts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends; what has not been told is kept for the next start."""
        self._stopping = True
        self._awake()
        if self._thread is not None:
            self._thread.join(STOP_S + 2)
        else:
            self._state.close()

    def submit(self, alerts: Sequence[Alert]) -> None:
        """What fires and what is resolved, at the end of an evaluation; also where that is nothing. Never waits."""
        if len(self._inbox) >= INBOX_MAX:
            with suppress(IndexError):
                self._inbox.popleft()
                self._lost += 1  # the tally is the thread's, which may be waiting for the disk
        self._inbox.append(tuple(alerts))
        self._awake()

    def snapshot(self) -> dict[str, Any]:
        """For `/monitoring/alerts`: no secrets, JSON."""
        with self._lock:
            self._count_lost()
            now = self._now()
            oldest = self._outbox.oldest_at()
            states = [silence.state(now) for silence in self._silences.list(now)]
            return {
                "queue": {
                    "pending": len(self._outbox),
                    "oldest_seconds": None if oldest is None else max(0.0, now - oldest),
                    "by_receiver": self._outbox.by_receiver(),
                },
                "alertmanagers": [{"name": f"alertmanager[{place}]", "queued": len(r)} for place, r, _ in self._relays],
                "dispatch": {} if self._dispatcher is None else self._dispatcher.statistics(),
                "silences": {state: states.count(state) for state in ("active", "pending", "expired")},
                "state_file_failures": self._state.failures,
                **self._tally.as_json(),
            }

    def metrics(self) -> dict[tuple[str, str], int]:
        """`mythos_notifications_total` by integration and status (sent, retried, failed, dropped).

        What has not been yet is 0: where a series begins at 1, Prometheus sees no increase.
        """
        with self._lock:
            self._count_lost()
            zeros = dict.fromkeys([*product(self._kinds, STATUSES), ("dispatch", "dropped")], 0)
            return {**zeros, **self._tally.notifications}

    def told(self) -> Told:
        """For one thread that must not wait: of now, or of the last time that the lock was free.

        Where a disk hangs under the notifier that is long ago.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._looked = self.snapshot(), self.metrics(), self._mono()
            finally:
                self._lock.release()
        snapshot, metrics, at = self._looked
        return Told(snapshot, metrics, self._mono() - at)

    def list_alerts(self) -> list[AlertView]:
        """What fires."""
        with self._lock:
            return self._alerts.view(self._now())

    def list_silences(self) -> tuple[float, list[Silence]]:
        """With the time by which their states are told."""
        with self._lock:
            now = self._now()
            return now, self._silences.list(now)

    def set_silence(self, silence: Silence) -> Silence:
        """Adds or changes one. Raises SilenceRefused."""
        with self._lock:
            return self._kept(self._silences.set(silence, self._now()))

    def expire_silence(self, id: str) -> Silence:
        """Raises SilenceRefused."""
        with self._lock:
            return self._kept(self._silences.expire(id, self._now()))

    def _kept(self, silence: Silence) -> Silence:
        if not self._state.commit():
            raise SilenceRefused(
                "not_kept",
                f"what was said of silence {silence.id} holds, but is not kept: the state file cannot be written. "
                "That is tried again; until it is done, a restart would forget it",
            )
        return silence

    # What the thread does

    async def run(self) -> None:
        """Until `stop`."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = self.step()
            except Exception:  # whatever it is: the next pass may go well, and nobody else would tell people
                _logger.exception("Notifier failed")
                wait_s = LOOK_S
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
        self.step()  # what the last evaluation submitted
        await self.aclose()

    def step(self) -> float:
        """One pass: what came in is dispatched, what is due is begun. How long nothing will be due, in seconds."""
        with self._lock:
            self._clock.now()
            now = self._now()
            if stepped_s := self._clock.take_step():
                self._move(stepped_s, now)
            self._silences.reload()
            self._take(now)
            if self._dispatcher is not None:
                made, gone = self._dispatcher.flush(now)
                for key in gone:
                    self._outbox.remove(key)
                for notification in made:
                    self._outbox.put(notification, now)
            self._count_lost()
            self._tally.tell_drops(now)
            begun = self._deliveries.begin(now)
            self._save()
            for notification in begun:
                self._begin(self._notify(notification))
            for place, relay, sender in self._relays:
                if batch := relay.due(now):
                    relay.sending = True
                    self._begin(self._relay(place, relay, sender, batch))
            if self._heartbeat is not None and self._heartbeat.is_due(now):
                self._heartbeat.beating = True
                self._begin(self._beat(self._heartbeat))
            return self._idle_s(now)

    async def settle(self) -> None:
        """Steps until nothing is due and no attempt is under way."""
        self.step()
        while self._tasks:
            await asyncio.wait(set(self._tasks))
            self.step()

    async def aclose(self) -> None:
        """Waits a while for attempts, then gives them up, and closes the file."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._deliveries.aclose()
        await self._poster.aclose()
        for _, _, sender in self._relays:
            await sender.aclose()
        with self._lock:
            for _, relay, _ in self._relays:
                relay.keep()
            self._save()
            self._state.close()

    def _move(self, seconds: float, now: float) -> None:
        """The wall clock was stepped: what is to happen does so when as much time has passed as it was to."""
        self._silences.move(seconds, now)
        self._outbox.move(seconds)
        if self._dispatcher is not None:
            self._dispatcher.move(seconds, now)
        for _, relay, _ in self._relays:
            relay.move(seconds)
        if self._heartbeat is not None:
            self._heartbeat.move(seconds)

    def _take(self, now: float) -> None:
        while self._inbox:
            alerts = self._inbox.popleft()
            if self._heartbeat is not None:
                self._heartbeat.evaluated(now)
            for _, relay, _ in self._relays:
                relay.add(alerts)
            self._alerts.receive(alerts, now)

    def _count_lost(self) -> None:
        lost = self._lost
        if lost > self._lost_counted:
            self._tally.dropped("dispatch", "inbox_full", lost - self._lost_counted)
            self._lost_counted = lost

    async def _notify(self, notification: Notification) -> None:
        failure = await self._deliveries.attempt(notification)
        with self._lock:
            self._deliveries.end(notification, failure, self._now())
            self._save()

    async def _relay(self, place: int, relay: Relay, sender: AlertmanagerSender, batch: list[Alert]) -> None:
        failure = await failed(sender.send(batch))
        with self._lock:
            self._deliveries.end_batch(relay, place, batch, failure, self._now())
            self._save()

    async def _beat(self, heartbeat: Heartbeat) -> None:
        assert self._heartbeat_url is not None
        failure = await failed(_call(self._poster, self._heartbeat_url.reveal))
        with self._lock:
            now = self._now()
            heartbeat.beaten(now, well=failure is None)
            if failure is None:
                self._tally.sent("heartbeat", "heartbeat", now)
            else:
                self._tally.failed("heartbeat", "heartbeat", f"{failure.reason}: {failure}", now, final=failure.final)
                _logger.warning("Heartbeat not sent", extra={"reason": failure.reason, "error": str(failure)})

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _logger.error("Notifier failed", exc_info=task.exception())
        self._awake()

    def _save(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.save()
        self._state.commit()

    def _idle_s(self, now: float) -> float:
        times = [self._outbox.next_at(), *(relay.wakes_at() for _, relay, _ in self._relays)]
        if self._dispatcher is not None:
            times.append(self._dispatcher.next_at())
        if self._heartbeat is not None:
            times.append(self._heartbeat.wakes_at())
        soonest = min((at for at in times if at is not None), default=now + LOOK_S)
        # What is due and waits for its turn begins when an attempt ends, which wakes.
        return min(max(soonest - now, ATTEMPT_LOOK_S if self._tasks else 0.01), LOOK_S)

    def _awake(self) -> None:
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(wake.set)


async def _call(poster: Poster, url: Callable[[], str]) -> None:
    await poster.get(url())
