"""`mythos logs`: what grep, sort, uniq and jq do with log files, without them."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import orjson
import typer

from mythos import _core
from mythos.cli import exits
from mythos.cli.options import AsJson
from mythos.log_files import Line, LogReader, files_of
from mythos.log_query import Comparison, CountBy, Percentiles, Wanted, moment, text_of

T = TypeVar("T")

HEAD = ("timestamp", "level", "logger", "event")
Level = Literal["debug", "info", "warning", "error", "critical"]


def _told(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        exits.fail(exits.USAGE, error)


def logs(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Log files, with what was rotated off them; - is standard input.")
    ] = None,
    level: Annotated[Level | None, typer.Option(help="This level or a worse one.", case_sensitive=False)] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="A part of the event, in any case; or one of several.")
    ] = None,
    logger: Annotated[str | None, typer.Option(help="A logger, or one below it.")] = None,
    error_type: Annotated[list[str] | None, typer.Option(help="Such as connection_error; or one of several.")] = None,
    player: Annotated[str | None, typer.Option(help="A player_id.")] = None,
    session: Annotated[str | None, typer.Option(help="A session_id.")] = None,
    connection: Annotated[str | None, typer.Option(help="A connection_id.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on: ISO 8601, or 90s, 10m, 2h, 1d ago.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="A field and a value, such as establishment_time_ms>1000: = != > >= < <= or ~ and a pattern."
        ),
    ] = None,
    field: Annotated[list[str] | None, typer.Option(help="Print only this field; may be given again.")] = None,
    count_by: Annotated[str | None, typer.Option(help="Count the lines by this field.")] = None,
    percentiles: Annotated[str | None, typer.Option(help="Percentiles of this numeric field.")] = None,
    last: Annotated[int | None, typer.Option(min=0, help="Only the last so many.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, also across rotations.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print, count or measure lines of the server's log, of logs/mythos.log without FILES.

    Rotated and compressed files are read in their order. Lines that cannot be read are passed over; how many there were
    is said on standard error. It ends with 0 also where no line is wanted, and with 1 where a file cannot be read.
    """
    now = datetime.now(UTC)
    wanted = Wanted(
        level=level,
        events=tuple(event or ()),
        logger=logger,
        error_types=tuple(error_type or ()),
        player=player,
        session=session,
        connection=connection,
        since=None if since is None else _told(lambda text: moment(text, now), since),
        until=None if until is None else _told(lambda text: moment(text, now), until),
        where=tuple(_told(Comparison.parse, text) for text in where or ()),
    )
    if follow and (count_by or percentiles or len(files or ()) > 1):
        exits.fail(exits.USAGE, "--follow prints the lines of one file, as they come")
    reader = LogReader()
    with exits.mapped(), _printing():
        lines = _wanted_lines(reader, files or [Path(_core.PROGRAM_LOG_FILE)], wanted, last, follow)
        if count_by or percentiles:
            _summarise(lines, count_by, percentiles, as_json)
        else:
            _print_lines(lines, field or [], as_json)
    if reader.unreadable:
        typer.echo(f"mythos: {reader.unreadable} lines could not be read", err=True)


def _wanted_lines(
    reader: LogReader, paths: list[Path], wanted: Wanted, last: int | None, follow: bool
) -> Iterator[Line]:
    present, later = _followed(reader, paths[0]) if follow else (_lines(reader, paths), iter(()))
    matching: Iterable[Line] = filter(wanted.matches, present)
    if last is not None:
        matching = deque(matching, maxlen=last)
    return chain(matching, filter(wanted.matches, later))


class _printing:
    """Ends quietly where nobody reads on, as in `mythos logs | head`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(exits.DONE)


def _lines(reader: LogReader, paths: list[Path]) -> Iterator[Line]:
    for path in paths:
        files = [path] if str(path) == "-" else files_of(path)
        if not files:
            exits.fail(exits.FAILED, f"there is no log file {path}")
        try:
            yield from reader.lines(files)
        except OSError as error:
            exits.fail(exits.FAILED, f"{path}: {error.strerror}")


def _followed(reader: LogReader, path: Path) -> tuple[Iterator[Line], Iterator[Line]]:
    rotated = [file for file in files_of(path) if file != path]
    there, later = reader.follow(path)
    return chain(reader.lines(rotated), there), later


def _print_lines(lines: Iterable[Line], fields: list[str], as_json: bool) -> None:
    for line in lines:
        if as_json:
            chosen = {name: line[name] for name in fields if name in line} if fields else line
            typer.echo(orjson.dumps(chosen))
        elif fields:
            if any(name in line for name in fields):
                typer.echo("\t".join(text_of(line[name]) if name in line else "-" for name in fields))
        else:
            typer.echo(line_for_people(line))


def _summarise(lines: Iterable[Line], count_by: str | None, percentiles: str | None, as_json: bool) -> None:
    counts, measured = CountBy(count_by or ""), Percentiles(percentiles or "")
    for line in lines:
        counts.add(line)
        measured.add(line)
    if count_by is not None:
        for value, count in counts.rows():
            typer.echo(orjson.dumps({count_by: value, "count": count}) if as_json else f"{count:7} {value}")
    if percentiles is not None:
        row = measured.row()
        if as_json:
            typer.echo(orjson.dumps({"field": percentiles, **row}))
        else:
            typer.echo("  ".join(f"{name} {value:g}" for name, value in row.items()))


def line_for_people(line: Line) -> str:
    """As `log.format = "console"` has it; a traceback below."""
    head = f"{line['timestamp']} {line.get('level', '-'):<8} {line.get('logger', '-')}  {line['event']}"
    fields = [f"{name}={text_of(value)}" for name, value in line.items() if name not in (*HEAD, "exception")]
    below = "".join(f"\n    {text}" for text in str(line.get("exception", "")).splitlines())
    return "  ".join([head, *fields]) + below


__all__ = ["logs"]
