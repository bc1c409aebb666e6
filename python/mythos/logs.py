"""Python's log lines in the core's own form, through the core's own sink: one queue, one file, one rotation.

    mythos.logs.configure_logging(level="info", file="logs/mythos.log")
    logging.getLogger("game.rooms").info("Room opened", extra={"room": "tavern"})

`logging` and, where it is installed, structlog are set up. A line has `timestamp`, `level`, `logger` and `event` like
the core's (docs/reference/logs.md), then what was bound (`bound`, structlog's context variables, the command that is
being handled), then `extra`, and the traceback under `exception`. A server of this process with the same `log.file`
writes through the same sink.

Nobody who logs waits for a disk: lines go into a bounded queue, whose oldest are dropped and counted when it is full.
Any thread may log, also while the interpreter ends; what is queued is written when `logging` shuts down.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
import weakref
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Literal

import orjson

from mythos import _core
from mythos.command import CommandNames, current_command
from mythos.errors import StartFailed
from mythos.settings import Settings

EXCEPTION_CHARACTERS = 16_384  # of a traceback: its end, where the error is
VALUE_BYTES = 8_192  # of a list or a dict
ATTRIBUTE = "_mythos_fields"  # of a record: what structlog was given

_OWN_KEYS = {"timestamp", "level", "logger", "event"}
_STANDARD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", ATTRIBUTE}
_COMMAND_NAMES = ("player_id", "session_id", "client_id", "trace_id")
_bound: ContextVar[Mapping[str, Any] | None] = ContextVar("mythos_log_fields", default=None)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Adds fields, such as `trace_id`, to every line logged within: by this task or thread, and by tasks it starts."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class Handler(logging.Handler):
    """Hands records to the core's sink. Takes the `log.` options of `settings`; its form is `log.format`.

    Raises StartFailed where the file cannot be written.
    """

    def __init__(self, settings: Settings | None = None, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._options = (settings or Settings()).values
        self._log: _core.Log | None = _open(self._options)
        self._closed = False
        CommandNames.wanted = True
        _alive.add(self)

    def handle(self, record: logging.LogRecord) -> Any:
        """As logging.Handler does, without its lock: the sink has its own, which is never held for long."""
        kept = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return kept

    def emit(self, record: logging.LogRecord) -> None:
        """One line; after `close` none."""
        try:
            if self._log is None and not self._closed:
                self._log = _open(self._options)  # in the child of a fork
            log = self._log
            if log is not None:
                fields = {_key(name): _value(value) for name, value in fields_of(record).items() if value is not None}
                log.write(_level(record.levelno), record.created, _text(record.name), _event(record), fields)
        except Exception:
            self.handleError(record)

    def reopen(self) -> None:
        """Opens the file anew before the next line, for a rotation from outside; servers' SIGHUP does the same."""
        if self._log is not None:
            self._log.reopen()

    def statistics(self) -> dict[str, int]:
        """Since the start, of everybody on this sink: dropped_lines, unwritten_…_bytes, rotations."""
        return self._log.statistics() if self._log is not None else {}

    def close(self) -> None:
        """Writes what is queued, unless a server or another handler goes on using the sink."""
        self._closed = True
        log, self._log = self._log, None
        if log is not None:
            log.close()
        super().close()

    def _abandon(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            log.abandon()


def configure_logging(
    settings: Settings | None = None,
    *,
    level: str | None = None,
    format: Literal["json", "console"] | None = None,
    file: str | None = None,
    structlog: bool | None = None,
) -> Handler:
    """Sends what `logging` and structlog are given through the core's sink; the root logger's handler.

    `settings` are those that the file and the environment say (LOG_LEVEL, LOG_FORMAT), of which the other arguments
    take the place. Called again it replaces what it set up. `structlog`: whether to configure it; by default where it
    is installed. The root logger's other handlers stay.
    """
    given = {"log.level": level, "log.format": format, "log.file": file}
    chosen = (settings or Settings()).changed(**{name: value for name, value in given.items() if value is not None})
    handler = Handler(chosen)
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each, Handler)]:
        root.removeHandler(former)
        former.close()
    root.addHandler(handler)
    root.setLevel(chosen.log.level.upper())
    if structlog or (structlog is None and find_spec("structlog") is not None):
        configure_structlog()
    return handler


def configure_structlog() -> None:
    """Has structlog hand its events to `logging`, whose levels, names and handlers then count. Needs structlog."""
    structlog = importlib.import_module("structlog")
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.UnicodeDecoder(),
            to_logging,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def to_logging(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """The last of structlog's processors: an event as the arguments of a `logging` call."""
    passed = {name: event.pop(name) for name in ("exc_info", "stack_info") if name in event}
    return (str(event.pop("event", "")),), {**passed, "extra": {ATTRIBUTE: dict(event)}}


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says beside its level, logger and event, in the order of the line."""
    fields: dict[str, Any] = {}
    if (command := current_command.get()) is not None:
        fields |= {name: getattr(command, name) or None for name in _COMMAND_NAMES}
    if (contextvars := sys.modules.get("structlog.contextvars")) is not None:
        fields |= contextvars.get_contextvars()
    fields |= _bound.get() or {}
    fields |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
    fields |= getattr(record, ATTRIBUTE, {})
    if record.levelno >= logging.ERROR:
        fields.setdefault("error_type", "system_error")
    if record.exc_info and record.exc_info[0] is not None:
        fields.setdefault("exception_type", record.exc_info[0].__name__)
        fields["exception"] = _Long(_formatter.formatException(record.exc_info))
    elif record.exc_text:
        fields["exception"] = _Long(record.exc_text)
    if record.stack_info:
        fields["stack"] = _Long(record.stack_info)
    return fields


class _Long(str):
    """A text that is longer than others may be."""


_formatter = logging.Formatter()
_alive: weakref.WeakSet[Handler] = weakref.WeakSet()


def _open(options: dict[str, Any]) -> _core.Log:
    try:
        return _core.Log(options)
    except _core.CoreError as error:
        raise StartFailed(*error.args) from None


def _level(number: int) -> int:
    """The core's level that is at or below it."""
    return min(max(number // 10 - 1, 0), 4)


def _event(record: logging.LogRecord) -> str:
    try:
        return _text(record.getMessage())
    except Exception:
        return _text(f"{record.msg} {record.args}")  # a format that its arguments do not fit


@lru_cache(maxsize=4_096)
def _key(name: str) -> str:
    """As a key of a line: letters, digits, `_`, `-` and `.`; not one of the line's own."""
    key = re.sub(r"[^A-Za-z0-9_.-]", "_", str(name))
    return f"{key}_" if key in _OWN_KEYS or not key else key


def _text(text: str) -> str:
    """Without what UTF-8 cannot write."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _value(value: Any) -> bool | int | float | str | bytes:
    """As the core takes it: a scalar, or JSON."""
    if isinstance(value, _Long):
        return orjson.dumps(_text(value[-EXCEPTION_CHARACTERS:]))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | int | float):
        return value
    try:
        json = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError):
        return _text(repr(value))
    return json if len(json) <= VALUE_BYTES else _text(str(value))


def _abandon_all() -> None:
    """In the child of a fork: the sinks' threads are the parent's."""
    _core.forget_sinks()
    for handler in list(_alive):
        handler._abandon()


os.register_at_fork(after_in_child=_abandon_all)
