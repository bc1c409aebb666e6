"""What has to outlive the process, in one SQLite file: groups, what was told, what is still to be told, silences.

Each thing is JSON under a kind and a key. Changes are collected and written by `commit` in one transaction, so that the
file is at any moment as it was after some `commit`. A file that is damaged is put aside and begun anew; one that cannot
be written is told of and tried again with the next change: people are told of alerts all the same.

Not thread-safe: the notifier's lock guards it.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import orjson

from mythos.alerts.notify import state_lock

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 2.0

_logger = logging.getLogger("mythos.alerts")


class StateFile:
    """`path` None: nothing outlives the process. An owner keeps others from owning the file until `close`; it raises
    StateInUse where another does. `owner` False is for a guest who opens another process's file: what is wrong with it
    is raised as sqlite3.Error or OSError, and nothing is mended.
    """

    def __init__(self, path: Path | None, *, now: float, owner: bool = True) -> None:
        self._path, self._owner = path, owner
        self._changes: dict[tuple[str, str], bytes | None] = {}
        self._told_unwritten = self._told_unread = False
        self.failures = 0
        self._lock: TextIO | None = None
        self._connection = self._open(now)
        self._version = self._data_version()

    def all(self, kind: str) -> dict[str, Any]:
        """What is kept under a kind, by key, with what could not be committed yet. An owner whose file cannot be read,
        of which it tells, has just the latter.
        """
        try:
            return self._read(kind)
        except sqlite3.Error as error:
            if not self._owner:
                raise
            self._tell_unread(error)
            return self._with_changes(kind, {})

    def news(self, kind: str) -> dict[str, Any] | None:
        """The same, if another process has written since this was asked last, as `mythos alerts silence` does. None if
        not, or where it cannot be read: then it is tried again the next time.
        """
        version = self._data_version()
        if version == self._version:
            return None
        try:
            found = self._read(kind)
        except sqlite3.Error as error:
            self._tell_unread(error)
            return None
        self._version, self._told_unread = version, False
        return found

    def put(self, kind: str, key: str, value: Any) -> None:
        self._changes[kind, key] = orjson.dumps(value)

    def drop(self, kind: str, key: str) -> None:
        self._changes[kind, key] = None

    def commit(self) -> bool:
        """Whether the changes are on the disk. Those that are not are tried again with the next commit."""
        if not self._changes:
            return True
        removed = [key for key, json in self._changes.items() if json is None]
        written = [(*key, json) for key, json in self._changes.items() if json is not None]
        try:
            with self._connection:
                self._connection.executemany("DELETE FROM kept WHERE kind = ? AND key = ?", removed)
                self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", written)
        except sqlite3.Error as error:
            if not self._owner:
                raise
            self.failures += 1
            if not self._told_unwritten:
                _logger.error(
                    "Alert state not written",
                    extra={"file": str(self._path), "error": str(error), "changes": len(written)},
                )
            self._told_unwritten = True
            return False
        self._told_unwritten = False
        self._changes.clear()
        return True

    def close(self) -> None:
        try:
            self.commit()
        finally:
            self._connection.close()
            if self._lock is not None:
                self._lock.close()

    def _read(self, kind: str) -> dict[str, Any]:
        rows = self._connection.execute("SELECT key, json FROM kept WHERE kind = ? ORDER BY key", (kind,))
        return self._with_changes(kind, {key: orjson.loads(json) for key, json in rows})

    def _with_changes(self, kind: str, found: dict[str, Any]) -> dict[str, Any]:
        for (changed, key), json in self._changes.items():
            if changed == kind and json is None:
                found.pop(key, None)
            elif changed == kind and json is not None:
                found[key] = orjson.loads(json)
        return found

    def _data_version(self) -> int:
        with suppress(sqlite3.Error):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        return 0

    def _open(self, now: float) -> sqlite3.Connection:
        if self._path is None:
            return _prepared(":memory:")
        if not self._owner:
            return _prepared(str(self._path))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = state_lock.take(self._path)
            return _prepared(str(self._path))
        except sqlite3.OperationalError as error:
            self._tell_unusable(error)
        except sqlite3.DatabaseError as error:
            aside = self._path.with_name(f"{self._path.name}.damaged-{now:.0f}")
            _logger.error(
                "Alert state put aside", extra={"file": str(self._path), "aside": str(aside), "error": str(error)}
            )
            try:
                self._path.replace(aside)
                return _prepared(str(self._path))
            except (OSError, sqlite3.Error) as again:
                self._tell_unusable(again)
        except OSError as error:
            self._tell_unusable(error)
        return _prepared(":memory:")

    def _tell_unread(self, error: Exception) -> None:
        self.failures += 1
        if not self._told_unread:
            _logger.error("Alert state not read", extra={"file": str(self._path), "error": str(error)})
        self._told_unread = True

    def _tell_unusable(self, error: Exception) -> None:
        self.failures += 1
        _logger.error("Alert state not kept", extra={"file": str(self._path), "error": str(error)})


def _prepared(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, json BLOB NOT NULL, PRIMARY KEY (kind, key)) "
                "WITHOUT ROWID"
            )
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version not in (0, SCHEMA_VERSION):
                raise sqlite3.OperationalError(
                    f"the file has version {version}, and this program writes {SCHEMA_VERSION}"
                )
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
