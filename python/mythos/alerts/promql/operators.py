"""Arithmetic, comparisons and set operators between scalars and vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql.errors import EvaluationError
from mythos.alerts.promql.label_sets import METADATA, Indices, LabelSets, only, with_label, without
from mythos.alerts.promql.nodes import Moment, Node, ScalarNode, VectorNode
from mythos.alerts.promql.values import NOTHING, Floats, Mask, Scalar, Vector

ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: dict[str, Callable[[Floats, Floats], Mask]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def _one(value: float) -> Floats:
    return np.array([value])


@dataclass(frozen=True, slots=True)
class Negative:
    node: Node

    def evaluate(self, moment: Moment) -> Scalar | Vector:
        value = self.node.evaluate(moment)
        if isinstance(value, Scalar):
            return Scalar(-value.value)
        return Vector(value.sets.to_be_unnamed(), -value.values)


@dataclass(frozen=True, slots=True)
class OfScalars:
    operator: str
    left: ScalarNode
    right: ScalarNode

    def evaluate(self, moment: Moment) -> Scalar:
        left, right = _one(self.left.evaluate(moment).value), _one(self.right.evaluate(moment).value)
        operation = ARITHMETIC.get(self.operator) or COMPARISONS[self.operator]
        return Scalar(float(operation(left, right)[0]))


@dataclass(frozen=True, slots=True)
class WithScalar:
    """Between a vector and a scalar, which stands on the left if `swapped`."""

    operator: str
    vector: VectorNode
    scalar: ScalarNode
    swapped: bool
    is_bool: bool

    def evaluate(self, moment: Moment) -> Vector:
        vector, scalar = self.vector.evaluate(moment), _one(self.scalar.evaluate(moment).value)
        left, right = (scalar, vector.values) if self.swapped else (vector.values, scalar)
        if self.operator in ARITHMETIC:
            return Vector(vector.sets.to_be_unnamed(), ARITHMETIC[self.operator](left, right))
        holds = COMPARISONS[self.operator](left, right)
        if self.is_bool:
            return Vector(vector.sets.to_be_unnamed(), holds.astype(float))
        return vector.where(holds)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which labels two elements share to be partners: `on` these, or all but these (and the name)."""

    is_on: bool = False
    names: frozenset[str] = frozenset()

    def signature(self, labels: Labels) -> Labels:
        return only(labels, self.names) if self.is_on else without(labels, self.names | METADATA)

    def signatures(self, sets: LabelSets) -> list[Labels]:
        return sets.derive(self, lambda: [self.signature(labels) for labels in sets.labels])


@dataclass(frozen=True, slots=True)
class _Plan:
    """Partners, by their places on the side of many and on that of one, and the labels of what comes of them."""

    many: Indices
    one: Indices
    sets: LabelSets


@dataclass(frozen=True, slots=True)
class BetweenVectors:
    """`group` is the side of many, "left" or "right", "" if one meets one; `include` comes from the other side."""

    operator: str
    left: VectorNode
    right: VectorNode
    matching: Matching
    is_bool: bool
    group: str = ""
    include: tuple[str, ...] = ()

    def evaluate(self, moment: Moment) -> Vector:
        left, right = self.left.evaluate(moment), self.right.evaluate(moment)
        if not len(left) or not len(right):
            return NOTHING
        many, one = (right, left) if self.group == "right" else (left, right)
        plan = many.sets.derive((self._key, one.sets), lambda: self._plan(many.sets, one.sets))
        of_many, of_one = many.values[plan.many], one.values[plan.one]
        x, y = (of_one, of_many) if self.group == "right" else (of_many, of_one)
        if self.operator in ARITHMETIC:
            return Vector(plan.sets, ARITHMETIC[self.operator](x, y))
        holds = COMPARISONS[self.operator](x, y)
        if self.is_bool:
            return Vector(plan.sets.to_be_unnamed(), holds.astype(float))
        return Vector(plan.sets, x).where(holds)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.operator in ARITHMETIC, self.matching, self.group, self.include

    def _plan(self, many: LabelSets, one: LabelSets) -> _Plan:
        partners: dict[Labels, int] = {}
        for place, signature in enumerate(self.matching.signatures(one)):
            if partners.setdefault(signature, place) != place:
                side = "left" if self.group == "right" else "right"
                pair = ", ".join(sorted(_shown(one.labels[i]) for i in (partners[signature], place)))
                raise EvaluationError(
                    f"found duplicate series for the match group {_shown(signature)} on the {side} hand-side of the "
                    f"operation: [{pair}]; many-to-many matching not allowed: matching labels must be unique on one "
                    "side"
                )
        found = [
            (place, partners[signature], signature)
            for place, signature in enumerate(self.matching.signatures(many))
            if signature in partners
        ]
        results = [(signature, self._result(many.labels[m], one.labels[o])) for m, o, signature in found]
        if self.group and len(set(results)) < len(results):
            raise EvaluationError("multiple matches for labels: grouping labels must ensure unique matches")
        if not self.group and len({signature for signature, _ in results}) < len(results):
            raise EvaluationError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        sets = LabelSets([labels for _, labels in results], [many.unnamed[m] for m, _, _ in found])
        places = np.array([(m, o) for m, o, _ in found], np.intp).reshape(-1, 2)
        return _Plan(places[:, 0], places[:, 1], sets)

    def _result(self, many: Labels, one: Labels) -> Labels:
        labels = without(many, METADATA) if self.operator in ARITHMETIC else many
        if not self.group:
            named = self.matching.names
            labels = only(labels, named) if self.matching.is_on else without(labels, named)
        values = dict(one)
        for name in self.include:
            labels = with_label(labels, name, values.get(name, ""))
        return labels


@dataclass(frozen=True, slots=True)
class SetOperation:
    operator: str
    left: VectorNode
    right: VectorNode
    matching: Matching

    def evaluate(self, moment: Moment) -> Vector:
        left, right = self.left.evaluate(moment), self.right.evaluate(moment)
        if self.operator == "and":
            return left.where(self._partnered(left, right)) if len(left) else left
        if self.operator == "unless":
            return left.where(~self._partnered(left, right)) if len(left) else left
        if not len(left) or not len(right):
            return left if len(left) else right
        rest = right.where(~self._partnered(right, left))
        if not len(rest):
            return left
        sets = left.sets.derive(("or", rest.sets), lambda: left.sets.followed_by(rest.sets))
        return Vector(sets, np.concatenate((left.values, rest.values)))

    def _partnered(self, vector: Vector, others: Vector) -> Mask:
        def find() -> Mask:
            there = set(self.matching.signatures(others.sets))
            return np.array([signature in there for signature in self.matching.signatures(vector.sets)], bool)

        return vector.sets.derive(("partnered", self.matching, others.sets), find)


def _shown(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"
