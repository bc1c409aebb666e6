"""`mythos play`: the game of `mythos serve --demo` in a terminal, with a hand on both wires.

The player's two wires run through a `LinkProxy` in this program, so `/cut` really cuts: with a reset, and nothing gets
through until `/restore`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from mythos import errors
from mythos.cli import exits
from mythos.cli.options import DEFAULT_URL, OPEN_S, Player, Token, Url, headers_of
from mythos.cli.terminal import Terminal
from mythos.cli.wire_news import WireNews
from mythos.client import Client
from mythos.client_status import Change
from mythos.entries import Entry, Gap, WireName
from mythos.testing.link_proxy import LinkProxy
from mythos.testing.links import Lane

HELP = """\
look            where you are, and who is here        say TEXT        to everyone in the room (or just TEXT)
go EXIT         walk (or just EXIT)                   tell NAME TEXT  to one player, wherever
who             everyone in the game                  history         what was said here lately
/cut ws|sse     cut a wire, for real                  /restore        let both through again
/wires          how both wires are                    /quit           leave"""

SHORT: dict[WireName, str] = {"websocket": "ws", "sse": "sse"}
HISTORY = 5  # lines shown on coming into a room
LEAVE_S = 10.0  # for answers that are still to come when the input ends


def play(
    name: Player,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Play the demo game. `help` says what you can do."""
    if urlsplit(url).scheme != "http":
        exits.fail(exits.USAGE, "play needs an http:// URL: its wires run through a proxy that cuts them")
    with exits.mapped():
        try:
            asyncio.run(Play(name, url, token).run())
        except errors.ConnectFailed:
            exits.fail(exits.NO_SERVER, f"nobody answers at {url}; `mythos serve --demo` serves the game")
        except errors.CommandFailed as error:
            if error.code != "unknown_command":
                raise
            exits.fail(exits.FAILED, f"the server at {url} has no game; `mythos serve --demo` has one")


class Play:
    def __init__(self, name: str, url: str, token: str | None = None) -> None:
        self.name = name
        self.token = token
        self.room = ""
        self.exits: list[str] = []
        self.proxy = LinkProxy(url)
        self.terminal = Terminal(self._prompt)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        async with self.proxy:
            self.client = Client(self.proxy.url, self.name, headers=headers_of(self.token), open_timeout_s=OPEN_S)
            self.news = WireNews(self.client)
            self.client.listen(self._changed)
            async with self.client:
                with suppress(TimeoutError):  # a wire that is not to be had is nothing to wait for
                    await self.client.both_live(OPEN_S)
                await self._enter()
                reading = asyncio.create_task(self._read())
                typing = asyncio.create_task(self._type())
                try:
                    await asyncio.wait({reading, typing}, return_when=asyncio.FIRST_COMPLETED)
                    (reading if reading.done() else typing).result()
                finally:
                    reading.cancel()
                    typing.cancel()

    def _prompt(self) -> str:
        marks = (f"{SHORT[w]} {'●' if s.status == 'live' else '○'}" for w, s in self.client.wires.items())
        return f"[{' '.join(marks)}] {self.room}> "

    # What comes.

    async def _read(self) -> None:
        async for item in self.client:
            if isinstance(item, Gap):
                lost = "Some" if item.lost is None else str(item.lost)
                self.terminal.show(f"-- {lost} messages are missing: {item.reason}", "bold red")
                self._do(self._enter())
            elif text := self._line_of(item):
                self.terminal.show(f"{SHORT[item.wire] if item.wire else '':>3} | {text}")

    def _line_of(self, entry: Entry) -> str | None:
        who = entry.data.get("who") if isinstance(entry.data, dict) else None
        mine = who == self.name
        match entry.type, entry.data:
            case "room.said", {"text": text}:
                return f"{'you' if mine else who}: {text}"
            case "player.told", {"text": text}:
                return f"{who} tells you: {text}"
            case "room.entered", {"from": origin} if not mine:
                return f"{who} comes in" + (f" from the {origin}" if origin else "")
            case "room.left", {"to": to} if not mine:
                return f"{who} leaves" + (f" for the {to}" if to else " the game")
        return None

    def _changed(self, change: Change) -> None:
        if line := self.news.line_of(change):
            self.terminal.show(line, "yellow")
        else:
            self.terminal.refresh()  # the prompt shows the wires

    # What is typed.

    async def _type(self) -> None:
        async for line in self.terminal.lines():
            if line.strip() == "/quit":
                break
            if line.strip():
                self._take(line.strip())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE_S)

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        match word, rest.split():
            case ("/cut", [wire]) if lane := self._lane(wire):
                lane.cut(stay=True)
            case ("/restore", _):
                self.proxy.restore()
            case ("/wires", _):
                self._show_wires()
            case ("help" | "/help", _):
                self.terminal.show(HELP)
            case _ if line.startswith("/"):
                self.terminal.show("/cut ws, /cut sse, /restore, /wires, /quit")
            case _:
                self._do(self._play(word, rest, line))

    def _show_wires(self) -> None:
        for state in self.client.wires.values():
            self.terminal.show(f"-- {state.wire} is {state.status} ({state.reason})")
        totals = self.client.statistics
        counted = ("delivered", "duplicates", "lost", "gaps_told", "failovers")
        self.terminal.show("-- " + ", ".join(f"{name.replace('_', ' ')} {totals[name]}" for name in counted))

    def _lane(self, wire: str) -> Lane | None:
        return {"ws": self.proxy.websocket, "websocket": self.proxy.websocket, "sse": self.proxy.sse}.get(wire)

    async def _play(self, word: str, rest: str, line: str) -> None:
        match word:
            case "look":
                self._see(await self.client.command("look"))
            case "who":
                for player, room in (await self.client.command("who"))["players"].items():
                    self.terminal.show(f"{player} is in the {room}")
            case "history":
                await self._recall(None)
            case "tell":
                to, _, text = rest.partition(" ")
                await self.client.command("tell", {"player": to, "text": text})
                self.terminal.show(f"you tell {to}: {text}")
            case "go":
                await self._go(rest)
            case _ if line in self.exits:
                await self._go(line)
            case _:
                await self.client.command("say", {"text": rest if word == "say" else line})

    async def _enter(self) -> None:
        view = await self.client.command("enter")
        self._see(view)
        await self._recall(view.get("since"))

    async def _go(self, to: str) -> None:
        view = await self.client.command("go", {"to": to})
        self._see(view)
        await self._recall(view["since"])

    def _see(self, view: dict[str, Any]) -> None:
        self.room, self.exits = view["room"], view["exits"]
        others = [player for player in view["here"] if player != self.name]
        self.terminal.show(f"{self.room}: {view['text']}", "bold")
        self.terminal.show(f"exits: {', '.join(self.exits)}; here: {', '.join(others) or 'nobody else'}")

    async def _recall(self, before: str | None) -> None:
        history = await self.client.history(f"room:{self.room}", before=before)
        said = [line for entry in history.entries if entry.type == "room.said" and (line := self._line_of(entry))]
        for line in said[-HISTORY:]:
            self.terminal.show(f"earlier | {line}", "dim")

    def _do(self, work: Any) -> None:
        """Without waiting for it: while both wires are cut, one must still be able to type `/restore`."""
        task = asyncio.create_task(self._answered(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answered(self, work: Any) -> None:
        try:
            await work
        except errors.ClientStopped:
            pass  # the reader says it
        except errors.CommandFailed as error:
            self.terminal.show(error.message, "red")
        except errors.OutcomeUnknown as error:
            self.terminal.show(f"nobody knows whether that still happened: {error.reason}", "red")
