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
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from mythos import _core
from mythos.authenticator import AUTHENTICATE
from mythos.command import Command, CommandError, CommandNames, current_command

log = logging.getLogger("mythos.server")

BATCH = 256  # commands taken at once; then the loop's other tasks have their turn

Handler: TypeAlias = Callable[[Command], Any]
Answer: TypeAlias = tuple[Command, bytes] | tuple[Command, str, str, bool]


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler, and how it is called."""

    function: Handler
    is_async: bool
    blocking: bool


def answer_of(command: Command, result: Any) -> Answer:
    """The reply to a handler's result; None is an empty object."""
    return (command, b"" if result is None else orjson.dumps(result))


def answer_of_error(command: Command, error: BaseException) -> Answer:
    """The reply to what a handler raised. Only a CommandError's words reach the caller."""
    if isinstance(error, CommandError):
        return (command, error.code, error.message, error.retryable)
    if isinstance(error, TimeoutError) and command.type == AUTHENTICATE:
        return (command, "overloaded", "nobody had time to say who you are; try again later", True)
    if isinstance(error, asyncio.CancelledError):
        return (command, "draining", "the server stopped while the command ran", False)
    log.error("The handler of %r failed for player %s", command.type, command.player_id, exc_info=error)
    return (command, "handler_failed", "the command failed in the application", False)


class Dispatcher:
    """The way between a core and its handlers; `attach` it to a loop, on that loop's thread, and `detach` it there."""

    def __init__(self, core: _core.ServerCore, handlers: dict[str, Registered], newcomer_timeout_s: float) -> None:
        self._core = core
        self._handlers = handlers
        self._newcomer_timeout_s = newcomer_timeout_s
        self._running: dict[Command, asyncio.Task[None]] = {}
        self._answers: list[Answer] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_id: int | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread_id = threading.get_ident()
        loop.add_reader(self._core.calls_descriptor(), self._take)

    @property
    def is_current(self) -> bool:
        """Whether this is the thread that handlers run on."""
        return threading.get_ident() == self._thread_id

    async def detach(self, grace_s: float) -> None:
        """Takes no more, and cancels what still runs; what has not ended after `grace_s` is left to itself."""
        assert self._loop is not None
        self._loop.remove_reader(self._core.calls_descriptor())
        with suppress(_core.CoreError):  # stopped already: this loop was busy for too long
            self._core.close_calls()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=grace_s)
            if stuck:
                log.error("%d handlers would not be cancelled; they are left to themselves", len(stuck))
        for command, task in self._running.items():
            if task.done():  # cancelled before its first step
                self._answers.append((command, "draining", "the server stopped before the command ran", True))
        self._tell()

    def _take(self) -> None:
        try:
            calls = self._core.take_calls(BATCH)
        except _core.CoreError:
            return
        answers = self._answers
        begun = 0
        try:
            for command in calls:
                begun += 1
                handler = self._handlers[command.type]
                if handler.is_async or handler.blocking:
                    self._start(command, handler)
                    continue
                if CommandNames.wanted:
                    current_command.set(command)
                try:
                    answers.append(answer_of(command, handler.function(command)))
                except BaseException as error:
                    answers.append(answer_of_error(command, error))
                    if not isinstance(error, Exception):
                        raise
        finally:
            if CommandNames.wanted:
                current_command.set(None)
            # Interrupted (Ctrl-C): the rest of the batch was not begun.
            for command in calls[begun:]:
                answers.append((command, "overloaded", "the server was interrupted; send it again", True))
            self._tell()

    def _start(self, command: Command, handler: Registered) -> None:
        assert self._loop is not None
        self._running[command] = self._loop.create_task(self._run(command, handler))

    async def _run(self, command: Command, handler: Registered) -> None:
        assert self._loop is not None
        if CommandNames.wanted:
            current_command.set(command)
        try:
            work: Awaitable[Any]
            if handler.is_async:
                work = handler.function(command)
            else:
                work = self._loop.run_in_executor(None, copy_context().run, handler.function, command)
            if command.type == AUTHENTICATE:
                # Somebody whose connection waits to be let in has no id to ask again with.
                work = asyncio.wait_for(work, self._newcomer_timeout_s)
            answer = answer_of(command, await work)
        except BaseException as error:
            answer = answer_of_error(command, error)
            if not isinstance(error, Exception):
                raise
        finally:
            del self._running[command]
            if not self._answers:
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
    def loop(self) -> asyncio.AbstractEventLoop:
        """What handlers run on."""
        return self._loop

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
