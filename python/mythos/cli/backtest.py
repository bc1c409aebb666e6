"""`mythos alerts backtest`: proposed rules over the past, beside those in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from mythos.cli import exits
from mythos.cli.options import AsJson
from mythos.log_query import moment

if TYPE_CHECKING:
    from mythos.alerts.backtesting import Backtest, History, Row
    from mythos.alerts.backtesting.run import Progress
    from mythos.settings import Settings

Over = Annotated[
    list[Path] | None,
    typer.Option(
        help="The past: a directory of recordings, a range export of Prometheus, or a log of the server; may be given "
        "again. Without it, what alerts.recordings names."
    ),
]
COLUMNS = ("alert", "proposed", "for", "flaps", "in force", "for", "flaps", "change")
FIRINGS_SHOWN = 5  # of one alert; --json has all


def backtest(
    files: Annotated[list[Path], typer.Argument(help="Proposed rule files.")],
    over: Over = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A rule file in force; may be given again. Without it, what alerts.rules names."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="From this time: ISO 8601, or 90s, 10m, 2h, 1d ago.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Up to this time.")] = None,
    flap: Annotated[str, typer.Option(help="An alert that fires again within this time flaps.")] = "10m",
    as_json: AsJson = False,
) -> None:
    """Try proposed rules on the past.

    It tells when each alert would have fired, for how long, and how often it flaps, beside what the rules in force
    would have done. Rules that look at metrics which are not in the past are named; over logs they are left out. It
    ends with 1 where a rule file is faulty or the past cannot be read.
    """
    from mythos.alerts.backtesting import PastError
    from mythos.alerts.durations import parse_duration
    from mythos.alerts.yaml_reader import FileError

    now = datetime.now(UTC)
    try:
        from_s, to_s = (None if text is None else _seconds(text, now) for text in (since, until))
        flap_s = parse_duration(flap)
    except ValueError as error:
        exits.fail(exits.USAGE, error)
    try:
        with exits.mapped(), _progress(as_json) as progress:
            found = _run(files, over, against, from_s, to_s, flap_s, progress)
    except (FileError, PastError) as error:
        exits.fail(exits.FAILED, error)
    if as_json:
        for line in _json(found):
            typer.echo(orjson.dumps(line))
    else:
        _print(found)


def _run(
    files: Sequence[Path],
    over: Sequence[Path] | None,
    against: Sequence[Path] | None,
    from_s: float | None,
    to_s: float | None,
    flap_s: float,
    progress: Progress,
) -> Backtest:
    """With what mythos.toml says where nothing else is said. Raises FileError and PastError."""
    from mythos.alerts.backtesting import backtest
    from mythos.alerts.setup import rule_files

    settings = own_settings()
    return backtest(
        files,
        over or own_recordings(settings),
        against=against or rule_files(settings.alerts.rules),
        from_s=from_s,
        to_s=to_s,
        interval_s=settings.alerts.interval_s,
        flap_s=flap_s,
        labels={"job": settings.alerts.job, "instance": settings.alerts.instance},
        progress=progress,
    )


def own_settings() -> Settings:
    """Those that `mythos serve` would have here; it ends with BAD_CONFIG where they are faulty."""
    from mythos.cli.serve import for_a_program
    from mythos.errors import ConfigError
    from mythos.settings import Settings

    try:
        return for_a_program(Settings())
    except ConfigError as error:
        exits.fail(exits.BAD_CONFIG, "; ".join(error.complaints))


def own_recordings(settings: Settings) -> list[Path]:
    """Where they are; it ends where there are none."""
    from mythos.alerts.backtesting.past import WHENCE

    directory = settings.alerts.recordings
    if not directory:
        exits.fail(exits.USAGE, "alerts.recordings is empty, so there are none: name a past with --over")
    if not Path(directory).is_dir():
        exits.fail(exits.FAILED, f"{directory} has no recordings ({WHENCE}): start it, or name a past with --over")
    return [Path(directory)]


def _seconds(text: str, now: datetime) -> float:
    return datetime.fromisoformat(moment(text, now)).timestamp()


@contextmanager
def _progress(as_json: bool) -> Iterator[Progress]:
    """How far it is, where someone looks on."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(
        console=Console(stderr=True), transient=True, disable=as_json or not Console(stderr=True).is_terminal
    ) as bar:
        task = bar.add_task("Rules over the past", total=1.0)
        yield lambda done: bar.update(task, completed=done)


# For programs


def _json(found: Backtest) -> Iterator[dict[str, Any]]:
    yield {
        "kind": "backtest",
        "from": _iso(found.from_s),
        "to": _iso(found.to_s),
        "scrapes": found.scrapes,
        "evaluations": found.evaluations,
        "notes": found.notes,
        "quiet": found.quiet,
    }
    for row in found.rows:
        yield {
            "kind": "alert",
            "alert": row.alert,
            "labels": row.labels,
            "change": row.change,
            "proposed": _history(row.proposed, found.flap_s),
            "in_force": _history(row.in_force, found.flap_s),
        }
    for note in found.rule_notes:
        yield {"kind": "rule", **asdict(note)}


def _history(history: History, flap_s: float) -> dict[str, Any]:
    return {
        "firing_s": history.firing_s,
        "flaps": history.flaps(flap_s),
        "firings": [
            {
                "pending_at": _iso(each.pending_at),
                "fired_at": _iso(each.fired_at),
                "ended_at": None if each.ended_at is None else _iso(each.ended_at),
                "duration_s": each.duration_s,
                "value": each.value,
                "summary": each.summary,
            }
            for each in history.firings
        ],
        "pending": [
            {
                "pending_at": _iso(each.pending_at),
                "ended_at": None if each.ended_at is None else _iso(each.ended_at),
                "duration_s": each.duration_s,
            }
            for each in history.pendings
        ],
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# For people


def _print(found: Backtest) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"{_iso(found.from_s)} to {_iso(found.to_s)}: {found.scrapes} scrapes, {found.evaluations} evaluations"
    )
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for row in found.rows:
        table.add_row(_name(row), *_cells(row.proposed, found.flap_s), *_cells(row.in_force, found.flap_s), row.change)
    if found.rows:
        console.print(table)
    for row in found.rows:
        for rules, history in (("", row.proposed), ("in force, ", row.in_force)):
            for line in _firings(history):
                console.print(f"{_name(row)}: {rules}{line}")
    if found.quiet:
        console.print(f"not even pending: {', '.join(found.quiet)}")
    for note in (*_rule_notes(found), *found.notes):
        console.print(note)


def _name(row: Row) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in row.labels.items() if name != "alertname")
    return f"{row.alert}{{{labels}}}"


def _cells(history: History, flap_s: float) -> tuple[str, str, str]:
    from mythos.alerts.durations import format_duration

    if not history.firings:
        return ("pending" if history.pendings else "-", "", "")
    count = len(history.firings)
    return (f"fired {count}x", format_duration(history.firing_s), str(history.flaps(flap_s)))


def _firings(history: History) -> Iterable[str]:
    from mythos.alerts.durations import format_duration

    for each in history.firings[:FIRINGS_SHOWN]:
        ended = "goes on" if each.ended_at is None else f"to {_iso(each.ended_at)}"
        yield f"fired {_iso(each.fired_at)} {ended}, {format_duration(each.duration_s)}, value {each.value:g}"
    if (more := len(history.firings) - FIRINGS_SHOWN) > 0:
        yield f"and {more} times more"
    if history.pendings:
        longest = max(each.duration_s for each in history.pendings)
        yield f"pending {len(history.pendings)}x without firing, {format_duration(longest)} at most"


def _rule_notes(found: Backtest) -> Iterator[str]:
    """Of proposed rules each; of those in force only which do not work."""
    for note in found.rule_notes:
        where = f"{note.file}:{note.line}: {note.name}"
        if note.missing and note.rules == "proposed":
            verb = "is" if len(note.missing) == 1 else "are"
            left = "" if note.tried else ", so it was not tried"
            yield f"{where}: {', '.join(note.missing)} {verb} not in the past{left}"
        if note.failures:
            yield f"{where} ({note.rules}) failed {note.failures} times: {note.error}"
    lacking = [note.name for note in found.rule_notes if note.missing and note.rules == "in force"]
    if lacking:
        yield f"in force, looking at what is not in the past: {', '.join(dict.fromkeys(lacking))}"


__all__ = ["backtest"]
