"""The asyncio client against a real server, wires cut on the way."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from mythos import errors
from mythos.client import Client
from mythos.entries import Entry, Gap, Item
from mythos.testing import LinkProxy
from waiting import until

WITHIN_S = 15.0


async def take(client: Client, count: int) -> list[Item]:
    async with asyncio.timeout(WITHIN_S):
        return [await anext(client) for _ in range(count)]


async def numbers(client: Client, count: int) -> list[int]:
    items = await take(client, count)
    assert all(isinstance(item, Entry) for item in items), items
    return [item.data["n"] for item in items if isinstance(item, Entry)]


async def nobody_in(channel: str, client: Client) -> bool:
    return not await client.presence(channel)


async def somebody_in(channel: str, client: Client) -> bool:
    return bool(await client.presence(channel))


async def has_received(client: Client, count: int) -> bool:
    return client.statistics["delivered"] >= count


def publish(server, first: int, last: int, player: str = "ann") -> None:
    for n in range(first, last + 1):
        server.publish("test.n", {"n": n}, player=player)


async def test_a_message_comes_once_though_both_wires_carry_it(mythos_server, mythos_client):
    async with mythos_client("ann") as ann:
        await ann.both_live()
        publish(mythos_server, 1, 5)
        assert await numbers(ann, 5) == [1, 2, 3, 4, 5]
        assert ann.unread == 0 and ann.live_wires == ["websocket", "sse"]
        assert repr(ann) == f"<mythos.Client ann at {mythos_server.url}: websocket live, sse live>"


@pytest.mark.parametrize("wire", ["websocket", "sse"])
@pytest.mark.parametrize("fault", ["cut", "close", "black_hole"])
@pytest.mark.mythos({"heartbeat_ms": 300})
async def test_a_harmed_wire_loses_and_repeats_nothing(mythos_server, mythos_client, mythos_proxy, wire, fault):
    async with mythos_client("ann", through=mythos_proxy) as ann:
        await ann.both_live()
        publish(mythos_server, 1, 3)
        attempts = mythos_proxy.lane(wire).opened_total
        getattr(mythos_proxy.lane(wire), fault)()
        publish(mythos_server, 4, 6)
        await ann.until(lambda c: mythos_proxy.lane(wire).opened_total > attempts)
        await ann.both_live()
        publish(mythos_server, 7, 9)
        assert await numbers(ann, 9) == list(range(1, 10))
        assert ann.statistics["gaps_told"] == 0


async def test_it_says_what_failed_over(mythos_server, mythos_client, mythos_proxy):
    changes: list[object] = []
    async with mythos_client("ann", through=mythos_proxy) as ann:
        await ann.both_live()
        mythos_proxy.websocket.cut(stay=True)
        await ann.until(lambda c: c.live_wires == ["sse"])
        assert ann.wires["websocket"].status in ("closed", "connecting")
        mythos_proxy.restore()
        await ann.both_live()
        stop = ann.listen(changes.append)
        # The stream is on SSE now, wherever it began.
        mythos_proxy.sse.cut(stay=True)
        await ann.until(lambda c: c.live_wires == ["websocket"])
        over = ann.failovers[-1]
        assert (over.from_wire, over.to_wire) == ("sse", "websocket")
        assert over in changes and ann.statistics["failovers"] == len(ann.failovers)
        stop()


async def test_a_listener_that_raises_ends_no_wire(mythos_server, mythos_client, mythos_proxy, caplog):
    def careless(change: object) -> None:
        raise LookupError("careless")

    async with mythos_client("ann", through=mythos_proxy) as ann:
        ann.listen(careless)
        await ann.both_live()
        mythos_proxy.sse.cut()
        publish(mythos_server, 1, 3)
        assert await numbers(ann, 3) == [1, 2, 3]
        await ann.both_live()
    assert "careless" in caplog.text


async def test_both_wires_gone_for_a_while_lose_nothing(mythos_server, mythos_client, mythos_proxy):
    async with mythos_client("ann", through=mythos_proxy) as ann:
        await ann.both_live()
        for lane in (mythos_proxy.websocket, mythos_proxy.sse):
            lane.cut(stay=True)
        await ann.until(lambda c: not c.live_wires)
        publish(mythos_server, 1, 5)
        mythos_proxy.restore()
        assert await numbers(ann, 5) == [1, 2, 3, 4, 5]


async def test_a_standby_takes_over(mythos_server, mythos_client, mythos_proxy):
    async with mythos_client("ann", through=mythos_proxy, mode="standby") as ann:
        await ann.until(lambda c: {s.status for s in c.wires.values()} == {"live", "standby"})
        mythos_proxy.websocket.cut(stay=True)
        publish(mythos_server, 1, 3)
        assert await numbers(ann, 3) == [1, 2, 3]
        assert ann.live_wires == ["sse"]


async def test_a_command_whose_wire_dies_is_executed_once(mythos_server, mythos_client, mythos_proxy: LinkProxy):
    async with mythos_client("ann", through=mythos_proxy) as ann, mythos_client("bob") as bob:
        await ann.both_live()
        mythos_proxy.websocket.black_hole()
        sent = [ann.submit("publish", {"type": "test.n", "data": {"n": n}, "player": "bob"}) for n in range(1, 6)]
        mythos_proxy.websocket.cut()
        ids = [answer["id"] for answer in await asyncio.wait_for(asyncio.gather(*sent), WITHIN_S)]
        assert await numbers(bob, 5) == [1, 2, 3, 4, 5]
        assert len(set(ids)) == 5


async def test_commands_go_by_post_where_there_is_no_websocket(mythos_server, mythos_client):
    async with mythos_client("ann", wires=["sse"]) as ann:
        position = await ann.subscribe("room:1")
        id = await ann.publish("chat.said", {"text": "hi"}, channel="room:1")
        [said] = await take(ann, 1)
        assert isinstance(said, Entry)
        assert (said.id, said.channel, said.data, said.wire) == (id, "room:1", {"text": "hi"}, "sse")
        assert said.id > position


async def test_the_built_in_commands(mythos_server, mythos_client):
    async with mythos_client("ann") as ann, mythos_client("bob") as bob:
        await ann.subscribe("room:1", presence=True)
        await bob.subscribe("room:1")
        ids = [await bob.publish("chat.said", {"n": n}, channel="room:1") for n in range(3)]
        assert {m.player_id for m in await ann.presence("room:1")} == {"ann", "bob"}
        history = await ann.history("room:1", limit=2)
        assert [e.id for e in history.entries] == ids[1:] and history.more
        before = await ann.history("room:1", before=ids[1])
        assert [e.type for e in before.entries][-1:] == ["chat.said"] and before.entries[-1].id == ids[0]
        assert await ann.ping() > 1_700_000_000
        joined = [i for i in await take(ann, 5) if isinstance(i, Entry) and i.type == "presence.joined"]
        assert [e.data["player_id"] for e in joined] == ["ann", "bob"]
        await ann.unsubscribe("room:1")
        assert not list(ann.subscriptions)
        await bob.publish("chat.said", {"n": 3}, channel="room:1")
        await bob.publish("chat.said", {"n": 4}, player="ann")
        assert await numbers(ann, 1) == [4]


async def test_errors_are_typed(mythos_server, mythos_client):
    async with mythos_client("ann") as ann:
        with pytest.raises(errors.CommandFailed) as caught:
            await ann.command("no.such", {})
        assert caught.value.code == "unknown_command"
        with pytest.raises(errors.CommandFailed) as caught:
            await ann.command("")
        assert caught.value.code == "bad_command"
    with pytest.raises(errors.ClientStopped):
        await ann.command("ping")
    assert [item async for item in ann] == []


async def test_a_replaced_session_ends_the_stream(mythos_server, mythos_client, api):
    async with mythos_client("ann") as ann:
        await ann.both_live()
        publish(mythos_server, 1, 1)
        assert await numbers(ann, 1) == [1]
        await api(mythos_server, "/api/connections/ann/session")
        with pytest.raises(errors.SessionReplaced):
            await asyncio.wait_for(anext(ann), WITHIN_S)
        with pytest.raises(errors.SessionReplaced):
            await ann.command("ping")


async def test_a_displaced_client_does_not_come_back(mythos_server, mythos_client):
    async with mythos_client("ann", client_id="first") as first:
        await first.both_live()
        others = [mythos_client("ann") for _ in range(2)]
        for other in others:
            await other.open()
            await other.both_live()
        with pytest.raises(errors.Displaced):
            await asyncio.wait_for(anext(first), WITHIN_S)
        for other in others:
            assert other.live_wires == ["websocket", "sse"]
            await other.close()


async def test_a_later_run_goes_on_where_the_application_stopped(mythos_server, mythos_client):
    async with mythos_client("ann", client_id="tab") as ann:
        publish(mythos_server, 1, 4)
        assert await numbers(ann, 2) == [1, 2]
        session, cursor = ann.session_id, ann.cursor
    publish(mythos_server, 5, 5)
    async with mythos_client("ann", client_id="tab", session_id=session, cursor=cursor) as again:
        assert await numbers(again, 3) == [3, 4, 5]
        assert await again.ping()


@pytest.mark.mythos({"session.grace_s": 1, "session.sweep_interval_s": 1})
async def test_an_expired_session_is_told_and_subscribed_again(mythos_server, mythos_client, mythos_proxy):
    async with mythos_client("ann", through=mythos_proxy) as ann, mythos_client("bob") as bob:
        await ann.both_live()
        await ann.subscribe("room:1")
        first = ann.session_id
        for lane in (mythos_proxy.websocket, mythos_proxy.sse):
            lane.cut(stay=True)
        await until(lambda: nobody_in("room:1", bob))
        mythos_proxy.restore()
        [gap] = await take(ann, 1)
        assert isinstance(gap, Gap) and gap.reason == "session_expired" and gap.lost is None
        assert ann.session_id != first
        await until(lambda: somebody_in("room:1", bob))
        await bob.publish("chat.said", {"n": 1}, channel="room:1")
        assert await numbers(ann, 1) == [1]


async def test_no_server_is_an_error_that_says_why(unused_tcp_port):
    with pytest.raises(errors.ConnectFailed) as caught:
        await Client(f"http://127.0.0.1:{unused_tcp_port}", "ann", open_timeout_s=1).open()
    assert set(caught.value.reasons) == {"websocket", "sse"}
    assert "refused" in str(caught.value)


async def test_who_is_not_let_in_is_told_the_servers_word(mythos_server, mythos_client):
    async with mythos_client("ann") as ann:
        with pytest.raises(errors.ConnectFailed) as caught:
            await mythos_client("bob", session_id=ann.session_id, open_timeout_s=1).open()
    assert all("foreign_session" in reason for reason in caught.value.reasons.values()), caught.value


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ws://127.0.0.1:8000", "http://", ""])
def test_what_is_no_url_is_refused_at_once(url):
    with pytest.raises(ValueError, match="http"):
        Client(url, "ann")


@pytest.mark.parametrize("names", [{"player": "an n"}, {"player": ""}, {"client_id": "é"}, {"session_id": "x" * 129}])
def test_what_is_no_name_is_refused_at_once(names):
    with pytest.raises(ValueError, match="name"):
        Client("http://127.0.0.1:8000", **{"player": "ann", **names})


async def test_a_slow_application_is_told_what_it_missed(mythos_server, mythos_client):
    async with mythos_client("ann", inbox_max=3) as ann:
        publish(mythos_server, 1, 10)
        await until(lambda: has_received(ann, 10))
        items = await take(ann, 3)
        assert [i.data["n"] for i in items if isinstance(i, Entry)] == [1, 2]
        assert isinstance(items[2], Gap) and (items[2].lost, items[2].reason) == (8, "inbox_full")


async def test_closing_leaves_no_task_and_no_connection(mythos_server, mythos_client):
    before = asyncio.all_tasks()
    async with mythos_client("ann") as ann:
        await ann.both_live()
        answer = ann.submit("ping")
    assert asyncio.all_tasks() == before
    with pytest.raises(errors.OutcomeUnknown):
        await answer


@pytest.mark.mythos({"heartbeat_ms": 200})
# A wire that dies takes along the acknowledgement that says it.
@pytest.mark.mythos({"heartbeat_ms": 2_000})
async def test_it_tells_the_server_how_late_entries_came(mythos_server, mythos_client):
    count = "mythos_message_client_delay_seconds_count "

    async def all_are_told() -> bool:
        async with httpx.AsyncClient() as http:
            lines = (await http.get(f"{mythos_server.url}/metrics")).text.splitlines()
        return next(line for line in lines if line.startswith(count)) == f"{count}5"

    async with mythos_client("ann") as ann:
        await ann.both_live()
        publish(mythos_server, 1, 5)
        assert await numbers(ann, 5) == [1, 2, 3, 4, 5]
        await until(all_are_told)
