"""Durations in rule files: Prometheus' syntax, and hints where it is missed."""

from __future__ import annotations

import pytest

from mythos.alerts.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("15s", 15), ("1h30m", 5_400), ("100ms", 0.1), ("1y2w3d", 33_004_800), ("5m", 300)]
)
def test_durations_are_prometheus_own(text: str, seconds: float):
    assert parse_duration(text) == seconds
    assert format_duration(seconds) == {"0": "0s", "1y2w3d": "382d"}.get(text, text)


@pytest.mark.parametrize("text", ["", "5", "1.5m", "m", "1s5m", "-5m", "1m1m", "300y", "5 m"])
def test_what_is_no_duration_is_refused_with_a_hint(text: str):
    with pytest.raises(ValueError, match=r"write a number with|longer than"):
        parse_duration(text)
