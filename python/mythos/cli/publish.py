"""`mythos publish`: the application's side of the server, from a shell."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import httpx
import typer

from mythos.cli import exits
from mythos.cli.options import DEFAULT_URL, AsJson, Token, Url, headers_of

TIMEOUT_S = 30.0


def publish(
    type: Annotated[str, typer.Argument(help="The message's type, such as chat.said.")],
    data: Annotated[str, typer.Argument(help="Its data, as JSON; `-` reads it from standard input.")] = "{}",
    channel: Annotated[str | None, typer.Option(help="Whoever is subscribed to it gets the message.")] = None,
    player: Annotated[str | None, typer.Option(help="This player gets it.")] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Every player with a session gets it.")] = False,
    key: Annotated[
        str | None, typer.Option(help="Of messages with the same key a late reader needs the newest.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Publish one message to a channel, a player or everyone, and print its id."""
    targets = {"channel": channel, "player": player, "everyone": everyone or None}
    given = {name: value for name, value in targets.items() if value is not None}
    if len(given) != 1:
        exits.fail(exits.USAGE, "name exactly one of --channel, --player and --everyone")
    try:
        body: dict[str, Any] = {"type": type, "data": json.loads(sys.stdin.read() if data == "-" else data), **given}
    except ValueError as error:
        exits.fail(exits.USAGE, f"DATA is not JSON: {error}")
    if key is not None:
        body["key"] = key
    with exits.mapped():
        answer = httpx.post(
            f"{url}/api/publish", json=body, headers=headers_of(token), timeout=TIMEOUT_S, trust_env=False
        )
        if not answer.is_success:
            exits.fail(exits.FAILED, refusal(answer))
        typer.echo(json.dumps(answer.json()) if as_json else answer.json()["id"])


def refusal(answer: httpx.Response) -> str:
    """What an error answer says."""
    try:
        body = answer.json()
        return f"{body['details']['error_code']}: {body['message']}"
    except (ValueError, KeyError, TypeError):
        return f"the server answered with status {answer.status_code}"
