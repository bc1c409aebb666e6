"""Readers that stop reading: closed, told a gap, or conflated, as `session.slow_reader` says; nobody else waits."""

import pytest

from api import Api
from sleeper import sleeping
from wires import open_websocket, open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])
PAD = "x" * 16_000
BATCH = 16
BATCHES = 60  # 15 MB in all: several times what two kernels buffer for a socket
TOTAL = BATCH * BATCHES
RETAINED = 64
PATIENT = {"heartbeat_ms": 300_000}  # one who reads nothing answers no ping either


async def publish(api, channel, first):
    """A batch of messages, numbered from `first`."""
    await api.publish_batch(
        [{"channel": channel, "type": "test.n", "data": {"n": n, "pad": PAD}} for n in range(first, first + BATCH)]
    )


async def flood(api, channel):
    """Publishes TOTAL numbered messages to the channel."""
    for first in range(0, TOTAL, BATCH):
        await publish(api, channel, first)


def seq(id):
    return int(id.rpartition("-")[2])


@WIRES
async def test_one_that_leaves_the_retention_is_closed_with_4005(start_server, player, channel, wire):
    server = start_server({**PATIENT, "journal.retention_entries": RETAINED, "session.slow_reader": "disconnect"})
    async with (
        Api(server.url) as api,
        sleeping(wire)(server, player) as slow,
        await open_websocket(server, f"{player}-x") as healthy,
    ):
        await api.command(slow.welcome["session_id"], "c-1", "subscribe", {"channel": channel})
        await healthy.subscribe(channel)
        for first in range(0, TOTAL, BATCH):
            await publish(api, channel, first)
            arrived = [m.data["n"] for m in await healthy.entries(BATCH)]
            assert arrived == list(range(first, first + BATCH))
        got = []
        while message := await slow.next():
            if "id" in message:
                got.append(message["data"]["n"])
        assert got == list(range(len(got))), "what came, came in order and without a hole"
        assert len(got) < TOTAL
        assert slow.close_code == 4005
        counters = await api.counters()
        assert counters["mythos_slow_consumer_disconnects_total"] == 1


@WIRES
async def test_one_that_leaves_the_retention_is_told_the_exact_gap(start_server, player, channel, wire):
    server = start_server({**PATIENT, "journal.retention_entries": RETAINED, "session.slow_reader": "gap"})
    async with Api(server.url) as api, sleeping(wire)(server, player) as slow:
        await api.command(slow.welcome["session_id"], "c-1", "subscribe", {"channel": channel})
        await flood(api, channel)
        numbers, lost, position = [], 0, slow.welcome["cursor"]
        while not numbers or numbers[-1] < TOTAL - 1:
            message = await slow.next()
            assert message is not None, f"the stream ended with {slow.close_code} after {len(numbers)} messages"
            if message["type"] == "mythos.gap":
                gap = message["data"]
                assert seq(gap["after"]) >= seq(position), "the gap begins where the stream had come to"
                assert gap["at_most"] == seq(gap["before"]) - seq(gap["after"]) - 1
                assert gap["reason"] == "retention"
                lost += gap["lost"]
                position = gap["before"]
            elif "id" in message:
                assert seq(message["id"]) >= seq(position)
                numbers.append(message["data"]["n"])
                position = message["id"]
        assert lost > 0 and numbers == sorted(set(numbers))
        assert len(numbers) + lost == TOTAL
        counters = await api.counters()
        assert counters['mythos_deliveries_total{status="gap"}'] == lost
        assert counters['mythos_deliveries_total{status="written"}'] == len(numbers)


@WIRES
async def test_a_slow_reader_does_not_grow_the_server(start_server, player, channel, wire):
    server = start_server({**PATIENT, "journal.retention_entries": RETAINED, "session.slow_reader": "gap"})
    async with Api(server.url) as api, sleeping(wire)(server, player) as slow:
        await api.command(slow.welcome["session_id"], "c-1", "subscribe", {"channel": channel})
        await flood(api, channel)
        once = server.resident_bytes()
        await flood(api, channel)
        await flood(api, channel)
        assert server.resident_bytes() - once < 8 * 2**20, "30 MB more published, none of it kept for the reader"


@WIRES
async def test_conflation_gives_one_who_was_away_the_newest_of_each_key(start_server, player, channel, wire):
    server = start_server({"session.slow_reader": "conflate"})
    async with Api(server.url) as api:
        async with await open_wire(server, wire, player) as first:
            session, cursor = first.session_id, first.welcome["cursor"]
            await api.command(session, "c-1", "subscribe", {"channel": channel})
        for n in range(10):
            await api.publish("at", {"n": n}, channel=channel, key="dragon")
            await api.publish("said", {"n": n}, channel=channel)
            await api.publish("at", {"n": n}, player=player, key="dragon")
        async with await open_wire(server, wire, player, session_id=session, cursor=cursor) as again:
            assert again.welcome["recovered"] is True
            got = [(m.type, m.json.get("channel"), m.data["n"]) for m in await again.fence(api)]
            said = [("said", channel, n) for n in range(10)]
            assert got == [*said[:9], ("at", channel, 9), said[9], ("at", None, 9)]
        counters = await api.counters()
        assert counters['mythos_deliveries_total{status="conflated"}'] == 18
        assert counters['mythos_deliveries_total{status="gap"}'] == 0


@WIRES
async def test_conflation_leaves_one_who_keeps_up_alone(start_server, player, wire):
    server = start_server({"session.slow_reader": "conflate"})
    async with Api(server.url) as api, await open_wire(server, wire, player) as live:
        for n in range(20):
            await api.publish("at", {"n": n}, player=player, key="dragon")
            assert (await live.entry()).data == {"n": n}


@WIRES
async def test_conflation_of_a_reader_that_fell_behind(start_server, player, channel, wire):
    server = start_server({**PATIENT, "session.slow_reader": "conflate", "journal.retention_bytes": 128 * 2**20})
    async with Api(server.url) as api, sleeping(wire)(server, player) as slow:
        await api.command(slow.welcome["session_id"], "c-1", "subscribe", {"channel": channel})
        for first in range(0, TOTAL, BATCH):
            await api.publish_batch(
                [
                    {"channel": channel, "type": "at", "key": f"k{n % 4}", "data": {"n": n, "pad": PAD}}
                    for n in range(first, first + BATCH)
                ]
            )
        await api.publish("last", {}, channel=channel)
        got = []
        while (message := await slow.next()) is not None and message["type"] != "last":
            assert message["type"] != "mythos.gap"
            if "id" in message:
                got.append(message["data"]["n"])
        assert message is not None
        assert got == sorted(set(got)) and got[-4:] == list(range(TOTAL - 4, TOTAL))
        counters = await api.counters()
        assert counters['mythos_deliveries_total{status="conflated"}'] == TOTAL - len(got) > 0
