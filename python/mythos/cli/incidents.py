"""`mythos alerts incident`: what the server knew when alerts fired, as notebooks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from mythos.cli import exits
from mythos.cli.options import AsJson
from mythos.settings_tables import AlertsTable

app = typer.Typer(help="Incident bundles: what the server knew when an alert fired.", no_args_is_help=True)

Directory = Annotated[Path, typer.Option("--directory", help="As alerts.incidents says.", file_okay=False)]
DIRECTORY = Path(AlertsTable().incidents)


@app.command("list", epilog=exits.HELP)
def list_incidents(directory: Directory = DIRECTORY, as_json: AsJson = False) -> None:
    """List the bundles, newest first: when, which alerts, and where."""
    from mythos.alerts.incident import bundles

    for bundle in bundles(directory):
        told = json.loads((bundle / "incident.json").read_text())
        names = sorted({alert["labels"]["alertname"] for alert in told["alerts"]})
        if as_json:
            typer.echo(json.dumps({"directory": str(bundle), "at": told["at"], "alerts": names}))
        else:
            typer.echo(f"{told['at'][:19]}Z  {', '.join(names)}  {bundle}")


@app.command("open", epilog=exits.HELP)
def open_incident(
    name: Annotated[str | None, typer.Argument(help="Which; without it the newest.")] = None,
    directory: Directory = DIRECTORY,
) -> None:
    """Open a bundle in Jupyter."""
    from mythos.alerts.incident import NOTEBOOK, bundles

    found = [bundle for bundle in bundles(directory) if name is None or bundle.name == name]
    if not found:
        exits.fail(exits.FAILED, f"there is no bundle{f' {name}' if name else ''} in {directory}")
    notebook = found[0] / NOTEBOOK
    jupyter = shutil.which("jupyter")
    if jupyter is None:
        exits.fail(exits.FAILED, f"there is no Jupyter (pip install notebook); the notebook is {notebook}")
    os.execv(jupyter, [jupyter, "notebook", str(notebook)])
