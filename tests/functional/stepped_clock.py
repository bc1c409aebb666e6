"""A wall clock that is stepped under a running server: libfaketime, told of each step by a file.

Only CLOCK_REALTIME is changed. The file is read at each look at the clock, so a step counts at once.
"""

from __future__ import annotations

import os
from pathlib import Path


class SteppedClock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Lets the server's clock be so much ahead of this process's."""
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{seconds:+d}\n")
        unfinished.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        assert found, "the functional tests need the package faketime"
        return {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            # A sanitizer wants to be the first library.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
