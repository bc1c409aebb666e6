"""What backtests are tried on: recordings, exports, logs and rules, written to files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from mythos.alerts.alert import Labels, as_labels
from recording_scene import AtOnce

START_S = 1_795_000_005
STEP_S = 15
LOAD = as_labels({"__name__": "load", "job": "mythos"})


def at(step: float) -> float:
    return START_S + step * STEP_S


def record(directory: Path, series: Mapping[Labels, Sequence[float | None]], start_s: float = START_S) -> Path:
    """One start of the server; None where a series has no sample."""
    written = AtOnce(directory)
    for place in range(len(next(iter(series.values())))):
        samples = {labels: value for labels, values in series.items() if (value := values[place]) is not None}
        written.put(round((start_s + place * STEP_S) * 1_000), samples)
    written.finish()
    return directory


def export(file: Path, series: Mapping[Labels, Sequence[float | None]], start_s: float = START_S) -> Path:
    """As Prometheus answers a range query."""
    result = [
        {
            "metric": dict(labels),
            "values": [[start_s + n * STEP_S, f"{value!r}"] for n, value in enumerate(values) if value is not None],
        }
        for labels, values in series.items()
    ]
    file.write_bytes(orjson.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}))
    return file


def line(second: float, event: str, **fields: Any) -> bytes:
    stamp = datetime.fromtimestamp(START_S + second, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = {"timestamp": stamp, "level": "info", "logger": "server", "event": event}
    return orjson.dumps({**head, **fields}) + b"\n"


def refused(second: float, **fields: Any) -> bytes:
    kind = {"error_type": "validation_error", "severity": "low", "error_code": "bad_cursor", "reason": "bad_cursor"}
    return line(second, "SSE connection failed", **kind, connection_type="sse", **fields)


def rules(file: Path, *alerts: str, interval: str = "15s") -> Path:
    head = f"groups:\n- name: g\n  interval: {interval}\n  rules:\n"
    file.write_text(head + "".join(f"  - {{{alert}}}\n" for alert in alerts))
    return file


def hot(*steps: range, of: int) -> list[float | None]:
    """20 in these steps, otherwise 1."""
    return [20.0 if any(n in each for each in steps) else 1.0 for n in range(of)]
