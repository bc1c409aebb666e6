"""Which lines are wanted, and what they say together."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mythos.log_query import Comparison, CountBy, Percentiles, Wanted, moment, text_of

LINE: dict[str, Any] = {
    "timestamp": "2026-11-23T10:15:00.000000Z",
    "level": "warning",
    "logger": "server.realtime.connection_manager",
    "event": "WebSocket connection failed",
    "error_type": "connection_error",
    "player_id": "ann",
    "establishment_time_ms": 1500.5,
    "close_code": 4003,
    "is_dual_connection": True,
    "reason": "displaced",
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("establishment_time_ms>1000", True),
        ("establishment_time_ms > 1500.5", False),
        ("establishment_time_ms>=1500.5", True),
        ("establishment_time_ms<1e9", True),
        ("close_code=4003", True),
        ("close_code==4003.0", True),
        ("close_code!=4003", False),
        ("player_id=ann", True),
        ('player_id="ann"', True),
        ("player_id!=ben", True),
        ("player_id<b", True),
        ("player_id=7", False),
        ("is_dual_connection=true", True),
        ("is_dual_connection=false", False),
        ("reason~^dis", True),
        ("close_code~4.*3", True),
        ("reason~gone", False),
        ("no_such_field!=1", False),
        ("reason>5", True),
    ],
)
def test_comparisons(text: str, matches: bool):
    assert Comparison.parse(text).matches(LINE) is matches


@pytest.mark.parametrize("text", ["", "player_id", "=ann", "a b=1", "reason~("])
def test_what_is_no_comparison(text: str):
    with pytest.raises(ValueError, match="no "):
        Comparison.parse(text)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (Wanted(), True),
        (Wanted(level="warning"), True),
        (Wanted(level="error"), False),
        (Wanted(events=("websocket",)), True),
        (Wanted(events=("SSE", "failed")), True),
        (Wanted(events=("connected",)), False),
        (Wanted(logger="server.realtime"), True),
        (Wanted(logger="server.real"), False),
        (Wanted(error_types=("system_error", "connection_error")), True),
        (Wanted(error_types=("system_error",)), False),
        (Wanted(player="ann", where=(Comparison.parse("close_code>4000"),)), True),
        (Wanted(player="ben"), False),
        (Wanted(session="s_1"), False),
        (Wanted(connection="k_1"), False),
        (Wanted(since="2026-11-23T10:15:00.000000Z"), True),
        (Wanted(since="2026-11-23T10:15:00.000001Z"), False),
        (Wanted(until="2026-11-23T10:15:00.000000Z"), False),
    ],
)
def test_wanted(wanted: Wanted, matches: bool):
    assert wanted.matches(LINE) is matches


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("90s", "2026-11-23T11:58:30.000000Z"),
        ("1.5h", "2026-11-23T10:30:00.000000Z"),
        ("1d", "2026-11-22T12:00:00.000000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-23T10:15:00Z", "2026-11-23T10:15:00.000000Z"),
        ("2026-11-23T12:15:00+02:00", "2026-11-23T10:15:00.000000Z"),
    ],
)
def test_moments(text: str, told: str):
    assert moment(text, NOW) == told


def test_what_is_no_moment():
    with pytest.raises(ValueError, match="no time"):
        moment("yesterday", NOW)


def test_counts_by_a_field_the_most_frequent_first():
    counts = CountBy("level")
    for level in ("info", "error", "info", None, "debug"):
        counts.add({"level": level} if level else {})
    assert counts.rows() == [("info", 2), ("debug", 1), ("error", 1)]
    flags = CountBy("is_dual_connection")
    flags.add(LINE)
    assert flags.rows() == [("true", 1)]
    assert text_of(7.5) == "7.5"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_percentiles_are_those_of_the_nearest_rank(values: list[float]):
    measured = Percentiles("x")
    for value in values:
        measured.add({"x": value})
    row = measured.row()
    assert row["count"] == len(values) and row["min"] == min(values) and row["max"] == max(values)
    assert math.isclose(row["mean"], math.fsum(values) / len(values), abs_tol=1e-9)
    for percent in (50, 90, 95, 99):
        told = row[f"p{percent}"]
        below = sum(value < told for value in values)
        assert sum(value <= told for value in values) * 100 >= percent * len(values) > below * 100


def test_only_numbers_are_measured():
    measured = Percentiles("x")
    for value in (None, "7", True, 3):
        measured.add({"x": value})
    assert measured.row()["count"] == 1 and Percentiles("x").row() == {"count": 0}
