"""The exit codes of `mythos`, and what leads to them. Errors go to standard error, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import httpx
import typer

from mythos import errors

DONE = 0
FAILED = 1  # the command did what it could, and it was not enough: refused, or messages lost
USAGE = 2
BAD_CONFIG = 3
NO_SERVER = 4
SENT_AWAY = 5  # the server wants this client gone: its session was replaced, or it was displaced
INTERRUPTED = 130

HELP = (
    "Exit codes: 0 done; 1 failed or refused; 2 wrong usage; 3 wrong configuration; 4 no server; "
    "5 sent away by the server (session replaced, or displaced); 130 interrupted."
)


def fail(code: int, message: object) -> NoReturn:
    typer.echo(f"mythos: {message}", err=True)
    raise typer.Exit(code)


@contextmanager
def mapped() -> Iterator[None]:
    """Ends the program with the code that belongs to what was raised within."""
    try:
        yield
    except errors.ConnectFailed as error:
        fail(NO_SERVER, error)
    except httpx.TransportError as error:
        fail(NO_SERVER, f"no server: {error}")
    except (errors.SessionReplaced, errors.Displaced) as error:
        fail(SENT_AWAY, error)
    except errors.MythosError as error:
        fail(FAILED, error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
