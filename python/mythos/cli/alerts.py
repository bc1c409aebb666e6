"""`mythos alerts`: checks and tests Prometheus' rules on the engine of the server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from mythos.cli import backtest, exits, incidents, silences, suggest

app = typer.Typer(
    help="Alert rules: Prometheus' files, on the engine of the server.", no_args_is_help=True, epilog=exits.HELP
)
app.add_typer(silences.app, name="silence")
app.add_typer(incidents.app, name="incident")
app.command(epilog=exits.HELP)(backtest.backtest)
app.command(epilog=exits.HELP)(suggest.suggest)


@app.command(epilog=exits.HELP)
def check(files: Annotated[list[Path], typer.Argument(help="Rule files.")]) -> None:
    """Check rule files as `promtool check rules` does, and for what the engine does not support.

    Every fault is told, with its file, its line and what to write instead; it ends with 1 where there is one.
    """
    from mythos.alerts.rule_file import load_rule_files
    from mythos.alerts.yaml_reader import FileError

    failed = False
    for file in files:
        try:
            groups = load_rule_files([file])
        except FileError as error:
            typer.echo(str(error), err=True)
            failed = True
            continue
        kinds = Counter(rule.kind for group in groups for rule in group.rules)
        typer.echo(f"{file}: {kinds['alert']} alerts and {kinds['record']} records in {len(groups)} groups")
    if failed:
        raise typer.Exit(exits.FAILED)


@app.command(epilog=exits.HELP)
def test(files: Annotated[list[Path], typer.Argument(help="promtool's rule-test files.")]) -> None:
    """Run rule tests as `promtool test rules` does, with its verdicts and its exit codes.

    It ends with 1 where one fails, or where a file cannot be read.
    """
    from mythos.alerts.test_file import load_test_file
    from mythos.alerts.test_run import run_test_file
    from mythos.alerts.yaml_reader import FileError

    failed = False
    for file in files:
        try:
            for pattern in load_test_file(file).unmatched:
                typer.echo(f"{file}: no rule file is called {pattern}", err=True)
            failures = run_test_file(str(file))
        except FileError as error:
            failures = [str(error)]
        for failure in failures:
            typer.echo(failure, err=True)
        typer.echo(f"{file}: {'FAILED' if failures else 'SUCCESS'}")
        failed = failed or bool(failures)
    if failed:
        raise typer.Exit(exits.FAILED)


__all__ = ["app"]
