"""The alert engine: records the server's own series, evaluates rules over them, and hands alerts to the notifier.

On a thread of its own, which the core's loops never wait for. Its thread takes the GIL in pieces of milliseconds, and
what it has found is kept by the core, which answers `GET /monitoring/alerts` without asking Python.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import orjson

from mythos import _core
from mythos.alerts.alert import Alert, fingerprint
from mythos.alerts.alert_memory import AlertMemory
from mythos.alerts.disk_writer import DiskWriter
from mythos.alerts.engine_clock import EngineClock
from mythos.alerts.incident import Bundle, Incidents
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.recorder import Recorder
from mythos.alerts.recordings import Block, Recordings
from mythos.alerts.refill import refill
from mythos.alerts.report import Durations, EvaluatedGroup, Family, alerts_view, families, group_view
from mythos.alerts.rule import Group
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore

COMPONENT = "alerts"
RETENTION_MS = 25 * 3_600_000  # for ranges of a day
SERIES_BYTES_MAX = 64 << 20
SAVE_EACH_S = 60.0  # while nothing is pending or firing
STOP_S = 5.0
LATE = 0.1  # of the interval: what is later than that is not taken for being in time
HUNG_S = 60.0  # so long nothing was written, or nobody told: a disk hangs

log = logging.getLogger("mythos.alerts")


class Core(Protocol):
    """`_core.ServerCore`, as far as the engine uses it."""

    def samples(self) -> tuple[list[str], bytes]: ...
    def tell_alerts(self, report: bytes | str, metrics: list[Family]) -> None: ...
    def add_health(
        self, name: str, critical: bool, interval_s: float, timeout_s: float, tags: Sequence[str]
    ) -> None: ...
    def report_health(self, name: str, status: str, took_s: float, details: bytes | str) -> None: ...


class AlertEngine:
    """From `start` to `stop`; both from any thread, once. `step` is for its own thread, and for tests without one."""

    def __init__(
        self,
        core: Core,
        groups: Sequence[Group],
        notifier: Notifier,
        *,
        interval_s: float,
        labels: dict[str, str],
        external_url: str,
        memory: Path | None,
        incidents: Callable[[SeriesStore], Incidents] | None = None,
        recordings: Recordings | None = None,
        clock: EngineClock | None = None,
    ) -> None:
        self.notifier = notifier
        self.store = SeriesStore(retention_ms=RETENTION_MS, bytes_max=SERIES_BYTES_MAX)
        self._core = core
        self._interval_s = interval_s
        self._clock = clock or EngineClock()
        self._recorder = Recorder(core, self.store, labels)
        self._memory = None if memory is None else AlertMemory(memory)
        self._groups = [
            EvaluatedGroup(
                RuleGroup(
                    group,
                    self.store,
                    external_url=external_url,
                    interval_s=interval_s,
                    remembered=None if self._memory is None else self._memory.of(group),
                ),
                next_at=0.0,
            )
            for group in groups
        ]
        self._incidents = None if incidents is None else incidents(self.store)
        self._recordings = recordings
        self._own_labels = labels
        self._is_refilled = recordings is None
        self._recordings_failed = False
        self._record_at = 0.0
        self._saved_at = 0.0
        self._save_failed = False
        self._disk = DiskWriter()
        self._evaluations = 0
        self._failures = 0
        self._durations = Durations()
        self._took_s = 0.0
        # The fingerprints of alerts that were said to fire, also by a process before.
        self._firing = set() if self._memory is None else set(self._memory.firing)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mythos-rules", daemon=True)

    def start(self) -> None:
        """Raises CoreError where the server has stopped."""
        # Whatever it finds, messages are delivered.
        self._core.add_health(COMPONENT, False, self._interval_s, max(10.0, self._interval_s), ())
        self.notifier.start()
        self._thread.start()

    def stop(self) -> None:
        """What has to be told still is, for some seconds; the rest is kept for the next start. Again: nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        self.notifier.stop()
        self._save(self._clock.now(), force=True)
        if self._recordings is not None and (block := self._recordings.rest()) is not None:
            self._put_recording(self._recordings, block)
        self._disk.stop(STOP_S)
        with suppress(_core.CoreError):  # the server was faster
            self._core.tell_alerts("", [])

    def _run(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            try:
                wait_s = self.step()
            except _core.CoreError:
                return  # the server has stopped
            except Exception:
                log.exception("Alert engine failed")
                wait_s = self._interval_s

    def step(self) -> float:
        """Does what is due; how long nothing will be, in seconds."""
        if not self._is_refilled:
            self._refill()
        real, began = self._clock.now(), time.perf_counter()
        if stepped_s := self._clock.take_step():
            self._move(stepped_s)
        now = self._in_step(real)
        if now >= self._record_at:
            self._record(round(now * 1e3))
            self._record_at = _next(self._record_at, self._interval_s, now)
        due = [each for each in self._groups if now >= each.next_at]
        alerts: list[Alert] = []
        for each in due:
            alerts += self._evaluate(each, now)
        new: list[Alert] = []
        if due:
            self.notifier.submit(alerts)
            new = self._tell_log(alerts)
            self._evaluations += 1
        self._took_s = time.perf_counter() - began
        self._save(now)
        self._put_incident(new, self._report(), now)
        # No longer than that, also where the clock is set back just now.
        return max(0.0, min(self._due_at - self._clock.now(), self._interval_s))

    @property
    def _due_at(self) -> float:
        return min([self._record_at, *(each.next_at for each in self._groups)])

    def _in_step(self, now: float) -> float:
        """The time that this was due at, unless it is late: as in Prometheus, intervals are whole and so is `for`.

        In milliseconds, as samples and recordings have it.
        """
        due_at = self._due_at
        return round(due_at if 0.0 <= now - due_at <= LATE * self._interval_s else now, 3)

    def _refill(self) -> None:
        """Once, before the first evaluation: rules over hours go on where they were before a restart."""
        assert self._recordings is not None
        self._is_refilled = True
        refill(
            self.store,
            self._recordings.directory,
            self._own_labels,
            now_ms=round(self._clock.now() * 1e3),
            interval_ms=round(self._interval_s * 1e3),
            is_ended=self._ended.is_set,
        )

    def _move(self, seconds: float) -> None:
        """The wall clock was stepped: what is known moves with it, and everything is evaluated and told of at once."""
        log.warning("Clock stepped", extra={"seconds": round(seconds, 3)})
        self.store.move(round(seconds * 1e3))
        for each in self._groups:
            each.rules.move(seconds)
            each.next_at = 0.0
        self._record_at = self._saved_at = 0.0

    def _record(self, at_ms: int) -> None:
        samples = self._recorder.record(at_ms)
        if self._recordings is not None and (block := self._recordings.add(at_ms, samples)) is not None:
            self._put_recording(self._recordings, block)

    def _put_recording(self, recordings: Recordings, block: Block) -> None:
        def write() -> None:
            try:
                recordings.write(block)
                self._recordings_failed = False
            except OSError as error:
                if not self._recordings_failed:
                    log.error("Series not recorded", extra={"error": str(error)})
                self._recordings_failed = True

        self._disk.put(block.file_name, write)

    def _evaluate(self, each: EvaluatedGroup, now: float) -> list[Alert]:
        began = time.perf_counter()
        alerts = each.rules.evaluate(now)
        each.took_s, each.evaluated = time.perf_counter() - began, True
        each.next_at = _next(each.next_at, each.rules.interval_s, now)
        self._durations.add(each.took_s)
        self._failures += len(each.rules.rule_errors)
        return alerts

    def _tell_log(self, alerts: Sequence[Alert]) -> list[Alert]:
        """A line where one begins to fire, and one where it ends. Gives those that begin."""
        new = []
        for alert in alerts:
            known = alert.fingerprint in self._firing
            if alert.resolved == (not known):
                continue
            fields = {
                "alertname": alert.name,
                "severity": alert.labels.get("severity", ""),
                "labels": dict(alert.labels),
            }
            if alert.resolved:
                self._firing.discard(alert.fingerprint)
                log.info("Alert resolved", extra=fields)
            else:
                self._firing.add(alert.fingerprint)
                new.append(alert)
                summary = alert.annotations.get("summary", "")
                log.warning("Alert firing", extra={**fields, "value": alert.value, "summary": summary})
        # Those of a rule that went over its limit are forgotten, not resolved.
        self._firing &= {fingerprint(alert.labels) for each in self._groups for _, alert in each.rules.active()}
        return new

    def _put_incident(self, new: Sequence[Alert], report: dict[str, Any], now: float) -> None:
        if self._incidents is None:
            return
        self._incidents.look(now)
        if not new:
            return
        queries = {rule.name: rule.expression.text for each in self._groups for rule in each.rules.group.rules}
        if (bundle := self._incidents.make(new, queries, report, now)) is not None:
            self._disk.put(bundle.directory.name, partial(_write_incident, self._incidents, bundle))

    def _save(self, now: float, force: bool = False) -> None:
        if self._memory is None:
            return
        busy = any(True for each in self._groups for _ in each.rules.active())
        if not (force or busy or now - self._saved_at >= SAVE_EACH_S):
            return
        self._saved_at = now
        content = self._memory.content([each.rules for each in self._groups], self._firing, now)
        self._disk.put("memory", partial(self._write_memory, self._memory, content))

    def _write_memory(self, memory: AlertMemory, content: bytes) -> None:
        try:
            memory.write(content)
            self._save_failed = False
        except OSError as error:
            if not self._save_failed:
                log.error("Alerts are not kept over a restart", extra={"error": str(error)})
            self._save_failed = True

    def _report(self) -> dict[str, Any]:
        counts = self.store.counts
        told = self.notifier.told()
        report = {
            "interval_s": self._interval_s,
            "evaluation_ms": self._took_s * 1e3,
            "evaluations": self._evaluations,
            "series": {
                "recorded": counts.series,
                "bytes": counts.nbytes,
                "left_out": sum(counts.refused.values()),
            },
            "alerts": alerts_view(self._groups),
            "groups": [group_view(each) for each in self._groups],
            "notifications": told.snapshot,
        }
        self._core.tell_alerts(
            orjson.dumps(report), families(self._groups, self._durations, self._failures, told.metrics)
        )
        wrong = sorted(
            rule.name
            for each in self._groups
            for place, rule in enumerate(each.rules.group.rules)
            if place in each.rules.rule_errors
        )
        is_kept = not self._save_failed and self._disk.busy_s() < HUNG_S
        hangs = told.age_s >= HUNG_S
        details = {"rules_failing": wrong[:20], "state_kept": is_kept, "notifier_hangs": hangs}
        status = "degraded" if wrong or hangs or not is_kept else "healthy"
        self._core.report_health(COMPONENT, status, self._took_s, orjson.dumps(details))
        return report


def _write_incident(incidents: Incidents, bundle: Bundle) -> None:
    try:
        incidents.write(bundle)
    except OSError as error:
        log.error("Incident bundle not written", extra={"error": str(error)})


def _next(before: float, interval_s: float, now: float) -> float:
    """In step with the time before, unless that is too late."""
    following = round(before + interval_s, 3)
    return following if following > now else round(now + interval_s, 3)
