"""Alerts' states over random series, in promtool and in the engine: the same at every minute.

    run_rules.py [--tests 200] [--seed 1] [--promtool PATH]

Each test has random gauges (with gaps, ends and steps), rules with random `for`, `keep_firing_for` and labels, and asks
for ALERTS, ALERTS_FOR_STATE and a record at every minute. What the engine gives is written down as the expectation,
and promtool is asked whether it is so. Samples are 59 s apart, so that none is just as old as the look-back reaches:
there promtool 2.42, which is Debian's, and version 3 differ.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from mythos.alerts.alert import Labels
from mythos.alerts.expression import parse_expression
from mythos.alerts.promql.values import Scalar
from mythos.alerts.rule_file import load_rules
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore
from mythos.alerts.series_notation import parse_labels, parse_values

MINUTES = 30
TESTS_A_FILE = 25
STEP_S = 59
ASKED = ("ALERTS", "ALERTS_FOR_STATE", "r")


def values(random: random.Random) -> str:
    items = ["1x6"]
    left = MINUTES - 7
    while left > 0:
        count = random.randint(1, 6)
        left -= count
        kind = random.random()
        if kind < 0.12:
            items.append(f"_x{count}")
        elif kind < 0.2:
            items += ["stale", f"_x{count}"]
        elif kind < 0.4:
            items.append(f"{random.randint(0, 4)}+1x{count - 1}")
        else:
            items.append(f"{random.choice([0, 1, 2, 3, 5])}x{count - 1}")
    return " ".join(items)


def rules(random: random.Random) -> str:
    def duration() -> str:
        return random.choice(["0s", "30s", "1m", "90s", "2m", "5m"])

    alerts = [
        {
            "alert": f"A{number}",
            "expr": random.choice(
                ["x > 2", "max by (i) (x) >= 3", "r > 4", "absent(x{i='a'})", "x == x offset 1m", "changes(x[5m]) > 1"]
            ),
            "for": duration(),
            "keep_firing_for": duration(),
            "labels": {"level": random.choice(["page", "{{ if gt $value 3.0 }}page{{ else }}ticket{{ end }}"])},
            "annotations": {"summary": "{{ $labels.i }}: {{ $value | humanize }}"},
        }
        for number in range(3)
    ]
    chained = {"alert": "Chained", "expr": 'count by (alertname) (ALERTS{alertname=~"A.",alertstate="firing"})'}
    chained |= {"for": duration(), "labels": {"alertname": "", "of": "{{ $labels.alertname }}"}}
    record = {"record": "r", "expr": "sum(x)"}
    return yaml.safe_dump({"groups": [{"name": "g", "rules": [record, *alerts, chained]}]})


def text_of(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"


def expected(text: str, series: dict[str, str]) -> list[dict[str, Any]]:
    store = SeriesStore(retention_ms=1 << 60)
    for name, given in series.items():
        samples = [(n * STEP_S * 1_000, value) for n, value in enumerate(parse_values(given)) if value is not None]
        if samples:
            store.fill(parse_labels(name), [at for at, _ in samples], [value for _, value in samples])
    groups = [RuleGroup(group, store, interval_s=60) for group in load_rules(text, "rules.yml")]
    asked = [parse_expression(each) for each in ASKED]
    tests: list[dict[str, Any]] = []
    for minute in range(MINUTES):
        for group in groups:
            group.evaluate(minute * 60.0)
        for expression in asked:
            found = expression.evaluate(store, minute * 60_000)
            assert not isinstance(found, Scalar)
            samples_of = [{"labels": text_of(tuple(sorted(labels.items()))), "value": value} for labels, value in found]
            tests.append({"expr": expression.text, "eval_time": f"{minute}m", "exp_samples": samples_of})
    return tests


def write(directory: Path, chance: random.Random) -> int:
    """A rule file and its tests; gives how many samples of ALERTS are expected in them."""
    text = rules(chance)
    tests = []
    for _ in range(TESTS_A_FILE):
        series = {f'x{{i="{i}"}}': values(chance) for i in "abc"}
        given = [{"series": name, "values": each} for name, each in series.items()]
        cases = expected(text, series)
        tests.append({"interval": f"{STEP_S}s", "input_series": given, "promql_expr_test": cases})
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (directory / "rules.yml").write_text(text)
    (directory / "test.yml").write_text(yaml.safe_dump(whole))
    cases = [case for test in tests for case in test["promql_expr_test"]]
    return sum(len(case["exp_samples"]) for case in cases if case["expr"] == "ALERTS")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--promtool", default="promtool")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    failed = alerts = 0
    for number in range(0, asked.tests, TESTS_A_FILE):
        with tempfile.TemporaryDirectory() as name:
            alerts += write(Path(name), chance)
            command = [asked.promtool, "test", "rules", f"{name}/test.yml"]
            given = subprocess.run(command, capture_output=True, text=True)
            if given.returncode:
                failed += 1
                text = Path(name, "rules.yml").read_text()
                print(f"seed {asked.seed}, tests from {number}:\n{text}\n{(given.stderr + given.stdout)[:3000]}")
    files = len(range(0, asked.tests, TESTS_A_FILE))
    print(f"{asked.tests} tests of {MINUTES} minutes, {alerts} alerts at their minutes, {files} files")
    print(f"rules: {files - failed} passed, {failed} failed")
    return 1 if failed or not alerts else 0


if __name__ == "__main__":
    sys.exit(main())
