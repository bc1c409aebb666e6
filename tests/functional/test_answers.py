"""Each row of docs/reference/answers.md, driven against a real process beside another player's two streams."""

import asyncio
import contextlib
import itertools
import re

import pytest

import answer_drivers_connect
import answer_drivers_http  # noqa: F401  (registers its drivers)
import answer_drivers_limits  # noqa: F401
import answer_drivers_websocket  # noqa: F401
from answer_case import DRIVERS, TABLE, Case, read_rows
from api import Api, until
from mythosd import REPOSITORY, Mythosd, eventually
from wires import open_sse, open_websocket

ROWS = read_rows(TABLE.read_text())
CPP = REPOSITORY / "cpp"
GROWTH_BYTES_MAX = 16 * 2**20
_players = itertools.count(1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A server for each set of options, with its memory and descriptors when new; all back there in the end."""
    running: dict[str, tuple[Mythosd, int, int]] = {}

    def give(options):
        key = str(sorted(options.items()))
        if key not in running:
            one = Mythosd(tmp_path_factory.mktemp("mythosd"), options).start()
            asyncio.run(_warm_up(one))
            running[key] = (one, one.resident_bytes(), one.descriptors())
        return running[key]

    yield give
    for one, _, _ in running.values():
        one.stop()


async def _warm_up(server):
    """One pass of what every case does, so that what is allocated once is there before measuring."""
    async with Api(server.url) as api, _bystander(server, api, "warm-up"):
        await api.counters()


@contextlib.asynccontextmanager
async def _bystander(server, api, player):
    """Two streams of a player who does nothing wrong: they must go on without a hole while the body runs."""
    stop = asyncio.Event()
    sent = []

    async def publish():
        while not stop.is_set() or len(sent) < 3:
            await api.publish("test.n", {"n": len(sent)}, player=player)
            sent.append(len(sent))
            await asyncio.sleep(0.02)

    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        publishing = asyncio.create_task(publish())
        try:
            yield
        finally:
            stop.set()
            await publishing
        for wire in (ws, sse):
            assert [m.data["n"] for m in await wire.entries(len(sent))] == sent, f"{wire.name} of the bystander"


def test_every_row_has_its_driver_and_every_driver_its_row():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids)) > 0
    assert set(ids) == set(DRIVERS)


# What is written between quotes before a message, or where an error is made, is an error code.
CODES = [
    re.compile(pattern)
    for pattern in (
        r'"([a-z]+(?:_[a-z]+)*)",\s*"[^"]* [^"]*"',
        r'\bError\{"([a-z_]+)"',
        r'\b(?:error|refused)\([^;"]*"([a-z_]+)"',
    )
]
# Not answers to a request: what is told at the start, and by the conformance echo.
ELSEWHERE = ("transport/socket.cpp", "transport/hub_loop.cpp", "transport/echo.cpp")
NOT_BY_INPUT = {
    "handler_failed": "only an application's handler can break off; tests/python has one",
    "forbidden": "only where an application says who asks; tests/python/authenticator_test.py has it",
    "server_fault": "no input is known that provokes it",
    "bad_key": "the handshake's own name for what is answered as bad_upgrade",
}


def test_every_error_code_of_the_server_has_a_row():
    sources = [*CPP.glob("hub/*.cpp"), *CPP.glob("transport/*.cpp"), CPP / "protocol/envelope.cpp"]
    texts = [source.read_text() for source in sources if not str(source).endswith(ELSEWHERE)]
    codes = {code for text in texts for pattern in CODES for code in pattern.findall(text)}
    assert {"bad_json", "session_limit", "draining", "bad_upgrade"} <= codes, "the patterns find them"
    told = {row.error_code for row in ROWS} | {re.sub(r'.*"([a-z_]+)"\}$', r"\1", row.counter) for row in ROWS}
    assert codes - told - set(NOT_BY_INPUT) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@pytest.mark.timeout(240)
async def test_row(servers, start_server, row):
    driver = DRIVERS[row.id]
    if driver.ends:
        return await _last_row(await asyncio.to_thread(start_server, driver.options), driver, row)
    if driver.alone:
        server = await asyncio.to_thread(start_server, driver.options)
        await _warm_up(server)
        descriptors = server.descriptors()
    else:
        server, _, descriptors = await asyncio.to_thread(servers, driver.options)
    player = f"answer{next(_players)}"
    async with Api(server.url) as api, _bystander(server, api, f"{player}-bystander"):
        before = await api.counters()
        assert row.counter in before, f"no counter {row.counter}"
        answer = await driver.drive(Case(server, api, player))
        assert (answer.answer, answer.error_code) == (row.answer, row.error_code)
        expected = before[row.counter] + answer.times

        async def counted():
            return (await api.counters())[row.counter] >= expected

        await until(f"{row.counter} grows by {answer.times}", counted, within=20)
        assert (await api.counters())[row.counter] == expected
    await asyncio.to_thread(_descriptors_return, server, descriptors)


async def _last_row(server, driver, row):
    """A row that ends its server: no bystander, and the driver reads the counters while it still can."""
    async with Api(server.url) as api:
        before = await api.counters()
        case = Case(server, api, f"answer{next(_players)}")
        answer = await driver.drive(case)
    assert (answer.answer, answer.error_code) == (row.answer, row.error_code)
    assert case.counters[row.counter] == before[row.counter] + answer.times
    assert await asyncio.to_thread(server.wait_exit) == 0


def _descriptors_return(server, descriptors):
    eventually(f"back to {descriptors} descriptors", lambda: server.descriptors() <= descriptors or None, within=20)


def test_memory_and_descriptors_are_back_where_they_were(servers):
    """After all rows, the ten thousand hang-ups included."""
    shared = [d for d in DRIVERS.values() if not d.alone and not d.ends]
    for options in {str(sorted(d.options.items())): d.options for d in shared}.values():
        server, resident, descriptors = servers(options)
        _descriptors_return(server, descriptors)
        growth = server.resident_bytes() - resident
        assert growth < GROWTH_BYTES_MAX, f"{growth} bytes more with {options}"


LEAK_BYTES_MAX = 2**20
SHORT_LIVED = {
    "session.grace_s": 0,
    "session.sweep_interval_s": 1,
    "journal.retention_entries": 1_024,
    "journal.retention_s": 1,
}


@pytest.mark.timeout(240)
def test_the_second_ten_thousand_hang_ups_cost_no_memory(start_server):
    """What the first load makes the process hold (buffers, arenas, tables) the second finds there: 100 bytes lost for
    each hang-up would show."""
    server = start_server(SHORT_LIVED)
    after = []
    for _ in range(3):
        asyncio.run(_load(server))
        after.append(server.resident_bytes())
    assert after[2] - after[1] < LEAK_BYTES_MAX, f"resident after each load: {after}"


async def _load(server):
    async with Api(server.url) as api:
        await answer_drivers_connect.hang_ups(Case(server, api, f"answer{next(_players)}"))

        async def gone():
            return (await api.stats())["sessions"] == 0

        await until("the sessions have ended", gone)
