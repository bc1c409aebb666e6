"""Reading promtool's test files: the notation of series, and faults, which are told together."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from mythos.alerts.promql.values import STALE_BITS
from mythos.alerts.series_notation import VALUES_MAX, parse_labels, parse_values
from mythos.alerts.test_file import load_test_file
from mythos.alerts.yaml_reader import FileError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2.5 -3", [1, 2.5, -3]),
        ("0+10x3", [0, 10, 20, 30]),
        ("10-2x2 7", [10, 8, 6, 7]),
        ("-2+4x3", [-2, 2, 6, 10]),
        ("3x2", [3, 3, 3]),
        ("0x3", [0, 0, 0, 0]),
        ("1x0", [1]),
        ("_ _x2 1", [None, None, None, 1]),
        ("1e2+.5x1 Inf", [100, 100.5, math.inf]),
        ("", []),
    ],
)
def test_values(text: str, values: list[float | None]):
    assert parse_values(text) == values


def test_a_series_that_ends_is_marked():
    (value,) = parse_values("stale")
    assert math.isnan(value) and struct.pack("<d", value) == STALE_BITS.to_bytes(8, "little")


@pytest.mark.parametrize("text", ["a", "1+x3", "1x", "1x-1", "stalex3", "1,2", f"1x{VALUES_MAX}", "{{schema:1}}"])
def test_what_is_no_value_is_refused(text: str):
    with pytest.raises(ValueError, match=r"write|which are not recorded|make the interval longer"):
        parse_values(text)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", {"__name__": "up"}),
        ('up{job="a", i="b"}', {"__name__": "up", "i": "b", "job": "a"}),
        ('{i="b"}', {"i": "b"}),
        ("{}", {}),
        ("", {}),
    ],
)
def test_labels(text: str, labels: dict[str, str]):
    assert dict(parse_labels(text)) == labels


@pytest.mark.parametrize("text", ['up{i!="b"}', "up[5m]", "up offset 5m", "sum(up)", "up{", "1"])
def test_what_is_no_series_is_refused(text: str):
    with pytest.raises(ValueError, match="is no series"):
        parse_labels(text)


def test_all_that_a_file_says_is_read(tmp_path: Path):
    (tmp_path / "a.yml").touch()
    file = tmp_path / "test.yml"
    file.write_text("""
rule_files: ["*.yml", none.yml]
group_eval_order: [a, b]
tests:
- name: one
  input_series: [{series: up, values: 1 _}]
  external_labels: {region: eu}
  external_url: http://here
  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [{exp_labels: {i: 1}}]}]
""")
    read = load_test_file(file)
    assert (read.evaluation_interval_s, read.group_order, read.unmatched) == (60, ("a", "b"), ("none.yml",))
    assert sorted(Path(each).name for each in read.rule_files) == ["a.yml", "test.yml"]
    (test,) = read.tests
    assert (test.name, test.interval_s, test.external_url) == ("one", 60, "http://here")
    assert test.series == {(("__name__", "up"),): [1, None]}
    assert [(each.at_s, each.expected[0].labels) for each in test.alerts] == [(300, {"i": "1", "alertname": "A"})]


def test_all_faults_of_a_file_are_told_together(tmp_path: Path):
    file = tmp_path / "test.yml"
    file.write_text("""
group_eval_order: [a, a]
tests:
- input_series: [{series: 'up{', values: 0+x3}]
  promql_expr_test: [{expr: sum(, eval_time: 1, exp_samples: [{labels: '{}', value: four}]}]
""")
    with pytest.raises(FileError) as error:
        load_test_file(file)
    assert [problem.line for problem in error.value.problems] == [2, 4, 4, 5, 5, 5]
