"""Waiting for a condition, bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(probe: Callable[[], Awaitable[bool]], within_s: float = 15.0) -> None:
    """Asks again and again until the answer is yes; fails after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        if await probe():
            return
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.02)


def eventually(probe: Callable[[], T], within_s: float = 15.0) -> T:
    """The first answer that is true, for tests without a loop; fails after `within_s`."""
    deadline = time.monotonic() + within_s
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"not within {within_s} s (last answer: {answer!r})"
        time.sleep(0.02)
    return answer
