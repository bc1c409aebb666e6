"""Writes what evaluations leave, on a thread of its own: none of them waits for a disk.

    writer.put("memory", lambda: memory.write(content))
    writer.stop(5.0)

A piece of work waits under a name; a newer one of the same name takes its place, as it says all that the older said.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

WAITING_MAX = 16  # names; of recordings each is a file of some megabytes

log = logging.getLogger("mythos.alerts")


class DiskWriter:
    """Any thread may call any method. The thread begins with the first piece of work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._began_at: float | None = None  # the piece that is under way
        self._ended = False
        self._thread: threading.Thread | None = None

    def put(self, name: str, work: Callable[[], None]) -> None:
        """Never waits. `work` tells of its own failures. Beyond the bound what has waited longest is dropped, and
        logged: the disk has hung for hours.
        """
        dropped = None
        with self._changed:
            if name not in self._waiting and len(self._waiting) >= WAITING_MAX:
                dropped = next(iter(self._waiting))
                del self._waiting[dropped]
            self._waiting[name] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mythos-keeper", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if dropped is not None:
            log.error("Not kept", extra={"what": dropped, "error": "the disk does not keep up"})

    def busy_s(self) -> float:
        """For how long the piece that is under way has been; a disk that hangs makes it long."""
        began_at = self._began_at
        return 0.0 if began_at is None else time.monotonic() - began_at

    def settle(self, timeout_s: float) -> bool:
        """Waits until everything is done; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and self._began_at is None, timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """As `settle`, and ends."""
        is_done = self.settle(timeout_s)
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        return is_done

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("Alert engine failed")
            with self._changed:
                self._began_at = None
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if self._ended:
                return None
            self._began_at = time.monotonic()
            return self._waiting.pop(next(iter(self._waiting)))
