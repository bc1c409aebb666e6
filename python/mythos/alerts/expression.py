"""PromQL expressions: parsed and checked once, then worked out over a SeriesStore as often as wanted.

    expression = parse_expression("sum by (type) (rate(mythos_errors_total[5m])) > 0.1")
    for labels, value in expression.evaluate(store, now_ms):
        ...

The semantics are those of Prometheus 3 with delayed name removal; docs/reference/answers.md says what is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mythos.alerts.promql import build, locate, refusals
from mythos.alerts.promql.errors import EvaluationError, ExpressionError, Refusal
from mythos.alerts.promql.nodes import DEFAULT_STEP_MS, Moment, Node, Source
from mythos.alerts.promql.values import Scalar, Vector

__all__ = ["EvaluationError", "Expression", "ExpressionError", "Scalar", "Vector", "parse_expression"]

_UNKNOWN = re.compile(r"unknown function with name '(.*)'")


@dataclass(frozen=True, slots=True)
class Expression:
    """Immutable, and may be worked out by several threads at once."""

    text: str
    node: Node

    def evaluate(self, store: Source, at_ms: int, *, step_ms: int = DEFAULT_STEP_MS) -> Vector | Scalar:
        """The value at a time in milliseconds since the epoch.

        `step_ms` is that of subqueries which name none. Raises EvaluationError where Prometheus gives an error: for
        ambiguous partners, and for equal label sets in the result.
        """
        with np.errstate(all="ignore"):
            found = self.node.evaluate(Moment(store, at_ms, at_ms, step_ms))
        return found if isinstance(found, Scalar) else Vector(found.sets.told(), found.values)


def parse_expression(text: str, *, origin: str = "") -> Expression:
    """Raises ExpressionError, which says what is wrong, where, and what to write instead."""
    try:
        tree = locate.tree_of(text)
        if locate.is_before_1970(text):
            raise Refusal("a time before 1970 is not supported", "@", "write a time in seconds since 1970")
        node = build.build_result(tree)
    except ValueError as error:
        raise _fault(text, str(error), origin) from None
    except Refusal as refusal:
        raise _refused(text, refusal, origin) from None
    return Expression(text, node)


def _refused(text: str, refusal: Refusal, origin: str) -> ExpressionError:
    position = None
    if refusal.token:
        position = locate.of_name(text, refusal.token)
        if position is None and refusal.token in text:
            position = text.index(refusal.token)
    part = text.strip() if position is None else refusal.token
    position = text.index(part) if position is None else position
    return ExpressionError(
        refusal.reason, expression=text, part=part, position=position, instead=refusal.instead, origin=origin
    )


def _fault(text: str, reason: str, origin: str) -> ExpressionError:
    for word, (why, instead) in refusals.MODIFIERS.items():
        position = locate.of_name(text, word)
        if position is not None:
            return ExpressionError(why, expression=text, part=word, position=position, instead=instead, origin=origin)
    if unknown := _UNKNOWN.fullmatch(reason):
        name = unknown[1]
        return ExpressionError(
            f"there is no function {name}()",
            expression=text,
            part=name,
            position=locate.of_name(text, name) or 0,
            instead=refusals.nearest(name, build.known_functions()),
            origin=origin,
        )
    position, part = locate.of_fault(text)
    return ExpressionError(reason, expression=text, part=part, position=position, origin=origin)
