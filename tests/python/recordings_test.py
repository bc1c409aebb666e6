"""The recorded series on disk: what is read is what was written, bounded, and over crashes."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from mythos.alerts.alert import as_labels
from mythos.alerts.recordings import (
    BLOCK_MS,
    COLUMNS_MAX,
    FLUSH_MS,
    RecordingError,
    Recordings,
    files_of,
    load_recording,
)
from recording_scene import AtOnce

START_MS = 1_795_000_000_000
STEP_MS = 15_000
UP = as_labels({"__name__": "up", "job": "mythos"})
ROOM = as_labels({"__name__": "players", "job": "mythos", "room": 'the "blue"\n room'})


def test_what_was_recorded_is_read_to_the_last_bit(tmp_path: Path):
    written = AtOnce(tmp_path)
    values = [0.1, float("inf"), float("nan"), -0.0]
    for place, value in enumerate(values):
        written.put(START_MS + place * STEP_MS, {UP: 1.0, ROOM: value} if place != 1 else {UP: value})
    written.finish()
    [file] = files_of(tmp_path)
    found = load_recording(file)
    assert found.times_ms.tolist() == [START_MS + place * STEP_MS for place in range(4)]
    assert found.labels == [UP, ROOM]
    assert found.present.tolist() == [[True] * 4, [True, False, True, True]]  # a value that is no number is one
    assert found.values[1, 0] == 0.1 and np.isnan(found.values[1, 2]) and np.signbit(found.values[1, 3])


def test_a_crash_loses_the_last_minutes_at_most(tmp_path: Path):
    written = AtOnce(tmp_path)
    scrapes = 2 * COLUMNS_MAX + 33
    for place in range(scrapes):
        written.put(START_MS + place * STEP_MS, {UP: float(place)})
    found = np.concatenate([load_recording(file).values[0] for file in files_of(tmp_path)])
    assert found.tolist() == list(range(len(found)))
    assert 0 <= (scrapes - len(found)) * STEP_MS <= FLUSH_MS
    assert len(files_of(tmp_path)) == 3


def test_old_files_go_by_age_and_by_size(tmp_path: Path):
    hours = 5

    def recorded(directory: Path, **bounds: float) -> list[Path]:
        written = AtOnce(directory, **bounds)  # type: ignore[arg-type]
        for place in range(hours * BLOCK_MS // 60_000):
            written.put(START_MS + place * 60_000, {UP: float(place)})
        written.finish()
        return files_of(directory)

    everything = recorded(tmp_path / "all")
    assert len(everything) == hours
    kept = recorded(tmp_path / "age", retention_s=3_600.0)
    assert [file.name for file in kept] == [file.name for file in everything[-2:]]
    size = everything[-1].stat().st_size
    assert len(recorded(tmp_path / "size", bytes_max=2 * size + size // 2)) == 2
    assert len(recorded(tmp_path / "tiny", bytes_max=1)) == 1  # the one that grows


def test_a_day_of_the_servers_series_takes_some_megabytes(tmp_path: Path):
    """600 series each 15 seconds, of which a quarter count and some jump about: an hour, as a day has 24."""
    random = np.random.default_rng(1)
    labels = [
        as_labels({"__name__": f"mythos_metric_{n // 12}_total", "job": "mythos", "le": str(n)}) for n in range(600)
    ]
    values = np.zeros(600)
    written = AtOnce(tmp_path)
    for place in range(COLUMNS_MAX):
        values[420:570] += random.poisson(20, 150)
        values[570:] = random.normal(50, 5, 30)
        written.put(START_MS + place * STEP_MS, dict(zip(labels, values.tolist(), strict=True)))
    written.finish()
    assert sum(file.stat().st_size for file in files_of(tmp_path)) * 24 < 4 << 20


def test_what_is_no_recording_is_said(tmp_path: Path):
    written = AtOnce(tmp_path)
    written.put(START_MS, {UP: 1.0})
    written.finish()
    [file] = files_of(tmp_path)
    content = file.read_bytes()
    for broken in (content[: len(content) // 2], b"", content[:-60] + bytes(60), b"PK\x03\x04" + content[4:80]):
        file.write_bytes(broken)
        with pytest.raises(RecordingError, match="is no recording"):
            load_recording(file)
    np.savez(
        file, times_ms=np.array([2, 1]), values=np.zeros((1, 2)), series=np.frombuffer(b"[{}]", np.uint8), process=""
    )
    with pytest.raises(RecordingError, match="do not fit together"):
        load_recording(file)


def test_a_broken_file_is_put_aside_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    broken = tmp_path / "20261123T101500.000Z.npz"
    broken.write_bytes(b"PK\x03\x04 half a file")
    (tmp_path / f".{broken.name}.new").write_bytes(b"the disk was full")
    with caplog.at_level(logging.ERROR):
        Recordings(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [f"{broken.name}.bad"]
    assert caplog.messages == ["Recording put aside"]


def test_a_disk_that_takes_nothing_costs_no_more_memory_than_a_file(tmp_path: Path):
    (tmp_path / "file").write_text("in the way of the directory")
    written = AtOnce(tmp_path / "file")
    failed = 0
    for place in range(3 * COLUMNS_MAX):
        try:
            written.put(START_MS + place * STEP_MS, {UP: 1.0})
        except OSError:
            failed += 1
    assert failed and len(written._times_ms) <= COLUMNS_MAX
