"""When to try again: exponential backoff with full jitter, within bounds, unless the receiver says when."""

from __future__ import annotations

from collections.abc import Callable

BASE_S = 1.0
MAX_S = 300.0
RETRY_AFTER_MAX_S = 3_600.0  # of what a receiver may ask for


def delay_s(attempts: int, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """After so many failed attempts in a row; `random` gives 0 to 1."""
    jitter = random() * min(MAX_S, BASE_S * 2.0 ** min(attempts, 20))
    if retry_after_s is None:
        return jitter
    return min(retry_after_s, RETRY_AFTER_MAX_S) + min(jitter, BASE_S)
