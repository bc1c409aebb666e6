"""Silences in the state file of a server, which may be running: it takes what is written there within seconds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mythos.alerts.notify.silences import Silence, Silences
from mythos.alerts.notify.state_file import StateFile


class SilenceFile:
    """Each call opens the file and closes it. Raises FileNotFoundError where there is none, for a server makes it, and
    OSError where it cannot be read or written.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now

    def list_silences(self) -> tuple[float, list[Silence]]:
        with self._open() as silences:
            now = self._now()
            return now, silences.list(now)

    def set_silence(self, silence: Silence) -> Silence:
        with self._open() as silences:
            return silences.set(silence, self._now())

    def expire_silence(self, id: str) -> Silence:
        with self._open() as silences:
            return silences.expire(id, self._now())

    @contextmanager
    def _open(self) -> Iterator[Silences]:
        if not self._path.exists():
            raise FileNotFoundError(f"there is no state file {self._path}")
        try:
            state = StateFile(self._path, now=self._now(), owner=False)
            try:
                yield Silences(state)
            finally:
                state.close()
        except sqlite3.Error as error:
            raise OSError(f"the state file {self._path} cannot be used: {error}") from None
