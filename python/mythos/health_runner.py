"""Runs an application's health checks in the background, and reports to the core what they find.

Each check has a thread of its own, which calls it, or has it run on the server's asyncio loop if it is a coroutine
function: there it finds what belongs to that loop. So one that hangs holds up no other. The core answers probes with
what was reported last; where nothing is reported in time (a check hangs, the loop or the whole interpreter is blocked),
it says so by itself: stale, and unhealthy.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import re
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from mythos import _core
from mythos.health import Check, Nonsense, collecting, is_async, read

# The core's own components, and how many an application may have beside them.
RESERVED = frozenset({"alerts", "connections", "database", "event_loops", "memory", "performance"})
CHECKS_MAX = 56
TAGS_MAX = 16
DETAILS_BYTES_MAX = 4_096  # the core keeps no more
TIME_MAX_S = 86_400.0
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
        tags: Collection[str] = (),
    ) -> None:
        """Has `check` (see mythos.health) run every `interval_s`, before the start or while the server runs.

        Three results in a row that are worse turn the component, and two that are better turn it back. While one that
        is `critical` is unhealthy, so is the server: `/health` and `/readyz` answer 503. One that is not makes it
        degraded at most. `/health`, `/health/detailed` and `/readyz` may be asked of the components with one of the
        `tags` alone: `/readyz?tag=traffic`. What a coroutine function waits for is cancelled after `timeout_s`; a plain
        function cannot be, and is called no more until it has come back.

        Raises TypeError for what is no function, no text or no number, and ValueError for a name that is taken, a name
        or tag that is none (1 to 64 letters, digits, dots, dashes and underscores), more than 16 tags, times that are
        not above 0 and at most a day, and beyond 56 checks.
        """
        if not callable(check):
            raise TypeError(f"a check is a function, not {check!r:.200}")
        _name("name", name)
        if isinstance(tags, str | bytes):
            raise TypeError(f"tags are several texts, such as ({tags!r},)")
        for tag in tags:
            _name("tag", tag)
        if len(tags) > TAGS_MAX:
            raise ValueError(f"there are at most {TAGS_MAX} tags")
        for what, seconds in (("timeout_s", timeout_s), ("interval_s", interval_s)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise TypeError(f"{what} is a number, not {seconds!r:.200}")
            if not 0 < seconds <= TIME_MAX_S:
                raise ValueError(f"{what} is positive and at most {TIME_MAX_S:.0f}, not {seconds}")
        if not isinstance(critical, bool):
            raise TypeError(f"critical is True or False, not {critical!r:.200}")
        if name in self._checks or name in RESERVED:
            raise ValueError(f"{name!r} has a check already")
        if len(self._checks) >= CHECKS_MAX:
            raise ValueError(f"there are {CHECKS_MAX} checks already")
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
        with collecting() as raised:
            status, details = _run(core, loop, kept, began)
        for child, error in raised:
            _note(core, kept, error, f"{child}: ")
        if ended.is_set():
            return
        try:
            core.report_health(kept.name, status, time.monotonic() - began, details)
        except _core.CoreError:  # stopped
            return
        ended.wait(kept.interval_s * (1 + JITTER * random.random()))


def _run(core: _core.ServerCore, loop: asyncio.AbstractEventLoop | None, kept: Kept, began: float) -> tuple[str, bytes]:
    """One call; what went wrong with it is told to the core's log."""
    try:
        status, details = read(_call(loop, kept))
        if time.monotonic() - began > kept.timeout_s:
            raise TimeoutError(f"it took {time.monotonic() - began:.3f} s")
        text = orjson.dumps(details)
        return status, text if len(text) <= DETAILS_BYTES_MAX else orjson.dumps({"details_bytes_left_out": len(text)})
    except BaseException as error:  # even SystemExit is the check's own affair
        _note(core, kept, error)
    return "unhealthy", b""


def _note(core: _core.ServerCore, kept: Kept, error: BaseException, of: str = "") -> None:
    codes = {TimeoutError: "check_timeout", Nonsense: "check_nonsense"}
    code = next((code for kind, code in codes.items() if isinstance(error, kind)), "check_failed")
    with suppress(_core.CoreError):
        core.note_check_failure(kept.name, code, of + (str(error) if isinstance(error, Nonsense) else repr(error)))


def _call(loop: asyncio.AbstractEventLoop | None, kept: Kept) -> Any:
    if is_async(kept.check):
        waiting = _awaited(kept.check)  # it is called where it belongs, too
    else:
        result = kept.check()
        if not inspect.isawaitable(result):
            return result
        waiting = _awaited(lambda: result)
    if loop is None:
        return asyncio.run(asyncio.wait_for(waiting, kept.timeout_s))
    try:
        future = asyncio.run_coroutine_threadsafe(waiting, loop)
    except RuntimeError:  # the loop is closed: the server stops
        waiting.close()
        raise
    try:
        return future.result(kept.timeout_s)
    except TimeoutError:
        future.cancel()
        raise


async def _awaited(check: Callable[[], Any]) -> Any:
    return await check()


def _name(what: str, name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a {what} is a text, not {name!r:.200}")
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no {what}: 1 to 64 letters, digits, dots, dashes and underscores")
