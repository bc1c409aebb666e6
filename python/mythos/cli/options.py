"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

DEFAULT_URL = "http://127.0.0.1:8000"
OPEN_S = 3.0  # for the first welcome; a server that is just starting is worth waiting for

Url: TypeAlias = Annotated[str, typer.Option("--url", envvar="MYTHOS_URL", help="The server.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
