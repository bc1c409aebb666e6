"""Commands from the core to their handlers, in batches, on one asyncio loop, and what came of them back to the core.

The core makes a descriptor readable while commands wait; the loop then takes up to `BATCH` of them, runs the handlers
that are plain functions one after the other, starts a task for each that is a coroutine function, and lends a thread to
each that blocks. Everything else here runs on that loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from mythos import _core
from mythos.authenticator import AUTHENTICATE
from mythos.command import Command, CommandError

log = logging.getLogger("mythos.server")

BATCH = 256  # commands taken at once; then the loop's other tasks have their turn

Handler: TypeAlias = Callable[[Command], Any]
Answer: TypeAlias = tuple[int, bytes] | tuple[int, bytes, str, str, bool]


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler, and how it is called."""

    function: Handler
    is_async: bool
    blocking: bool


def answer_of(ticket: int, result: Any) -> Answer:
    """The reply to a handler's result; None is an empty object."""
    return (ticket, b"" if result is None else orjson.dumps(result))


def answer_of_error(ticket: int, command: Command, error: BaseException) -> Answer:
    """The reply to what a handler raised. Only a CommandError's words reach the caller."""
    if isinstance(error, CommandError):
        return (ticket, b"", error.code, error.message, error.retryable)
    if isinstance(error, TimeoutError) and command.type == AUTHENTICATE:
        return (ticket, b"", "overloaded", "nobody had time to say who you are; try again later", True)
    if isinstance(error, asyncio.CancelledError):
        return (ticket, b"", "draining", "the server stopped while the command ran", False)
    log.error("The handler of %r failed for player %s", command.type, command.player_id, exc_info=error)
    return (ticket, b"", "handler_failed", "the command failed in the application", False)


class Dispatcher:
    """The way between a core and its handlers; `attach` it to a loop, on that loop's thread, and `detach` it there."""

    def __init__(self, core: _core.ServerCore, handlers: dict[str, Registered], newcomer_timeout_s: float) -> None:
        self._core = core
        self._handlers = handlers
        self._newcomer_timeout_s = newcomer_timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[Answer] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._core.calls_descriptor(), self._take)

    async def detach(self, grace_s: float) -> None:
        """Takes no more, and cancels what still runs; what has not ended after `grace_s` is left to itself."""
        assert self._loop is not None
        self._loop.remove_reader(self._core.calls_descriptor())
        with suppress(_core.CoreError):  # stopped already: this loop was busy for too long
            self._core.close_calls()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=grace_s)
            if stuck:
                log.error("%d handlers would not be cancelled; they are left to themselves", len(stuck))
        self._tell()

    def _take(self) -> None:
        try:
            calls = self._core.take_calls(BATCH)
        except _core.CoreError:
            return
        answers = self._answers
        position = 0
        try:
            for ticket, id, type, text, player_id, session_id, client_id in calls:
                command = Command(id, type, text, player_id, session_id, client_id)
                position += 1
                handler = self._handlers[type]
                if handler.is_async or handler.blocking:
                    self._start(ticket, command, handler)
                    continue
                try:
                    answers.append(answer_of(ticket, handler.function(command)))
                except BaseException as error:
                    answers.append(answer_of_error(ticket, command, error))
                    if not isinstance(error, Exception):
                        raise
        finally:
            # Interrupted (Ctrl-C): the rest of the batch was not begun.
            for ticket, *_ in calls[position:]:
                answers.append((ticket, b"", "overloaded", "the server was interrupted; send it again", True))
            self._tell()

    def _start(self, ticket: int, command: Command, handler: Registered) -> None:
        assert self._loop is not None
        work: Awaitable[Any]
        if handler.is_async:
            work = handler.function(command)
        else:
            work = self._loop.run_in_executor(None, handler.function, command)
        task = self._loop.create_task(self._finish(ticket, command, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, ticket: int, command: Command, work: Awaitable[Any]) -> None:
        # Somebody whose connection waits to be let in has no id to ask again with.
        timeout_s = self._newcomer_timeout_s if command.type == AUTHENTICATE else None
        try:
            answer = answer_of(ticket, await asyncio.wait_for(work, timeout_s) if timeout_s else await work)
        except BaseException as error:
            answer = answer_of_error(ticket, command, error)
            if not isinstance(error, Exception):
                self._answers.append(answer)
                raise
        if not self._answers:
            assert self._loop is not None
            self._loop.call_soon(self._tell)
        self._answers.append(answer)

    def _tell(self) -> None:
        answers, self._answers = self._answers, []
        if answers:
            with suppress(_core.CoreError):  # stopped: nobody is left to be told
                self._core.answer_calls(answers)


class HandlerThread:
    """A thread with a loop of its own for a server that is not on one; for the thread that started it."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._loop = asyncio.new_event_loop()
        # A daemon: a handler that never comes back must not keep the interpreter from exiting.
        self._thread = threading.Thread(target=self._run, name="mythos-handlers", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._dispatcher.attach(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    @property
    def is_current(self) -> bool:
        return threading.current_thread() is self._thread

    def stop(self, grace_s: float) -> bool:
        """False: a handler did not come back in time; it is left to itself."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(grace_s), self._loop)
        self._thread.join(2 * grace_s)
        return not self._thread.is_alive()

    async def _end(self, grace_s: float) -> None:
        try:
            await self._dispatcher.detach(grace_s)
        finally:
            self._loop.stop()
