"""An alert as the rules raise it and the ways out tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

# Label sets as keys: pairs sorted by name. A series has its metric's name under `__name__`.
Labels = tuple[tuple[str, str], ...]

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211


def as_labels(labels: Mapping[str, str]) -> Labels:
    """Empty values are as if they were not there, as in Prometheus."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def rfc3339(at: float) -> str:
    """Seconds since the epoch as Alertmanager's API writes them: UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fingerprint(labels: Mapping[str, str] | Labels) -> str:
    """Of a label set: 16 hex digits, the same that Prometheus and Alertmanager give it (FNV-1a, 64 bits)."""
    return _fingerprint(tuple(sorted(labels.items())) if isinstance(labels, Mapping) else labels)


@lru_cache(maxsize=20_000)  # the same alerts are asked about in every evaluation, by several
def _fingerprint(pairs: Labels) -> str:
    value = _FNV_OFFSET
    for name, text in pairs:
        for byte in name.encode() + b"\xff" + text.encode() + b"\xff":
            value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


@dataclass(frozen=True)
class Alert:
    """One firing or resolved alert. Times are seconds since the epoch."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    # Firing: when it counts as resolved unless it is told of again. Resolved: when it ended.
    ends_at: float
    resolved: bool = False
    generator_url: str = ""
    value: float | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")
