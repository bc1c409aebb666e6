"""Thresholds for rules `expr op number`, from a past in which nothing was wrong: each alarm in it would be false.

What counts is what an alert goes by: the lowest value in the time of `for` (for `<`, the highest). Its peaks above the
95th percentile, one for each alarm that there would be, are taken as exponential (peaks over threshold): so many a day,
so high on average. From that follow the alarms a day at any threshold, also at one that was never reached.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.backtesting.needs import nodes_of
from mythos.alerts.backtesting.past import Facts, PastError, moments
from mythos.alerts.backtesting.replay import Evaluated, Replay
from mythos.alerts.backtesting.sources import open_past
from mythos.alerts.expression import Expression
from mythos.alerts.promql.nodes import Moment, Number
from mythos.alerts.promql.operators import Negative, OfScalars, WithScalar
from mythos.alerts.promql.values import Floats, Integers, Scalar
from mythos.alerts.rule import Group, Rule
from mythos.alerts.rule_file import load_rule_files
from mythos.alerts.series import SeriesStore

MOVES_S = 600.0
PERCENTILE = 95.0
MOVES_PERCENTILE = 99.0
PEAKS_MIN = 5
DAY_S = 86_400.0
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True)
class Suggestion:
    """Of one rule; None is what cannot be told, and `reason` says why.

    `exit` is nearer to what is usual than `enter` by as much as the value moves within ten minutes in 99 of 100 cases,
    so that what begins at the one does not end and begin again.
    """

    file: str
    line: int
    alert: str
    operator: str = ""
    number: float | None = None  # of the rule as it is
    alarms_a_day: float | None = None  # with it
    enter: float | None = None
    exit: float | None = None
    expected_a_day: float | None = None  # with `enter`
    peaks: int = 0
    days: float = 0.0
    reason: str = ""


def suggest(
    rules: Sequence[str | Path], over: Sequence[str | Path], *, alarms_a_day: float = 0.1, interval_s: float = 15.0
) -> list[Suggestion]:
    """Thresholds at which so many false alarms a day are expected. Raises FileError and PastError."""
    groups = load_rule_files(rules)
    past = open_past([Path(each) for each in over], round(interval_s * 1e3), {"job": "mythos"})
    facts = past.facts
    if facts.last_ms <= facts.first_ms:
        raise PastError("one scrape is no past to learn from")
    watch = Watch([_watched(group) for group in groups], facts, interval_s)
    for at_ms, scrapes in moments(past.scrapes(facts.first_ms, facts.last_ms)):
        watch.take(at_ms, scrapes)
    watch.finish(facts.last_ms)
    days = (facts.last_ms - facts.first_ms) / 1e3 / DAY_S
    return [
        _suggestion(group, rule, watch.seen.get((group.file, rule.line), {}), alarms_a_day, days, interval_s)
        for group in groups
        for rule in group.rules
        if rule.kind == "alert"
    ]


class Watch(Replay):
    """Values instead of alerts: of each alert (its file and line), by labels, the times and the values."""

    def __init__(self, groups: Sequence[Group], facts: Facts, interval_s: float) -> None:
        span_ms = facts.last_ms - facts.first_ms
        super().__init__(groups, facts, interval_s=interval_s, from_ms=facts.first_ms, retention_ms=span_ms + 3_600_000)
        self.seen: dict[tuple[str, int], dict[Labels, tuple[list[float], list[float]]]] = {}

    def _note(self, each: Evaluated, now: float) -> None:
        for rule, alert in each.rules.active():
            of_rule = self.seen.setdefault((each.rules.group.file, rule.line), {})
            times, values = of_rule.setdefault(alert.labels, ([], []))
            times.append(now)
            values.append(alert.value)


def _threshold(rule: Rule) -> tuple[WithScalar, str, float] | None:
    """What is compared, how, and with which number."""
    node = rule.expression.node
    if not isinstance(node, WithScalar) or node.operator not in _MIRRORED or node.is_bool:
        return None
    operator = _MIRRORED[node.operator] if node.swapped else node.operator
    found = node.scalar.evaluate(Moment(SeriesStore(), 0, 0))
    return (node, operator, found.value) if _is_constant(node.scalar) and isinstance(found, Scalar) else None


def _is_constant(node: object) -> bool:
    return all(isinstance(each, Number | OfScalars | Negative) for each in nodes_of(node))


def _watched(group: Group) -> Group:
    """Its records, and its alerts with a threshold that every number is beyond."""
    rules = []
    for rule in group.rules:
        found = _threshold(rule) if rule.kind == "alert" else None
        if found is not None:
            always = WithScalar(">=", found[0].vector, Number(-math.inf), False, False)
            expression = Expression(rule.expression.text, always)
            rules.append(replace(rule, expression=expression, for_s=0.0, keep_firing_for_s=0.0, annotations={}))
        elif rule.kind == "record":
            rules.append(rule)
    return replace(group, rules=tuple(rules))


def _suggestion(
    group: Group,
    rule: Rule,
    seen: dict[Labels, tuple[list[float], list[float]]],
    alarms_a_day: float,
    days: float,
    interval_s: float,
) -> Suggestion:
    found = _threshold(rule)
    told = Suggestion(group.file, rule.line, rule.name, days=days)
    if found is None:
        return replace(told, reason="it is not of the form: expression, > or < or >= or <=, number")
    _, operator, number = found
    told = replace(told, operator=operator, number=number)
    sign = 1.0 if operator[0] == ">" else -1.0
    step_s = group.interval_s or interval_s
    pieces = [
        (np.array(times), sign * np.array(values))
        for all_times, all_values in seen.values()
        for times, values in _without_gaps(all_times, all_values, step_s)
    ]
    held = [
        (times[-len(values) :], values)
        for times, y in pieces
        if len(values := _lowest(y, math.ceil(rule.for_s / step_s) + 1))
    ]
    if not held:
        return replace(told, reason="there are no values of it in the past")
    every = np.concatenate([values for _, values in held])
    level = float(np.percentile(every, PERCENTILE))
    apart_s = max(1.5 * step_s, rule.keep_firing_for_s)
    told = replace(told, alarms_a_day=_count(held, sign * number, operator, apart_s) / days)
    peaks = np.array([peak - level for times, values in held for peak in _peaks(times, values, level, apart_s)])
    told = replace(told, peaks=len(peaks))
    if len(peaks) < PEAKS_MIN:
        return replace(
            told, reason=f"it has {len(peaks)} peaks, too few to tell; its highest is {sign * every.max():.3g}"
        )
    mean = float(peaks.mean())
    enter = level + mean * max(0.0, math.log(len(peaks) / days / alarms_a_day))
    width = max(2, round(MOVES_S / step_s))
    moves = [_highest(y, width) - _lowest(y, width) for _, y in pieces]
    moved = float(np.percentile(np.concatenate(moves), MOVES_PERCENTILE)) if any(map(len, moves)) else 0.0
    enter = sign * _rounded_up(enter)
    return replace(
        told,
        enter=enter,
        exit=sign * _rounded_up(max(level, sign * enter - moved)),
        expected_a_day=len(peaks) / days * math.exp(-(sign * enter - level) / mean),
    )


def _without_gaps(times: list[float], values: list[float], step_s: float) -> Iterator[tuple[Floats, Floats]]:
    cuts = np.flatnonzero(np.diff(times) > 1.5 * step_s) + 1
    yield from zip(np.split(np.array(times), cuts), np.split(np.array(values), cuts), strict=True)


def _lowest(values: Floats, width: int) -> Floats:
    """Of each so many that follow each other; none where there are fewer."""
    if len(values) < width:
        return np.empty(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, max(1, width)).min(axis=1))


def _highest(values: Floats, width: int) -> Floats:
    return -_lowest(-values, width)


def _runs(times: Floats, beyond: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], apart_s: float) -> list[Integers]:
    """Where it is beyond, in parts that are so far apart."""
    where = np.flatnonzero(beyond)
    return [part for part in np.split(where, np.flatnonzero(np.diff(times[where]) > apart_s) + 1) if len(part)]


def _peaks(times: Floats, values: Floats, level: float, apart_s: float) -> Iterator[float]:
    for run in _runs(times, values > level, apart_s):
        yield float(values[run].max())


def _count(held: Sequence[tuple[Floats, Floats]], number: float, operator: str, apart_s: float) -> int:
    """Alarms at this threshold."""
    return sum(
        len(_runs(times, values >= number if operator.endswith("=") else values > number, apart_s))
        for times, values in held
    )


def _rounded_up(value: float) -> float:
    """To three digits, away from what is usual."""
    if value == 0 or not math.isfinite(value):
        return value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.12g}")
