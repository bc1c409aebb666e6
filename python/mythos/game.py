"""A small game on Mythos, and the tutorial of its Python API: read it from top to bottom.

    python -m mythos.game          (or `mythos serve --demo`) serves it, with bots walking and talking
    mythos play ann                plays it

A player walks through rooms, talks to whoever stands in the same one, and tells things to a single other player.
Everyone is on two wires at once; cut either (`/cut ws` in `mythos play`) and nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import mythos

log = logging.getLogger("mythos.game")

# 1. The world is plain Python. Mythos has no idea of rooms: it knows players and channels.


@dataclass(frozen=True)
class Room:
    text: str
    exits: tuple[str, ...]


ROOMS = {
    "tavern": Room("A low room, warm and loud. The fire spits.", ("square", "cellar")),
    "cellar": Room("Barrels, dust, and something that drips.", ("tavern",)),
    "square": Room("A market without a market: it is evening.", ("tavern", "harbour", "tower")),
    "harbour": Room("Ropes, gulls, a ship that never sails.", ("square",)),
    "tower": Room("From up here one sees the whole game.", ("square",)),
}
START = "tavern"
TEXT_MAX = 500  # characters of what is said at once


def channel_of(room: str) -> str:
    return f"room:{room}"


# 2. A game is a handful of command handlers. A handler gets a `Command` and returns the reply's data; what it raises
#    as `CommandError` is the caller's error reply. All of them run one after the other, so the game needs no locks.


class Game:
    def __init__(self, server: mythos.Server) -> None:
        self.server = server
        self.where: dict[str, str] = {}  # player: room
        self.since: dict[str, str] = {}  # player: the message of his coming there
        for name in ("enter", "look", "go", "say", "tell", "who"):
            server.command(name)(getattr(self, name))

    def enter(self, command: mythos.Command) -> dict[str, Any]:
        """The first thing that a player sends, and again after a gap: a new session has no subscriptions."""
        player = command.player_id
        if player not in self.where:
            self._arrive(player, START, came_from=None)
        else:
            self.server.subscribe(player, channel_of(self.where[player]))
        return self.look(command)

    def look(self, command: mythos.Command) -> dict[str, Any]:
        room = self._room_of(command)
        here = sorted(player for player, other in self.where.items() if other == room)
        since = self.since[command.player_id]
        return {"room": room, "text": ROOMS[room].text, "exits": ROOMS[room].exits, "here": here, "since": since}

    def go(self, command: mythos.Command) -> dict[str, Any]:
        room, to = self._room_of(command), _word(command, "to")
        if to not in ROOMS[room].exits:
            raise mythos.CommandError("no_such_exit", f"there is no way from here to {to!r}")
        self._leave(command.player_id, went_to=to)
        self._arrive(command.player_id, to, came_from=room)
        return self.look(command)

    def say(self, command: mythos.Command) -> dict[str, Any]:
        room = self._room_of(command)
        said = {"who": command.player_id, "text": _text_of(command)}
        return {"id": self.server.publish("room.said", said, channel=channel_of(room))}

    def tell(self, command: mythos.Command) -> dict[str, Any]:
        to = _word(command, "player")
        if to not in self.where:
            raise mythos.CommandError("not_here", f"nobody called {to!r} is in the game")
        told = {"who": command.player_id, "text": _text_of(command)}
        return {"id": self.server.publish("player.told", told, player=to)}

    def who(self, command: mythos.Command) -> dict[str, Any]:
        return {"players": dict(sorted(self.where.items()))}

    # 3. A message goes to a channel, and to whoever is subscribed to it at that very position of the journal. So the
    #    order of these calls is what the players see: who leaves is gone before the room hears of it, and who
    #    arrives hears his own arrival first.

    def _arrive(self, player: str, room: str, came_from: str | None) -> None:
        self.where[player] = room
        self.server.subscribe(player, channel_of(room))
        entered = {"who": player, "from": came_from}
        self.since[player] = self.server.publish("room.entered", entered, channel=channel_of(room))

    def _leave(self, player: str, went_to: str | None) -> None:
        room = self.where.pop(player)
        self.server.unsubscribe(player, channel_of(room))
        self.server.publish("room.left", {"who": player, "to": went_to}, channel=channel_of(room))

    def _room_of(self, command: mythos.Command) -> str:
        room = self.where.get(command.player_id)
        if room is None:
            raise mythos.CommandError("not_in_the_game", "send `enter` first")
        return room

    # 4. A player who loses both wires keeps his session for the grace period (`session.grace_s`), and his place. When
    #    the session is gone, so is he.

    async def watch(self, every_s: float = 1.0) -> None:
        while True:
            await asyncio.sleep(every_s)
            living = set(self.server.sessions)
            for player in [player for player in self.where if player not in living]:
                self._vanish(player)

    def _vanish(self, player: str) -> None:
        room = self.where.pop(player)
        self.server.publish("room.left", {"who": player, "to": None}, channel=channel_of(room))


def _word(command: mythos.Command, name: str) -> str:
    """A member of the command's data. Players send what they like: whatever is no text is none."""
    value = command.data.get(name) if isinstance(command.data, dict) else None
    return value if isinstance(value, str) else ""


def _text_of(command: mythos.Command) -> str:
    text = _word(command, "text").strip()
    if not text:
        raise mythos.CommandError("bad_text", "`text` must be a text with something in it")
    return text[:TEXT_MAX]


# 5. A bot is a player like any other: a `Client` on two wires. It reads its stream and acts now and then.

NAMES = ("bo", "cy", "dee", "eve", "fay", "gus", "hal", "ivy", "jo", "kit", "lou", "max", "nell", "ona", "pip", "quin")
LINES = (
    *("Anyone seen the key?", "It is darker than yesterday.", "I heard a wire snap just now. Or did I?"),
    *("One for the road.", "They say nothing is ever lost here.", "Hush. Something drips.", "The ship moved. I swear."),
)


@dataclass
class Bot:
    url: str
    name: str
    actions_per_s: float
    chance: random.Random
    exits: list[str] = field(default_factory=list)

    async def live(self) -> None:
        try:
            async with mythos.Client(self.url, self.name) as client, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(client))
                self._see(await client.command("enter"))
                while True:
                    await asyncio.sleep(self.chance.expovariate(self.actions_per_s))
                    await self._act(client)
        except* mythos.MythosError as errors:
            log.warning("the bot %s left the game: %s", self.name, errors.exceptions[0])

    async def _read(self, client: mythos.Client) -> None:
        async for item in client:
            match item:
                case mythos.Entry(type="player.told", data={"who": who}):
                    with suppress(mythos.CommandFailed):  # gone already
                        await client.command("tell", {"player": who, "text": "I am a bot. But thank you."})
                case mythos.Gap():
                    self._see(await client.command("enter"))

    async def _act(self, client: mythos.Client) -> None:
        try:
            if self.exits and self.chance.random() < 0.4:
                self._see(await client.command("go", {"to": self.chance.choice(self.exits)}))
            else:
                await client.command("say", {"text": self.chance.choice(LINES)})
        except mythos.CommandFailed:
            self._see(await client.command("enter"))

    def _see(self, view: dict[str, Any]) -> None:
        self.exits = list(view["exits"])


def bot_name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"{NAMES[number % len(NAMES)]}{number // len(NAMES)}"


# 6. All of it runs on one asyncio loop. The server itself does not: its threads deliver whatever Python is doing.


@asynccontextmanager
async def running(server: mythos.Server, bots: int = 8, actions_per_s: float = 0.2) -> AsyncIterator[Game]:
    """The game on a server that is not started yet, with so many bots, each acting so often."""
    game = Game(server)
    async with server:
        tasks = [asyncio.create_task(game.watch())]
        for number in range(bots):
            bot = Bot(server.url, bot_name(number), actions_per_s, random.Random(number))
            tasks.append(asyncio.create_task(bot.live()))
        try:
            yield game
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def main() -> None:
    async with running(mythos.Server()) as game:
        print(f"The game is on {game.server.url}; play it with: mythos play ann --url {game.server.url}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
