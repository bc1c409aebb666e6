"""Runs promtool's rule tests on this engine, with promtool's verdicts (cmd/promtool/unittest.go).

As there, every group is evaluated at each evaluation interval, whatever its own; and alerts are looked at as they are
after the last evaluation at or before the time asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.alert_state import State
from mythos.alerts.durations import format_duration
from mythos.alerts.expression import EvaluationError, Expression, Scalar
from mythos.alerts.promql.nodes import Source
from mythos.alerts.rule import Group
from mythos.alerts.rule_file import load_rule_files
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore
from mythos.alerts.templates.values import float_text
from mythos.alerts.test_file import AlertTest, ExpressionTest, RuleTest, TestFile, load_test_file
from mythos.alerts.yaml_reader import FileError

EVALUATIONS_MAX = 200_000  # of one test: minutes


def run_test_file(path: str) -> list[str]:
    """What is not as expected; empty is success. Raises FileError for files that cannot be tested at all."""
    loaded = load_test_file(path)
    groups = load_rule_files(loaded.rule_files)
    places = {name: place for place, name in enumerate(loaded.group_order)}
    groups.sort(key=lambda group: places.get(group.name, 0))
    return [failure for test in loaded.tests for failure in _Run(loaded, test, groups).failures()]


class _Run:
    def __init__(self, file: TestFile, test: RuleTest, groups: Sequence[Group]) -> None:
        self._file = file
        self._test = test
        self._interval_ms = round(file.evaluation_interval_s * 1_000)
        self._start_ms = round(test.start_s * 1_000)
        self._store = SeriesStore(retention_ms=1 << 60, series_max=1_000_000, bytes_max=4 << 30)
        self._groups = [
            RuleGroup(
                group,
                self._store,
                external_labels=test.external_labels,
                external_url=test.external_url,
                interval_s=file.evaluation_interval_s,
            )
            for group in groups
        ]

    def failures(self) -> Iterator[str]:
        self._load()
        times_s = [each.at_s for each in self._test.alerts] + [each.at_s for each in self._test.expressions]
        last = round(max(times_s, default=0.0) * 1_000) // self._interval_ms
        if last > EVALUATIONS_MAX:
            yield self._told(self._test.line, f"more than {EVALUATIONS_MAX} evaluations: make the interval longer")
            return
        for number in range(last + 1):
            at_ms = self._start_ms + number * self._interval_ms
            if failed := list(self._evaluate(at_ms)):
                yield from failed
                return
            for each in self._test.alerts:
                if round(each.at_s * 1_000) // self._interval_ms == number:
                    yield from self._alerts(each)
        for test in self._test.expressions:
            yield from self._expression(test)

    def _told(self, line: int, text: str) -> str:
        name = f"test {self._test.name}: " if self._test.name else ""
        return f"{self._file.file}:{line}: {name}{text}"

    def _load(self) -> None:
        step_ms = round(self._test.interval_s * 1_000)
        for labels, values in self._test.series.items():
            samples = [
                (self._start_ms + place * step_ms, value) for place, value in enumerate(values) if value is not None
            ]
            if samples:
                self._store.fill(labels, [at_ms for at_ms, _ in samples], [value for _, value in samples])

    def _evaluate(self, at_ms: int) -> Iterator[str]:
        for group in self._groups:
            group.evaluate(at_ms / 1_000)
            for place, why in group.rule_errors.items():
                rule = group.group.rules[place]
                after = format_duration((at_ms - self._start_ms) / 1_000)
                yield self._told(self._test.line, f"rule {rule.name} failed at {after}: {why}")

    def _alerts(self, test: AlertTest) -> Iterator[str]:
        got = sorted(
            (sorted(alert.labels), sorted(alert.annotations.items()))
            for group in self._groups
            for rule, alert in group.active()
            if rule.name == test.alert and alert.state is State.FIRING
        )
        expected = sorted((sorted(each.labels.items()), sorted(each.annotations.items())) for each in test.expected)
        if got != expected:
            head = f"alertname {test.alert} at {format_duration(test.at_s)}:"
            yield self._told(test.line, "\n".join([head, *_beside(expected, got)]))

    def _expression(self, test: ExpressionTest) -> Iterator[str]:
        head = f"expr {' '.join(test.expression.text.split())} at {format_duration(test.at_s)}:"
        try:
            got = sorted(
                _samples(test.expression, self._store, self._start_ms + round(test.at_s * 1_000), self._interval_ms)
            )
        except EvaluationError as error:
            yield self._told(test.line, f"{head} {error}")
            return
        expected = sorted(test.expected)
        if len(got) != len(expected) or not all(map(self._is_same, expected, got)):
            shown = (
                [f"{_labels(dict(labels))} {float_text(value)}" for labels, value in found] for found in (expected, got)
            )
            yield self._told(test.line, "\n".join([head, *_listed(*shown)]))

    def _is_same(self, expected: tuple[Labels, float], got: tuple[Labels, float]) -> bool:
        wanted, value = expected[1], got[1]
        near = (math.nextafter(wanted, -math.inf), wanted, math.nextafter(wanted, math.inf))
        return expected[0] == got[0] and value in (near if self._file.fuzzy else (wanted,))


def _samples(expression: Expression, store: Source, at_ms: int, step_ms: int) -> list[tuple[Labels, float]]:
    found = expression.evaluate(store, at_ms, step_ms=step_ms)
    if isinstance(found, Scalar):
        return [((), found.value)]
    return [(as_labels(labels), value) for labels, value in found]


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


Pairs = list[tuple[str, str]]


def _beside(expected: Sequence[tuple[Pairs, Pairs]], got: Sequence[tuple[Pairs, Pairs]]) -> list[str]:
    shown = (
        [f"{_labels(dict(labels))} {_labels(dict(notes))}" for labels, notes in found] for found in (expected, got)
    )
    return _listed(*shown)


def _listed(expected: Sequence[str], got: Sequence[str]) -> list[str]:
    lines = [f"    exp: {each}" for each in expected] or ["    exp: nothing"]
    return lines + ([f"    got: {each}" for each in got] or ["    got: nothing"])


__all__ = ["FileError", "run_test_file"]
