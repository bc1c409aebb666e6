"""The label sets of a vector's elements, with what follows from labels alone worked out once and kept with them.

A rule meets the same series in every round, so grouping, matching and renaming cost nothing after the first: they are
kept in the `LabelSets` that the store gives for a selector until a series comes or goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from mythos.alerts.alert import Labels
from mythos.alerts.promql.errors import EvaluationError

NAME = "__name__"
# What Prometheus drops together with the name (`schema.IsMetadataLabel`).
METADATA = frozenset({NAME, "__type__", "__unit__"})
# A vector's values may change what is left of it in every round: what was derived is then forgotten in between.
DERIVED_MAX = 128

Indices = npt.NDArray[np.intp]
_T = TypeVar("_T")


def without(labels: Labels, names: Collection[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in names)


def only(labels: Labels, names: Collection[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] in names)


def with_label(labels: Labels, name: str, value: str) -> Labels:
    """An empty value removes the label."""
    rest = [pair for pair in labels if pair[0] != name]
    return tuple(sorted([*rest, (name, value)])) if value else tuple(rest)


class LabelSets:
    """An immutable sequence of label sets.

    `unnamed[i]` says that the name of element i is to go when the expression has been worked out: until then label
    functions and groupings still see it (Prometheus' delayed name removal).
    """

    __slots__ = ("_derived", "labels", "unnamed")

    def __init__(self, labels: Iterable[Labels], unnamed: Sequence[bool] | None = None) -> None:
        self.labels: tuple[Labels, ...] = tuple(labels)
        self.unnamed = (False,) * len(self.labels) if unnamed is None else tuple(unnamed)
        self._derived: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.labels)

    def derive(self, key: Any, make: Callable[[], _T]) -> _T:
        """What `make` gives, which may depend on these label sets and the key alone."""
        found = self._derived.get(key)
        if found is None:
            if len(self._derived) >= DERIVED_MAX:
                self._derived.clear()
            found = self._derived[key] = make()
        return cast("_T", found)

    def take(self, mask: npt.NDArray[np.bool_]) -> LabelSets:
        return self.derive(("take", mask.tobytes()), lambda: self.at(np.flatnonzero(mask)))

    def at(self, indices: Indices) -> LabelSets:
        where = indices.tolist()
        return LabelSets([self.labels[i] for i in where], [self.unnamed[i] for i in where])

    def to_be_unnamed(self) -> LabelSets:
        return self.derive("unnamed", lambda: LabelSets(self.labels, (True,) * len(self)))

    def followed_by(self, other: LabelSets) -> LabelSets:
        return LabelSets(self.labels + other.labels, self.unnamed + other.unnamed)

    def told(self) -> LabelSets:
        """As the result shows them: names that are to go are gone. Raises EvaluationError for equal label sets."""
        return self.derive("told", self._told)

    def _told(self) -> LabelSets:
        pairs = zip(self.labels, self.unnamed, strict=True)
        return LabelSets(distinct(without(labels, METADATA) if unnamed else labels for labels, unnamed in pairs))


EMPTY = LabelSets(())
ONE_WITHOUT_LABELS = LabelSets(((),))


def distinct(labels: Iterable[Labels]) -> tuple[Labels, ...]:
    """The same. Raises EvaluationError if two are equal."""
    found = tuple(labels)
    if len(set(found)) < len(found):
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    return found
