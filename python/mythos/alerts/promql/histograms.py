"""`histogram_quantile` over classic buckets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql.label_sets import Indices, LabelSets, without
from mythos.alerts.promql.nodes import Moment, ScalarNode, VectorNode
from mythos.alerts.promql.values import NOTHING, Floats, Mask, Vector

# Relative differences between counts of neighbouring buckets that are rounding and nothing else.
_TOLERANCE = 1e-12
_SMALLEST_NORMAL = 2.2250738585072014e-308
_LARGEST = 1.7976931348623157e308


@dataclass(frozen=True, slots=True)
class _Layout:
    """Histograms of the same bounds: which element is which bucket of which."""

    bounds: Floats
    rows: list[tuple[int, list[list[int]]]]  # the histogram's place, and for each bound its elements
    places: Indices
    elements: Indices | None  # one element for each bound, as (histogram, bound); None if a bound has several

    def counts(self, values: Floats) -> Floats:
        if self.elements is not None:
            return values[self.elements]
        return np.array([[values[one].sum() for one in buckets] for _, buckets in self.rows])


@dataclass(frozen=True, slots=True)
class HistogramQuantile:
    q: ScalarNode
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        q, vector = self.q.evaluate(moment).value, self.node.evaluate(moment)
        if not len(vector):
            return NOTHING
        sets, layouts = vector.sets.derive("histograms", lambda: _layouts(vector.sets))
        values = np.empty(len(sets))
        for layout in layouts:
            values[layout.places] = bucket_quantiles(q, layout.bounds, layout.counts(vector.values))
        return Vector(sets, values)


def _layouts(sets: LabelSets) -> tuple[LabelSets, list[_Layout]]:
    """Elements without a bound in `le` are no buckets. The name keeps histograms apart until it goes."""
    found: dict[Labels, dict[float, list[int]]] = {}
    for place, labels in enumerate(sets.labels):
        bound = _bound(dict(labels).get("le", ""))
        if not math.isnan(bound):
            found.setdefault(without(labels, {"le"}), {}).setdefault(bound, []).append(place)
    by_bounds: dict[tuple[float, ...], list[tuple[int, list[list[int]]]]] = {}
    for place, buckets in enumerate(found.values()):
        bounds = tuple(sorted(buckets))
        by_bounds.setdefault(bounds, []).append((place, [buckets[bound] for bound in bounds]))
    layouts = [_layout(bounds, rows) for bounds, rows in by_bounds.items()]
    return LabelSets(found, [True] * len(found)), layouts


def _layout(bounds: tuple[float, ...], rows: list[tuple[int, list[list[int]]]]) -> _Layout:
    single = all(len(one) == 1 for _, buckets in rows for one in buckets)
    elements = np.array([[one[0] for one in buckets] for _, buckets in rows], np.intp) if single else None
    return _Layout(np.array(bounds), rows, np.array([place for place, _ in rows], np.intp), elements)


def _bound(text: str) -> float:
    try:
        return math.nan if set(text) & set("_ \t\n") else float(text)
    except ValueError:
        return math.nan


def bucket_quantiles(q: float, bounds: Floats, counts: Floats) -> Floats:
    """`BucketQuantile` of Prometheus for each row of counts; the bounds ascend."""
    histograms = len(counts)
    if math.isnan(q) or not 0 <= q <= 1:
        return np.full(histograms, math.nan if math.isnan(q) else math.copysign(math.inf, q))
    if len(bounds) < 2 or bounds[-1] != math.inf:
        return np.full(histograms, math.nan)
    counts = _monotonic(counts)
    observations = counts[:, -1]
    rank = q * observations
    reached = counts[:, :-1] >= rank[:, None]
    bucket = np.where(reached.any(axis=1), reached.argmax(axis=1), len(bounds) - 1)
    every = np.arange(histograms)
    lower = np.where(bucket > 0, bounds[bucket - 1], 0.0)
    below = np.where(bucket > 0, counts[every, bucket - 1], 0.0)
    inside = counts[every, bucket] - below
    result = lower + (bounds[bucket] - lower) * ((rank - below) / inside)
    result = np.where((bucket == 0) & (bounds[0] <= 0), bounds[0], result)
    result = np.where(bucket == len(bounds) - 1, bounds[-2], result)
    return np.where(observations == 0, math.nan, result)


def _monotonic(counts: Floats) -> Floats:
    """Counts that fall, or rise by a rounding error alone, are as the one before."""
    before, after = counts[:, :-1], counts[:, 1:]
    if ((after == before) | (after > before * (1 + 4 * _TOLERANCE))).all():
        return counts
    counts = counts.copy()
    last = counts[:, 0]
    for column in range(1, counts.shape[1]):
        now = counts[:, column]
        keep = (now == last) | _is_almost(last, now) | (now < last)
        last = np.where(keep, last, now)
        counts[:, column] = last
    return counts


def _is_almost(a: Floats, b: Floats) -> Mask:
    """`almost.Equal` of Prometheus."""
    magnitude, difference = np.abs(a) + np.abs(b), np.abs(a - b)
    tiny = (a == 0) | (b == 0) | (magnitude < _SMALLEST_NORMAL)
    bound = np.where(tiny, _SMALLEST_NORMAL, np.minimum(magnitude, _LARGEST))
    equal: Mask = (np.isnan(a) & np.isnan(b)) | (a == b) | (difference < _TOLERANCE * bound)
    return equal
