"""Series made of the server's log: those of which each step has its line.

Counters begin at nought with the log or with a start of the server. Deliveries and messages are there where the log
samples them, scaled up. What a loop leaves out of the log (`left_out`) counts as the line of its kind before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.backtesting.past import GAP_MS, Facts, PastError, Scrape
from mythos.log_files import Line, LogReader, files_of

# Upper bounds of the buckets of /metrics (cpp/stats/edges.cpp), in seconds.
DURATIONS_S = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1, 2, 5, 10, 30, 60, 300, 900, 3600),
)
LIFETIMES_S = (1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
# Of these a log that has no line tells that nothing happened; of the second, if it has lines at `info`.
ALWAYS = frozenset(
    {
        "mythos_errors_total",
        "mythos_connection_failures_total",
        "mythos_connections_rejected_total",
        "mythos_http_errors_total",
        "mythos_log_dropped_total",
    }
)
AT_INFO = frozenset(
    {"mythos_connections_opened_total", "mythos_connections_closed_total"}
    | {
        f"{name}_{part}"
        for name in ("mythos_connection_establishment_seconds", "mythos_connection_duration_seconds")
        for part in ("bucket", "count", "sum")
    }
)
ACTIVE = ("mythos_active_connections", "mythos_connections_total")
FAILED = frozenset({"WebSocket connection failed", "SSE connection failed"})
CONNECTED = frozenset({"WebSocket connected", "SSE connected"})
DISCONNECTED = frozenset({"WebSocket disconnected", "SSE disconnected"})
LEFT_OUT = "Errors left out of the log"
NO_PEER_GONE = "mythos_connection_failures_total lacks peers that hung up before they were let in: they have no line"


@dataclass
class _Process:
    """One start of the server."""

    name: str
    first_ms: int
    is_whole: bool  # its start is in the log
    listens: bool = False
    is_over: bool = False
    steps: list[tuple[int, dict[Labels, float]]] = field(default_factory=list)  # what has changed by then
    changed: dict[Labels, float] = field(default_factory=dict)


class LoggedPast:
    """In memory: what changes in each interval."""

    def __init__(self, lines: Iterable[Line], interval_ms: int, labels: Mapping[str, str]) -> None:
        """`labels` are those that a scrape would add. Raises PastError where no line can be read."""
        self._interval_ms, self._own = interval_ms, dict(labels)
        self._processes: list[_Process] = []
        self._totals: dict[Labels, float] = {}
        self._counters: set[Labels] = set()
        self._known: dict[tuple[str, ...], Labels] = {}
        self._last_of_kind: dict[tuple[Any, Any], tuple[Labels, ...]] = {}
        self._guessed = self._dropped = 0
        self._has_info = False
        for line in lines:
            self._read(line)
        if not self._processes:
            raise PastError("the log has no line that can be read")
        self._close()
        names = {dict(labels)["__name__"] for labels in self._series()} | ALWAYS
        if self._has_info:
            names |= AT_INFO
            names |= set(ACTIVE) if any(each.is_whole for each in self._processes) else set()
        self.facts = Facts(
            self._processes[0].first_ms,
            self._processes[-1].steps[-1][0],
            frozenset(names),
            interval_ms,
            tuple(self._notes(names)),
            is_partial=True,
        )

    @classmethod
    def read(cls, paths: Sequence[Path], interval_ms: int, labels: Mapping[str, str]) -> LoggedPast:
        """Each log with what was rotated off it. Raises PastError and OSError."""
        reader = LogReader()
        files = [file for path in paths for file in files_of(path)]
        past = cls(reader.lines(files), interval_ms, labels)
        if reader.unreadable:
            notes = (*past.facts.notes, f"{reader.unreadable} lines of the log could not be read")
            past.facts = Facts(**{**vars(past.facts), "notes": notes})
        return past

    def scrapes(self, from_ms: int, to_ms: int) -> Iterator[Scrape]:
        for process in self._processes:
            now = dict.fromkeys(self._counters, 0.0)
            if process.is_whole:
                now |= {self._labels(name): 0.0 for name in ACTIVE}
            for at_ms, changed in process.steps:
                now |= changed
                if from_ms <= at_ms <= to_ms:
                    yield Scrape(at_ms, dict(now), process=process.name)

    def _series(self) -> set[Labels]:
        return self._counters | {labels for each in self._processes for _, step in each.steps for labels in step}

    def _notes(self, names: set[str]) -> Iterator[str]:
        yield f"of the log there are only {', '.join(sorted(names))}"
        yield NO_PEER_GONE
        if self._guessed:
            yield f"{self._guessed} errors were left out of the log; their reasons are those of the lines before them"
        if self._dropped:
            yield f"{self._dropped} lines are not in the log, as its queue was full: counts are too low by them"

    # Time

    def _read(self, line: Line) -> None:
        try:
            at = datetime.fromisoformat(str(line["timestamp"]))
            at_ms = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e3)
        except (ValueError, OverflowError):
            return
        listens = line["event"] == "Listening" and line.get("logger") == "server"
        process = self._processes[-1] if self._processes else None
        if process is None or process.is_over or (listens and (process.listens or not process.is_whole)):
            process = self._start(at_ms, is_whole=listens or process is not None)
        process.listens = process.listens or listens
        self._step_until(at_ms)
        self._has_info = self._has_info or line.get("level") == "info"
        self._count(line)
        process.is_over = line["event"] == "Stopped" and line.get("logger") == "server"

    def _start(self, at_ms: int, is_whole: bool) -> _Process:
        if self._processes:
            self._close()
            at_ms = max(at_ms, self._processes[-1].steps[-1][0] + 1)
        self._totals = {}
        self._processes.append(_Process(f"start {len(self._processes)}", at_ms, is_whole))
        self._processes[-1].steps.append((at_ms, {}))
        return self._processes[-1]

    def _step_until(self, at_ms: int) -> None:
        """Over a gap of a day there are none."""
        process = self._processes[-1]
        if at_ms - process.steps[-1][0] > GAP_MS:
            self._close()
            process.steps.append((at_ms - self._interval_ms, {}))
        while at_ms > (next_ms := process.steps[-1][0] + self._interval_ms):
            process.steps.append((next_ms, process.changed))
            process.changed = {}

    def _close(self) -> None:
        process = self._processes[-1]
        if process.changed:
            process.steps.append((process.steps[-1][0] + self._interval_ms, process.changed))
            process.changed = {}

    # What lines say

    def _labels(self, name: str, **labels: str) -> Labels:
        key = (name, *labels.values())
        if key not in self._known:
            told = {label: str(value) for label, value in labels.items()}
            self._known[key] = as_labels({"__name__": name, **told, **self._own})
        return self._known[key]

    def _set(self, labels: Labels, value: float) -> None:
        self._totals[labels] = self._processes[-1].changed[labels] = value

    def _add(self, labels: Labels, count: float = 1.0) -> None:
        self._counters.add(labels)
        self._set(labels, self._totals.get(labels, 0.0) + count)

    def _observe(self, name: str, edges: Sequence[float], value: float, count: float = 1.0, **labels: str) -> None:
        first = bisect_left(edges, value)
        for place, edge in enumerate((*edges, "+Inf")):
            bound = edge if isinstance(edge, str) else f"{edge:g}"
            self._add(self._labels(f"{name}_bucket", **labels, le=bound), count if place >= first else 0.0)
        self._add(self._labels(f"{name}_count", **labels), count)
        self._add(self._labels(f"{name}_sum", **labels), count * value)

    def _count(self, line: Line) -> None:
        event = line["event"]
        try:
            if event in CONNECTED:
                self._connected(line)
            elif event in DISCONNECTED:
                self._disconnected(line)
            elif event == "Message delivered":
                count = 1.0 / line["sample_rate"]
                self._observe("mythos_message_delivery_seconds", DURATIONS_S, line["delivery_time_ms"] / 1e3, count)
            elif event == "Message delivery attempt":
                self._add(self._labels("mythos_messages_published_total"), 1.0 / line["sample_rate"])
            elif event == "Log lines dropped because the queue was full":
                self._dropped += int(line["dropped"])
                self._add(self._labels("mythos_log_dropped_total"), line["dropped"])
            if "error_type" in line and "severity" in line:
                self._failed(line)
        except (KeyError, TypeError, ValueError, ArithmeticError):  # another program's line of the same name
            return

    def _connected(self, line: Line) -> None:
        wire, took_s, total = line["connection_type"], line["establishment_time_ms"] / 1e3, line["total_connections"]
        self._add(self._labels("mythos_connections_opened_total", type=wire))
        self._observe("mythos_connection_establishment_seconds", DURATIONS_S, took_s, type=wire)
        for name in ACTIVE:
            self._set(self._labels(name), float(total))

    def _disconnected(self, line: Line) -> None:
        wire, reason, lasted_s = line["connection_type"], line["reason"], line["duration_ms"] / 1e3
        self._add(self._labels("mythos_connections_closed_total", type=wire, reason=reason))
        self._observe("mythos_connection_duration_seconds", LIFETIMES_S, lasted_s, type=wire)
        for name in ACTIVE:
            if (known := self._totals.get(self._labels(name))) is not None:
                self._set(self._labels(name), known - 1)

    def _failed(self, line: Line) -> None:
        left_out, is_line = int(line.get("left_out", 0)), line["event"] != LEFT_OUT
        count = left_out + is_line
        self._add(self._labels("mythos_errors_total", type=line["error_type"], severity=line["severity"]), count)
        kind = line["error_type"], line.get("error_code")
        if is_line:
            self._last_of_kind[kind] = tuple(self._counters_of(line))
        counters = self._last_of_kind.get(kind, ())
        self._guessed += left_out if counters else 0
        for labels in counters:
            self._add(labels, count)

    def _counters_of(self, line: Line) -> Iterator[Labels]:
        reason = line.get("reason", "")
        if line["event"] in FAILED:
            yield self._labels("mythos_connection_failures_total", type=line["connection_type"], reason=reason)
            yield self._labels("mythos_connections_rejected_total", reason=reason)
        elif line["event"] == "HTTP request refused":
            yield self._labels("mythos_http_errors_total", reason=reason)
