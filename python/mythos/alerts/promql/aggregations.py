"""Aggregations over series, by or without labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql import kahan
from mythos.alerts.promql.errors import EvaluationError
from mythos.alerts.promql.label_sets import METADATA, Indices, LabelSets, only, with_label, without
from mythos.alerts.promql.nodes import Moment, ScalarNode, VectorNode
from mythos.alerts.promql.over_time import quantile_rows
from mythos.alerts.promql.values import NOTHING, Floats, Vector

_INT64_LIMIT = 2.0**63


@dataclass(frozen=True, slots=True)
class Grouping:
    names: frozenset[str] = frozenset()
    is_without: bool = False

    def key(self, labels: Labels) -> Labels:
        return without(labels, self.names | METADATA) if self.is_without else only(labels, self.names)

    def groups(self, sets: LabelSets) -> Groups:
        return sets.derive(self, lambda: Groups.of(sets, self))


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each element falls into, in the order of their first elements."""

    sets: LabelSets
    group: Indices
    order: Indices  # the elements, group by group
    starts: Indices  # where in `order` each group begins

    @staticmethod
    def of(sets: LabelSets, grouping: Grouping) -> Groups:
        found: dict[Labels, int] = {}
        group = np.array([found.setdefault(grouping.key(labels), len(found)) for labels in sets.labels], np.intp)
        # The name goes from a group if it goes from any element.
        goes = [False] * len(found)
        for index, unnamed in zip(group.tolist(), sets.unnamed, strict=True):
            goes[index] |= unnamed
        order = np.argsort(group, kind="stable")
        return Groups(LabelSets(found, goes), group, order, np.searchsorted(group[order], np.arange(len(found))))

    @property
    def sizes(self) -> Indices:
        return np.diff(self.starts, append=len(self.order))

    def split(self, values: Floats) -> list[list[float]]:
        ends = [*self.starts[1:].tolist(), len(self.order)]
        ordered = values[self.order].tolist()
        return [ordered[start:end] for start, end in zip(self.starts.tolist(), ends, strict=True)]


def _sum(groups: Groups, values: Floats) -> Floats:
    if kahan.is_exact(values):
        return np.bincount(groups.group, values, len(groups.sets)).astype(float, copy=False)
    return np.array([kahan.total(members) for members in groups.split(values)])


def _avg(groups: Groups, values: Floats) -> Floats:
    if kahan.is_exact(values):
        return np.bincount(groups.group, values, len(groups.sets)) / groups.sizes
    return np.array([kahan.mean(members) for members in groups.split(values)])


def _min(groups: Groups, values: Floats) -> Floats:
    return np.fmin.reduceat(values[groups.order], groups.starts)


def _max(groups: Groups, values: Floats) -> Floats:
    return np.fmax.reduceat(values[groups.order], groups.starts)


def _count(groups: Groups, values: Floats) -> Floats:
    return groups.sizes.astype(float)


def _group(groups: Groups, values: Floats) -> Floats:
    return np.ones(len(groups.sets))


def _stdvar(groups: Groups, values: Floats) -> Floats:
    return np.array([_variance(members) for members in groups.split(values)])


def _stddev(groups: Groups, values: Floats) -> Floats:
    return np.sqrt(_stdvar(groups, values))


def _variance(members: list[float]) -> float:
    """Welford's, as Prometheus has it: of an infinite value it is no number."""
    average, squares = members[0], 0.0 if math.isfinite(members[0]) else math.nan
    for count, value in enumerate(members[1:], 2):
        delta = value - average
        average += delta / count
        squares += delta * (value - average)
    return squares / len(members)


Aggregator = Callable[[Groups, Floats], Floats]
SIMPLE: dict[str, Aggregator] = {
    "sum": _sum,
    "avg": _avg,
    "min": _min,
    "max": _max,
    "count": _count,
    "group": _group,
    "stddev": _stddev,
    "stdvar": _stdvar,
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    aggregator: Aggregator
    grouping: Grouping
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        if not len(vector):
            return NOTHING
        groups = self.grouping.groups(vector.sets)
        return Vector(groups.sets, self.aggregator(groups, vector.values))


@dataclass(frozen=True, slots=True)
class Quantile:
    q: ScalarNode
    grouping: Grouping
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        q, vector = self.q.evaluate(moment).value, self.node.evaluate(moment)
        if not len(vector):
            return NOTHING
        groups = self.grouping.groups(vector.sets)
        members = groups.split(vector.values)
        rows = np.zeros((len(members), max(map(len, members))))
        for row, values in zip(rows, members, strict=True):
            row[: len(values)] = values
        return Vector(groups.sets, quantile_rows(q, rows, groups.sizes))


@dataclass(frozen=True, slots=True)
class Extreme:
    """`topk` and `bottomk`: elements as they are, the foremost first. Of equal ones, the earlier."""

    k: ScalarNode
    is_top: bool
    grouping: Grouping
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        k, vector = self.k.evaluate(moment).value, self.node.evaluate(moment)
        if k < 1:
            return NOTHING
        if math.isnan(k):
            raise EvaluationError("Parameter value is NaN")
        if k >= _INT64_LIMIT:
            raise EvaluationError(f"Scalar value {k:g} overflows int64")
        if not len(vector):
            return NOTHING
        # No number at all is the last choice either way.
        rank = np.where(np.isnan(vector.values), np.inf, -vector.values if self.is_top else vector.values)
        order = np.lexsort((np.isnan(vector.values), rank))
        groups = self.grouping.groups(vector.sets)
        by_group = order[np.argsort(groups.group[order], kind="stable")]
        place = np.arange(len(by_group)) - np.repeat(groups.starts, groups.sizes)
        chosen = by_group[place < int(min(k, len(by_group)))]
        return Vector(vector.sets.at(chosen), vector.values[chosen])


@dataclass(frozen=True, slots=True)
class CountValues:
    label: str
    grouping: Grouping
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        grouping = self.grouping
        if not grouping.is_without:
            grouping = Grouping(grouping.names | {self.label})
        counts: dict[Labels, int] = {}
        for labels, value in zip(vector.sets.labels, vector.values.tolist(), strict=True):
            key = grouping.key(with_label(labels, self.label, as_text(value)))
            counts[key] = counts.get(key, 0) + 1
        return Vector(LabelSets(counts), np.array([*counts.values()], float))


def as_text(value: float) -> str:
    """Go's `FormatFloat(value, 'f', -1, 64)`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")
