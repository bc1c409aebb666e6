"""`mythos alerts suggest`: thresholds for rules, from a past in which nothing was wrong."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from mythos.cli import exits
from mythos.cli.backtest import Over, own_recordings, own_settings
from mythos.cli.options import AsJson

if TYPE_CHECKING:
    from mythos.alerts.backtesting import Suggestion


def suggest(
    files: Annotated[list[Path], typer.Argument(help="Rule files.")],
    over: Over = None,
    alarms: Annotated[float, typer.Option(min=0.001, max=1_000, help="False alarms a day that may be expected.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Propose thresholds for rules of the form `expression > number`.

    From the last day, or another past in which nothing was wrong: where to enter, where to leave, and how many false
    alarms a day to expect. Rules of which nothing can be told are named. It ends with 1 where a rule file is faulty or
    the past cannot be read.
    """
    from mythos.alerts.backtesting import PastError, suggest
    from mythos.alerts.yaml_reader import FileError

    settings = own_settings()
    try:
        with exits.mapped():
            found = suggest(
                files,
                over or own_recordings(settings),
                alarms_a_day=alarms,
                interval_s=settings.alerts.interval_s,
            )
    except (FileError, PastError) as error:
        exits.fail(exits.FAILED, error)
    for each in found:
        typer.echo(orjson.dumps(asdict(each)) if as_json else _line(each))


def _line(each: Suggestion) -> str:
    head = f"{each.file}:{each.line}: {each.alert}: "
    now = (
        f"{each.operator} {each.number:g} gives {each.alarms_a_day:.3g} alarms a day"
        if each.alarms_a_day is not None
        else ""
    )
    if each.enter is None:
        return head + "; ".join(text for text in (now, each.reason) if text)
    return (
        f"{head}{now}; enter at {each.operator} {each.enter:g}, leave at {each.exit:g}: {each.expected_a_day:.2g} "
        f"a day expected (by {each.peaks} peaks in {each.days:.2g} days)"
    )


__all__ = ["suggest"]
