"""promtool's rule tests on the engine: verdicts, and what is told of those that fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mythos.cli import app, exits

RULES = """
groups:
- name: later
  rules:
  - {record: twice, expr: 2 * once}
- name: first
  rules:
  - {record: once, expr: sum(x)}
  - alert: High
    expr: x > 3
    for: 2m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.i }} has {{ $value }} in {{ $externalLabels.region }}"}
"""
TEST = """
rule_files: [rules*.yml]
evaluation_interval: 1m
group_eval_order: [first, later]
tests:
- name: both
  interval: 30s
  external_labels: {region: eu}
  input_series:
  - {series: 'x{i="a"}', values: '0+1x20'}
  - {series: 'x{i="b"}', values: '1 _ stale 5x3'}
  alert_rule_test:
  - {eval_time: 3m, alertname: High, exp_alerts: []}
  - eval_time: 4m30s
    alertname: High
    exp_alerts:
    - exp_labels: {severity: page, i: a}
      exp_annotations: {summary: "a has 8 in eu"}
    - exp_labels: {severity: page, i: b}
      exp_annotations: {summary: "b has 5 in eu"}
  promql_expr_test:
  - expr: twice
    eval_time: 1m
    exp_samples: [{labels: 'twice', value: 4}]
  - {expr: absent(y), eval_time: 0s, exp_samples: [{labels: '{}', value: 1}]}
  - {expr: 1 / 0, eval_time: 1m, exp_samples: [{value: .inf}]}
"""


def run(tmp_path: Path, test: str = TEST, rules: str = RULES):
    (tmp_path / "rules.yml").write_text(rules)
    (tmp_path / "test.yml").write_text(test)
    return CliRunner().invoke(app, ["alerts", "test", str(tmp_path / "test.yml")])


def test_all_as_expected(tmp_path: Path):
    given = run(tmp_path)
    assert (given.exit_code, given.stderr) == (exits.DONE, "")
    assert given.stdout == f"{tmp_path}/test.yml: SUCCESS\n"


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("a has 8 in eu", "a has 9 in eu", 14),
        ("severity: page, i: b", "severity: page, i: c", 14),
        ("eval_time: 3m, alertname: High", "eval_time: 4m, alertname: High", 13),
        ("value: 4}", "value: 5}", 22),
        ("labels: 'twice'", "labels: 'twice{a=\"b\"}'", 22),
        ("value: .inf", "value: 1", 26),
        ("group_eval_order: [first, later]", "group_eval_order: [later, first]", 22),
        ("region: eu}", "region: us}", 14),
    ],
)
def test_what_is_otherwise_is_told_with_its_line(tmp_path: Path, before: str, after: str, line: int):
    assert before in TEST
    given = run(tmp_path, TEST.replace(before, after))
    assert given.exit_code == exits.FAILED
    assert given.stderr.startswith(f"{tmp_path}/test.yml:{line}: test both: ")
    assert "exp: " in given.stderr and "got: " in given.stderr
    assert given.stdout.endswith("FAILED\n")


def test_a_rule_that_fails_fails_the_test(tmp_path: Path):
    given = run(tmp_path, rules=RULES.replace("2 * once", "x * on() x"))
    assert given.exit_code == exits.FAILED
    assert "rule twice failed at " in given.stderr


def test_a_rule_file_that_cannot_be_loaded_fails_the_test(tmp_path: Path):
    given = run(tmp_path, rules=RULES.replace("sum(x)", "summ(x)"))
    assert given.exit_code == exits.FAILED
    assert "rules.yml:" in given.stderr and "summ" in given.stderr


def test_a_pattern_without_files_is_told(tmp_path: Path):
    given = run(tmp_path, "rule_files: [none.yml]\ntests: []\n")
    assert given.exit_code == exits.DONE
    assert "no rule file is called none.yml" in given.stderr


def test_one_ulp_is_no_difference_where_a_file_says_so(tmp_path: Path):
    expression = "  - {expr: vector(0.1) + 0.2, eval_time: 1m, exp_samples: [{labels: '{}', value: 0.3}]}\n"
    assert run(tmp_path, TEST + expression).exit_code == exits.FAILED
    assert run(tmp_path, "fuzzy_compare: true\n" + TEST + expression).exit_code == exits.DONE


def test_a_test_may_begin_at_a_time(tmp_path: Path):
    test = """
evaluation_interval: 1m
tests:
- start_timestamp: 2026-11-23T10:15:00Z
  input_series: [{series: x, values: '0+1x5'}]
  promql_expr_test: [{expr: time() + x, eval_time: 2m, exp_samples: [{labels: '{}', value: 1795429022}]}]
"""
    given = run(tmp_path, test)
    assert given.exit_code == exits.DONE, given.stderr
