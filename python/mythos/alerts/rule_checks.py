"""Labels that chase themselves: what Prometheus loads and nobody can have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mythos.alerts.expression import Expression
from mythos.alerts.promql.matchers import Matchers
from mythos.alerts.rule import RuleText
from mythos.alerts.templates.nodes import Command, Field, Identifier, Node, String, Variable

OWN_SERIES = ("ALERTS", "ALERTS_FOR_STATE")


def reads_own_state(expression: Expression, alert: str) -> str:
    """The series of its own state that an alert's expression would read: once firing it would never end."""
    for matchers in _selectors(expression.node):
        for series in OWN_SERIES:
            own = {"__name__": series, "alertname": alert}
            asked = [matcher for matcher in matchers if matcher.name in own]
            is_named = any(matcher.name == "__name__" for matcher in asked)
            if is_named and all(matcher.matches(own[matcher.name]) for matcher in asked):
                return series
    return ""


def _selectors(node: object) -> Iterator[Matchers]:
    if isinstance(matchers := getattr(node, "matchers", None), tuple):
        yield matchers
    if isinstance(node, tuple | list):
        for each in node:
            yield from _selectors(each)
    elif is_dataclass(node) and not isinstance(node, type):
        for part in fields(node):
            yield from _selectors(getattr(node, part.name))


def label_loop(labels: Mapping[str, RuleText]) -> tuple[str, ...]:
    """Labels of which each is made of the next, and the last of the first; () where there is no such ring.

    One that is made of itself is none: that is how a default is given to what the series may lack.
    """
    reads = {name: labels_read(text) & labels.keys() - {name} for name, text in labels.items()}
    for start in sorted(reads):
        if ring := _ring(reads, start, (start,)):
            return ring
    return ()


def _ring(reads: Mapping[str, set[str]], start: str, path: tuple[str, ...]) -> tuple[str, ...]:
    for following in sorted(reads[path[-1]]):
        if following == start:
            return path
        if following not in path and (ring := _ring(reads, start, (*path, following))):
            return ring
    return ()


def labels_read(text: RuleText) -> set[str]:
    """The labels that a template asks for by name."""
    if text.template is None:
        return set()
    found: set[str] = set()
    for node in _nodes([tree.root for tree in text.template.trees.values()]):
        if isinstance(node, Variable) and node.names[0] in ("$labels", "$") and len(node.names) > 1:
            found.add(node.names[-1])
        elif isinstance(node, Field) and node.names[0] == "Labels" and len(node.names) > 1:
            found.add(node.names[1])
        elif isinstance(node, Command) and _indexes_labels(node.arguments):
            found |= {each.text for each in node.arguments[2:3] if isinstance(each, String)}
    return found


def _indexes_labels(arguments: tuple[Node, ...]) -> bool:
    head = arguments[:2]
    return (
        len(head) == 2
        and isinstance(head[0], Identifier)
        and head[0].name == "index"
        and str(head[1]) in ("$labels", ".Labels", "$.Labels")
    )


def _nodes(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple | list):
        for each in node:
            yield from _nodes(each)
    elif isinstance(node, Node):
        yield node
        for part in fields(node):
            yield from _nodes(getattr(node, part.name))
