"""`mythos tail`: what a player receives, as it comes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from mythos.cli import exits
from mythos.cli.options import DEFAULT_URL, OPEN_S, AsJson, Url
from mythos.client import Client
from mythos.client_status import Change, FailedOver
from mythos.entries import Entry, Item


def tail(
    player: Annotated[str, typer.Argument(help="Whose messages.")],
    channel: Annotated[list[str] | None, typer.Option(help="Also what is said here; may be given again.")] = None,
    presence: Annotated[bool, typer.Option("--presence", help="With joins and leaves of the channels.")] = False,
    count: Annotated[int, typer.Option(min=0, help="End after so many entries; 0: never.")] = 0,
    mode: Annotated[Literal["mirror", "standby"], typer.Option(help="What the second wire carries.")] = "mirror",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Print a player's messages and gaps; on standard error, what becomes of the wires."""
    with exits.mapped():
        asyncio.run(
            _tail(Client(url, player, mode=mode, open_timeout_s=OPEN_S), channel or [], presence, count, as_json)
        )


async def _tail(client: Client, channels: list[str], presence: bool, count: int, as_json: bool) -> None:
    if not as_json:
        client.listen(lambda change: typer.echo(change_line(change), err=True))
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


def change_line(change: Change) -> str:
    if isinstance(change, FailedOver):
        return f"-- the stream goes on on {change.to_wire}"
    return f"-- {change.wire} is {change.status} ({change.reason})"
