"""The same rules and rule tests through Debian's promtool and through `mythos alerts`: the same verdicts.

Also where an expectation is wrong: each of the tests is spoilt in several ways, and both have to see it.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from mythos.alerts.test_run import run_test_file
from mythosd import REPOSITORY, tool

RULES = REPOSITORY / "deploy" / "rules"
HERE = Path(__file__).parent
TESTS = {"mythos": RULES / "mythos_test.yml", "notation": HERE / "alert_notation_test.yml"}
RULE_FILES = [
    RULES / "mythos.yml",
    RULES / "mythos_prometheus.yml",
    HERE / "alert_rules.yml",
    HERE / "alert_notation.yml",
]
TIMES_MAX = 2  # that one file is spoilt in the same way


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("promtool"), *arguments], capture_output=True, text=True, timeout=60)


def mythos(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mythos", "alerts", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", TESTS)
def test_both_find_all_as_expected(name: str):
    theirs, ours = promtool("test", "rules", str(TESTS[name])), mythos("test", str(TESTS[name]))
    assert theirs.returncode == 0, theirs.stderr + theirs.stdout
    assert ours.returncode == 0, ours.stderr


def test_both_take_the_rule_files_and_refuse_another():
    files = [str(file) for file in RULE_FILES]
    theirs, ours = promtool("check", "rules", *files), mythos("check", *files)
    assert theirs.returncode == 0 and theirs.stdout.count("SUCCESS") == len(files), theirs.stdout + theirs.stderr
    assert ours.returncode == 0 and ours.stderr == "", ours.stderr
    other = str(TESTS["notation"])
    assert promtool("check", "rules", other).returncode == mythos("check", other).returncode == 1


def drop_alert(test: dict[str, Any]) -> bool:
    return any(case["exp_alerts"] and case["exp_alerts"].pop() for case in test.get("alert_rule_test", []))


def add_alert(test: dict[str, Any]) -> bool:
    silent = [case for case in test.get("alert_rule_test", []) if not case["exp_alerts"]]
    for case in silent[:1]:
        case["exp_alerts"] = [{"exp_labels": {"severity": "warning", "job": "mythos", "instance": "a"}}]
    return bool(silent)


def change(section: str, name: str) -> Callable[[dict[str, Any]], bool]:
    def spoil(test: dict[str, Any]) -> bool:
        for case in test.get("alert_rule_test", []):
            for alert in case["exp_alerts"]:
                texts = alert.setdefault(section, {})
                texts[name] = f"{texts.get(name, '')}!"
                return True
        return False

    return spoil


def move_value(test: dict[str, Any]) -> bool:
    for case in test.get("promql_expr_test", []):
        for sample in case["exp_samples"]:
            sample["value"] = sample["value"] * 1.000001 + 1e-6
            return True
    return False


def drop_sample(test: dict[str, Any]) -> bool:
    return any(case["exp_samples"] and case["exp_samples"].pop() for case in test.get("promql_expr_test", []))


SPOILERS = {
    "drop an alert": drop_alert,
    "add an alert": add_alert,
    "change a label": change("exp_labels", "severity"),
    "add a label": change("exp_labels", "more"),
    "change an annotation": change("exp_annotations", "description"),
    "add an annotation": change("exp_annotations", "more"),
    "move a value": move_value,
    "drop a sample": drop_sample,
}


def spoilt(directory: Path) -> Iterator[Path]:
    for file in TESTS.values():
        whole = yaml.safe_load(file.read_text())
        whole["rule_files"] = [str(file.parent / each) for each in whole["rule_files"]]
        for name, spoil in SPOILERS.items():
            tests = [test for test in copy.deepcopy(whole["tests"]) if spoil(test)]
            for number, test in enumerate(tests[-TIMES_MAX:]):
                path = directory / f"{file.stem} {number} {name}.yml"
                path.write_text(yaml.safe_dump({**whole, "tests": [test]}))
                yield path


def test_both_see_what_is_spoilt(tmp_path: Path):
    files = list(spoilt(tmp_path))
    assert len(files) > 20
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.map(lambda file: promtool("test", "rules", str(file)).returncode != 0, files)
        ours = [bool(run_test_file(str(file))) for file in files]
    verdicts = {file.stem: (a, b) for file, a, b in zip(files, theirs, ours, strict=True)}
    assert {name: both for name, both in verdicts.items() if both != (True, True)} == {}
