"""What becomes of running servers when the interpreter ends, and in the child of a fork."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Protocol


class Running(Protocol):
    """`mythos.Server`, as far as it is ended here."""

    def _end_thread(self) -> None: ...
    def _end(self) -> None: ...
    def _abandon(self) -> None: ...


_alive: weakref.WeakSet[Running] = weakref.WeakSet()


def note(server: Running) -> None:
    """It has started."""
    _alive.add(server)


def forget(server: Running) -> None:
    """It has ended."""
    _alive.discard(server)


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
