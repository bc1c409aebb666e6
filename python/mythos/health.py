"""Health checks: what `server.health.add` takes, ready-made ones, and how several become one.

    server.health.add("database", health.database(lambda: sqlite3.connect("game.db")), timeout_s=1)
    shops = [health.http(f"http://shop-{n}/health") for n in (1, 2)]
    server.health.add("shop", health.any_of(*shops), critical=False)

A check is a function or a coroutine function without arguments. It gives a status ("healthy", "degraded",
"unhealthy"), a bool, or a pair of one of these and details, a dict that JSON can hold and that `/health/detailed` shows
to whoever may ask: no secrets. Whatever else it gives, and whatever it raises, is unhealthy; what was raised goes into
the log alone. Times are in seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import shutil
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Literal, TypeAlias, cast

Status: TypeAlias = Literal["healthy", "degraded", "unhealthy"]
Result: TypeAlias = Status | bool | tuple[Status | bool, dict[str, Any]]
Check: TypeAlias = Callable[[], Result | Awaitable[Result]]

STATUSES: tuple[Status, ...] = ("healthy", "degraded", "unhealthy")


class Nonsense(TypeError):
    """A check gave something that is no result."""


def is_async(check: Check) -> bool:
    """Whether calling it gives something to be awaited."""
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
    return _combined(checks, lambda found: max(found, key=STATUSES.index))


def any_of(*checks: Check) -> Check:
    """As healthy as the best of them: one of several that do the same is enough."""
    return _combined(checks, lambda found: min(found, key=STATUSES.index))


def quorum(n: int, *checks: Check) -> Check:
    """Healthy while `n` of them are, degraded while `n` of them are at least degraded."""
    if not 1 <= n <= len(checks):
        raise ValueError(f"a quorum of {n} among {len(checks)}")
    return _combined(checks, lambda found: sorted(found, key=STATUSES.index)[n - 1])


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

    async def ask_async() -> Result:
        result = fresh()
        return keep(await cast(Awaitable[Result], check())) if result is None else result

    def ask() -> Result:
        result = fresh()
        return keep(cast(Result, check())) if result is None else result

    return ask_async if is_async(check) else ask


def _combined(checks: Sequence[Check], choose: Callable[[list[Status]], Status]) -> Check:
    if not checks:
        raise ValueError("nothing to check")

    def conclude(found: list[Status]) -> Result:
        return choose(found), {"checks": list(found)}

    async def ask_async() -> Result:
        return conclude(list(await asyncio.gather(*(_one_async(check) for check in checks))))

    def ask() -> Result:
        return conclude([_one(check) for check in checks])

    return ask_async if any(is_async(check) for check in checks) else ask


def _one(check: Check) -> Status:
    try:
        return read(check())[0]
    except Exception:
        return "unhealthy"


async def _one_async(check: Check) -> Status:
    if not is_async(check):
        return await asyncio.to_thread(_one, check)
    try:
        return read(await cast(Awaitable[Result], check()))[0]
    except Exception:
        return "unhealthy"


# Ready-made


def http(url: str, *, expected: Collection[int] = range(200, 400), timeout_s: float = 2.0) -> Check:
    """Whether a GET is answered with one of these statuses; redirects are not followed."""
    import httpx

    def ask() -> Result:
        status = httpx.get(url, timeout=timeout_s).status_code
        return status in expected, {"http_status": status}

    return ask


def tcp(host: str, port: int, *, timeout_s: float = 2.0) -> Check:
    """Whether somebody accepts a connection there."""

    def ask() -> Result:
        with socket.create_connection((host, port), timeout=timeout_s):
            return "healthy"

    return ask


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

    return ask_async if inspect.iscoroutinefunction(connect) else ask


def disk_free(path: str, *, degraded_percent: float = 10, unhealthy_percent: float = 5) -> Check:
    """Whether more than so much of the file system that holds `path` is free."""

    def ask() -> Result:
        usage = shutil.disk_usage(path)
        percent = 100 * usage.free / usage.total
        status: Status = "healthy" if percent > degraded_percent else "degraded"
        return status if percent > unhealthy_percent else "unhealthy", {"free_percentage": round(percent, 1)}

    return ask


def event_loop_lag(*, degraded_ms: float = 100, unhealthy_ms: float = 1_000) -> Check:
    """How late the asyncio loop that handlers run on comes to what is due."""

    async def ask() -> Result:
        wait_s = 0.01
        began = time.monotonic()
        await asyncio.sleep(wait_s)
        lag_ms = max(0.0, (time.monotonic() - began - wait_s) * 1e3)
        status: Status = "healthy" if lag_ms < degraded_ms else "degraded"
        return status if lag_ms < unhealthy_ms else "unhealthy", {"lag_ms": round(lag_ms, 3)}

    return ask
