"""What expressions give, and what range functions work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mythos.alerts.promql.label_sets import EMPTY, LabelSets

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

NO_FLOATS: Floats = np.empty(0)

# Not-a-numbers that are no values: a series that ended here (as in Prometheus), and no sample of it at this time.
STALE_BITS = 0x7FF0000000000002
GAP_BITS = 0x7FF0000000000003
STALE = float(np.array([STALE_BITS], np.int64).view(np.float64)[0])


def is_no_sample(values: Floats) -> Mask | None:
    """Where there is a gap or a series' end; None if nowhere."""
    if not np.isnan(values).any():
        return None
    bits = values.view(np.int64)
    found = (bits == GAP_BITS) | (bits == STALE_BITS)
    return found if found.any() else None


@dataclass(frozen=True, slots=True)
class Scalar:
    value: float


@dataclass(frozen=True, slots=True)
class Vector:
    """Elements of different label sets, each with a value. Iterating gives pairs of a dict of labels and a float."""

    sets: LabelSets
    values: Floats

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[tuple[dict[str, str], float]]:
        for labels, value in zip(self.sets.labels, self.values.tolist(), strict=True):
            yield dict(labels), value

    @property
    def labels(self) -> list[dict[str, str]]:
        return [dict(labels) for labels in self.sets.labels]

    def where(self, mask: Mask) -> Vector:
        return self if mask.all() else Vector(self.sets.take(mask), self.values[mask])


NOTHING = Vector(EMPTY, NO_FLOATS)


@dataclass(frozen=True, slots=True)
class Window:
    """The samples of several series in (start_ms, end_ms], left-aligned in one matrix.

    `values[i, :counts[i]]` are those of series i, each has at least one; what follows repeats its last sample, so that
    differences are nought there. `counts` is None if all rows are full. `times_ms` has one row for each series, or one
    for all of them.
    """

    sets: LabelSets
    times_ms: Integers
    values: Floats
    counts: Integers | None
    start_ms: int
    end_ms: int

    @property
    def width(self) -> int:
        return int(self.values.shape[1])

    @property
    def sizes(self) -> Integers:
        return np.full(len(self.sets), self.width, np.int64) if self.counts is None else self.counts

    @property
    def present(self) -> Mask | None:
        """Where there is a sample; None if everywhere."""
        return None if self.counts is None else np.arange(self.width) < self.counts[:, None]

    def at_least(self, samples: int) -> Window:
        """Only the series with so many samples."""
        if self.counts is None:
            return self if self.width >= samples or not len(self.sets) else self.take(np.zeros(len(self.sets), bool))
        mask = self.counts >= samples
        return self if mask.all() else self.take(mask)

    def take(self, mask: Mask) -> Window:
        return Window(
            self.sets.take(mask),
            self.times_ms[mask] if len(self.times_ms) > 1 or len(mask) == 1 else self.times_ms,
            self.values[mask],
            None if self.counts is None else self.counts[mask],
            self.start_ms,
            self.end_ms,
        )

    def unnamed(self, values: Floats) -> Vector:
        """A result for each series, without its name."""
        return Vector(self.sets.to_be_unnamed(), values)


def packed(
    sets: LabelSets, times_ms: Integers, values: Floats, start_ms: int, end_ms: int, absent: Mask | None = None
) -> Window:
    """A window of series at common times: gaps are closed, series without a sample left out.

    `absent` says where there is none, if it is not told by the values.
    """
    absent = is_no_sample(values) if absent is None else absent
    if absent is None and values.shape[1]:
        return Window(sets, times_ms[None, :], values, None, start_ms, end_ms)
    counts = np.zeros(len(sets), np.int64) if absent is None else values.shape[1] - absent.sum(axis=1)
    some = counts > 0
    if not some.any():
        return Window(EMPTY, np.empty((1, 0), np.int64), np.empty((0, 0)), None, start_ms, end_ms)
    assert absent is not None
    if not some.all():
        sets, values, absent, counts = sets.take(some), values[some], absent[some], counts[some]
    width = int(counts.max())
    order = np.argsort(absent, axis=1, kind="stable")
    order = np.take_along_axis(order, np.minimum(np.arange(width), counts[:, None] - 1), axis=1)
    full = bool((counts == width).all())
    values = np.take_along_axis(values, order, axis=1)
    return Window(sets, times_ms[order], values, None if full else counts, start_ms, end_ms)
