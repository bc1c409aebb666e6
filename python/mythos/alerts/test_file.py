"""Reads promtool's rule-test files, with every fault's line."""

from __future__ import annotations

import glob
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import yaml

from mythos.alerts.alert import Labels
from mythos.alerts.expression import Expression, ExpressionError, parse_expression
from mythos.alerts.series_notation import parse_labels, parse_values
from mythos.alerts.yaml_reader import FileError, YamlReader, texts_of

FILE_FIELDS = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
TEST_FIELDS = (
    "interval",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
    "name",
    "start_timestamp",
)
DEFAULT_INTERVAL_S = 60.0
NO_LABELS: Labels = ()

T = TypeVar("T")


@dataclass(frozen=True)
class ExpectedAlert:
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass(frozen=True)
class AlertTest:
    at_s: float  # since the test's start, as all times here
    alert: str
    expected: tuple[ExpectedAlert, ...]
    line: int


@dataclass(frozen=True)
class ExpressionTest:
    at_s: float
    expression: Expression
    expected: tuple[tuple[Labels, float], ...]
    line: int


@dataclass(frozen=True)
class RuleTest:
    name: str
    interval_s: float
    series: dict[Labels, list[float | None]]
    alerts: tuple[AlertTest, ...]
    expressions: tuple[ExpressionTest, ...]
    external_labels: dict[str, str]
    external_url: str
    start_s: float  # since the epoch
    line: int


@dataclass(frozen=True)
class TestFile:
    __test__ = False  # for pytest, which would take it for one of its own

    file: str
    rule_files: tuple[str, ...]
    unmatched: tuple[str, ...]  # patterns of rule files for which there is none
    evaluation_interval_s: float
    group_order: tuple[str, ...]
    fuzzy: bool
    tests: tuple[RuleTest, ...] = field(default=())


def load_test_file(path: str | Path) -> TestFile:
    """Raises FileError."""
    loader = _Loader(str(path))
    try:
        text = Path(path).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        loader.tell(None, "", f"the file cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}")
        raise FileError(loader.problems) from None
    loaded = loader.load(text, Path(path).parent)
    if loader.problems:
        raise FileError(loader.problems)
    return loaded


class _Loader(YamlReader):
    def load(self, text: str, directory: Path) -> TestFile:
        root = self.mapping(self.compose(text), "", FILE_FIELDS)
        interval_s = self.duration(root.get("evaluation_interval"), "", "evaluation_interval") or DEFAULT_INTERVAL_S
        patterns = [self.text(node, "", "a rule file") for node in self.sequence(root.get("rule_files"), "", "files")]
        order = [self.text(n, "", "a group") for n in self.sequence(root.get("group_eval_order"), "", "groups")]
        for name in sorted({name for name in order if order.count(name) > 1}):
            node = root["group_eval_order"]
            self.tell(node, "", f"group name repeated in evaluation order: {name}", name, "name it once")
        found = {pattern: sorted(glob.glob(str(directory / pattern))) for pattern in patterns}
        return TestFile(
            self.file,
            tuple(file for pattern in patterns for file in found[pattern]),
            tuple(pattern for pattern in patterns if not found[pattern]),
            interval_s,
            tuple(order),
            self.text(root.get("fuzzy_compare"), "", "fuzzy_compare") == "true",
            tuple(
                self._test(node, place, interval_s)
                for place, node in enumerate(self.sequence(root.get("tests"), "tests", "tests"))
            ),
        )

    def _test(self, node: yaml.Node, place: int, interval_s: float) -> RuleTest:
        found = self.mapping(node, "a test", TEST_FIELDS)
        name = self.text(found.get("name"), "a test", "name")
        where = f"test {name or place + 1}"
        series: dict[Labels, list[float | None]] = {}
        for each in self.sequence(found.get("input_series"), where, "series"):
            fields = self.mapping(each, where, ("series", "values"))
            labels = self._parsed(fields.get("series"), where, parse_labels, NO_LABELS)
            series[labels] = self._parsed(fields.get("values"), where, parse_values, [])
        return RuleTest(
            name,
            self.duration(found.get("interval"), where, "interval") or interval_s,
            series,
            tuple(self._alert(each, where) for each in self.sequence(found.get("alert_rule_test"), where, "tests")),
            tuple(
                test
                for each in self.sequence(found.get("promql_expr_test"), where, "tests")
                if (test := self._expression(each, where)) is not None
            ),
            texts_of(self.texts(found.get("external_labels"), where)),
            self.text(found.get("external_url"), where, "external_url"),
            self._parsed(found.get("start_timestamp"), where, _timestamp, 0.0),
            node.start_mark.line + 1,
        )

    def _parsed(self, node: yaml.Node | None, where: str, parse: Callable[[str], T], default: T) -> T:
        if node is None:
            return default
        try:
            return parse(self.text(node, where, "a value"))
        except ValueError as error:
            self.tell(node, where, str(error))
            return default

    def _alert(self, node: yaml.Node, where: str) -> AlertTest:
        found = self.mapping(node, where, ("eval_time", "alertname", "exp_alerts"))
        alert = self.text(found.get("alertname"), where, "alertname")
        if not alert:
            self.tell(node, where, "a test of alerts names none", "", "write `alertname: ...`")
        expected: list[ExpectedAlert] = []
        for each in self.sequence(found.get("exp_alerts"), where, "alerts"):
            fields = self.mapping(each, where, ("exp_labels", "exp_annotations"))
            labels, annotations = (
                texts_of(self.texts(fields.get(name), where)) for name in ("exp_labels", "exp_annotations")
            )
            expected.append(ExpectedAlert({**labels, "alertname": alert}, annotations))
        at_s = self.duration(found.get("eval_time"), where, "eval_time")
        return AlertTest(at_s, alert, tuple(expected), node.start_mark.line + 1)

    def _expression(self, node: yaml.Node, where: str) -> ExpressionTest | None:
        found = self.mapping(node, where, ("expr", "eval_time", "exp_samples"))
        text = self.text(found.get("expr"), where, "expr")
        expected: list[tuple[Labels, float]] = []
        for each in self.sequence(found.get("exp_samples"), where, "samples"):
            fields = self.mapping(each, where, ("labels", "value", "histogram"))
            if "histogram" in fields:
                hint = "expect what histogram_quantile() or the _bucket series give"
                self.tell(fields["histogram"], where, "native histograms are not recorded", "histogram", hint)
            labels = self._parsed(fields.get("labels"), where, parse_labels, NO_LABELS)
            expected.append((labels, self._parsed(fields.get("value"), where, _number, 0.0)))
        at_s = self.duration(found.get("eval_time"), where, "eval_time")
        try:
            return ExpressionTest(at_s, parse_expression(text), tuple(expected), node.start_mark.line + 1)
        except ExpressionError as error:
            self.tell(found.get("expr", node), f"{where}, expr", error.reason, error.part, error.instead, error.line)
            return None


def _number(text: str) -> float:
    """As YAML writes numbers: `.inf` and `.nan` among them."""
    lowered = text.lower().replace(".inf", "inf").replace(".nan", "nan")
    try:
        return float(int(lowered, 0)) if lowered.startswith("0x") else float(lowered)
    except ValueError:
        raise ValueError(f"{text!r} is no number: write 1, 0.5, 1e3, .inf or .nan") from None


def _timestamp(text: str) -> float:
    try:
        at = float(text)
    except ValueError:
        try:
            at = datetime.fromisoformat(text).timestamp()
        except ValueError:
            raise ValueError(f"{text!r} is no time: write 2026-11-23T10:15:00Z or seconds since 1970") from None
    if not math.isfinite(at):
        raise ValueError(f"{text!r} is no time")
    return at
