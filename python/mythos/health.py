"""Health checks: what `server.health.add` takes, ready-made ones, and how several become one.

    server.health.add("database", health.database(lambda: sqlite3.connect("game.db")), timeout_s=1)
    shops = [health.http(f"http://shop-{n}/health") for n in (1, 2)]
    server.health.add("shop", health.any_of(*shops), critical=False)

A check is a function or a coroutine function without arguments. It gives a status ("healthy", "degraded",
"unhealthy"), a bool, or a pair of one of these and details, a dict that JSON can hold and that `/health/detailed` shows
to whoever may ask: no secrets; or something to be awaited that gives this. Whatever else it gives, and whatever it
raises, is unhealthy; what was raised goes into the log and the recent errors alone. Of details beyond 4,096 bytes only
their length is told. Times are in seconds.

Of several that are one, the details say of each its name (that of the function, or of the ready-made), its status and
its own details: `{"checks": [{"name": "http shop-1", "status": "healthy", "details": {"http_status": 200}}, …]}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import shutil
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

Status: TypeAlias = Literal["healthy", "degraded", "unhealthy"]
Result: TypeAlias = Status | bool | tuple[Status | bool, dict[str, Any]]
Check: TypeAlias = Callable[[], Result | Awaitable[Result]]

STATUSES: tuple[Status, ...] = ("healthy", "degraded", "unhealthy")


class Nonsense(TypeError):
    """A check gave something that is no result."""


# What single ones of several raise, by their names; the context goes with a check onto the loop and its threads.
_raised: ContextVar[list[tuple[str, Exception]]] = ContextVar("raised")


@contextlib.contextmanager
def collecting() -> Iterator[list[tuple[str, Exception]]]:
    """For whoever runs a check: what those that it is made of raise meanwhile, whatever follows for the whole."""
    raised: list[tuple[str, Exception]] = []
    token = _raised.set(raised)
    try:
        yield raised
    finally:
        _raised.reset(token)


def is_async(check: Check) -> bool:
    """Whether it is a coroutine function, and so belongs on the loop from its beginning."""
    return inspect.iscoroutinefunction(check) or inspect.iscoroutinefunction(type(check).__call__)


def read(result: Any) -> tuple[Status, dict[str, Any]]:
    """A result in its full form. Raises Nonsense."""
    status, details = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
    if isinstance(status, bool):
        status = "healthy" if status else "unhealthy"
    if status not in STATUSES or not isinstance(details, dict):
        raise Nonsense(f"a check gives a status, a bool, or one of these with a dict, not {result!r:.200}")
    return status, details


# Several as one


def all_of(*checks: Check) -> Check:
    """As unhealthy as the worst of them."""
    return _combined("all_of", checks, lambda found: max(found, key=STATUSES.index))


def any_of(*checks: Check) -> Check:
    """As healthy as the best of them: one of several that do the same is enough."""
    return _combined("any_of", checks, lambda found: min(found, key=STATUSES.index))


def quorum(n: int, *checks: Check) -> Check:
    """Healthy while `n` of them are, degraded while `n` of them are at least degraded."""
    if not 1 <= n <= len(checks):
        raise ValueError(f"a quorum of {n} among {len(checks)}")
    return _combined("quorum", checks, lambda found: sorted(found, key=STATUSES.index)[n - 1])


def cached(check: Check, seconds: float) -> Check:
    """The same, and not called again for so long after a result; what it raises is not kept."""
    lock = threading.Lock()
    kept: list[tuple[float, Result]] = []

    def fresh() -> Result | None:
        with lock:
            return kept[0][1] if kept and time.monotonic() - kept[0][0] < seconds else None

    def keep(result: Result) -> Result:
        with lock:
            kept[:] = [(time.monotonic(), result)]
        return result

    async def keep_awaited(result: Result | Awaitable[Result]) -> Result:
        return keep(await result if inspect.isawaitable(result) else result)

    async def ask_async() -> Result:
        result = fresh()
        return await keep_awaited(check()) if result is None else result

    def ask() -> Result | Awaitable[Result]:
        result = fresh()
        if result is not None:
            return result
        found = check()
        return keep_awaited(found) if inspect.isawaitable(found) else keep(found)

    return _named(ask_async if is_async(check) else ask, _name_of(check, 1))


def _combined(name: str, checks: Sequence[Check], choose: Callable[[list[Status]], Status]) -> Check:
    if not checks:
        raise ValueError("nothing to check")
    for check in checks:
        if not callable(check):
            raise TypeError(f"a check is a function, not {check!r:.200}")
    children = [(_name_of(check, number), check) for number, check in enumerate(checks, 1)]

    def conclude(found: list[_Child]) -> Result:
        return choose([child["status"] for child in found]), {"checks": found}

    async def ask_async() -> Result:
        return conclude(list(await asyncio.gather(*(_one_async(*child) for child in children))))

    async def conclude_awaited(found: list[_Child | Awaitable[_Child]]) -> Result:
        return conclude([await child if inspect.isawaitable(child) else child for child in found])

    def ask() -> Result | Awaitable[Result]:
        found = [_one(*child) for child in children]
        ready = [child for child in found if not inspect.isawaitable(child)]
        return conclude(ready) if len(ready) == len(found) else conclude_awaited(found)

    return _named(ask_async if any(is_async(check) for check in checks) else ask, name)


_Child: TypeAlias = dict[str, Any]  # "name", "status", and "details" where there are any


def _named(check: Check, name: str) -> Check:
    check.__name__ = name
    return check


def _name_of(check: Check, number: int) -> str:
    function = check.func if isinstance(check, functools.partial) else check
    name: str = getattr(function, "__name__", type(function).__name__)
    return f"check-{number}" if name == "<lambda>" else name


def _told(name: str, result: Any) -> _Child:
    status, details = read(result)
    return {"name": name, "status": status} | ({"details": details} if details else {})


def _failed(name: str, error: Exception) -> _Child:
    if (raised := _raised.get(None)) is not None:
        raised.append((name, error))
    return {"name": name, "status": "unhealthy"}


def _one(name: str, check: Check) -> _Child | Awaitable[_Child]:
    try:
        result = check()
        return _one_awaited(name, result) if inspect.isawaitable(result) else _told(name, result)
    except Exception as error:
        return _failed(name, error)


async def _one_awaited(name: str, result: Awaitable[Result]) -> _Child:
    try:
        return _told(name, await result)
    except Exception as error:
        return _failed(name, error)


async def _one_async(name: str, check: Check) -> _Child:
    found = _one(name, check) if is_async(check) else await asyncio.to_thread(_one, name, check)
    return await found if inspect.isawaitable(found) else found


# Ready-made


def http(url: str, *, expected: Collection[int] = range(200, 400), timeout_s: float = 2.0) -> Check:
    """Whether a GET is answered with one of these statuses; redirects are not followed."""
    import httpx

    def ask() -> Result:
        status = httpx.get(url, timeout=timeout_s).status_code
        return status in expected, {"http_status": status}

    return _named(ask, f"http {urlsplit(url).hostname}")


def tcp(host: str, port: int, *, timeout_s: float = 2.0) -> Check:
    """Whether somebody accepts a connection there."""

    def ask() -> Result:
        with socket.create_connection((host, port), timeout=timeout_s):
            return "healthy"

    return _named(ask, f"tcp {host}:{port}")


def database(connect: Callable[[], Any], query: str = "SELECT 1") -> Check:
    """Whether a database answers a query.

    `connect` gives a DB-API connection, which is closed again; or it is a coroutine function that gives an object with
    an awaitable `execute(query)` (asyncpg, SQLAlchemy's async engine, aiosqlite), which is closed if it can be. For a
    pool, give a function that asks the pool and use that as the check.
    """

    def ask() -> Result:
        with contextlib.closing(connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            cursor.fetchone()
        return "healthy"

    async def ask_async() -> Result:
        connection = await connect()
        try:
            await connection.execute(query)
        finally:
            closed = connection.close() if hasattr(connection, "close") else None
            if inspect.isawaitable(closed):
                await closed
        return "healthy"

    return _named(ask_async if inspect.iscoroutinefunction(connect) else ask, "database")


def disk_free(path: str, *, degraded_percent: float = 10, unhealthy_percent: float = 5) -> Check:
    """Whether more than so much of the file system that holds `path` is free."""

    def ask() -> Result:
        usage = shutil.disk_usage(path)
        percent = 100 * usage.free / usage.total
        status: Status = "healthy" if percent > degraded_percent else "degraded"
        return status if percent > unhealthy_percent else "unhealthy", {"free_percentage": round(percent, 1)}

    return _named(ask, "disk_free")


def event_loop_lag(*, degraded_ms: float = 100, unhealthy_ms: float = 1_000) -> Check:
    """How late the asyncio loop that handlers run on comes to what is due."""

    async def ask() -> Result:
        wait_s = 0.01
        began = time.monotonic()
        await asyncio.sleep(wait_s)
        lag_ms = max(0.0, (time.monotonic() - began - wait_s) * 1e3)
        status: Status = "healthy" if lag_ms < degraded_ms else "degraded"
        return status if lag_ms < unhealthy_ms else "unhealthy", {"lag_ms": round(lag_ms, 3)}

    return _named(ask, "event_loop_lag")
