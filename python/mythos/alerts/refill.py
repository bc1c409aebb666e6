"""Gives the series of an engine that begins what the server before it has recorded: rules over hours see them at once.

As Prometheus has it after an outage: series end (stale) an interval after the last sample of a process, of the time in
between there is nothing, and counters that began anew are a matter of `rate`. Bounded by what the store keeps, in time
and in bytes. Nothing here keeps an engine from beginning.
"""

from __future__ import annotations

import logging
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mythos.alerts.recordings import BLOCK_MS, Recording, RecordingError, files_of, load_recording
from mythos.alerts.series import SeriesStore

log = logging.getLogger("mythos.alerts")


@dataclass
class Refilled:
    """How much it was."""

    files: int = 0
    samples: int = 0
    left_out: int = 0  # files: damaged, or of another server


def refill(
    store: SeriesStore,
    directory: Path,
    own: Mapping[str, str],
    *,
    now_ms: int,
    interval_ms: int,
    is_ended: Callable[[], bool] = lambda: False,
) -> Refilled:
    """Of the series with the labels `own` (job, instance): a directory may be another server's, with its own alerts.

    `interval_ms` is that of scrapes. Ends early when `is_ended` says so. Logs what it did.
    """
    began, done, why = time.perf_counter(), Refilled(), ""
    last_ms, process = 0, ""
    for file in _wanted(store, directory, now_ms):
        if is_ended():
            break
        try:
            found = load_recording(file)
            rows = [row for row, labels in enumerate(found.labels) if own.items() <= dict(labels).items()]
            if not rows:
                raise RecordingError(f"{file} is of another server")
        except FileNotFoundError:  # too old by now
            continue
        except (RecordingError, OSError, MemoryError) as error:
            done.left_out, why = done.left_out + 1, why or str(error)
            continue
        first_ms = int(found.times_ms[0])
        if process not in ("", found.process) and last_ms + interval_ms < first_ms:
            store.append(last_ms + interval_ms, {})
        done.files, done.samples = done.files + 1, done.samples + _fill(store, found, rows, now_ms)
        last_ms, process = int(found.times_ms[-1]), found.process
    if process and last_ms + interval_ms < now_ms:
        store.append(last_ms + interval_ms, {})
    if done.left_out:
        log.warning("Recordings left out", extra={"files": done.left_out, "error": why})
    if done.files:
        took_s = round(time.perf_counter() - began, 3)
        log.info("Series read back", extra={"files": done.files, "samples": done.samples, "took_s": took_s})
    return done


def _wanted(store: SeriesStore, directory: Path, now_ms: int) -> list[Path]:
    """Those that the store has room for, oldest first; one of a time to come is from before the clock went back."""
    oldest, newest = (
        datetime.fromtimestamp(at_ms / 1e3, UTC).strftime("%Y%m%dT%H%M%S")
        for at_ms in (now_ms - store.retention_ms - BLOCK_MS, now_ms + 1_000)
    )
    found: list[Path] = []
    nbytes = 0
    for file in reversed(files_of(directory)):
        if file.name >= newest:
            continue
        if file.name < oldest or nbytes >= store.bytes_max:
            break
        found.append(file)
        with suppress(OSError, LookupError, ValueError, zipfile.BadZipFile), zipfile.ZipFile(file) as archive:
            nbytes += archive.getinfo("values.npy").file_size
    return found[::-1]


def _fill(store: SeriesStore, found: Recording, rows: list[int], now_ms: int) -> int:
    first, last = np.searchsorted(found.times_ms, (now_ms - store.retention_ms, now_ms), side="left")
    values = found.values[:, first:last] if len(rows) == len(found.labels) else found.values[rows, first:last]
    return store.extend(found.times_ms[first:last], [found.labels[row] for row in rows], values)
