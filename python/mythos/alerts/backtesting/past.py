"""What rules are tried on: moments in the order of time, each with what was known then."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median_low
from typing import Protocol

from mythos.alerts.alert import Labels
from mythos.alerts.promql.label_sets import NAME
from mythos.alerts.recordings import RecordingError, files_of, load_recording

GAP_MS = 86_400_000  # nothing of anything for a day
WHENCE = "the server writes them there while it evaluates rules, each five minutes"


class PastError(ValueError):
    """There is nothing to try rules on; says what to give instead."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """Everything that one writer had then: a series that is in it no more ends."""

    at_ms: int
    samples: Mapping[Labels, float]
    writer: str = "scrape"
    # Where it is another one than before, the server was started anew.
    process: str = ""


@dataclass(frozen=True)
class Facts:
    """Of a past as a whole."""

    first_ms: int
    last_ms: int
    names: frozenset[str]  # the metrics
    interval_ms: int
    notes: tuple[str, ...] = ()
    # A series of another name would be a guess: rules that need one are not tried.
    is_partial: bool = False
    # Rules were evaluated right after each scrape, even if that came late by so much.
    slack_ms: int = 0
    # In a gap that is as long rules are not evaluated.
    gap_ms: int = GAP_MS


class Past(Protocol):
    @property
    def facts(self) -> Facts: ...

    def scrapes(self, from_ms: int, to_ms: int) -> Iterator[Scrape]:
        """In the order of time."""
        ...


def moments(scrapes: Iterator[Scrape]) -> Iterator[tuple[int, list[Scrape]]]:
    """What is of the same time together."""
    for at_ms, together in groupby(scrapes, key=lambda scrape: scrape.at_ms):
        yield at_ms, list(together)


def in_order(streams: Sequence[Iterator[Scrape]]) -> Iterator[Scrape]:
    return heapq.merge(*streams, key=lambda scrape: scrape.at_ms)


def interval_of(times_ms: Sequence[int]) -> int:
    """The usual distance of two times that follow each other; a minute where there is none."""
    steps = [later - earlier for earlier, later in pairwise(times_ms)]
    return median_low(steps) if steps else 60_000


@dataclass(frozen=True)
class RecordedPast:
    """What the server has recorded of itself: `alerts.recordings`. One file is in memory at a time."""

    files: tuple[Path, ...]
    facts: Facts = field(compare=False)

    @classmethod
    def of(cls, directory: Path) -> RecordedPast:
        """Raises PastError. Files that are broken are left out, and told in the notes."""
        files, notes, names = [], [], set()
        times_ms: list[int] = []
        for file in files_of(directory):
            try:
                found = load_recording(file)
            except (RecordingError, OSError) as error:
                notes.append(f"left out: {error}")
                continue
            files.append(file)
            names |= {dict(labels).get(NAME, "") for labels in found.labels}
            times_ms += found.times_ms.tolist()
        if not files:
            raise PastError(f"{directory} has no recordings ({'; '.join(notes) or WHENCE})")
        interval_ms = interval_of(times_ms)
        gap_ms = 4 * interval_ms
        facts = Facts(
            min(times_ms), max(times_ms), frozenset(names), interval_ms, tuple(notes), slack_ms=gap_ms, gap_ms=gap_ms
        )
        return cls(tuple(files), facts)

    def scrapes(self, from_ms: int, to_ms: int) -> Iterator[Scrape]:
        last_ms = from_ms - 1
        for file in self.files:
            try:
                found = load_recording(file)
            except (RecordingError, FileNotFoundError):  # told already, or too old by now
                continue
            present = found.present
            for column, at_ms in enumerate(found.times_ms.tolist()):
                if not last_ms < at_ms <= to_ms:  # a clock that was set back
                    continue
                last_ms = at_ms
                rows = present[:, column].nonzero()[0].tolist()
                values = found.values[rows, column].tolist()
                samples = {found.labels[row]: value for row, value in zip(rows, values, strict=True)}
                yield Scrape(at_ms, samples, process=found.process)
