"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias

import typer

from mythos.client_wires import check_name, check_url

DEFAULT_URL = "http://127.0.0.1:8000"
OPEN_S = 3.0  # for the first welcome; a server that is just starting is worth waiting for


def _checked(check: Callable[[str], None]) -> Callable[[str], str]:
    def checked(value: str) -> str:
        try:
            check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return value

    return checked


Url: TypeAlias = Annotated[
    str, typer.Option("--url", envvar="MYTHOS_URL", callback=_checked(check_url), help="The server.")
]
Player: TypeAlias = Annotated[
    str, typer.Argument(callback=_checked(check_name), help="A player: letters, digits and . _ : @ -")
]
Token: TypeAlias = Annotated[
    str | None, typer.Option("--token", envvar="MYTHOS_TOKEN", help="Sent as `Authorization: Bearer`.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


def headers_of(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
