"""The command `mythos`."""

from __future__ import annotations

from typing import Annotated

import typer

import mythos
from mythos.cli import alerts, demo, exits
from mythos.cli.deploy import deploy
from mythos.cli.history import history
from mythos.cli.logs import logs
from mythos.cli.play import play
from mythos.cli.publish import publish
from mythos.cli.serve import check_config, serve
from mythos.cli.tail import tail

app = typer.Typer(
    name="mythos",
    help="Two wires to every player, and proof of what was delivered.",
    epilog=exits.HELP,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(mythos.__version__)
        raise typer.Exit()


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


for command in (serve, play, publish, tail, logs, history, deploy, check_config):
    app.command(epilog=exits.HELP)(command)
app.add_typer(demo.app, name="demo")
app.add_typer(alerts.app, name="alerts")

__all__ = ["app"]
