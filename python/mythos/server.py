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
import time
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mythos import _core, server_exit
from mythos.authenticator import AUTHENTICATE, Authenticate, authenticator
from mythos.dispatcher import Dispatcher, Handler, HandlerThread, Registered, log
from mythos.entries import Message, message_of
from mythos.errors import ConfigError, ServerStopped, StartFailed, refusal
from mythos.health_runner import HealthChecks
from mythos.monitoring import Monitoring
from mythos.server_alerts import files_to_start_with
from mythos.server_errors import Errors
from mythos.server_views import Connections, Sessions
from mythos.settings import Changed, Settings
from mythos.store import Store

if TYPE_CHECKING:
    from mythos.alerts.engine import AlertEngine
    from mythos.alerts.setup import AlertFiles

H = TypeVar("H", bound=Handler)
A = TypeVar("A", bound=Authenticate)
T = TypeVar("T")

DRAIN_POLL_S = 0.002
HANDLER_GRACE_S = 5.0  # for handlers to come back when the server stops


class Server:
    """A server; it listens from `start` to `stop`, or within `with` or `async with`.

    `settings`, or options as Settings takes them: `Server(listen="127.0.0.1:0", session={"grace_s": 60})`. Raises
    ConfigError. With `with` handlers run on a thread of their own, with `async with` on the running asyncio loop. The
    core's log goes to standard error, what handlers raise to the logger `mythos.server`.

    Every method may be called from any thread, in handlers too (but for `stop`), and lets the GIL go while the core
    works. A server may be started again after it was stopped, as a new one; in the child of a fork it is not running.
    """

    def __init__(self, settings: Settings | None = None, **options: Any) -> None:
        self.settings = Settings(**options) if settings is None else settings.changed(**options)
        self._handlers: dict[str, Registered] = {}
        self._core: _core.ServerCore | None = None
        self._dispatcher: Dispatcher | None = None
        self._thread: HandlerThread | None = None
        self._alerts: AlertEngine | None = None
        self.health = HealthChecks()
        self.errors = Errors(self._ask)

    def __repr__(self) -> str:
        return f"<mythos.Server on {self.url}>" if self.is_running else "<mythos.Server, not running>"

    # Life

    def start(self) -> Server:
        """Listens when it returns. Handlers run on a thread of their own. Raises StartFailed."""
        self._begin()
        assert self._dispatcher is not None
        self._thread = HandlerThread(self._dispatcher)
        self.health.attach(self._running(), self._thread.loop)
        return self

    def stop(self) -> None:
        """Asks everybody to come back elsewhere, waits for them as `drain.*` says, and ends.

        Up to `drain.timeout_s`, and 10 s for handlers that do not end. Stopping again does nothing. Raises RuntimeError
        in a handler, whose thread would wait for itself.
        """
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
        self.health.attach(self._running(), asyncio.get_running_loop())
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
            if self._alerts is not None:
                await asyncio.to_thread(self._alerts.stop)  # somebody whom it tells may be slow
            self._end()

    @property
    def is_running(self) -> bool:
        """Whether it listens: from the start to the stop, and not in a forked child."""
        return self._core is not None

    @property
    def port(self) -> int:
        """Where it listens, also where `listen` asked for a free port. Raises ServerStopped."""
        return self._running().port

    @property
    def url(self) -> str:
        """Such as `http://127.0.0.1:8000`, for clients. Raises ServerStopped."""
        host = self.settings.listen.rpartition(":")[0]
        return f"http://{host}:{self.port}"

    @property
    def monitor_port(self) -> int:
        """Where monitoring is answered apart (`monitor.listen`); 0: nowhere. Raises ServerStopped."""
        return self._running().monitor_port

    # Commands

    def command(self, type: str, *, blocking: bool = False) -> Callable[[H], H]:
        """Makes a function the handler of commands of this type.

        It is given a Command, and what it returns, as JSON, is the reply's `data`. A coroutine function runs as a task;
        a plain one at once, and commands wait for it, so let one that may take long be `blocking`: it gets a thread of
        a pool, which the interpreter's exit waits for. The caller is told the reply no earlier than it could be shown
        what the handler published. To say no, raise CommandError; any other exception is logged, and the caller told
        `handler_failed`. Raises ValueError for a type that is the core's own or has a handler.
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
        """Makes a function the one that says who sends a request: a decorator. Before the start.

        It is given Credentials and gives the player's id, or raises Unauthorised, which None and "" stand for. It is
        asked about each connection, and about each POST of commands, whose session must be that player's (403). The
        application's own routes (`/api/publish`, `/api/connections/…` and so on) are for callers of whom it says
        `mythos.APPLICATION`, and closed to players (403). The probes, `/metrics` and the index stay open, since nobody
        who watches the server may have to wait for Python. Players' own `publish` commands are refused unless
        `players.may_publish` is set; who is let in may subscribe to any channel.

        It may be a coroutine function, or `blocking`, and has `limits.request_timeout_s` to answer; no loop waits
        meanwhile. Sets `auth.mode` to `application`. Raises RuntimeError while the server runs.
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
        """Sends a message to exactly one of a channel, a player and everyone; its id.

        Returns when the message has its place in the journal: what is published afterwards comes after it. It waits
        neither for delivery nor for a commit. With the journal in memory, the only one so far, there is none; with one
        on disk nobody is shown a message before its commit, and a crash before it takes the message back, id and all.

        `data` is whatever orjson can write, `{}` where it is None. Of messages with the same target and `key`, a reader
        that is behind may get only the newest (`session.slow_reader`). Raises Refused, ServerStopped, and TypeError
        for data that cannot be written.
        """
        return self._publish(message_of(type, data, channel, player, everyone, key))[0]

    def publish_many(self, messages: Iterable[Message]) -> list[str]:
        """The same for several, all or none of them, and far cheaper than one by one; their ids, in order."""
        batch = list(messages)
        return self._publish({"messages": batch}) if batch else []

    def _publish(self, body: dict[str, Any]) -> list[str]:
        text = orjson.dumps(body)
        return self._ask(lambda core: core.publish(text))

    # Sessions and connections

    @property
    def sessions(self) -> Sessions:
        """Who has a session, by player: a live view."""
        return Sessions(self._ask)

    @property
    def connections(self) -> Connections:
        """Every connection: a live view."""
        return Connections(self._ask)

    @property
    def store(self) -> Store:
        """The history of sessions and connections, where `store.url` names a database."""
        return Store(self._ask)

    @property
    def monitoring(self) -> Monitoring:
        """What the server knows of itself, as the routes under `/monitoring/` answer it."""
        return Monitoring(self._ask)

    def disconnect(
        self,
        player: str | None = None,
        *,
        session: str | None = None,
        connection: str | None = None,
        code: int = 4003,
        reason: str = "disconnected",
    ) -> int:
        """Closes the connections of a player or a session, or one, with a close code; how many were told.

        4003, the default, says not to come back by oneself; 1000 would have a client reconnect at once. The session
        lives on for its grace. Raises ValueError where not exactly one is named, or for a code that may not be sent.
        """
        if sum(name is not None for name in (player, session, connection)) != 1:
            raise ValueError("name one of player, session and connection")
        if not (code in (1000, 1001, 1008, 1011, 1013) or 3000 <= code <= 4999):
            raise ValueError(f"{code} is no code that a server may close with")
        return self._ask(lambda core: core.disconnect(player or "", session or "", connection or "", code, reason))

    def replace_session(self, player: str) -> str:
        """Opens a new session for the player and ends the old one (4001), with its subscriptions; its id.

        Raises Refused (`overloaded`, `draining`, `session_limit`).
        """
        return self._ask(lambda core: core.replace_session(player))[0]

    def subscribe(self, player: str, *channels: str, presence: bool = False) -> None:
        """The player's session gets what is published to these channels from now on, and joins with `presence`.

        Raises Refused: `not_found` for a player without a session, `bad_channel`, `limit`.
        """
        self._ask(lambda core: core.subscribe(player, list(channels), presence))

    def unsubscribe(self, player: str, *channels: str) -> None:
        """The player's session gets no more of these channels. Raises Refused (`not_found`)."""
        self._ask(lambda core: core.unsubscribe(player, list(channels)))

    def channels(self) -> dict[str, int]:
        """Channels with their number of subscribed sessions."""
        rows = orjson.loads(self._ask(lambda core: core.channels()))["channels"]
        return {row["channel"]: row["subscribers"] for row in rows}

    def members(self, channel: str) -> list[str]:
        """The players whose sessions are subscribed to the channel."""
        rows = orjson.loads(self._ask(lambda core: core.presence(channel)))["members"]
        return [row["player_id"] for row in rows]

    # Settings

    def reload(self, settings: Settings | None = None, **options: Any) -> Changed:
        """Changes settings while it runs; those that only count at a start are told as waiting, and stay as they are.

        `settings` replaces all, `options` some of what there is. Raises ConfigError, and then nothing has changed.
        """
        wanted = (settings or self.settings).changed(**options)
        try:
            live, waiting = self._running().reload(wanted.values)
        except _core.CoreError as error:
            raise ConfigError(str(error.args[1]).splitlines()) from None
        self.settings = Settings.only(**self._running().options())
        return {"live": live, "waits_for_restart": waiting}

    def reopen_log(self) -> None:
        """Opens the log's file anew before the next line: for a rotation that has moved it away. Raises ServerStopped.

        The server's own rotation (`log.rotate_bytes`, `log.rotate_s`) does not need it.
        """
        self._ask(lambda core: core.reopen_log())

    # Inside

    def _running(self) -> _core.ServerCore:
        if self._core is None:
            raise ServerStopped("the server is not running")
        return self._core

    def _ask(self, question: Callable[[_core.ServerCore], T]) -> T:
        try:
            return question(self._running())
        except _core.CoreError as error:
            raise refusal(*error.args) from None

    def _types(self) -> list[str]:
        return [type for type in self._handlers if not _core.is_built_in(type)]

    def _begin(self) -> None:
        if self._core is not None:
            raise RuntimeError("the server is running already")
        if self.settings.auth.mode == "application" and AUTHENTICATE not in self._handlers:
            raise StartFailed("bad_config", "auth.mode is application, but nothing was given to Server.authenticate")
        files = files_to_start_with(self.settings)
        try:
            self._core = _core.ServerCore(self.settings.values)
        except _core.CoreError as error:
            code, message = error.args
            raise StartFailed(code, message) from None
        self._core.set_types(self._types())
        self._dispatcher = Dispatcher(self._core, self._handlers, self.settings.limits.request_timeout_s)
        try:
            if files is not None:
                self._start_alerts(files)
        except BaseException:
            self._end()
            raise
        server_exit.note(self)

    def _start_alerts(self, files: AlertFiles) -> None:
        from mythos.alerts import api, setup

        core = self._running()
        self._alerts = engine = setup.make_engine(core, self.settings, files)
        self._handlers[api.QUESTION] = Registered(lambda asked: api.answer(engine.notifier, asked.data), False, True)
        core.set_questions([api.QUESTION])
        engine.start()

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
        self.health.detach()
        server_exit.forget(self)
        try:
            if self._alerts is not None:
                self._alerts.stop()
        finally:
            self._alerts = None
            if core is not None:
                core.stop()

    def _abandon(self) -> None:
        """In the child of a fork: the threads are not here, and the sockets are the parent's."""
        core, self._core, self._dispatcher, self._thread, self._alerts = self._core, None, None, None, None
        self.health.detach()
        if core is not None:
            core.abandon()
