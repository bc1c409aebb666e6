"""An application's own function that says who sends a request, as a handler of the core's question."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from inspect import iscoroutinefunction
from typing import Any, Final, TypeAlias

from mythos.command import Command, Credentials, Unauthorised

AUTHENTICATE = "mythos.authenticate"  # the core's question, which no client's command can be named

Authenticate: TypeAlias = Callable[[Credentials], Any]


class Application(Enum):
    """Who sends the request is no player but a part of the application, and may use its routes (`/api/publish`, …)."""

    APPLICATION = "application"


APPLICATION: Final = Application.APPLICATION


def authenticator(function: Authenticate) -> Callable[[Command], Any]:
    """The handler for the question; a coroutine function if the application's is one."""

    async def ask_async(command: Command) -> str | dict[str, bool]:
        return caller_of(await function(Credentials(**command.data)))

    def ask(command: Command) -> str | dict[str, bool]:
        return caller_of(function(Credentials(**command.data)))

    return ask_async if iscoroutinefunction(function) else ask


def caller_of(answer: Any) -> str | dict[str, bool]:
    """Whom the function named, as the core reads it: a player or the application. No answer is a refusal."""
    if not answer:
        raise Unauthorised
    if isinstance(answer, Application):
        return {"application": True}
    if not isinstance(answer, str):
        raise TypeError(f"authenticate gives a player's id or APPLICATION, not {answer!r}")
    return answer
