"""An application's own function that says who a newcomer is, as a handler of the core's question."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, TypeAlias

from mythos.command import Command, Credentials, Unauthorised

AUTHENTICATE = "mythos.authenticate"  # the core's question, which no client's command can be named

Authenticate: TypeAlias = Callable[[Credentials], Any]


def authenticator(function: Authenticate) -> Callable[[Command], Any]:
    """The handler for the question; a coroutine function if the application's is one."""

    async def ask_async(command: Command) -> str:
        return player_of(await function(Credentials(**command.data)))

    def ask(command: Command) -> str:
        return player_of(function(Credentials(**command.data)))

    return ask_async if iscoroutinefunction(function) else ask


def player_of(answer: Any) -> str:
    """The player's id; no answer is a refusal."""
    if not answer:
        raise Unauthorised
    return str(answer)
