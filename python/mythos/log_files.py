"""Log files as lines: the rotated ones before the current one, compressed or not, and what comes while one looks.

What is no line of the log (cut short, or somebody else's) is counted and passed over; nothing here raises for a faulty
line or a damaged archive.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

import orjson

Line: TypeAlias = dict[str, Any]

POLL_S = 0.2
ROTATED = re.compile(r"\.(?P<stamp>\d{8}T\d{6}\.\d{6}Z)?(?P<number>\d+)?(\.gz)?$")


def files_of(path: Path) -> list[Path]:
    """The rotated files of the log at `path` in the order in which they were written, then itself if it is there.

    Rotated by the server (`mythos.log.20261123T101500.123456Z.gz`) or by logrotate (`mythos.log.2.gz`).
    """
    stamped: dict[str, Path] = {}
    numbered: dict[int, Path] = {}
    for file in sorted(path.parent.glob(f"{path.name}.*")):
        match = ROTATED.fullmatch(file.name[len(path.name) :])
        # Sorted, the compressed one comes later: of a file that is being compressed it is the one that stays.
        if match and match["stamp"]:
            stamped[match["stamp"]] = file
        elif match and match["number"]:
            numbered[int(match["number"])] = file
    rotated = [numbered[n] for n in sorted(numbered, reverse=True)] + [stamped[s] for s in sorted(stamped)]
    return rotated + ([path] if path.exists() else [])


class LogReader:
    """Reads lines and counts in `unreadable` what is none. One thread."""

    def __init__(self) -> None:
        self.unreadable = 0

    def lines(self, files: Iterable[Path]) -> Iterator[Line]:
        """The lines of these files, one after the other; `-` is standard input."""
        for file in files:
            with _open(file) as stream:
                yield from self._lines(stream)

    def follow(self, path: Path) -> tuple[Iterator[Line], Iterator[Line]]:
        """The lines of the file that are there, and those that come, for ever: across its rotation, and waiting for it
        where it is not there. The second after the first.
        """
        stream = _opened(path)
        return (iter(()) if stream is None else self._whole_lines(stream)), self._later(path, stream)

    def _later(self, path: Path, stream: io.BufferedReader | None) -> Iterator[Line]:
        while True:
            if stream is not None:
                yield from self._whole_lines(stream)
                if _is_other(stream, path):
                    yield from self._whole_lines(stream)  # written between the last look and the rotation
                    stream.close()
                    stream = None
            if stream is None:
                stream = _opened(path)
            if stream is None or not stream.peek(1):
                time.sleep(POLL_S)

    def _whole_lines(self, stream: IO[bytes]) -> Iterator[Line]:
        while True:
            begun = stream.tell()
            text = stream.readline()
            if not text.endswith(b"\n"):
                stream.seek(begun)  # its end is still to come
                return
            if (line := self.parse(text)) is not None:
                yield line

    def _lines(self, stream: Iterable[bytes]) -> Iterator[Line]:
        try:
            for text in stream:
                if (line := self.parse(text)) is not None:
                    yield line
        except (EOFError, OSError, zlib.error):
            self.unreadable += 1  # an archive that was cut short

    def parse(self, text: bytes) -> Line | None:
        """A line of the log; None, and counted, for anything else but an empty one."""
        try:
            line = orjson.loads(text)
        except orjson.JSONDecodeError:
            self.unreadable += bool(text.strip())
            return None
        if isinstance(line, dict) and isinstance(line.get("event"), str) and "timestamp" in line:
            return line
        self.unreadable += 1
        return None


def _open(file: Path) -> IO[bytes]:
    if str(file) == "-":
        return sys.stdin.buffer
    if file.suffix == ".gz":
        return gzip.open(file, "rb")  # type: ignore[return-value]
    return file.open("rb")


def _opened(path: Path) -> io.BufferedReader | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _is_other(stream: IO[bytes], path: Path) -> bool:
    """Whether `path` is another file by now, or was made shorter."""
    ours = os.fstat(stream.fileno())
    try:
        there = path.stat()
    except FileNotFoundError:
        return True
    return (ours.st_dev, ours.st_ino) != (there.st_dev, there.st_ino) or there.st_size < stream.tell()
