"""The server inside this process: the same core as `mythosd`, on threads of its own that never wait for Python.

    with mythos.Server(listen="127.0.0.1:8000") as server:

        @server.command("say")
        def say(command):
            server.publish("chat.said", {"who": command.player_id, **command.data}, channel="room:tavern")

        server.wait()

Used with `with`, handlers run on a thread of their own; with `async with`, on the running asyncio loop. Methods may be
called from any thread, and let the GIL go while the core works. Times are in seconds.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import time
import weakref
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Literal, TypedDict, TypeVar

import orjson

from mythos import _core
from mythos.authenticator import AUTHENTICATE, Authenticate, authenticator
from mythos.dispatcher import Dispatcher, Handler, HandlerThread, Registered, log
from mythos.errors import ConfigError, Refused, ServerStopped, StartFailed
from mythos.server_views import Connections, Sessions
from mythos.settings import Settings

H = TypeVar("H", bound=Handler)
A = TypeVar("A", bound=Authenticate)

DRAIN_POLL_S = 0.002
HANDLER_GRACE_S = 5.0  # for handlers to come back when the server stops


class Message(TypedDict, total=False):
    """One message of a batch: `type`, `data`, and exactly one of `channel`, `player` and `everyone`."""

    type: str
    data: Any
    channel: str
    player: str
    everyone: Literal[True]
    key: str


class Changed(TypedDict):
    """What `Server.reload` did, option by option: (name, old, new), as text."""

    live: list[tuple[str, str, str]]
    waits_for_restart: list[tuple[str, str, str]]


class Server:
    """A server; it listens from `start` to `stop`, or within `with` or `async with`.

    `settings`, or options as Settings takes them. The core's log goes to standard error, what handlers raise to the
    logger `mythos.server`. May be started again after it was stopped, as a new one.
    """

    def __init__(self, settings: Settings | None = None, **options: Any) -> None:
        self.settings = Settings(**options) if settings is None else settings.changed(**options)
        self._handlers: dict[str, Registered] = {}
        self._core: _core.ServerCore | None = None
        self._dispatcher: Dispatcher | None = None
        self._thread: HandlerThread | None = None

    # Life

    def start(self) -> Server:
        """Listens when it returns; handlers run on a thread of their own. Raises StartFailed."""
        self._begin()
        assert self._dispatcher is not None
        self._thread = HandlerThread(self._dispatcher)
        return self

    def stop(self) -> None:
        """Asks everybody to come back elsewhere, waits for them as `drain.*` says, and ends; again does nothing."""
        if self._dispatcher is not None and self._dispatcher.is_current:
            raise RuntimeError("a handler cannot stop the server that runs it; let another thread do it")
        if self._core is None:
            return
        try:
            for _ in self._drained():
                time.sleep(DRAIN_POLL_S)
        finally:
            self._end_thread()
            self._end()

    def wait(self) -> None:
        """Until the server is stopped by another thread, or this one is interrupted (Ctrl-C)."""
        while self._core is not None:
            time.sleep(0.1)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Server:
        self._begin()
        assert self._dispatcher is not None
        self._dispatcher.attach(asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._core is None:
            return
        try:
            for _ in self._drained():
                await asyncio.sleep(DRAIN_POLL_S)
        finally:
            if self._dispatcher is not None:
                await self._dispatcher.detach(HANDLER_GRACE_S)
            self._end()

    @property
    def is_running(self) -> bool:
        return self._core is not None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._running().port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:8000`"""
        host = self.settings.listen.rpartition(":")[0]
        return f"http://{host}:{self.port}"

    # Commands

    def command(self, type: str, *, blocking: bool = False) -> Callable[[H], H]:
        """Makes a function the handler of commands of this type.

        It is given a Command, and what it returns, as JSON, is the reply's `data`. A coroutine function runs as a task;
        a plain one at once, and commands wait for it, so let one that may take long be `blocking`: it gets a thread of
        a pool, which the interpreter's exit waits for. What a handler publishes is in the journal before its reply is
        told. To say no, raise CommandError; any other exception is logged, and the caller told `handler_failed`.
        """
        if not type or _core.is_built_in(type):
            raise ValueError(f"{type!r} is a command of the core's own" if type else "a command needs a type")
        if type in self._handlers:
            raise ValueError(f"{type!r} has a handler already")

        def register(function: H) -> H:
            self._handlers[type] = Registered(function, iscoroutinefunction(function), blocking)
            if self._core is not None:
                self._core.set_types(self._types())
            return function

        return register

    def authenticate(self, function: A, *, blocking: bool = False) -> A:
        """Makes a function the one that says who a newcomer is: a decorator. Before the start.

        It is given Credentials and gives the player's id, or raises Unauthorised, which None and "" stand for. It may
        be a coroutine function, or `blocking`, and has `limits.request_timeout_s` to answer; no loop waits meanwhile.
        Sets `auth.mode` to `application`. Connections are asked about; the routes for applications are not.
        """
        if self._core is not None:
            raise RuntimeError("the server is running: say before the start who may come in")
        self._handlers[AUTHENTICATE] = Registered(authenticator(function), iscoroutinefunction(function), blocking)
        self.settings = self.settings.changed(auth={"mode": "application"})
        return function

    # Messages

    def publish(
        self,
        type: str,
        data: Any = None,
        *,
        channel: str | None = None,
        player: str | None = None,
        everyone: bool = False,
        key: str | None = None,
    ) -> str:
        """Sends a message to a channel, a player or everyone; its id. Raises Refused.

        Of messages with the same target and `key`, a reader that is behind may get only the newest
        (`session.slow_reader`).
        """
        message: dict[str, Any] = {"type": type, "data": {} if data is None else data}
        for name, value in (("channel", channel), ("player", player), ("everyone", everyone or None), ("key", key)):
            if value is not None:
                message[name] = value
        return self._publish(message)[0]

    def publish_many(self, messages: Iterable[Message]) -> list[str]:
        """The same for several, all or none of them; far cheaper than one by one. Their ids, in order."""
        batch = list(messages)
        return self._publish({"messages": batch}) if batch else []

    def _publish(self, body: dict[str, Any]) -> list[str]:
        try:
            return self._running().publish(orjson.dumps(body))
        except _core.CoreError as error:
            raise _refusal(error) from None

    # Sessions and connections

    @property
    def sessions(self) -> Sessions:
        """Who has a session, by player: a live view."""
        return Sessions(self._running)

    @property
    def connections(self) -> Connections:
        """Every connection: a live view."""
        return Connections(self._running)

    def disconnect(
        self,
        player: str | None = None,
        *,
        session: str | None = None,
        connection: str | None = None,
        code: int = 4003,
        reason: str = "disconnected",
    ) -> int:
        """Closes a player's, a session's or one connection with a close code; how many were told."""
        if sum(name is not None for name in (player, session, connection)) != 1:
            raise ValueError("name one of player, session and connection")
        if not (code in (1000, 1001, 1008, 1011, 1013) or 3000 <= code <= 4999):
            raise ValueError(f"{code} is no code that a server may close with")
        return self._running().disconnect(player or "", session or "", connection or "", code, reason)

    def replace_session(self, player: str) -> str:
        """Opens a new session for the player and ends the old one (4001); its id."""
        return self._running().replace_session(player)[0]

    def subscribe(self, player: str, *channels: str, presence: bool = False) -> None:
        """The player's session gets what is said in these channels from now on. Raises Refused (`not_found`…)."""
        self._ask(lambda core: core.subscribe(player, list(channels), presence))

    def unsubscribe(self, player: str, *channels: str) -> None:
        """The player's session gets no more of these channels. Raises Refused (`not_found`)."""
        self._ask(lambda core: core.unsubscribe(player, list(channels)))

    def channels(self) -> dict[str, int]:
        """Channels with their number of subscribed sessions."""
        return {row["channel"]: row["subscribers"] for row in orjson.loads(self._running().channels())["channels"]}

    def members(self, channel: str) -> list[str]:
        """The players whose sessions are subscribed to the channel."""
        return [row["player_id"] for row in orjson.loads(self._running().presence(channel))["members"]]

    # Settings

    def reload(self, settings: Settings | None = None, **options: Any) -> Changed:
        """Changes settings while it runs; those that only count at a start are told as waiting. Raises ConfigError."""
        wanted = (settings or self.settings).changed(**options)
        try:
            live, waiting = self._running().reload(wanted.values)
        except _core.CoreError as error:
            raise ConfigError(str(error.args[1]).splitlines()) from None
        self.settings = Settings.only(**self._running().options())
        return {"live": live, "waits_for_restart": waiting}

    # Inside

    def _running(self) -> _core.ServerCore:
        if self._core is None:
            raise ServerStopped("the server is not running")
        return self._core

    def _ask(self, question: Callable[[_core.ServerCore], None]) -> None:
        try:
            question(self._running())
        except _core.CoreError as error:
            raise _refusal(error) from None

    def _types(self) -> list[str]:
        return [type for type in self._handlers if type != AUTHENTICATE]

    def _begin(self) -> None:
        if self._core is not None:
            raise RuntimeError("the server is running already")
        if self.settings.auth.mode == "application" and AUTHENTICATE not in self._handlers:
            raise StartFailed("bad_config", "auth.mode is application, but nothing was given to Server.authenticate")
        try:
            self._core = _core.ServerCore(self.settings.values)
        except _core.CoreError as error:
            code, message = error.args
            raise StartFailed(code, message) from None
        self._core.set_types(self._types())
        self._dispatcher = Dispatcher(self._core, self._handlers, self.settings.limits.request_timeout_s)
        _alive.add(self)

    def _drained(self) -> Iterable[None]:
        """Asks everybody to go; yields while somebody is there and time is left."""
        core, drain = self._running(), self.settings.drain
        core.drain(drain.spread_ms, "shutting down")
        end = time.monotonic() + drain.timeout_s
        while not core.is_drained() and time.monotonic() < end:
            yield

    def _end_thread(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None and not thread.stop(HANDLER_GRACE_S):
            log.error("A handler has not come back within %g s; it is left to itself", HANDLER_GRACE_S)

    def _end(self) -> None:
        core, self._core, self._dispatcher = self._core, None, None
        _alive.discard(self)
        if core is not None:
            core.stop()

    def _abandon(self) -> None:
        """In the child of a fork: the threads are not here, and the sockets are the parent's."""
        core, self._core, self._dispatcher, self._thread = self._core, None, None, None
        if core is not None:
            core.abandon()


def _refusal(error: _core.CoreError) -> Refused | ServerStopped:
    code, message = error.args
    return ServerStopped(message) if code == "stopped" else Refused(code, message)


_alive: weakref.WeakSet[Server] = weakref.WeakSet()


def _stop_all() -> None:
    """At the interpreter's exit: no farewell, but no thread that outlives Python either."""
    for server in list(_alive):
        server._end_thread()
        server._end()


def _abandon_all() -> None:
    for server in list(_alive):
        server._abandon()
    _alive.clear()


atexit.register(_stop_all)
os.register_at_fork(after_in_child=_abandon_all)
