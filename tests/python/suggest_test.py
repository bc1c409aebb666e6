"""Thresholds from a quiet past: by noise of which it is known how often it goes how high."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from backtesting_scene import LOAD, export, rules
from mythos.alerts import Suggestion, backtest, suggest
from mythos.cli import app

HOURS_6 = 1_440
LATE = 8_640  # steps, a day and a half


def noise(seed: int, steps: int = HOURS_6) -> list[float | None]:
    return [*(50 + np.random.default_rng(seed).exponential(5.0, steps)).tolist()]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("past") / "a.json", {LOAD: noise(1)})


def of(past: Path, expression: str, more: str = "", **options: float) -> Suggestion:
    [found] = suggest([rules(past.with_name("r.yml"), f"alert: A, expr: '{expression}'{more}")], [past], **options)
    return found


def test_the_threshold_is_that_of_the_noise(past: Path):
    """Of exponential noise with a mean of 5 above 50, n times a day: 50 + 5 ln(n / alarms)."""
    a_day = 86_400 / 15
    for alarms in (0.01, 0.1, 1.0):
        found = of(past, "load > 60", alarms_a_day=alarms)
        assert found.enter == pytest.approx(50 + 5 * np.log(a_day / alarms), rel=0.1)
        assert found.expected_a_day == pytest.approx(alarms, rel=0.3) and found.expected_a_day <= alarms
        assert found.exit is not None and 50 < found.exit < found.enter
    assert found.alarms_a_day == pytest.approx(a_day * np.exp(-2) * (1 - np.exp(-2)), rel=0.1)


def test_what_is_low_and_what_lasts_is_told_by_the_same_noise(past: Path):
    high, low, turned = of(past, "load > 60"), of(past, "100 - load < 40"), of(past, "60 < load")
    assert low.operator == "<" and low.enter == pytest.approx(100 - high.enter, rel=0.02)
    assert low.exit is not None and low.exit > low.enter
    assert (turned.operator, turned.number, turned.enter) == (">", 60.0, high.enter)
    # Of five in a row the lowest is an exponential with a fifth of the mean.
    lasting = of(past, "load > 60", ", for: 1m")
    assert lasting.enter == pytest.approx(50 + np.log(86_400 / 15 / 0.1), rel=0.05)


def test_alarms_that_it_expects_are_about_those_that_come(past: Path, tmp_path: Path):
    """On a day and a half that it has not seen."""
    found = of(past, "load > 60", alarms_a_day=6.0)
    later = export(tmp_path / "later.json", {LOAD: noise(2, LATE)})
    [row] = backtest([rules(tmp_path / "r.yml", f"alert: A, expr: load > {found.enter}")], [later]).rows
    assert 2 <= len(row.proposed.firings) <= 20  # 9, by Poisson's distribution within this with 0.999


def test_what_cannot_be_told_has_its_reason(past: Path, tmp_path: Path):
    for expression in ("load > 60 and load < 90", "load == 60", "load > load offset 5m", "load > bool 60"):
        assert "not of the form" in of(past, expression).reason
    assert "no values" in of(past, "missing > 1").reason
    still = export(tmp_path / "still.json", {LOAD: [7.0] * 100})
    found = of(still, "load > 10")
    assert found.enter is None and found.reason == "it has 0 peaks, too few to tell; its highest is 7"


def test_the_command_tells_people_and_programs(past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    file = rules(tmp_path / "r.yml", "alert: A, expr: load > 60", "alert: B, expr: absent(load)")
    words = ["alerts", "suggest", str(file), "--over", str(past)]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 0, ran.output
    first, second = ran.stdout.splitlines()
    assert "A: > 60 gives " in first and "; enter at > 1" in first and " a day expected (by " in first
    assert second.endswith("B: it is not of the form: expression, > or < or >= or <=, number")
    told = [json.loads(text) for text in CliRunner().invoke(app, [*words, "--json"]).stdout.splitlines()]
    assert [each["alert"] for each in told] == ["A", "B"] and told[0]["enter"] > told[0]["exit"]
    nothing = CliRunner().invoke(app, ["alerts", "suggest", str(file)])
    assert nothing.exit_code == 1 and "has no recordings" in nothing.stderr
