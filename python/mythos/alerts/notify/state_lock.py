"""Who owns a state file: two servers on one would resolve each other's alerts.

A lock (flock) on a file beside it, `alerts.db.lock`, which the system takes back however the process ends; the file
stays, with the last owner's id in it. `mythos alerts silence` owns nothing and takes no lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO
from weakref import WeakSet

_held: WeakSet[TextIO] = WeakSet()


class StateInUse(Exception):
    """Another process owns the file, or another server of this one; `owner` is its id, if that could be read."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        super().__init__(f"it belongs to process {owner or '?'}")


def take(path: Path) -> TextIO:
    """Owns the state file until what it returns is closed. Raises StateInUse and OSError."""
    real = Path(os.path.realpath(path))
    file = real.with_name(f"{real.name}.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        print(os.getpid(), file=file, flush=True)
    except BlockingIOError:
        with file:
            file.seek(0)
            raise StateInUse(file.read(20).strip()) from None
    except BaseException:
        file.close()
        raise
    _held.add(file)
    return file


def _leave_to_parent() -> None:
    """A child has the parent's lock as well, and would hold it on when the parent has ended."""
    for file in list(_held):
        file.close()


os.register_at_fork(after_in_child=_leave_to_parent)
