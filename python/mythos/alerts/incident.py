"""Incident bundles: when an alert fires, a directory with what the server knew then, to be opened as a notebook.

    data/incidents/20261123T171500Z-SlowMessageDelivery/
        incident.ipynb, incident.json (the alerts, the build), performance.json, connection-health.json, errors.json,
        dual-connections.json, health.json (now, and how it changed), alerts.json, connections.json (the slowest with
        their last events), series.json (the last hour of what the rule looks at), config.json (without secrets)

Bounded in size and number; the oldest go first. An alert that comes again within ten minutes adds none, so that one
that flaps does not push out the others.
"""

from __future__ import annotations

import logging
import platform
import re
import shutil
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import orjson

from mythos import _core
from mythos.alerts.alert import Alert, rfc3339
from mythos.alerts.promql.matchers import Matcher
from mythos.alerts.series import SeriesStore

AGAIN_S = 600.0
TRANSITIONS_MAX = 200
SLOWEST = 20  # connections by each of the measures below
MEASURES = ("unacknowledged", "lag", "rtt", "bytes")
ERRORS = 100
SERIES_MS = 3_600_000
VIEWS = ("performance", "connection-health", "dual-connections")
NOTEBOOK = "incident.ipynb"
_STAMP = "%Y%m%dT%H%M%SZ"
_METRIC = re.compile(r"[a-zA-Z_:][\w:]*")

log = logging.getLogger("mythos.alerts")


class Views(Protocol):
    """`_core.ServerCore`, as far as it is looked at. Each answer is JSON."""

    def monitoring(self, route: str, parameter: str, query: str) -> bytes: ...
    def health(self) -> bytes: ...
    def errors(self, recent_max: int) -> bytes: ...


@dataclass(frozen=True)
class Bundle:
    """What a directory is to have, by the file's name."""

    directory: Path
    alert: str
    contents: Mapping[str, bytes]


class Incidents:
    """`look` and `make` are for one thread, which waits for no disk; `write` may be another's.

    `config` is told without its secrets already.
    """

    def __init__(
        self,
        directory: Path,
        views: Views,
        store: SeriesStore,
        *,
        config: Mapping[str, Any],
        count_max: int,
        bytes_max: int,
    ) -> None:
        self._directory, self._views, self._store = directory, views, store
        self._config, self._count_max, self._bytes_max = dict(config), count_max, bytes_max
        self._status: dict[str, str] = {}
        self._transitions: deque[dict[str, Any]] = deque(maxlen=TRANSITIONS_MAX)
        self._made_at = _alerts_of_newest(directory)

    def look(self, now: float) -> None:
        """Notes which components of the health have changed since the last look."""
        told = orjson.loads(self._views.health())
        status = {"server": told["status"], **{name: each["status"] for name, each in told["components"].items()}}
        for name, to in status.items():
            before = self._status.get(name)
            if before is not None and before != to:
                self._transitions.append({"at": rfc3339(now), "component": name, "from": before, "to": to})
        self._status = status

    def make(self, alerts: Sequence[Alert], queries: Mapping[str, str], report: Any, now: float) -> Bundle | None:
        """For alerts that begin to fire, by the rules' `queries`; None where there was one just now."""
        news = [alert for alert in alerts if not 0 <= now - self._made_at.get(alert.name, -AGAIN_S) < AGAIN_S]
        if not news:
            return None
        self._made_at.update({alert.name: now for alert in news})
        contents = self._contents(news, queries, report, now)
        stamp = datetime.fromtimestamp(now, UTC).strftime(_STAMP)
        target = self._directory / f"{stamp}-{re.sub(r'[^A-Za-z0-9_]', '_', news[0].name)[:64]}"
        return Bundle(target, news[0].name, contents)

    def write(self, bundle: Bundle) -> None:
        """Raises OSError."""
        target = bundle.directory
        new = target.with_name(f".{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        for name, content in bundle.contents.items():
            (new / name).write_bytes(content)
        shutil.rmtree(target, ignore_errors=True)
        new.replace(target)
        # The clock may have been set back: what is new is not always the last by name.
        for old in [each for each in bundles(self._directory) if each != target][self._count_max - 1 :]:
            shutil.rmtree(old, ignore_errors=True)
        log.info("Incident bundle written", extra={"directory": str(target), "alertname": bundle.alert})

    def _contents(
        self, alerts: Sequence[Alert], queries: Mapping[str, str], report: Any, now: float
    ) -> dict[str, bytes]:
        parts: dict[str, Callable[[], Any]] = {
            "incident.json": lambda: {
                "at": rfc3339(now),
                "alerts": [_as_json(alert, queries.get(alert.name, "")) for alert in alerts],
                "build": {
                    "version": _core.__version__,
                    "python": platform.python_version(),
                    "platform": platform.platform(),
                },
            },
            "config.json": lambda: self._config,
            "alerts.json": lambda: report,
            "health.json": lambda: {
                "now": orjson.loads(self._views.health()),
                "transitions": list(self._transitions),
            },
            **{f"{view}.json": partial(self._view, view) for view in VIEWS},
            "errors.json": lambda: orjson.loads(self._views.errors(ERRORS)),
            "connections.json": self._slowest,
            "series.json": lambda: self._series({queries.get(alert.name, "") for alert in alerts}, now),
        }
        contents = {NOTEBOOK: (files("mythos.alerts") / NOTEBOOK).read_bytes()}
        room = self._bytes_max - len(contents[NOTEBOOK])
        for name, part in parts.items():
            try:
                content = orjson.dumps(part(), option=orjson.OPT_INDENT_2)
            except _core.CoreError as error:  # the rest is worth having
                content = orjson.dumps({"missing": str(error.args[-1])})
            if len(content) > room:
                content = orjson.dumps({"missing": f"{len(content)} bytes were too many"})
            room -= len(content)
            contents[name] = content
        return contents

    def _view(self, route: str) -> Any:
        return orjson.loads(self._views.monitoring(route, "", ""))

    def _slowest(self) -> list[Any]:
        """The connections that stand out by any measure, each with its last events."""
        found: dict[str, Any] = {}
        for measure in MEASURES:
            page = orjson.loads(self._views.monitoring("connections", "", f"sort={measure}&limit={SLOWEST}"))
            for row in page["connections"]:
                found.setdefault(row["connection_id"], {**row, "stands_out_by": []})["stands_out_by"].append(measure)
        for name, row in found.items():
            try:
                row["black_box"] = orjson.loads(self._views.monitoring("connections", name, ""))
            except _core.CoreError:  # it has gone meanwhile
                row["black_box"] = None
        return list(found.values())

    def _series(self, queries: set[str], now: float) -> list[dict[str, Any]]:
        at_ms = round(now * 1e3)
        told = []
        for metric in sorted({name for query in queries for name in _METRIC.findall(query)}):
            window = self._store.select((Matcher("__name__", "=", metric),), at_ms - SERIES_MS, at_ms)
            for place, labels in enumerate(window.sets.labels):
                count = window.values.shape[1] if window.counts is None else int(window.counts[place])
                times = window.times_ms[0 if len(window.times_ms) == 1 else place][:count]
                told.append(
                    {
                        "labels": dict(labels),
                        "times_s": (times / 1e3).tolist(),
                        "values": window.values[place, :count].tolist(),
                    }
                )
        return told


def bundles(directory: Path) -> list[Path]:
    """Newest first."""
    if not directory.is_dir():
        return []
    return sorted((each for each in directory.iterdir() if (each / NOTEBOOK).is_file()), reverse=True)


def _alerts_of_newest(directory: Path) -> dict[str, float]:
    """When each alert of the last minutes that have bundles had its newest: a server before this one wrote them. What
    cannot be read says nothing.
    """
    found: dict[str, float] = {}
    newest_at = None
    with suppress(OSError):
        for bundle in bundles(directory):
            with suppress(OSError, ValueError, LookupError, TypeError):
                at = datetime.strptime(bundle.name.partition("-")[0], _STAMP).replace(tzinfo=UTC).timestamp()
                newest_at = newest_at or at
                if at <= newest_at - AGAIN_S:
                    break
                for alert in orjson.loads((bundle / "incident.json").read_bytes())["alerts"]:
                    found.setdefault(str(alert["labels"]["alertname"]), at)
    return found


def _as_json(alert: Alert, query: str) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "value": alert.value,
        "starts_at": rfc3339(alert.starts_at),
        "query": query,
    }
