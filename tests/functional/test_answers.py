"""Each row of docs/reference/answers.md, driven against a real process beside another player's two streams."""

import asyncio
import contextlib
import itertools

import pytest

import answer_drivers_connect  # noqa: F401  (registers its drivers)
import answer_drivers_http  # noqa: F401
import answer_drivers_websocket  # noqa: F401
from answer_case import DRIVERS, TABLE, Case, read_rows
from api import Api, until
from mythosd import Mythosd, eventually
from wires import open_sse, open_websocket

ROWS = read_rows(TABLE.read_text())
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@pytest.mark.timeout(240)
async def test_row(servers, row):
    driver = DRIVERS[row.id]
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


def _descriptors_return(server, descriptors):
    eventually(f"back to {descriptors} descriptors", lambda: server.descriptors() <= descriptors or None, within=20)


def test_memory_and_descriptors_are_back_where_they_were(servers):
    """After all rows, the ten thousand hang-ups included."""
    for options in {str(sorted(d.options.items())): d.options for d in DRIVERS.values()}.values():
        server, resident, descriptors = servers(options)
        _descriptors_return(server, descriptors)
        growth = server.resident_bytes() - resident
        assert growth < GROWTH_BYTES_MAX, f"{growth} bytes more with {options}"
