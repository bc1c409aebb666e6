"""Functions of vectors and scalars, by their names in PromQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mythos.alerts.promql import over_time, rates
from mythos.alerts.promql.label_sets import ONE_WITHOUT_LABELS
from mythos.alerts.promql.nodes import Moment, RangeNode, ScalarNode, Selector, VectorNode
from mythos.alerts.promql.values import NOTHING, Floats, Integers, Scalar, Vector, Window

_DAY_S = 86_400


def _sgn(values: Floats) -> Floats:
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


MATHEMATICAL: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": np.degrees,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": np.radians,
    "sgn": _sgn,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}

OF_RANGES: dict[str, Callable[[Window], Vector]] = {
    "avg_over_time": over_time.avg_over_time,
    "changes": rates.changes,
    "count_over_time": over_time.count_over_time,
    "delta": rates.delta,
    "deriv": rates.deriv,
    "first_over_time": over_time.first_over_time,
    "idelta": rates.idelta,
    "increase": rates.increase,
    "irate": rates.irate,
    "last_over_time": over_time.last_over_time,
    "max_over_time": over_time.max_over_time,
    "min_over_time": over_time.min_over_time,
    "present_over_time": over_time.present_over_time,
    "rate": rates.rate,
    "resets": rates.resets,
    "stddev_over_time": over_time.stddev_over_time,
    "stdvar_over_time": over_time.stdvar_over_time,
    "sum_over_time": over_time.sum_over_time,
}


def _months(seconds: Integers) -> Integers:
    return (seconds // _DAY_S).astype("M8[D]").astype("M8[M]").astype(np.int64)


def _start_of(unit: str, seconds: Integers) -> Integers:
    """The day, since 1970, on which the month ("M") or year ("Y") began."""
    return (seconds // _DAY_S).astype("M8[D]").astype(f"M8[{unit}]").astype("M8[D]").astype(np.int64)


def _days_in_month(seconds: Integers) -> Integers:
    after = (_months(seconds) + 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return after - _start_of("M", seconds)


# Of seconds since 1970, in UTC.
OF_TIME: dict[str, Callable[[Integers], Integers]] = {
    "day_of_month": lambda seconds: seconds // _DAY_S - _start_of("M", seconds) + 1,
    "day_of_week": lambda seconds: (seconds // _DAY_S + 4) % 7,
    "day_of_year": lambda seconds: seconds // _DAY_S - _start_of("Y", seconds) + 1,
    "days_in_month": _days_in_month,
    "hour": lambda seconds: seconds % _DAY_S // 3600,
    "minute": lambda seconds: seconds % 3600 // 60,
    "month": lambda seconds: _months(seconds) % 12 + 1,
    "year": lambda seconds: _months(seconds) // 12 + 1970,
}
# Beyond this numpy's calendar ends; no clock shows it.
_SECONDS_MAX = 1e13


@dataclass(frozen=True, slots=True)
class Mathematical:
    function: Callable[[Floats], Floats]
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        return Vector(vector.sets.to_be_unnamed(), self.function(vector.values))


@dataclass(frozen=True, slots=True)
class OfRange:
    function: Callable[[Window], Vector]
    node: RangeNode

    def evaluate(self, moment: Moment) -> Vector:
        window = self.node.window(moment)
        return self.function(window) if len(window.sets) else NOTHING


@dataclass(frozen=True, slots=True)
class QuantileOverTime:
    q: ScalarNode
    node: RangeNode

    def evaluate(self, moment: Moment) -> Vector:
        q, window = self.q.evaluate(moment).value, self.node.window(moment)
        return over_time.quantile_over_time(q, window) if len(window.sets) else NOTHING


@dataclass(frozen=True, slots=True)
class PredictLinear:
    node: RangeNode
    seconds: ScalarNode

    def evaluate(self, moment: Moment) -> Vector:
        window, seconds = self.node.window(moment), self.seconds.evaluate(moment).value
        return rates.predict_linear(window, moment.at_ms, seconds) if len(window.sets) else NOTHING


@dataclass(frozen=True, slots=True)
class Round:
    node: VectorNode
    nearest: ScalarNode

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        inverse = np.divide(1.0, self.nearest.evaluate(moment).value)
        return Vector(vector.sets.to_be_unnamed(), np.floor(vector.values * inverse + 0.5) / inverse)


@dataclass(frozen=True, slots=True)
class Clamp:
    node: VectorNode
    low: ScalarNode
    high: ScalarNode

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        low, high = self.low.evaluate(moment).value, self.high.evaluate(moment).value
        if high < low:
            return NOTHING
        return Vector(vector.sets.to_be_unnamed(), np.maximum(low, np.minimum(high, vector.values)))


@dataclass(frozen=True, slots=True)
class OfTime:
    """Without an argument, of the moment. What is no time has no hour: no number, where Go's conversion overflows."""

    function: Callable[[Integers], Integers]
    node: VectorNode | None

    def evaluate(self, moment: Moment) -> Vector:
        if self.node is None:
            return Vector(ONE_WITHOUT_LABELS, self.function(np.array([moment.at_ms // 1000])).astype(float))
        vector = self.node.evaluate(moment)
        is_time = np.abs(vector.values) <= _SECONDS_MAX
        found = self.function(np.trunc(np.where(is_time, vector.values, 0)).astype(np.int64))
        return Vector(vector.sets.to_be_unnamed(), np.where(is_time, found, np.nan))


@dataclass(frozen=True, slots=True)
class Timestamp:
    node: VectorNode

    def evaluate(self, moment: Moment) -> Vector:
        if isinstance(self.node, Selector):
            return self.node.timestamps(moment)
        vector = self.node.evaluate(moment)
        return Vector(vector.sets.to_be_unnamed(), np.full(len(vector), moment.at_ms / 1000))


@dataclass(frozen=True, slots=True)
class Sort:
    """What is no number comes last either way."""

    node: VectorNode
    descending: bool

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        order = np.argsort(-vector.values if self.descending else vector.values, kind="stable")
        return Vector(vector.sets.at(order), vector.values[order])


@dataclass(frozen=True, slots=True)
class Time:
    def evaluate(self, moment: Moment) -> Scalar:
        return Scalar(moment.at_ms / 1000)


@dataclass(frozen=True, slots=True)
class AsVector:
    node: ScalarNode

    def evaluate(self, moment: Moment) -> Vector:
        return Vector(ONE_WITHOUT_LABELS, np.array([self.node.evaluate(moment).value]))


@dataclass(frozen=True, slots=True)
class AsScalar:
    """No number unless there is exactly one element."""

    node: VectorNode

    def evaluate(self, moment: Moment) -> Scalar:
        vector = self.node.evaluate(moment)
        return Scalar(float(vector.values[0]) if len(vector) == 1 else math.nan)
