"""The server from its application's side: messages, sessions, connections, settings."""

from __future__ import annotations

import threading

import pytest

import mythos
from mythos import Refused, Server, ServerStopped, StartFailed
from mythos.errors import ConfigError
from waiting import until


async def test_a_message_reaches_a_channel_a_player_and_everyone(mythos_server: Server, mythos_client):
    async with mythos_client("ann") as ann:
        await ann.subscribe("room")
        ids = [
            mythos_server.publish("said", {"n": 1}, channel="room"),
            mythos_server.publish("said", {"n": 2}, player="ann"),
            mythos_server.publish("said", everyone=True),
            *mythos_server.publish_many(
                [
                    {"type": "said", "data": 4, "channel": "room"},
                    {"type": "said", "data": "nobody's", "player": "bob"},
                    {"type": "said", "data": [5], "everyone": True, "key": "k"},
                ]
            ),
        ]
        items = [await anext(ann) for _ in range(5)]
        assert [item.data for item in items] == [{"n": 1}, {"n": 2}, {}, 4, [5]]
        assert [item.id for item in items] == [each for n, each in enumerate(ids) if n != 4]
        assert items[0].channel == "room"


def test_any_thread_may_publish_and_ids_grow(mythos_server: Server):
    made: list[list[str]] = []

    def publish() -> None:
        made.append([mythos_server.publish("t", channel="c") for _ in range(500)])

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seqs = [[int(id.rpartition("-")[2]) for id in ids] for ids in made]
    assert all(each == sorted(each) for each in seqs)
    assert len({seq for each in seqs for seq in each}) == 2_000


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "t"}, "bad_command"),
        ({"type": "t", "channel": "c", "player": "p"}, "bad_command"),
        ({"type": "", "channel": "c"}, "bad_command"),
        ({"type": "mythos.t", "channel": "c"}, "reserved_type"),
        ({"type": "presence.t", "channel": "c"}, "reserved_type"),
        ({"type": "t", "channel": "a\nb"}, "bad_command"),
        ({"type": "t", "player": "no name"}, "bad_command"),
    ],
)
def test_what_cannot_be_published_is_refused(mythos_server: Server, message: dict, code: str):
    with pytest.raises(Refused) as one:
        mythos_server.publish(**message)
    assert one.value.code == code and not one.value.retryable
    with pytest.raises(Refused, match=r"messages\[1\]"):
        mythos_server.publish_many([{"type": "t", "channel": "c"}, message])


def test_a_batch_is_all_or_nothing(mythos_server: Server):
    before = mythos_server.publish("t", channel="c")
    with pytest.raises(Refused):
        mythos_server.publish_many([{"type": "t", "channel": "c"}, {"type": "t"}])
    after = mythos_server.publish("t", channel="c")
    assert int(after.rpartition("-")[2]) == int(before.rpartition("-")[2]) + 1
    assert mythos_server.publish_many([]) == []


@pytest.mark.mythos({"limits.batch_messages": 2, "limits.body_bytes": 1_024})
def test_messages_and_batches_are_bounded(mythos_server: Server):
    with pytest.raises(Refused, match="too_big"):
        mythos_server.publish_many([{"type": "t", "channel": "c"}] * 3)
    with pytest.raises(Refused, match="too_big"):
        mythos_server.publish("t", "x" * 1_100, channel="c")
    mythos_server.publish("t", "x" * 900, channel="c")


def test_data_that_is_no_json_is_a_type_error_and_too_deep_is_refused(mythos_server: Server):
    with pytest.raises(TypeError):
        mythos_server.publish("t", object(), channel="c")
    deep: list = []
    for _ in range(70):
        deep = [deep]
    with pytest.raises(Refused):
        mythos_server.publish("t", deep, channel="c")


async def test_sessions_and_connections_are_live_views(mythos_server: Server, mythos_client):
    assert len(mythos_server.sessions) == len(mythos_server.connections) == 0
    async with mythos_client("ann") as ann, mythos_client("bob", wires=["sse"]):
        await ann.both_live()
        assert set(mythos_server.sessions) == {"ann", "bob"} and "ann" in mythos_server.sessions
        assert len(mythos_server.sessions) == 2 and len(mythos_server.connections) == 3
        session = mythos_server.sessions["ann"]
        assert session.session_id == ann.session_id
        assert {each.wire for each in session.connections} == {"websocket", "sse"}
        one = mythos_server.connections.of("bob")[0]
        assert (one.player_id, one.wire, one.mode) == ("bob", "sse", "mirror")
        assert one.opened_at.tzinfo is not None
        assert {each.connection_id for each in mythos_server.connections} >= {one.connection_id}
        assert mythos_server.connections.of("nobody") == ()
        with pytest.raises(KeyError):
            mythos_server.sessions["nobody"]


@pytest.mark.mythos({"heartbeat_ms": 300})
async def test_a_connection_tells_its_round_trip_once_it_is_known(mythos_server: Server, mythos_client):
    async with mythos_client("ann") as ann:
        await ann.both_live()
        assert {each.rtt_ms for each in mythos_server.connections if each.wire == "sse"} == {None}

        async def known() -> bool:
            return any((each.rtt_ms or 0) > 0 for each in mythos_server.connections)

        await until(known)


async def test_the_application_subscribes_players(mythos_server: Server, mythos_client):
    with pytest.raises(Refused) as refused:
        mythos_server.subscribe("ann", "room")
    assert refused.value.code == "not_found"
    async with mythos_client("ann") as ann:
        mythos_server.subscribe("ann", "room", "hall")
        mythos_server.publish("said", 1, channel="room")
        assert (await anext(ann)).data == 1
        assert mythos_server.members("room") == ["ann"]
        assert mythos_server.channels() == {"room": 1, "hall": 1}
        mythos_server.unsubscribe("ann", "room")
        assert mythos_server.members("room") == [] and mythos_server.channels() == {"hall": 1}
        with pytest.raises(Refused, match="bad_channel"):
            mythos_server.subscribe("ann", "a\nb")


async def test_disconnecting_and_replacing(mythos_server: Server, mythos_client):
    async with mythos_client("ann") as ann:
        await ann.both_live()
        (one, _) = mythos_server.connections.of("ann")
        assert mythos_server.disconnect(connection=one.connection_id) == 1
        assert mythos_server.disconnect(session="unknown") == 0
        old = ann.session_id
        assert mythos_server.replace_session("ann") != old

        async def stopped() -> bool:
            return not mythos_server.connections.of("ann")

        await until(stopped)
    with pytest.raises(ValueError, match="name one"):
        mythos_server.disconnect()
    with pytest.raises(ValueError, match="name one"):
        mythos_server.disconnect("ann", session="s")
    with pytest.raises(ValueError, match="1005"):
        mythos_server.disconnect("ann", code=1005)


async def test_settings_change_while_it_runs(mythos_server: Server, mythos_client):
    async with mythos_client("ann", wires=["websocket"]):
        changed = mythos_server.reload(limits={"connections_per_player": 1, "limit_policy": "refuse"})
        assert ("limits.connections_per_player", "4", "1") in changed["live"]
        assert changed["waits_for_restart"] == []
        assert mythos_server.settings.limits.connections_per_player == 1
        with pytest.raises(mythos.Displaced):
            async with mythos_client("ann", wires=["websocket"], open_timeout_s=2):
                pass
    changed = mythos_server.reload(**{"server.loops": 3})
    assert changed == {"live": [], "waits_for_restart": [("server.loops", "0", "3")]}
    assert mythos_server.settings.server.loops == 0, "what holds"
    with pytest.raises(ConfigError, match="heartbeat_ms"):
        mythos_server.reload(heartbeat_ms=1)


def test_what_stands_in_the_way_of_a_start(mythos_server: Server):
    with pytest.raises(StartFailed) as taken:
        Server(listen=f"127.0.0.1:{mythos_server.port}").start()
    assert taken.value.code == "address_in_use"
    with pytest.raises(StartFailed) as exposed:
        Server(listen="0.0.0.0:0").start()
    assert exposed.value.code == "exposed_without_authentication"
    with pytest.raises(StartFailed, match=r"Server\.authenticate"):
        Server(listen="127.0.0.1:0", auth={"mode": "application"}).start()
    with pytest.raises(ConfigError):
        Server(listen="nowhere")


def test_a_stopped_server_says_so():
    server = Server(listen="127.0.0.1:0")
    for ask in (lambda: server.port, lambda: server.publish("t", channel="c"), lambda: len(server.sessions)):
        with pytest.raises(ServerStopped):
            ask()
    server.stop()
    with server:
        assert server.is_running and server.url == f"http://127.0.0.1:{server.port}" and server.url in repr(server)
        with pytest.raises(RuntimeError):
            server.start()
    assert not server.is_running and "not running" in repr(server)
    for ask in (
        lambda: server.reload(heartbeat_ms=500),
        lambda: server.replace_session("ann"),
        lambda: server.disconnect("ann"),
        lambda: list(server.connections),
        lambda: server.channels(),
    ):
        with pytest.raises(ServerStopped):
            ask()


@pytest.mark.mythos({"limits.sessions": 1})
def test_a_session_beyond_the_limit_is_refused(mythos_server: Server):
    assert mythos_server.replace_session("ann") != mythos_server.replace_session("ann")
    with pytest.raises(Refused, match="session_limit"):
        mythos_server.replace_session("bob")
