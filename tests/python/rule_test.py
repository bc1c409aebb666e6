"""Each row of "In rule files" in docs/reference/answers.md, with the file that it speaks of."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mythos.alerts.alert import as_labels
from mythos.alerts.rule_file import load_rules
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore
from mythos.cli import app, exits

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "answers.md").read_text()
SECTION = PAGE.partition("## In rule files")[2].partition("\n## ")[0]
ROWS = [
    tuple(cell.strip() for cell in line[1:-1].split(" | "))
    for line in SECTION.splitlines()
    if re.match(r"\| (rule|test)-", line)
]


def group(rules: str, head: str = "name: g") -> bytes:
    return f"groups:\n- {head}\n  rules:\n{rules}".encode()


def alert(fields: str) -> bytes:
    return group(f"  - alert: A\n    expr: up == 0\n    {fields}")


# What is checked: each file, and the line that has to be named.
LOADED: dict[str, tuple[bytes | None, int]] = {
    "rule-no-file": (None, 1),
    "rule-not-text": (b"groups: [\xff]", 1),
    "rule-broken-yaml": (b"groups:\n- name: g\n  rules:\n  - alert: 'A\n    expr: up\n", 4),
    "rule-unknown-field": (alert("forr: 5m"), 6),
    "rule-field-twice": (alert("expr: up"), 6),
    "rule-not-a-list": (group("    alert: A"), 4),
    "rule-group-unnamed": (group("  - {record: a, expr: up}", "interval: 1m"), 2),
    "rule-group-twice": (b"groups:\n- name: g\n- name: g\n", 3),
    "rule-query-offset": (group("  - {record: a, expr: up}", "name: g\n  query_offset: 1m"), 3),
    "rule-bad-limit": (group("  - {record: a, expr: up}", "name: g\n  limit: -1"), 3),
    "rule-bad-duration": (alert("for: 5x"), 6),
    "rule-neither": (group("  - expr: up"), 4),
    "rule-both": (alert("record: a"), 6),
    "rule-no-expression": (group("  - alert: A"), 4),
    "rule-broken-expression": (group("  - record: a\n    expr: |\n      sum by (job) (\n        up"), 7),
    "rule-unknown-function": (group("  - record: a\n    expr: |\n      up +\n        ratee(x[5m])"), 7),
    "rule-unsupported-function": (group("  - record: a\n    expr: histogram_avg(x)"), 5),
    "rule-record-name": (group("  - record: a{b}\n    expr: up"), 4),
    "rule-record-for": (group("  - record: a\n    expr: up\n    for: 1m"), 6),
    "rule-label-name": (alert("labels: {1x: y}"), 6),
    "rule-broken-template": (alert("annotations:\n      s: |\n        fine\n        {{ humanise 1 }}"), 9),
    "rule-unknown-variable": (alert("labels: {a: '{{ $labls.b }}'}"), 6),
    "rule-label-loop": (alert("""labels: {a: '{{ $labels.b }}', b: '{{ index .Labels "a" }}'}"""), 6),
    "rule-own-state": (group("  - alert: A\n    expr: count(ALERTS{alertstate='firing'}) > 1"), 5),
}
TESTED = {
    "test-native-histogram": b"tests:\n- input_series:\n  - {series: x, values: '{{schema:0}}x3'}\n",
    "test-no-alert": b"tests:\n- alert_rule_test:\n  - {eval_time: 1m}\n",
}
# What is evaluated: the rules, and the series that they meet.
EVALUATED = {
    "rule-too-many": (group("  - alert: A\n    expr: x"), [{"i": str(i)} for i in range(10_000)]),
    "rule-over-limit": (group("  - {record: a, expr: x}", "name: g\n  limit: 2"), [{"i": str(i)} for i in range(3)]),
    "rule-many-partners": (
        group("  - {record: a, expr: x * on(job) x}"),
        [{"job": "a", "i": "1"}, {"job": "a", "i": "2"}],
    ),
    "rule-same-labels": (alert("labels: {i: same}").replace(b"up == 0", b"x"), [{"i": "1"}, {"i": "2"}]),
    "rule-failing-template": (
        alert("annotations: {s: '{{ $labels.job.name }}'}").replace(b"up == 0", b"x"),
        [{"job": "a"}],
    ),
}
SAID = {row[0]: row[3] for row in ROWS}


def test_every_row_has_its_file_and_every_file_its_row():
    when = {row[0]: row[2] for row in ROWS}
    driven = {
        **dict.fromkeys(LOADED, "loaded"),
        **dict.fromkeys(TESTED, "tested"),
        **dict.fromkeys(EVALUATED, "evaluated"),
    }
    assert when == driven
    assert len(ROWS) == len(when) > 25


@pytest.mark.parametrize("row", LOADED)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, row: str):
    content, line = LOADED[row]
    file = tmp_path / "rules.yml"
    if content is not None:
        file.write_bytes(content)
    given = CliRunner().invoke(app, ["alerts", "check", str(file)])
    assert given.exit_code == exits.FAILED
    told = [each for each in given.stderr.splitlines() if SAID[row] in each]
    assert told, given.stderr
    assert told[0].startswith(f"{file}:{line}: ")


@pytest.mark.parametrize("row", TESTED)
def test_what_is_wrong_with_a_test_is_told(tmp_path: Path, row: str):
    file = tmp_path / "test.yml"
    file.write_bytes(TESTED[row])
    given = CliRunner().invoke(app, ["alerts", "test", str(file)])
    assert given.exit_code == exits.FAILED
    assert f"{file}:3: " in given.stderr and SAID[row] in given.stderr


@pytest.mark.parametrize("row", EVALUATED)
def test_what_the_series_show_is_told_once(caplog: pytest.LogCaptureFixture, row: str):
    content, series = EVALUATED[row]
    store = SeriesStore(series_max=20_000)
    rules = RuleGroup(load_rules(content.decode(), "rules.yml")[0], store)
    caplog.set_level(logging.WARNING)
    for now in (1_000.0, 1_015.0, 1_030.0):
        store.append(int(now * 1_000), {as_labels({"__name__": "x", **labels}): 1.0 for labels in series})
        rules.evaluate(now)
    told = [record.getMessage() for record in caplog.records if SAID[row] in record.getMessage()]
    assert len(told) == 1
    if row == "rule-failing-template":
        annotation = next(active.annotations["s"] for _, active in rules.active())
        assert annotation.startswith("<error expanding template: error executing template __alert_A: template: ")
        assert annotation.endswith(SAID[row] + ">")
        assert rules.template_errors == 3
        assert not rules.rule_errors
    else:
        assert SAID[row] in rules.rule_errors[0]
        assert not list(rules.active())


def test_all_faults_of_all_files_are_told_together(tmp_path: Path):
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_bytes(alert("for: 5x\n    forr: 1m\n    labels: {__name__: x}"))
    given = CliRunner().invoke(app, ["alerts", "check", str(tmp_path / "a.yml"), str(tmp_path / "b.yml")])
    assert given.exit_code == exits.FAILED
    for name in ("a.yml", "b.yml"):
        lines = [line for line in given.stderr.splitlines() if f"{name}:" in line]
        assert [int(line.partition("yml:")[2].partition(":")[0]) for line in lines] == [6, 7, 8]
