"""The server's own series on disk, so that rules can be tried on what has been: files of numpy, each an hour at most.

    data/recordings/20261123T101500.123Z.npz    times_ms, values[series, time], series (JSON: their labels), process

A file is replaced as a whole every five minutes while it grows: a crash loses what came since. What numpy alone needs
to know: a value whose bits are those of `GAP_BITS` is no sample. 600 series each 15 seconds take some megabytes a day.
"""

from __future__ import annotations

import io
import logging
import os
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.promql.values import GAP_BITS, Floats, Integers

RETENTION_S = 86_400.0
BYTES_MAX = 256 << 20  # of the whole directory
BLOCK_MS = 3_600_000
COLUMNS_MAX = 240  # of a file: an hour at 15 seconds
FLUSH_MS = 300_000
SERIES_MAX = 10_000  # as many as rules can see
LOADED_BYTES_MAX = 256 << 20
PATTERN = "*Z.npz"

log = logging.getLogger("mythos.alerts")


class RecordingError(ValueError):
    """A file that is no recording, or is cut short."""


@dataclass(frozen=True)
class Recording:
    """A file's contents. `values` has a row for each series."""

    process: str  # one start of the server has one name
    labels: list[Labels]
    times_ms: Integers
    values: Floats

    @property
    def present(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.asarray(self.values.view(np.int64) != GAP_BITS)


@dataclass(frozen=True)
class Block:
    """What a file is to have: for each time the rows that have a sample, and these."""

    labels: tuple[Labels, ...]
    times_ms: tuple[int, ...]
    columns: tuple[tuple[list[int], Floats], ...]

    @property
    def file_name(self) -> str:
        begun = datetime.fromtimestamp(self.times_ms[0] / 1e3, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
        return f"{begun}Z.npz"


class Recordings:
    """Makes them. `add` and `rest` are for one thread, which waits for no disk; `write` may be another's.

    Its directory is one server's.
    """

    def __init__(self, directory: Path, *, retention_s: float = RETENTION_S, bytes_max: int = BYTES_MAX) -> None:
        self.directory, self._retention_s, self._bytes_max = directory, retention_s, bytes_max
        self._process = uuid.uuid4().hex
        self._rows: dict[Labels, int] = {}
        self._times_ms: list[int] = []
        self._columns: list[tuple[list[int], Floats]] = []
        self._flushed_ms = 0
        self._tidy()

    def add(self, at_ms: int, samples: Mapping[Labels, float]) -> Block | None:
        """What is to be written by now, if anything; a block that goes on growing is given again."""
        finished = None
        if self._times_ms and (
            not self._times_ms[-1] < at_ms < self._times_ms[0] + BLOCK_MS
            or len(self._times_ms) >= COLUMNS_MAX
            or self._is_crowded(samples)
        ):
            finished = self.rest()
            self._rows, self._times_ms, self._columns = {}, [], []
        if not self._times_ms:
            self._flushed_ms = at_ms
        for labels in samples:
            self._rows.setdefault(labels, len(self._rows))
        rows = [self._rows[labels] for labels in samples]
        self._times_ms.append(at_ms)
        self._columns.append((rows, np.fromiter(samples.values(), np.float64, len(samples))))
        if at_ms - self._flushed_ms < FLUSH_MS:
            return finished
        self._flushed_ms = at_ms
        return self.rest()

    def _is_crowded(self, samples: Mapping[Labels, float]) -> bool:
        return len(self._rows) > SERIES_MAX and any(labels not in self._rows for labels in samples)

    def rest(self) -> Block | None:
        """What has been added to the block that grows."""
        if not self._times_ms:
            return None
        return Block(tuple(self._rows), tuple(self._times_ms), tuple(self._columns))

    def write(self, block: Block) -> None:
        """Raises OSError."""
        values = np.full((len(block.labels), len(block.times_ms)), GAP_BITS, np.int64).view(np.float64)
        for column, (rows, found) in enumerate(block.columns):
            values[rows, column] = found
        content = io.BytesIO()
        np.savez_compressed(
            content,
            times_ms=np.array(block.times_ms, np.int64),
            values=values,
            series=np.frombuffer(orjson.dumps([dict(labels) for labels in block.labels]), np.uint8),
            process=np.array(self._process),
        )
        target = self.directory / block.file_name
        self.directory.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.new")
        with new.open("wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
        self._forget(block.times_ms[-1] / 1e3, target)

    def _forget(self, now: float, growing: Path) -> None:
        """What is too old or too much; the file that grows stays."""
        oldest = datetime.fromtimestamp(now - self._retention_s - BLOCK_MS / 1e3, UTC).strftime("%Y%m%dT%H%M%S")
        total = 0
        for file in reversed(files_of(self.directory)):
            total += file.stat().st_size
            if file != growing and (file.name < oldest or total > self._bytes_max):
                file.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """After a crash: what was being written goes, what is broken is put aside."""
        try:
            for unfinished in self.directory.glob(f".{PATTERN}.new"):
                unfinished.unlink()
            for file in files_of(self.directory):
                if not zipfile.is_zipfile(file):
                    aside = file.replace(file.with_name(f"{file.name}.bad"))
                    log.error("Recording put aside", extra={"file": str(file), "aside": str(aside)})
        except OSError as error:
            log.error("Series not recorded", extra={"error": str(error)})


def files_of(directory: Path) -> list[Path]:
    """Oldest first."""
    return sorted(directory.glob(PATTERN))


def _labels(told: Mapping[Any, Any]) -> Labels:
    if not all(isinstance(value, str) for value in told.values()):
        raise ValueError("a label is no text")
    return as_labels(told)


def load_recording(file: Path) -> Recording:
    """Raises RecordingError, and OSError where it cannot be read at all."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(each.file_size for each in archive.infolist()) > LOADED_BYTES_MAX:
                raise RecordingError(f"{file} is larger than {LOADED_BYTES_MAX >> 20} MiB")
        with np.load(file, allow_pickle=False) as arrays:
            labels = [_labels(each) for each in orjson.loads(arrays["series"].tobytes())]
            found = Recording(str(arrays["process"]), labels, arrays["times_ms"], arrays["values"])
    except (
        zipfile.BadZipFile,
        zlib.error,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        RuntimeError,
    ) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{file} is no recording, or is cut short: {error}") from None
    is_whole = (
        found.times_ms.dtype == np.int64
        and found.values.dtype == np.float64
        and found.values.shape == (len(labels), len(found.times_ms))
        and (np.diff(found.times_ms) > 0).all()
    )
    if not is_whole or not len(found.times_ms):
        raise RecordingError(f"{file} is no recording: its parts do not fit together")
    return found
