"""`mythos demo`: shows what Mythos is for, on this machine, and counts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from mythos import failover_demo
from mythos.cli import exits
from mythos.cli.options import AsJson

app = typer.Typer(help="Show what Mythos is for.", no_args_is_help=True, epilog=exits.HELP)


@app.callback()
def _demo() -> None:
    pass


@app.command(epilog=exits.HELP)
def failover(
    clients: Annotated[int, typer.Option(min=1, max=200, help="Clients, each on two wires.")] = 4,
    rate: Annotated[float, typer.Option(min=1, help="Messages a second, to every client.")] = 100,
    seconds: Annotated[float, typer.Option(min=0.5, help="For how long.")] = 10,
    cuts: Annotated[float, typer.Option(min=0.01, help="Cuts a second; each kills one wire of every client.")] = 2,
    mode: Annotated[Literal["mirror", "standby"], typer.Option(help="What the second wire carries.")] = "mirror",
    seed: Annotated[int, typer.Option(help="Chooses the cuts.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Kill wires for a while and count what was lost, came twice or came out of order; ends with 1 if anything did."""
    console = Console(stderr=True, highlight=False)
    plan = failover_demo.Plan(clients, rate, seconds, cuts, mode, seed)
    with exits.mapped():
        outcome = asyncio.run(failover_demo.run(plan, lambda text: None if as_json else console.print(f"-- {text}")))
    if as_json:
        typer.echo(json.dumps(asdict(outcome)))
    else:
        Console().print(table_of(outcome, plan))
    if not outcome.is_clean:
        raise typer.Exit(exits.FAILED)


def table_of(outcome: failover_demo.Outcome, plan: failover_demo.Plan) -> Table:
    cuts = sum(outcome.cuts.values())
    table = Table(title=f"{plan.clients} clients ({plan.mode}), {outcome.published} messages, {cuts} cuts")
    table.add_column("what")
    table.add_column("count", justify="right")
    for name in ("owed", "delivered", "lost", "duplicated", "out_of_order", "gaps", "failovers"):
        table.add_row(name.replace("_", " "), f"{getattr(outcome, name):,}")
    table.add_row("median pause", f"{outcome.median_pause_ms} ms")
    table.add_row("longest pause", f"{outcome.longest_pause_ms} ms")
    return table
