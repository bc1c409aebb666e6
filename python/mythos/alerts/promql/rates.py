"""Range functions that look at how samples follow each other: rates, derivatives, changes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mythos.alerts.promql.kahan import columns_of, increment_rows
from mythos.alerts.promql.values import Floats, Vector, Window

_Seconds: TypeAlias = npt.NDArray[np.floating[Any]]


def rate(window: Window) -> Vector:
    return _extrapolated(window, is_counter=True, is_rate=True)


def increase(window: Window) -> Vector:
    return _extrapolated(window, is_counter=True, is_rate=False)


def delta(window: Window) -> Vector:
    return _extrapolated(window, is_counter=False, is_rate=False)


def irate(window: Window) -> Vector:
    return _of_last_two(window, is_rate=True)


def idelta(window: Window) -> Vector:
    return _of_last_two(window, is_rate=False)


def changes(window: Window) -> Vector:
    before, after = window.values[:, :-1], window.values[:, 1:]
    different = (before != after) & ~(np.isnan(before) & np.isnan(after))
    return window.unnamed(different.sum(axis=1).astype(float))


def resets(window: Window) -> Vector:
    return window.unnamed((window.values[:, 1:] < window.values[:, :-1]).sum(axis=1).astype(float))


def deriv(window: Window) -> Vector:
    window = window.at_least(2)
    slope, _ = _regression(window, window.times_ms[:, :1])
    return window.unnamed(slope)


def predict_linear(window: Window, at_ms: int, seconds: float) -> Vector:
    """`at_ms` is the moment of evaluation, whatever the selector's offset."""
    window = window.at_least(2)
    slope, intercept = _regression(window, np.array([[at_ms]]))
    return window.unnamed(slope * seconds + intercept)


def _extrapolated(window: Window, *, is_counter: bool, is_rate: bool) -> Vector:
    """`extrapolatedRate` of Prometheus' promql/functions.go, for floats."""
    window = window.at_least(2)
    values = window.values
    first, result = values[:, 0], values[:, -1] - values[:, 0]
    if is_counter:
        before = values[:, :-1]
        fell = values[:, 1:] < before
        if fell.any():
            # One after the other, as Prometheus adds them: where they cancel each other out the order shows.
            result = np.cumsum(np.column_stack((result, np.where(fell, before, 0.0))), axis=1)[:, -1]
    first_ms, last_ms = window.times_ms[:, 0], window.times_ms[:, -1]
    to_start: _Seconds = (first_ms - window.start_ms) / 1000
    to_end: _Seconds = (window.end_ms - last_ms) / 1000
    sampled: _Seconds = (last_ms - first_ms) / 1000
    between = sampled / (window.sizes - 1)
    threshold = between * 1.1
    to_start = np.where(to_start >= threshold, between / 2, to_start)
    if is_counter:
        # A counter cannot have been below nought: it is not continued further back than to there.
        rises = (result > 0) & (first >= 0)
        to_zero = sampled * (first / np.where(rises, result, 1.0))
        to_start = np.where(rises & (to_zero < to_start), to_zero, to_start)
    to_end = np.where(to_end >= threshold, between / 2, to_end)
    factor = (sampled + to_start + to_end) / sampled
    if is_rate:
        factor = factor / ((window.end_ms - window.start_ms) / 1000)
    return window.unnamed(result * factor)


def _of_last_two(window: Window, *, is_rate: bool) -> Vector:
    window = window.at_least(2)
    one_before = (window.sizes - 2)[:, None]
    times_ms = np.broadcast_to(window.times_ms, window.values.shape)
    before = np.take_along_axis(window.values, one_before, axis=1)[:, 0]
    last = window.values[:, -1]
    between_ms = times_ms[:, -1] - np.take_along_axis(times_ms, one_before, axis=1)[:, 0]
    if not is_rate:
        return window.unnamed(last - before)
    return window.unnamed(np.where(last < before, last, last - before) / (between_ms / 1000))


def _regression(window: Window, origin_ms: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """`linearRegression`: slope, and intercept at the origin. Equal values have the slope nought to the last digit."""
    values, present = window.values, window.present
    x = np.broadcast_to((window.times_ms - origin_ms) / 1e3, values.shape)
    sums = []
    for terms in (x, values, x * values, x * x):
        total = rest = np.zeros(len(values))
        for column in columns_of(terms, present):
            total, rest = increment_rows(column, total, rest)
        sums.append(total + rest)
    sum_x, sum_y, sum_xy, sum_x2 = sums
    n = window.sizes
    slope = (sum_xy - sum_x * sum_y / n) / (sum_x2 - sum_x * sum_x / n)
    intercept = sum_y / n - slope * sum_x / n
    level = values[:, 0]
    constant = (values == level[:, None]).all(axis=1)
    flat = np.where(np.isinf(level), np.nan, 0.0)
    return np.where(constant, flat, slope), np.where(constant, level + flat, intercept)
