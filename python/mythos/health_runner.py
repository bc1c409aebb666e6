"""Runs an application's health checks in the background, and reports to the core what they find.

Each check has a thread of its own, which calls it, or has it run on the server's asyncio loop if it is a coroutine
function: there it finds what belongs to that loop. So one that hangs holds up no other. The core answers probes with
what was reported last; where nothing is reported in time (a check hangs, the loop or the whole interpreter is blocked),
it says so by itself: stale, and unhealthy.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from mythos import _core
from mythos.health import Check, Nonsense, is_async, read

# The core's own components, and how many an application may have beside them.
RESERVED = frozenset({"connections", "database", "event_loops", "memory", "performance"})
CHECKS_MAX = 56
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
JITTER = 0.05  # of the interval; the core allows twice as much


@dataclass(slots=True)
class Kept:
    """A check, and how it is run."""

    name: str
    check: Check
    timeout_s: float
    interval_s: float
    critical: bool
    tags: tuple[str, ...]
    ended: threading.Event = field(default_factory=threading.Event)


class HealthChecks:
    """The application's own components: `server.health`. Any thread."""

    def __init__(self) -> None:
        self._checks: dict[str, Kept] = {}
        self._core: _core.ServerCore | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(
        self,
        name: str,
        check: Check,
        *,
        timeout_s: float = 2.0,
        interval_s: float = 10.0,
        critical: bool = True,
        tags: Sequence[str] = (),
    ) -> None:
        """Has `check` (see mythos.health) run every `interval_s`, before the start or while the server runs.

        Three results in a row that are worse turn the component, and two that are better turn it back. While one that
        is `critical` is unhealthy, so is the server: `/health` and `/readyz` answer 503. One that is not makes it
        degraded at most. A coroutine function is cancelled after `timeout_s`; a plain one cannot be, and is called no
        more until it has come back. Raises ValueError for a name that is taken or none (1 to 64 letters, digits, dots,
        dashes and underscores), times that are not positive, and beyond 56 checks.
        """
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name: 1 to 64 letters, digits, dots, dashes and underscores")
        if name in self._checks or name in RESERVED:
            raise ValueError(f"{name!r} has a check already")
        if len(self._checks) >= CHECKS_MAX:
            raise ValueError(f"there are {CHECKS_MAX} checks already")
        if not (timeout_s > 0 and interval_s > 0):
            raise ValueError("timeout_s and interval_s are positive")
        kept = Kept(name, check, timeout_s, interval_s, critical, tuple(tags))
        if self._core is not None:
            self._start(kept)
        self._checks[name] = kept

    def remove(self, name: str) -> None:
        """The component is no more. Raises KeyError."""
        kept = self._checks.pop(name)
        kept.ended.set()
        if self._core is not None:
            with suppress(_core.CoreError):
                self._core.remove_health(name)

    def __contains__(self, name: object) -> bool:
        return name in self._checks

    def attach(self, core: _core.ServerCore, loop: asyncio.AbstractEventLoop | None) -> None:
        """The server has started; coroutine functions run on `loop`."""
        self._core, self._loop = core, loop
        for kept in self._checks.values():
            kept.ended = threading.Event()
            self._start(kept)

    def detach(self) -> None:
        """The server stops: no check is called any more; one that runs is left to itself."""
        self._core = self._loop = None
        for kept in self._checks.values():
            kept.ended.set()

    def _start(self, kept: Kept) -> None:
        core, loop = self._core, self._loop
        assert core is not None
        core.add_health(kept.name, kept.critical, kept.interval_s, kept.timeout_s, kept.tags)
        # A daemon: a check that never comes back must not keep the interpreter from exiting.
        threading.Thread(
            target=_keep_checking, args=(core, loop, kept, kept.ended), name=f"mythos-health-{kept.name}", daemon=True
        ).start()


def _keep_checking(
    core: _core.ServerCore, loop: asyncio.AbstractEventLoop | None, kept: Kept, ended: threading.Event
) -> None:
    while not ended.is_set():
        began = time.monotonic()
        status, details = _run(core, loop, kept, began)
        if ended.is_set():
            return
        try:
            core.report_health(kept.name, status, time.monotonic() - began, details)
        except _core.CoreError:  # stopped
            return
        ended.wait(kept.interval_s * (1 + JITTER * random.random()))


def _run(core: _core.ServerCore, loop: asyncio.AbstractEventLoop | None, kept: Kept, began: float) -> tuple[str, bytes]:
    """One call; what went wrong with it is told to the core's log."""
    code = "check_failed"
    try:
        status, details = read(_call(loop, kept))
        if time.monotonic() - began > kept.timeout_s:
            raise TimeoutError(f"it took {time.monotonic() - began:.3f} s")
        return status, orjson.dumps(details)
    except TimeoutError as error:
        code, why = "check_timeout", repr(error)
    except Nonsense as error:
        code, why = "check_nonsense", str(error)
    except BaseException as error:  # even SystemExit is the check's own affair
        why = repr(error)
    with suppress(_core.CoreError):
        core.note_check_failure(kept.name, code, why)
    return "unhealthy", b""


def _call(loop: asyncio.AbstractEventLoop | None, kept: Kept) -> Any:
    if not is_async(kept.check):
        return kept.check()
    if loop is None:
        return asyncio.run(asyncio.wait_for(_awaited(kept.check), kept.timeout_s))
    future = asyncio.run_coroutine_threadsafe(_awaited(kept.check), loop)
    try:
        return future.result(kept.timeout_s)
    except TimeoutError:
        future.cancel()
        raise


async def _awaited(check: Check) -> Any:
    return await check()  # type: ignore[misc]
