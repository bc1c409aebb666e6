"""`mythos alerts silence`: who is not to be told of which alerts for a while, and why."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import httpx
import typer

from mythos.alerts.alert import rfc3339
from mythos.alerts.durations import parse_duration
from mythos.alerts.notify.matchers import parse_matchers
from mythos.alerts.notify.options import STATE_FILE
from mythos.alerts.notify.silence_api import (
    Answer,
    SilenceBook,
    check_time,
    delete_silence,
    get_silences,
    post_silence,
)
from mythos.cli import exits
from mythos.cli.options import AsJson, Token, headers_of
from mythos.cli.publish import refusal

TIMEOUT_S = 30.0

app = typer.Typer(
    help="Silence alerts for a while: on a running server (--url), or on its state file.", no_args_is_help=True
)

OfServer: TypeAlias = Annotated[
    str | None, typer.Option("--url", envvar="MYTHOS_URL", help="A running server; without it the state file.")
]
OfFile: TypeAlias = Annotated[Path, typer.Option("--state-file", dir_okay=False, help="The state file of the alerts.")]


@app.command(epilog=exits.HELP)
def add(
    matchers: Annotated[
        list[str], typer.Argument(help="Which alerts: labels and values, such as alertname=Lag 'instance=~\"a.*\"'.")
    ],
    comment: Annotated[str, typer.Option("--comment", "-c", help="Why.")],
    duration: Annotated[str, typer.Option("--duration", "-d", help="For how long: 90s, 2h, 1d.")] = "1h",
    start: Annotated[str | None, typer.Option(help="From when on, ISO 8601 with a zone; now without it.")] = None,
    end: Annotated[str | None, typer.Option(help="Until when, in the place of --duration.")] = None,
    author: Annotated[str | None, typer.Option("--author", "-a", help="Who says so; the user by default.")] = None,
    url: OfServer = None,
    token: Token = None,
    state_file: OfFile = STATE_FILE,
    as_json: AsJson = False,
) -> None:
    """Silence the alerts that all MATCHERS match, and print the silence's id."""
    try:
        parsed = [matcher for text in matchers for matcher in parse_matchers(text)]
        starts_at = check_time("--start", _moment(start) if start is not None else datetime.now(UTC).timestamp())
        ends_at = check_time("--end", _moment(end) if end is not None else starts_at + parse_duration(duration))
    except ValueError as error:
        exits.fail(exits.USAGE, error)
    body = {
        "matchers": [
            {"name": each.name, "value": each.value, "isRegex": "~" in each.sign, "isEqual": "!" not in each.sign}
            for each in parsed
        ],
        "startsAt": rfc3339(starts_at),
        "endsAt": rfc3339(ends_at),
        "createdBy": author or _user(),
        "comment": comment,
    }
    answer = _ask(url, token, "POST", "silences", body, lambda: post_silence(_book(state_file), body))
    typer.echo(json.dumps(answer) if as_json else answer["silenceID"])


@app.command("list", epilog=exits.HELP)
def list_(
    matchers: Annotated[list[str] | None, typer.Argument(help="Only those with such matchers.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Also those that have ended, for five days.")] = False,
    url: OfServer = None,
    token: Token = None,
    state_file: OfFile = STATE_FILE,
    as_json: AsJson = False,
) -> None:
    """List the silences, those in force first."""
    filters = matchers or []
    path = str(httpx.URL("silences", params=[("filter", text) for text in filters]))
    answer = _ask(url, token, "GET", path, None, lambda: get_silences(_book(state_file), filters))
    for silence in answer:
        if expired or silence["status"]["state"] != "expired":
            typer.echo(json.dumps(silence) if as_json else _line_of(silence))


@app.command(epilog=exits.HELP)
def expire(
    ids: Annotated[list[str], typer.Argument(help="Ids, as `add` and `list` print them.")],
    url: OfServer = None,
    token: Token = None,
    state_file: OfFile = STATE_FILE,
) -> None:
    """End silences now."""
    for id in ids:

        def on_file(id: str = id) -> Answer:
            return delete_silence(_book(state_file), id)

        _ask(url, token, "DELETE", f"silence/{id}", None, on_file)


def _book(state_file: Path) -> SilenceBook:
    from mythos.alerts.notify.silence_file import SilenceFile  # with SQLite, which other commands need not load

    return SilenceFile(state_file)


def _ask(url: str | None, token: str | None, method: str, path: str, body: Any, on_file: Callable[[], Answer]) -> Any:
    """What the server or the file says; ends the program where that is a refusal."""
    with exits.mapped():
        try:
            status, answer = on_file() if url is None else _over_http(url, token, method, path, body)
        except FileNotFoundError as error:
            exits.fail(exits.FAILED, f"{error}; name the running server (--url), or its alerts.state (--state-file)")
        except OSError as error:
            exits.fail(exits.FAILED, error)
    if status != 200:
        exits.fail(exits.FAILED, answer)
    return answer


def _over_http(url: str, token: str | None, method: str, path: str, body: Any) -> Answer:
    answer = httpx.request(
        method,
        f"{url.rstrip('/')}/api/v2/{path}",
        json=body,
        headers=headers_of(token),
        timeout=TIMEOUT_S,
        trust_env=False,
    )
    if not answer.is_success:
        return answer.status_code, _refusal(answer)
    return answer.status_code, answer.json() if answer.content else None


def _refusal(answer: httpx.Response) -> str:
    """A text as Alertmanager has it, or what this server says where it did not get that far."""
    with suppress(ValueError):
        told = answer.json()
        if isinstance(told, str):
            return told
    return refusal(answer)


def _line_of(silence: dict[str, Any]) -> str:
    signs = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    matchers = ",".join(
        f'{each["name"]}{signs[each["isEqual"], each["isRegex"]]}"{each["value"]}"' for each in silence["matchers"]
    )
    state, end = silence["status"]["state"], silence["endsAt"][:19]
    return f"{silence['id']}  {state:7}  until {end}Z  {{{matchers}}}  {silence['createdBy']}: {silence['comment']}"


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"{text!r} is no time with a zone such as 2026-11-23T10:15:00Z")
    return at.timestamp()


def _user() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "unknown"


__all__ = ["app"]
