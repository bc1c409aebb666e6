"""A lane: series that one writer writes at the same times, in a ring of columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql.values import GAP_BITS, STALE_BITS, Floats, Integers

_GAP = np.array([GAP_BITS], np.int64).view(np.float64)[0]
_FIRST_ROWS = 4
_FIRST_COLUMNS = 32
_EVER_MS = 1 << 62

Rows = slice | Integers


class Lane:
    """Not thread-safe. A cell takes 8 bytes; times are kept once for all series, and twice so that any stretch of them
    is one slice."""

    def __init__(self, rows: int = _FIRST_ROWS, columns: int = _FIRST_COLUMNS) -> None:
        self.rows: dict[Labels, int] = {}
        self.values: Floats = np.full((rows, columns), _GAP)
        self.appended = 0  # columns, ever
        self.last_ms = -_EVER_MS
        self._times_ms: Integers = np.zeros(2 * columns, np.int64)
        self._free: list[int] = []

    @classmethod
    def at(cls, times_ms: Integers) -> Lane:
        """With all its times, which are not to grow, and no series yet."""
        lane = cls(columns=len(times_ms))
        lane._times_ms[:] = np.concatenate((times_ms, times_ms))
        lane.appended = len(times_ms)
        lane.last_ms = int(times_ms[-1])
        return lane

    @property
    def columns(self) -> int:
        return int(self.values.shape[1])

    @property
    def kept(self) -> int:
        return min(self.appended, self.columns)

    @property
    def first_ms(self) -> int:
        return int(self._times_ms[self._start]) if self.appended else _EVER_MS

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self._times_ms.nbytes

    @property
    def _start(self) -> int:
        return self.appended % self.columns if self.appended > self.columns else 0

    def bytes_when_grown(self, rows: int, columns: int) -> int:
        """What `grow` would come to."""
        return 8 * (rows * columns + 2 * columns)

    def grow(self, rows: int, columns: int) -> None:
        """To at least so many; what is there stays."""
        start, kept = self._start, self.kept
        values = np.full((rows, columns), _GAP)
        values[: len(self.values), :kept] = self.cut(slice(0, len(self.values)), start, start + kept)
        times_ms = np.zeros(2 * columns, np.int64)
        times_ms[:kept] = times_ms[columns : columns + kept] = self._times_ms[start : start + kept]
        self.values, self._times_ms, self.appended = values, times_ms, kept

    def add_row(self, labels: Labels) -> int:
        """There is room for it: see `is_full`."""
        row = self._free.pop() if self._free else len(self.rows)
        self.rows[labels] = row
        return row

    @property
    def is_full(self) -> bool:
        return not self._free and len(self.rows) == len(self.values)

    def append(self, at_ms: int, rows: Sequence[int], values: Sequence[float]) -> None:
        """One column; a series that had a sample in the one before and has none now ends here.

        An alert that never fires has none: nothing is kept of that.
        """
        self.last_ms = at_ms
        if not self.rows:
            return
        column = self.appended % self.columns
        before = self.values[:, column - 1].view(np.int64) if self.appended else None
        fresh = np.full(len(self.values), _GAP)
        fresh[np.fromiter(rows, np.intp, len(rows))] = np.fromiter(values, np.float64, len(values))
        bits = fresh.view(np.int64)
        if before is not None:
            bits[(bits == GAP_BITS) & (before != GAP_BITS) & (before != STALE_BITS)] = STALE_BITS
        self.values[:, column] = fresh
        self._times_ms[column] = self._times_ms[column + self.columns] = at_ms
        self.appended += 1

    def extend(self, times_ms: Integers, rows: Sequence[int], values: Floats) -> None:
        """As `append` for each time: a row of `values` for each of the rows, no more columns than the ring has."""
        count = len(times_ms)
        fresh = np.full((len(self.values), count), _GAP)
        fresh[rows] = values
        bits = fresh.view(np.int64)
        before = np.full_like(bits, GAP_BITS)
        before[:, 1:] = bits[:, :-1]
        if self.appended:
            before[:, 0] = self.values[:, (self.appended - 1) % self.columns].view(np.int64)
        bits[(bits == GAP_BITS) & (before != GAP_BITS) & (before != STALE_BITS)] = STALE_BITS
        columns = (self.appended + np.arange(count)) % self.columns
        self.values[:, columns] = fresh
        self._times_ms[columns] = self._times_ms[columns + self.columns] = times_ms
        self.appended += count
        self.last_ms = int(times_ms[-1])

    def move(self, by_ms: int) -> None:
        """Everything was so much later."""
        self._times_ms += by_ms
        self.last_ms += by_ms

    def remove_dead(self) -> list[Labels]:
        """Series without a sample in the whole ring; their rows are free again."""
        bits = self.values.view(np.int64)
        alive = ((bits != GAP_BITS) & (bits != STALE_BITS)).any(axis=1)
        dead = [labels for labels, row in self.rows.items() if not alive[row]]
        for labels in dead:
            row = self.rows.pop(labels)
            self.values[row] = _GAP
            self._free.append(row)
        return dead

    def stretch(self, from_ms: int, to_ms: int) -> tuple[int, int]:
        """For `times` and `cut`: the columns in (from_ms, to_ms]."""
        start = self._start
        first, last = np.searchsorted(self._times_ms[start : start + self.kept], (from_ms, to_ms), side="right")
        return start + int(first), start + int(last)

    def times(self, first: int, last: int) -> Integers:
        return self._times_ms[first:last].copy()

    def cut(self, rows: Rows, first: int, last: int) -> Floats:
        """A copy of a stretch."""
        columns = self.columns
        if last <= columns:
            return self.values[rows, first:last].copy()
        if first >= columns:
            return self.values[rows, first - columns : last - columns].copy()
        return np.concatenate((self.values[rows, first:], self.values[rows, : last - columns]), axis=1)


def as_rows(rows: list[int]) -> Rows:
    """A slice if they follow each other: it is cut faster."""
    if rows == list(range(rows[0], rows[0] + len(rows))):
        return slice(rows[0], rows[0] + len(rows))
    return np.array(rows, np.int64)
