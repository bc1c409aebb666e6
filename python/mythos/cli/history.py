"""`mythos history`: who was connected, when, and why not any more."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mythos import _core
from mythos.cli import exits
from mythos.cli.options import AsJson, Player
from mythos.settings import Settings
from mythos.store import History, PastConnection


def history(
    player: Player,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="TOML file that names the database (store.url).", dir_okay=False),
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", help="The same by URL; without either, that of `mythos serve` here.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Print a player's connections from a server's database, newest first; no server has to run."""
    with exits.mapped():
        url = database or Settings(config).store.url
        for each in History(_core.PROGRAM_STORE_URL if url == "auto" else url).connections(player, limit=limit):
            typer.echo(_json_of(each) if as_json else _line_of(each))


def _json_of(row: PastConnection) -> str:
    return json.dumps(asdict(row), default=datetime.isoformat)


def _line_of(row: PastConnection) -> str:
    lasted = "open" if row.closed_at is None else f"{(row.closed_at - row.created_at).total_seconds():.1f} s"
    why = "" if row.close_reason is None else f"  {row.close_reason} {row.close_code or ''}".rstrip()
    return f"{row.created_at:%Y-%m-%d %H:%M:%S}  {row.wire:9}  {row.session_id}  {lasted}{why}"
