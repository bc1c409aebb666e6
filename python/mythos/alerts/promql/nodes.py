"""An expression as it is worked out: nodes that take a moment and give a scalar, a vector, or a window of samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mythos.alerts.promql.label_sets import LabelSets
from mythos.alerts.promql.matchers import Matchers
from mythos.alerts.promql.values import Floats, Integers, Scalar, Vector, Window, packed

# Of a subquery without a step: Prometheus takes its global evaluation interval, which is this unless configured.
DEFAULT_STEP_MS = 60_000


class Source(Protocol):
    """What expressions are worked out over: `mythos.alerts.series.SeriesStore`."""

    def select(self, matchers: Matchers, from_ms: int, to_ms: int) -> Window: ...

    def latest(self, matchers: Matchers, at_ms: int) -> tuple[LabelSets, Integers, Floats]: ...


@dataclass(frozen=True, slots=True)
class Moment:
    source: Source
    at_ms: int
    query_ms: int  # the same outside of subqueries; what `@ start()` and `@ end()` mean
    step_ms: int = DEFAULT_STEP_MS


class Node(Protocol):
    def evaluate(self, moment: Moment) -> Scalar | Vector: ...


class VectorNode(Protocol):
    def evaluate(self, moment: Moment) -> Vector: ...


class ScalarNode(Protocol):
    def evaluate(self, moment: Moment) -> Scalar: ...


class RangeNode(Protocol):
    def window(self, moment: Moment) -> Window: ...


@dataclass(frozen=True, slots=True)
class Number:
    value: float

    def evaluate(self, moment: Moment) -> Scalar:
        return Scalar(self.value)


@dataclass(frozen=True, slots=True)
class When:
    """`offset` and `@`."""

    offset_ms: int = 0
    at_ms: int | None = None
    at_query: bool = False  # `@ start()` and `@ end()`, which are one in an instant query

    def time_ms(self, moment: Moment) -> int:
        fixed = moment.query_ms if self.at_query else self.at_ms
        return (moment.at_ms if fixed is None else fixed) - self.offset_ms


@dataclass(frozen=True, slots=True)
class Selector:
    matchers: Matchers
    when: When

    def evaluate(self, moment: Moment) -> Vector:
        sets, _, values = moment.source.latest(self.matchers, self.when.time_ms(moment))
        return Vector(sets, values)

    def timestamps(self, moment: Moment) -> Vector:
        """`timestamp()` of a selector tells of the samples themselves, of anything else the moment."""
        sets, times_ms, _ = moment.source.latest(self.matchers, self.when.time_ms(moment))
        return Vector(sets.to_be_unnamed(), times_ms / 1000)


@dataclass(frozen=True, slots=True)
class RangeSelector:
    selector: Selector
    range_ms: int

    def window(self, moment: Moment) -> Window:
        end_ms = self.selector.when.time_ms(moment)
        return moment.source.select(self.selector.matchers, end_ms - self.range_ms, end_ms)


@dataclass(frozen=True, slots=True)
class Subquery:
    """At multiples of the step, in a range that is open on the left."""

    node: VectorNode
    range_ms: int
    step_ms: int | None
    when: When

    def window(self, moment: Moment) -> Window:
        end_ms = self.when.time_ms(moment)
        start_ms = end_ms - self.range_ms
        step_ms = self.step_ms or moment.step_ms
        first_ms = (start_ms // step_ms + 1) * step_ms
        times_ms = np.arange(first_ms, end_ms + 1, step_ms)
        columns = [self.node.evaluate(replace(moment, at_ms=at_ms)) for at_ms in times_ms.tolist()]
        sets = _all_of(columns)
        place = {labels: i for i, labels in enumerate(sets.labels)}
        values = np.zeros((len(sets), len(times_ms)))
        absent = np.ones((len(sets), len(times_ms)), bool)
        for column, vector in enumerate(columns):
            rows = [place[labels] for labels in vector.sets.labels]
            values[rows, column] = vector.values
            absent[rows, column] = False
        return packed(sets, times_ms, values, start_ms, end_ms, absent)


def _all_of(vectors: list[Vector]) -> LabelSets:
    """Every label set once; its name goes if it goes at any time."""
    unnamed: dict[tuple[tuple[str, str], ...], bool] = {}
    for vector in vectors:
        for labels, goes in zip(vector.sets.labels, vector.sets.unnamed, strict=True):
            unnamed[labels] = unnamed.get(labels, False) or goes
    return LabelSets(unnamed, list(unnamed.values()))
