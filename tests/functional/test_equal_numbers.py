"""Known traffic, and exactly its numbers wherever they are told: the routes, /metrics, the log, the store, Python.

The traffic is in known_traffic.py; how each place is read, in told_numbers.py.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter

import mythos
import told_numbers as told
from api import Api, until
from databases import SqliteFile
from history import await_written, dropped
from known_traffic import ERRORS, LEVELS, OPTIONS, TOTALS, standing, traffic
from test_metrics import scrape

CONNECTED = ("WebSocket connected", "SSE connected")
# What only a process of its own makes: it is told to read a file that is none.
OF_MYTHOSD = {("validation_error", "medium", "reload_failures"): 1}
# What only a program with a server in it makes: a handler that fails, and errors of its own.
OF_PYTHON = {
    ("system_error", "high", "handler_failed"): 1,
    ("system_error", "critical", "oven"): 2,
    ("session_error", "medium", "oven"): 1,
}


def with_sums(totals):
    """The totals, and what some places tell of them in other parts."""
    sums = {
        "established": totals["opened"],
        "kinds": told.kinds_of(totals["errors"]),
        "outcomes": told.outcomes_of(totals["deliveries"]),
        "timed": totals["deliveries"]["written"],
        # What is skipped for a newer one has no line.
        "deliveries_logged": {name: n for name, n in totals["deliveries"].items() if name != "conflated"},
    }
    return totals | sums


def of_mythosd(totals):
    return totals | {"errors": ERRORS | OF_MYTHOSD}


def of_python(totals):
    commands = totals["command_errors"] | {"handler_failed": 1}
    return totals | {"command_errors": commands, "errors": ERRORS | OF_PYTHON}


def agree(found, known):
    assert found == {name: known[name] for name in found}


async def levels_agree(server, api, database, lines):
    known = LEVELS | {"total": sum(LEVELS["connections"].values())}
    agree(told.distribution_in(await api.stats()), known)
    agree(told.distribution_in(await api.get("/monitoring/dual-connections")), known)
    agree(told.health_in(await api.get("/monitoring/connection-health")), known)
    agree(told.page_in(await api.get("/monitoring/connections")), known)
    samples = await scrape(api)
    agree(told.levels_in(samples), known)
    assert samples["mythos_connection_health_percentage"] == 100
    performance = await api.get("/monitoring/performance")
    assert performance["system_performance"]["active_connections"] == known["total"]

    async def checked():
        component = (await api.get("/health/detailed"))["components"]["connections"]
        return component["total_connections"] == component["healthy_connections"] == known["total"]

    await until("the check has seen them", checked)
    await asyncio.to_thread(await_written, server, known["total"] + known["sessions"])
    rows = database.rows("SELECT connection_type FROM connections WHERE closed_at IS NULL")
    assert Counter(wire for (wire,) in rows) == known["connections"]
    assert len(database.rows("SELECT 1 FROM sessions WHERE closed_at IS NULL")) == known["sessions"]
    connected = [line["total_connections"] for line in lines() if line["event"] in CONNECTED]
    assert sorted(connected) == list(range(1, known["total"] + 1))


async def totals_agree(api, known):
    async def all_are_closed():
        return (await api.stats())["connections"]["total"] == 0

    await until("all connections are closed", all_are_closed)
    stats = await api.stats()
    agree(told.in_counters(stats["counters"]), known)
    assert stats["closed_accounts"]["unsent"] == known["deliveries"]["unsent"]
    samples = await scrape(api)
    agree(told.in_counters(samples), known)
    agree(told.in_samples(samples), known)
    agree(told.in_performance(await api.get("/monitoring/performance")), known)
    agree(told.in_errors(await api.get("/monitoring/errors")), known)


async def rows_agree(server, database, known):
    events = 2 * sum(known["opened"].values()) + sum(known["sessions"].values())
    await asyncio.to_thread(await_written, server, events)
    assert set(dropped(server).values()) == {0}
    agree(told.in_tables(database), known)


async def test_mythosd_tells_the_same_numbers_everywhere(start_server, database):
    server = start_server(OPTIONS | {"store.url": database.url})
    known = with_sums(of_mythosd(TOTALS))
    async with Api(server.url) as api:
        async with standing(server):
            await levels_agree(server, api, database, server.log_lines)
        await traffic(server, api)
        await asyncio.to_thread(reload_fails, server)
        await totals_agree(api, known)
        await rows_agree(server, database, known)
    server.stop()
    agree(told.in_log(server.log_lines()), known)
    assert not database.rows("SELECT session_id FROM sessions WHERE closed_at IS NULL")


def reload_fails(server):
    server.config.write_text("nonsense")
    server.signal(signal.SIGHUP)
    server.wait_log("the reload has failed", lambda line: line["event"] == "Configuration not reloaded")


async def test_a_server_within_python_tells_them_too(tmp_path):
    database, log = SqliteFile(tmp_path), tmp_path / "mythos.log"
    server = mythos.Server(listen="127.0.0.1:0", **OPTIONS, **{"store.url": database.url, "log.file": str(log)})
    known = with_sums(of_python(TOTALS))

    def lines():
        return [json.loads(line) for line in log.read_text().splitlines()]

    @server.command("burn")
    def burn(command):
        raise RuntimeError("nobody looked after it")

    server.start()
    try:
        async with Api(server.url) as api:
            async with standing(server):
                await levels_agree(server, api, database, lines)
                python_levels_agree(server)
            await traffic(server, api)
            await errors_of_its_own(server, api)
            await totals_agree(api, known)
            await rows_agree(server, database, known)
            python_totals_agree(server, known)
    finally:
        await asyncio.to_thread(server.stop)
    agree(told.in_log(lines()), known)


async def errors_of_its_own(server, api):
    session = (await api.connections("ann"))["session_id"]
    [reply] = await api.commands(session, {"id": "x-1", "type": "burn", "data": {}})
    assert reply["data"]["error"]["code"] == "handler_failed"
    for _ in range(2):
        server.errors.record("system_error", "critical", "The oven is cold", code="oven")
    server.errors.record("session_error", "medium", "The guest has left", code="oven", player="ann")


def python_levels_agree(server):
    total = sum(LEVELS["connections"].values())
    assert len(server.connections) == server.monitoring.connections()["total"] == total
    assert Counter(connection.wire for connection in server.connections) == LEVELS["connections"]
    assert len(server.sessions) == LEVELS["sessions"]
    assert len(server.channels()) == LEVELS["channels"]
    assert sum(server.channels().values()) == LEVELS["subscriptions"]
    agree(told.distribution_in(server.monitoring.dual_connections()), LEVELS)
    agree(told.health_in(server.monitoring.connection_health()), LEVELS)
    agree(told.page_in(server.monitoring.connections()), LEVELS)
    assert Counter(row.wire for row in server.store.connections() if row.closed_at is None) == LEVELS["connections"]


def python_totals_agree(server, known):
    agree(told.in_performance(server.monitoring.performance()), known)
    agree(told.in_errors(server.errors.statistics), known)
    assert Counter((each.type, each.severity) for each in server.errors.recent(1_000)) == known["kinds"]
    assert len(server.connections) == 0
    rows = server.store.connections(limit=1_000)
    assert Counter(row.wire for row in rows) == known["opened"]
    assert Counter((row.wire, row.close_reason) for row in rows) == known["closed"]
    sessions = server.store.sessions(limit=1_000)
    assert len(sessions) == known["sessions"]["opened"]
    assert sum(session.close_reason == "replaced" for session in sessions) == known["sessions"]["replaced"]
    assert server.store.status.written == 2 * len(rows) + len(sessions) + known["sessions"]["replaced"]
    assert set(server.store.status.dropped.values()) == {0}
