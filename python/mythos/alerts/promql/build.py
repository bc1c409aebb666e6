"""From promql-parser's tree to nodes that can be worked out; what is not supported is refused here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias, cast

import promql_parser as parser

from mythos.alerts.promql import aggregations, functions, operators, refusals
from mythos.alerts.promql.errors import Refusal
from mythos.alerts.promql.histograms import HistogramQuantile
from mythos.alerts.promql.label_functions import Absent, LabelJoin, LabelReplace, labels_of_absent
from mythos.alerts.promql.label_sets import NAME
from mythos.alerts.promql.matchers import Matcher, Matchers, Operator, compiled
from mythos.alerts.promql.nodes import DEFAULT_STEP_MS, Number, RangeSelector, Selector, Subquery, When

# Nodes are told apart by the parser's types, which it has checked: in here they are just nodes.
_Node: TypeAlias = Any

_OPERATORS: dict[str, Operator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_AT = re.compile(r"@ ([\d.]+)(?: offset \S+)?$")


_LATEST_S = 1e11
# At how many times the innermost expression of subqueries is worked out. Prometheus bounds its samples, at 50 million.
POINTS_MAX = 11_000


def is_scalar(node: _Node) -> bool:
    if isinstance(node, operators.Negative):
        return is_scalar(node.node)
    return isinstance(node, Number | operators.OfScalars | functions.AsScalar | functions.Time)


def build_result(tree: Any) -> _Node:
    """Of a whole expression. Raises Refusal."""
    kind = {parser.StringLiteral: "string", parser.MatrixSelector: "matrix", parser.SubqueryExpr: "matrix"}
    if found := kind.get(type(_unwrapped(tree))):
        hint = "write a function around it, such as rate() or last_over_time()" if found == "matrix" else ""
        raise Refusal(f"a rule needs a vector or a scalar, and this is a {found}", instead=hint)
    node = build(tree)
    if _points(node) > POINTS_MAX:
        reason = f"a subquery of more than {POINTS_MAX:,} points is not supported"
        raise Refusal(reason, instead="write a longer step or a shorter range, or a recording rule")
    return node


def _points(node: _Node) -> float:
    """How often the innermost part is worked out."""
    parts = (getattr(node, each.name) for each in fields(node))
    most = max((_points(part) for part in parts if is_dataclass(part)), default=1.0)
    return most * node.range_ms / (node.step_ms or DEFAULT_STEP_MS) if isinstance(node, Subquery) else most


def build(expr: Any) -> _Node:
    """Raises Refusal."""
    match expr:
        case parser.NumberLiteral():
            return Number(expr.val)
        case parser.ParenExpr():
            return build(expr.expr)
        case parser.UnaryExpr():
            return operators.Negative(build(expr.expr))
        case parser.VectorSelector():
            return _selector(expr)
        case parser.MatrixSelector():
            return RangeSelector(_selector(expr.vector_selector), _ms(expr.range))
        case parser.SubqueryExpr():
            assert expr.range is not None
            step_ms = None if expr.step is None else _ms(expr.step)
            return Subquery(build(expr.expr), _ms(expr.range), step_ms, _when(expr))
        case parser.AggregateExpr():
            return _aggregate(expr)
        case parser.BinaryExpr():
            return _binary(expr)
        case parser.Call():
            return _call(expr)
    raise Refusal(f"{expr.prettify()} stands where no string may", expr.prettify())


def _case_of(member: Any) -> str:
    """The parser's enumerations cannot be keys."""
    return str(member).rpartition(".")[2]


def _no_pattern(pattern: str, error: ValueError) -> Refusal:
    return Refusal(f"the regular expression {pattern!r} is not supported: {error}", pattern)


def _ms(duration: timedelta) -> int:
    """Raises Refusal for what is none: Prometheus counts in milliseconds too."""
    found = round(duration / timedelta(milliseconds=1))
    if not found:
        raise Refusal("a duration of less than a millisecond is not supported")
    return found


def _unwrapped(expr: Any) -> Any:
    return _unwrapped(expr.expr) if isinstance(expr, parser.ParenExpr) else expr


def _selector(expr: parser.VectorSelector) -> Selector:
    if expr.matchers.or_matchers:
        raise Refusal("or between matchers is not supported", "or", "write two selectors joined by or")
    found = [] if expr.name is None else [Matcher(NAME, "=", expr.name)]
    for matcher in expr.matchers.matchers:
        try:
            found.append(Matcher(matcher.name, _OPERATORS[_case_of(matcher.op)], matcher.value))
        except ValueError as error:
            raise Refusal(
                f"the regular expression {matcher.value!r} is not supported: {error}", matcher.value
            ) from None
    return Selector(tuple(found), _when(expr))


def _when(expr: parser.VectorSelector | parser.SubqueryExpr) -> When:
    offset_ms = _ms(expr.offset) if expr.offset else 0
    text = expr.prettify()
    # The parser's own time panics before 1970; its text has lost the sign.
    if found := _AT.search(text):
        at_s = float(found[1])
        if at_s > _LATEST_S:
            raise Refusal("so late a time is not supported", "@", "write a time in seconds since 1970")
        return When(offset_ms, at_ms=round(at_s * 1000))
    return When(offset_ms, at_query=expr.at is not None)


def _aggregate(expr: parser.AggregateExpr) -> _Node:
    name = str(expr.op)
    modifier = expr.modifier
    grouping = aggregations.Grouping()
    if modifier is not None:
        is_without = modifier.type == parser.AggModifierType.Without
        grouping = aggregations.Grouping(frozenset(modifier.labels), is_without)
    _refuse(name)
    if name == "count_values":
        label = _string(expr.param)
        if not label:
            raise Refusal("count_values() needs the name of a label", name)
        return aggregations.CountValues(label, grouping, build(expr.expr))
    if name in aggregations.SIMPLE:
        return aggregations.Aggregate(aggregations.SIMPLE[name], grouping, build(expr.expr))
    if name == "quantile":
        return aggregations.Quantile(build(expr.param), grouping, build(expr.expr))
    if name in ("topk", "bottomk"):
        return aggregations.Extreme(build(expr.param), name == "topk", grouping, build(expr.expr))
    raise Refusal(f"the aggregation {name} is not supported", name)


def _binary(expr: parser.BinaryExpr) -> _Node:
    operator = str(expr.op)
    left, right = build(expr.lhs), build(expr.rhs)
    modifier = expr.modifier
    is_bool = modifier is not None and modifier.return_bool
    match is_scalar(left), is_scalar(right):
        case True, True:
            return operators.OfScalars(operator, left, right)
        case False, True:
            return operators.WithScalar(operator, left, right, False, is_bool)
        case True, False:
            return operators.WithScalar(operator, right, left, True, is_bool)
    matching, group, include = _matching(modifier)
    if operator in ("and", "or", "unless"):
        return operators.SetOperation(operator, left, right, matching)
    return operators.BetweenVectors(operator, left, right, matching, is_bool, group, include)


def _matching(modifier: parser.BinModifier | None) -> tuple[operators.Matching, str, tuple[str, ...]]:
    if modifier is None:
        return operators.Matching(), "", ()
    fill = modifier.fill_values
    if fill is not None and (fill.lhs is not None or fill.rhs is not None):
        raise Refusal("fill() is experimental in Prometheus and not supported", "fill", "write x or on(…) 0 * y")
    matching = operators.Matching()
    if modifier.matching is not None:
        is_on = modifier.matching.type == parser.LabelModifierType.Include
        matching = operators.Matching(is_on, frozenset(modifier.matching.labels))
    group = {"ManyToOne": "left", "OneToMany": "right"}.get(_case_of(modifier.card), "")
    return matching, group, tuple(modifier.group_labels or ())


def _refuse(name: str) -> None:
    if name in refusals.FUNCTIONS:
        reason, instead = refusals.FUNCTIONS[name]
        raise Refusal(f"{name}() {reason}", name, instead)


def _call(expr: parser.Call) -> _Node:
    name, args = expr.func.name, expr.args
    _refuse(name)
    if name in functions.MATHEMATICAL:
        return functions.Mathematical(functions.MATHEMATICAL[name], build(args[0]))
    if name in functions.OF_RANGES:
        return functions.OfRange(functions.OF_RANGES[name], build(args[0]))
    if name in functions.OF_TIME:
        return functions.OfTime(functions.OF_TIME[name], build(args[0]) if args else None)
    if name not in _CALLS:
        raise Refusal(f"{name}() is not supported", name, refusals.nearest(name, known_functions()))
    return _CALLS[name](args)


def known_functions() -> list[str]:
    return [*functions.MATHEMATICAL, *functions.OF_RANGES, *functions.OF_TIME, *_CALLS]


def _string(expr: Any) -> str:
    return cast("str", _unwrapped(expr).val)


def _absent(args: list[Any]) -> _Node:
    node = build(args[0])
    selector = node.selector if isinstance(node, RangeSelector) else node
    matchers: Matchers = selector.matchers if isinstance(selector, Selector) else ()
    return Absent(node, labels_of_absent(matchers))


def _clamp(args: list[Any], low: bool, high: bool) -> _Node:
    bounds = [build(arg) for arg in args[1:]]
    least = bounds[0] if low else Number(float("-inf"))
    return functions.Clamp(build(args[0]), least, bounds[-1] if high else Number(float("inf")))


def _label_name(function: str, text: str) -> str:
    if not text:
        raise Refusal(f"{function}() needs the name of a label", function)
    return text


def _label_replace(args: list[Any]) -> _Node:
    target, replacement, source, pattern = (_string(arg) for arg in args[1:])
    try:
        compiled(pattern)
    except ValueError as error:
        raise _no_pattern(pattern, error) from None
    return LabelReplace(build(args[0]), _label_name("label_replace", target), replacement, source, pattern)


def _label_join(args: list[Any]) -> _Node:
    target, separator, *sources = (_string(arg) for arg in args[1:])
    names = tuple(_label_name("label_join", source) for source in sources)
    return LabelJoin(build(args[0]), _label_name("label_join", target), separator, names)


_CALLS: dict[str, Callable[[list[Any]], _Node]] = {
    "absent": _absent,
    "absent_over_time": _absent,
    "clamp": partial(_clamp, low=True, high=True),
    "clamp_max": partial(_clamp, low=False, high=True),
    "clamp_min": partial(_clamp, low=True, high=False),
    "histogram_quantile": lambda args: HistogramQuantile(build(args[0]), build(args[1])),
    "label_join": _label_join,
    "label_replace": _label_replace,
    "pi": lambda args: Number(3.141592653589793),
    "predict_linear": lambda args: functions.PredictLinear(build(args[0]), build(args[1])),
    "quantile_over_time": lambda args: functions.QuantileOverTime(build(args[0]), build(args[1])),
    "round": lambda args: functions.Round(build(args[0]), build(args[1]) if len(args) > 1 else Number(1.0)),
    "scalar": lambda args: functions.AsScalar(build(args[0])),
    "sort": lambda args: functions.Sort(build(args[0]), descending=False),
    "sort_desc": lambda args: functions.Sort(build(args[0]), descending=True),
    "time": lambda args: functions.Time(),
    "timestamp": lambda args: functions.Timestamp(build(args[0])),
    "vector": lambda args: functions.AsVector(build(args[0])),
}
