"""`mythos tail`: what a player receives, as it comes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from mythos.cli import exits
from mythos.cli.options import DEFAULT_URL, OPEN_S, AsJson, Player, Token, Url, headers_of
from mythos.cli.wire_news import WireNews
from mythos.client import Client
from mythos.client_status import Change
from mythos.entries import Entry, Item


def tail(
    player: Player,
    channel: Annotated[list[str] | None, typer.Option(help="Also what is said here; may be given again.")] = None,
    presence: Annotated[bool, typer.Option("--presence", help="With joins and leaves of the channels.")] = False,
    count: Annotated[int, typer.Option(min=0, help="End after so many entries; 0: never.")] = 0,
    mode: Annotated[Literal["mirror", "standby"], typer.Option(help="What the second wire carries.")] = "mirror",
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Print a player's messages and gaps; on standard error, what becomes of the wires."""
    with exits.mapped():
        client = Client(url, player, mode=mode, headers=headers_of(token), open_timeout_s=OPEN_S)
        asyncio.run(_tail(client, channel or [], presence, count, as_json))


async def _tail(client: Client, channels: list[str], presence: bool, count: int, as_json: bool) -> None:
    news = WireNews(client)

    def tell(change: Change) -> None:
        if line := news.line_of(change):
            typer.echo(line, err=True)

    if not as_json:
        client.listen(tell)
    async with client:
        if channels:
            await client.subscribe(*channels, presence=presence)
        left = count
        async for item in client:
            typer.echo(item_json(item) if as_json else item_line(item))
            left -= isinstance(item, Entry)
            if count and not left:
                return


def item_json(item: Item) -> str:
    kind = "entry" if isinstance(item, Entry) else "gap"
    return json.dumps({"kind": kind, **asdict(item)}, ensure_ascii=False)


def item_line(item: Item) -> str:
    if isinstance(item, Entry):
        return f"{item.id}  {item.type}  {item.channel or '-'}  {json.dumps(item.data, ensure_ascii=False)}"
    lost = "an unknown number of" if item.lost is None else str(item.lost)
    return f"-- {lost} entries before {item.before} are missing: {item.reason}"
