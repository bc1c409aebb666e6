"""Durations as Prometheus writes them (`1h30m`, `15s`, `100ms`): model.ParseDuration. Here they are seconds."""

from __future__ import annotations

import re

_UNITS_MS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in ("y", "w", "d", "h", "m(?!s)", "s", "ms")))
_SECONDS_MAX = (1 << 63) / 1e9

HINT = "write a number with y, w, d, h, m, s or ms, the larger unit first, such as 5m, 1h30m or 15s"


def parse_duration(text: str) -> float:
    """Seconds. Raises ValueError, which says what to write instead."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    if found is None or not text:
        raise ValueError(f"{text!r} is no duration: {HINT}")
    seconds = sum(int(count) * size for count, size in zip(found.groups(), _UNITS_MS.values(), strict=True) if count)
    if seconds / 1_000 >= _SECONDS_MAX:
        raise ValueError(f"{text!r} is longer than 292 years")
    return seconds / 1_000


def format_duration(seconds: float) -> str:
    """As model.Duration prints itself: years and weeks only where they divide it."""
    rest = round(abs(seconds) * 1_000)
    if rest == 0:
        return "0s"
    text = "-" if seconds < 0 else ""
    for unit, size in _UNITS_MS.items():
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text
