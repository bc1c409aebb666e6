"""Waiting for a condition, bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(probe: Callable[[], Awaitable[bool]], within_s: float = 15.0) -> None:
    """Asks again and again until the answer is yes; fails after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        if await probe():
            return
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.02)
