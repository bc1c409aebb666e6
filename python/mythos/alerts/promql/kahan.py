"""Sums and means as Prometheus forms them: in the order of the values, with Neumaier's compensation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mythos.alerts.promql.values import Floats, Mask

# Integers of which no partial sum reaches this are added without any rounding, in whatever order.
_EXACT_BELOW = 2.0**53


def is_exact(values: Floats) -> bool:
    """Whether a plain sum of them is as good as a compensated one."""
    return bool(np.abs(values).sum() < _EXACT_BELOW and (values == np.trunc(values)).all())


def increment(value: float, total: float, rest: float) -> tuple[float, float]:
    """`kahansum.Inc`."""
    new = total + value
    if math.isinf(new):
        return new, 0.0
    return new, rest + ((total - new) + value if abs(total) >= abs(value) else (value - new) + total)


def total(values: Iterable[float]) -> float:
    total = rest = 0.0
    for value in values:
        # `increment`, written out: this loop is half of a rule. What is infinite stays so, and has no rest.
        new = total + value
        rest += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
        total = new
    return total + rest if math.isfinite(total) else total


def mean(values: Sequence[float]) -> float:
    """Of at least one; a sum that would be too large gives way to a running mean."""
    total, rest, average = values[0], 0.0, 0.0
    running = False
    for count, value in enumerate(values[1:], 2):
        if not running:
            new = increment(value, total, rest)
            if not math.isinf(new[0]):
                total, rest = new
                continue
            running, average, rest = True, total / (count - 1), rest / (count - 1)
        share = (count - 1) / count
        average, rest = increment(value / count, share * average, share * rest)
    return average + rest if running else total / len(values) + rest / len(values)


def increment_rows(values: Floats, total: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """`increment` for each row at once."""
    new = total + values
    smaller = np.abs(total) < np.abs(values)
    high, low = np.where(smaller, values, total), np.where(smaller, total, values)
    return new, np.where(np.isinf(new), 0.0, rest + ((high - new) + low))


def columns_of(values: Floats, present: Mask | None) -> Iterator[Floats]:
    """Nought where there is no sample, which changes no sum."""
    filled = values if present is None else np.where(present, values, 0.0)
    return iter(np.ascontiguousarray(filled.T))


def row_sums(values: Floats, present: Mask | None) -> tuple[Floats, Floats]:
    """Of each row, the sum and what was lost in forming it."""
    total = rest = np.zeros(len(values))
    for column in columns_of(values, present):
        total, rest = increment_rows(column, total, rest)
    return total, rest
