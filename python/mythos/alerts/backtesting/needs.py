"""What rules look at: which metrics, and how far back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from mythos.alerts.promql.label_sets import NAME
from mythos.alerts.promql.nodes import RangeSelector, Selector, Subquery
from mythos.alerts.rule import Group, Rule
from mythos.alerts.series import STALENESS_MS

RuleKey = tuple[str, str, int, str]  # file, group, line, name


def key_of(group: Group, rule: Rule) -> RuleKey:
    return group.file, group.name, rule.line, rule.name


def metrics_of(rule: Rule) -> set[str]:
    """By name, as far as its expression names them."""
    return {
        matcher.value
        for selector in _selectors(rule.expression.node)
        for matcher in selector.matchers
        if matcher.name == NAME and matcher.operator == "="
    }


def missing_of(groups: Sequence[Group], names: frozenset[str]) -> dict[RuleKey, tuple[str, ...]]:
    """Of each rule the metrics that are not there, not even by other rules."""
    records = [rule for group in groups for rule in group.rules if rule.kind == "record"]
    made = {rule.name for rule in records} | {"ALERTS", "ALERTS_FOR_STATE"}
    lacking: dict[str, set[str]] = {}
    for _ in range(len(records) + 1):  # a record may look at records after it
        before = {name: set(found) for name, found in lacking.items()}
        for rule in records:
            lacking[rule.name] = _lacking(rule, names, made, lacking)
        if lacking == before:
            break
    return {
        key_of(group, rule): tuple(sorted(found))
        for group in groups
        for rule in group.rules
        if (found := _lacking(rule, names, made, lacking))
    }


def without(groups: Sequence[Group], left_out: Collection[RuleKey]) -> list[Group]:
    """The other rules."""
    return [
        replace(group, rules=tuple(rule for rule in group.rules if key_of(group, rule) not in left_out))
        for group in groups
    ]


def _lacking(rule: Rule, names: frozenset[str], made: set[str], lacking: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    for name in metrics_of(rule):
        if name in made:
            found |= lacking.get(name, set())
        elif name not in names:
            found.add(name)
    return found


def look_back_ms(groups: Sequence[Group]) -> int:
    """How long before a time samples and states of rules may matter to what fires then."""
    rules = [rule for group in groups for rule in group.rules]
    longest: dict[str, int] = {}
    for _ in range(len(rules) + 1):
        before = dict(longest)
        for rule in rules:
            if rule.kind == "record":
                longest[rule.name] = _rule_look_back_ms(rule, longest)
        if longest == before:
            break
    return max((_rule_look_back_ms(rule, longest) for rule in rules), default=STALENESS_MS)


def _rule_look_back_ms(rule: Rule, longest: dict[str, int]) -> int:
    own = _node_look_back_ms(rule.expression.node)
    through = max((longest[name] for name in metrics_of(rule) if name in longest and name != rule.name), default=0)
    return min(own + through + round((rule.for_s + rule.keep_firing_for_s) * 1_000), 1 << 40)


def _node_look_back_ms(node: Any) -> int:
    match node:
        case RangeSelector():
            return node.range_ms + max(0, node.selector.when.offset_ms)
        case Selector():
            return STALENESS_MS + max(0, node.when.offset_ms)
        case Subquery():
            return node.range_ms + max(0, node.when.offset_ms) + _node_look_back_ms(node.node)
        case _:
            return max(map(_node_look_back_ms, _parts(node)), default=0)


def _selectors(node: Any) -> Iterator[Selector]:
    if isinstance(node, Selector):
        yield node
    else:
        for part in _parts(node):
            yield from _selectors(part)


def nodes_of(node: Any) -> Iterator[Any]:
    """It and what it is made of, without plain values."""
    if is_dataclass(node):
        yield node
    for part in _parts(node):
        yield from nodes_of(part)


def _parts(node: Any) -> Iterator[Any]:
    if is_dataclass(node):
        for each in fields(node):
            yield getattr(node, each.name)
    elif isinstance(node, tuple | list):
        yield from node
