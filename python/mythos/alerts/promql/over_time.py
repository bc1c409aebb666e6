"""`*_over_time`: each series' samples in a range as one value."""

from __future__ import annotations

import math

import numpy as np

from mythos.alerts.promql.kahan import increment_rows, mean, row_sums
from mythos.alerts.promql.values import Floats, Integers, Vector, Window


def sum_over_time(window: Window) -> Vector:
    total, rest = row_sums(window.values, window.present)
    return window.unnamed(np.where(np.isinf(total), total, total + rest))


def avg_over_time(window: Window) -> Vector:
    total, rest = row_sums(window.values, window.present)
    sizes = window.sizes
    result = total / sizes + rest / sizes
    for row in np.flatnonzero(~np.isfinite(total)).tolist():
        result[row] = mean(window.values[row, : sizes[row]].tolist())
    return window.unnamed(result)


def min_over_time(window: Window) -> Vector:
    return window.unnamed(np.fmin.reduce(window.values, axis=1))


def max_over_time(window: Window) -> Vector:
    return window.unnamed(np.fmax.reduce(window.values, axis=1))


def count_over_time(window: Window) -> Vector:
    return window.unnamed(window.sizes.astype(float))


def last_over_time(window: Window) -> Vector:
    """Keeps its name."""
    return Vector(window.sets, window.values[:, -1])


def first_over_time(window: Window) -> Vector:
    """Keeps its name."""
    return Vector(window.sets, window.values[:, 0])


def present_over_time(window: Window) -> Vector:
    return window.unnamed(np.ones(len(window.sets)))


def stdvar_over_time(window: Window) -> Vector:
    return window.unnamed(_variances(window))


def stddev_over_time(window: Window) -> Vector:
    return window.unnamed(np.sqrt(_variances(window)))


def quantile_over_time(q: float, window: Window) -> Vector:
    return window.unnamed(quantile_rows(q, window.values, window.sizes))


def _variances(window: Window) -> Floats:
    """Welford's with compensation, as `varianceOverTime`."""
    average = average_rest = squares = squares_rest = np.zeros(len(window.sets))
    present = window.present
    for i, values in enumerate(np.ascontiguousarray(window.values.T)):
        delta = values - (average + average_rest)
        new = increment_rows(delta / (i + 1), average, average_rest)
        grown = increment_rows(delta * (values - (new[0] + new[1])), squares, squares_rest)
        if present is None:
            (average, average_rest), (squares, squares_rest) = new, grown
        else:
            here = present[:, i]
            average, average_rest = np.where(here, new[0], average), np.where(here, new[1], average_rest)
            squares, squares_rest = np.where(here, grown[0], squares), np.where(here, grown[1], squares_rest)
    return (squares + squares_rest) / window.sizes


def quantile_rows(q: float, values: Floats, sizes: Integers) -> Floats:
    """Of the first `sizes` values of each row, interpolated between the two nearest; what is no number comes first."""
    if math.isnan(q) or not 0 <= q <= 1:
        return np.full(len(values), math.nan if math.isnan(q) else math.copysign(math.inf, q))
    present = np.arange(values.shape[1]) < sizes[:, None]
    nan = np.isnan(values) & present
    ordered = np.sort(np.where(nan, -np.inf, np.where(present, values, np.inf)), axis=1)
    ordered[np.arange(values.shape[1]) < nan.sum(axis=1)[:, None]] = np.nan
    rank = q * (sizes - 1)
    lower = np.floor(rank).astype(np.intp)
    upper = np.minimum(sizes - 1, lower + 1)
    weight = rank - lower
    below = np.take_along_axis(ordered, lower[:, None], axis=1)[:, 0]
    above = np.take_along_axis(ordered, upper[:, None], axis=1)[:, 0]
    return np.where(weight == 0, below, below * (1 - weight) + above * weight)
