"""The demo game on a real server: what its players see, in which order, and with their wires cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import mythos
from mythos import game
from mythos.testing import LinkProxy
from waiting import until

WITHIN_S = 15.0


def server(**options: Any) -> mythos.Server:
    quiet = {"drain.spread_ms": 0, "log.level": "warning"}
    return mythos.Server(mythos.Settings.only(listen="127.0.0.1:0", **{**quiet, **options}))


@pytest_asyncio.fixture
async def host() -> AsyncIterator[game.Game]:
    async with game.running(server(), bots=0) as running:
        yield running


async def seen(client: mythos.Client, count: int) -> list[tuple[str, Any]]:
    async with asyncio.timeout(WITHIN_S):
        items = [await anext(client) for _ in range(count)]
    assert all(isinstance(item, mythos.Entry) for item in items), items
    return [(item.type, item.data) for item in items if isinstance(item, mythos.Entry)]


async def test_who_enters_sees_the_room_and_his_own_arrival(host):
    async with mythos.Client(host.server.url, "ann") as ann:
        view = await ann.command("enter")
        assert view["room"] == "tavern" and view["here"] == ["ann"] and view["exits"] == ["square", "cellar"]
        assert await seen(ann, 1) == [("room.entered", {"who": "ann", "from": None})]
        assert await ann.command("who") == {"players": {"ann": "tavern"}}


async def test_a_room_hears_what_is_said_in_it_and_another_does_not(host):
    async with mythos.Client(host.server.url, "ann") as ann, mythos.Client(host.server.url, "bob") as bob:
        await ann.command("enter")
        await bob.command("enter")
        await bob.command("go", {"to": "cellar"})
        await ann.command("say", {"text": "hello"})
        await bob.command("go", {"to": "tavern"})
        await ann.command("say", {"text": "there you are"})
        assert await seen(bob, 4) == [
            ("room.entered", {"who": "bob", "from": None}),
            ("room.entered", {"who": "bob", "from": "tavern"}),
            ("room.entered", {"who": "bob", "from": "cellar"}),
            ("room.said", {"who": "ann", "text": "there you are"}),
        ]
        assert [type for type, _ in await seen(ann, 6)] == [
            *("room.entered", "room.entered", "room.left", "room.said", "room.entered", "room.said"),
        ]
        history = await bob.history("room:tavern")
        assert [e.data["text"] for e in history.entries if e.type == "room.said"] == ["hello", "there you are"]


async def test_a_tale_is_for_one_alone(host):
    async with mythos.Client(host.server.url, "ann") as ann, mythos.Client(host.server.url, "bob") as bob:
        await ann.command("enter")
        await bob.command("enter")
        await bob.command("go", {"to": "square"})
        await ann.command("tell", {"player": "bob", "text": "psst"})
        assert (await seen(bob, 3))[-1] == ("player.told", {"who": "ann", "text": "psst"})


@pytest.mark.parametrize(
    ("type", "data", "code"),
    [
        ("go", {"to": "the moon"}, "no_such_exit"),
        ("go", {}, "no_such_exit"),
        ("tell", {"player": "nobody", "text": "hi"}, "not_here"),
        ("say", {"text": "  "}, "bad_text"),
        ("say", {"text": 7}, "bad_text"),
        ("say", ["no", "object"], "bad_text"),
        ("go", 7, "no_such_exit"),
    ],
)
async def test_what_cannot_be_is_said(host, type, data, code):
    async with mythos.Client(host.server.url, "ann") as ann:
        await ann.command("enter")
        with pytest.raises(mythos.CommandFailed) as caught:
            await ann.command(type, data)
        assert caught.value.code == code


async def test_outside_the_game_there_is_no_room(host):
    async with mythos.Client(host.server.url, "ann") as ann:
        for type in ("look", "go", "say"):
            with pytest.raises(mythos.CommandFailed) as caught:
                await ann.command(type, {"text": "hello", "to": "square"})
            assert caught.value.code == "not_in_the_game"


async def test_cut_wires_lose_no_word(host):
    with LinkProxy(host.server.url) as proxy:
        async with mythos.Client(proxy.url, "ann") as ann, mythos.Client(host.server.url, "bob") as bob:
            await ann.command("enter")
            await bob.command("enter")
            await ann.both_live()
            for n in range(60):
                await bob.command("say", {"text": str(n)})
                if n in (10, 30):
                    (proxy.websocket if n == 10 else proxy.sse).cut()
                if n == 45:
                    proxy.websocket.cut(stay=True)
                    proxy.sse.cut(stay=True)
            proxy.restore()
            entries = await seen(ann, 62)
            assert [data["text"] for type, data in entries if type == "room.said"] == [str(n) for n in range(60)]


async def test_who_stays_away_is_gone_and_may_come_again():
    hosted = game.running(server(**{"session.grace_s": 1}), bots=0)
    async with hosted as host, mythos.Client(host.server.url, "bob") as bob:
        async with mythos.Client(host.server.url, "ann") as ann:
            await ann.command("enter")
            await bob.command("enter")
        assert (await seen(bob, 2))[-1] == ("room.left", {"who": "ann", "to": None})
        async with mythos.Client(host.server.url, "ann") as ann:
            assert (await ann.command("enter"))["here"] == ["ann", "bob"]


async def test_bots_walk_and_talk():
    async with game.running(server(), bots=5, actions_per_s=20) as host, mythos.Client(host.server.url, "ann") as ann:
        await ann.command("enter")
        types: set[str] = set()

        async def has_seen_everything() -> bool:
            types.add((await seen(ann, 1))[0][0])
            return {"room.entered", "room.left", "room.said"} <= types

        await until(has_seen_everything)
        assert set(host.where) == {"ann", *(game.bot_name(n) for n in range(5))}
        await ann.command("tell", {"player": game.bot_name(0), "text": "are you one?"})

        async def was_told() -> bool:
            return (await seen(ann, 1))[0][0] == "player.told"

        await until(was_told)


def test_bots_have_names_of_their_own():
    assert len({game.bot_name(n) for n in range(100)}) == 100


def test_every_way_leads_back():
    for name, room in game.ROOMS.items():
        assert room.exits and all(name in game.ROOMS[exit].exits for exit in room.exits)
