"""`label_replace`, `label_join`, and the labels that `absent` gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql.label_sets import METADATA, NAME, ONE_WITHOUT_LABELS, LabelSets, distinct, with_label
from mythos.alerts.promql.matchers import Matchers, compiled
from mythos.alerts.promql.nodes import Moment, RangeNode, VectorNode
from mythos.alerts.promql.values import NOTHING, Vector

_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


@dataclass(frozen=True, slots=True)
class LabelReplace:
    node: VectorNode
    target: str
    replacement: str
    source: str
    pattern: str

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        return _relabelled(vector, self, self.target, self._value)

    def _value(self, labels: dict[str, str]) -> str | None:
        found = compiled(self.pattern).fullmatch(labels.get(self.source, ""))
        return None if found is None else _expanded(self.replacement, found)


@dataclass(frozen=True, slots=True)
class LabelJoin:
    node: VectorNode
    target: str
    separator: str
    sources: tuple[str, ...]

    def evaluate(self, moment: Moment) -> Vector:
        vector = self.node.evaluate(moment)
        return _relabelled(vector, self, self.target, self._value)

    def _value(self, labels: dict[str, str]) -> str:
        return self.separator.join(labels.get(source, "") for source in self.sources)


def _relabelled(vector: Vector, key: object, target: str, value: Callable[[dict[str, str]], str | None]) -> Vector:
    """A name that is set stays, whatever was to become of the old one."""

    def make() -> LabelSets:
        found: list[Labels] = []
        unnamed: list[bool] = []
        for labels, goes in zip(vector.sets.labels, vector.sets.unnamed, strict=True):
            new = value(dict(labels))
            found.append(labels if new is None else with_label(labels, target, new))
            unnamed.append(goes and (new is None or target != NAME))
        return LabelSets(distinct(found), unnamed)

    return Vector(vector.sets.derive(("relabelled", key), make), vector.values)


def _expanded(replacement: str, found: re.Match[str]) -> str:
    """As Go's `Regexp.Expand`: a group that is not there is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        try:
            return found[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(group, replacement)


@dataclass(frozen=True, slots=True)
class Absent:
    """One element of the value 1 if nothing is there; with the labels that are certain from the selector."""

    node: VectorNode | RangeNode
    labels: Labels

    def evaluate(self, moment: Moment) -> Vector:
        node = self.node
        there = node.evaluate(moment) if hasattr(node, "evaluate") else node.window(moment).sets
        if len(there):
            return NOTHING
        sets = LabelSets([self.labels]) if self.labels else ONE_WITHOUT_LABELS
        return Vector(sets, np.ones(1))


def labels_of_absent(matchers: Matchers) -> Labels:
    """Those that must be equal to one value, and are named once."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in matchers:
        if matcher.name in METADATA:
            continue
        if matcher.operator == "=" and matcher.name not in seen:
            found[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            found.pop(matcher.name, None)
    return tuple(sorted((name, value) for name, value in found.items() if value))
