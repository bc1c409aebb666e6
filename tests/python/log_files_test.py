"""Log files as lines: in their order, whatever became of them."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mythos.log_files import LogReader, files_of


def line(n: int) -> str:
    return (
        json.dumps({"timestamp": f"2026-11-23T10:15:{n:02}.000000Z", "level": "info", "event": "line", "n": n}) + "\n"
    )


def numbers(lines: Iterator[dict[str, int]]) -> list[int]:
    return [each["n"] for each in lines]


STAMPS = ["20261121T000000.000000Z", "20261122T000000.000000Z", "20261123T000000.000000Z"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mythos.log"


def test_rotated_files_come_before_the_current_one_in_their_order(log: Path):
    for n, name in enumerate([".2.gz", ".1", f".{STAMPS[0]}.gz", f".{STAMPS[1]}", ""]):
        file = log.with_name(log.name + name)
        file.write_bytes(gzip.compress(line(n).encode()) if name.endswith(".gz") else line(n).encode())
    for other in (".bak", f".{STAMPS[2]}.gz.part", ".20261123"):
        log.with_name(log.name + other).write_text("no log")
    log.with_name("other.log.1").write_text("no log")
    log.with_name(f"{log.name}.20261123").unlink()
    reader = LogReader()
    assert numbers(reader.lines(files_of(log))) == [0, 1, 2, 3, 4]
    assert reader.unreadable == 0


def test_a_file_that_is_being_compressed_is_read_once(log: Path):
    rotated = log.with_name(f"{log.name}.{STAMPS[0]}")
    rotated.write_text(line(1))
    rotated.with_name(f"{rotated.name}.gz").write_bytes(gzip.compress(line(1).encode()))
    assert numbers(LogReader().lines(files_of(log))) == [1]


def test_there_may_be_none(log: Path):
    assert files_of(log) == []


def test_what_is_no_line_is_counted_and_passed_over(log: Path):
    foreign = [
        "Traceback (most recent call last):",
        '{"json":"of another kind"}',
        "[1]",
        '"text"',
        '{"cut":',
        "\x00\xff",
    ]
    log.write_text(line(1) + "\n".join(foreign) + "\n\n" + line(2) + line(3)[:20])
    reader = LogReader()
    assert numbers(reader.lines([log])) == [1, 2]
    assert reader.unreadable == len(foreign) + 1


@pytest.mark.parametrize("keep", [0, 5, 12, 100])
def test_an_archive_that_was_cut_short_gives_what_it_has(log: Path, keep: int):
    file = log.with_name(f"{log.name}.1.gz")
    whole = gzip.compress("".join(map(line, range(50))).encode(), mtime=0)
    file.write_bytes(whole[:keep])
    log.write_text(line(77))
    reader = LogReader()
    seen = numbers(reader.lines(files_of(log)))
    assert seen[-1] == 77 and seen[:-1] == list(range(len(seen) - 1))
    assert reader.unreadable >= (1 if keep else 0)


def test_standard_input(monkeypatch: pytest.MonkeyPatch):
    stdin = io.TextIOWrapper(io.BytesIO(line(1).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert numbers(LogReader().lines([Path("-")])) == [1]


def test_it_follows_through_rotations_and_waits_for_the_end_of_a_line(log: Path):
    log.write_text(line(0) + line(1)[:10])
    present, later = LogReader().follow(log)
    assert numbers(present) == [0]
    steps = [threading.Event() for _ in range(3)]

    def write() -> None:
        with log.open("a") as file:
            file.write(line(1)[10:])
            file.flush()
            steps[0].wait(20)
            log.rename(log.with_name("mythos.log.1"))
            file.write(line(2))  # into the moved file, as the server may
        log.write_text(line(3))
        steps[1].wait(20)
        log.unlink()
        steps[2].wait(20)
        log.write_text(line(4))

    writer = threading.Thread(target=write)
    writer.start()
    assert next(later)["n"] == 1
    steps[0].set()
    assert [next(later)["n"], next(later)["n"]] == [2, 3]
    steps[1].set()
    steps[2].set()
    assert next(later)["n"] == 4
    writer.join()


def test_it_waits_for_a_file_that_is_not_there_yet(log: Path):
    present, later = LogReader().follow(log)
    assert list(present) == []
    log.write_text(line(1))
    assert next(later)["n"] == 1
