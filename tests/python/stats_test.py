"""The statistics as Python holds them, against plain lists of all that was recorded; their rules are tested in C++."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mythos.stats import (
    BUCKET_EDGES,
    ERROR_BOUND,
    VALUE_MAX,
    WINDOWS,
    CountWindows,
    Histogram,
    HistogramWindows,
    LevelWindows,
    ManualClock,
    merge,
)

SLOT_S = {"1m": 1, "5m": 5, "1h": 60, "24h": 900}
WINDOW_S = {"1m": 60, "5m": 300, "1h": 3_600, "24h": 86_400}
S = 1_000_000_000

# Most latencies are alike, some are anything at all.
values = st.one_of(st.integers(0, 300), st.integers(10**5, 10**7), st.integers(0, VALUE_MAX))
weights = st.integers(1, 1_000)
gaps_ns = st.one_of(st.just(0), st.integers(1, 3 * S), st.just(S), st.integers(0, 2 * 3_600 * S), st.just(90_000 * S))
series = st.lists(st.tuples(gaps_ns, st.lists(st.tuples(values, weights), max_size=6)), min_size=1, max_size=60)


def exact_percentile(weighted: list[tuple[int, int]], percent: float) -> int:
    """The nearest rank, by counting."""
    rank = max(math.ceil(round(percent * 1e6) * sum(n for _, n in weighted) / 10**8), 1)
    for value, n in sorted(weighted):
        rank -= n
        if rank <= 0:
            return value
    raise AssertionError("a rank beyond the last")


@given(series)
@settings(max_examples=150, deadline=None)
def test_every_window_is_as_exact_as_it_says(steps):
    clock = ManualClock()
    first, second = Histogram(), Histogram()
    windows = HistogramWindows([first, second], clock.now_ns)
    recorded: list[tuple[int, int, int, int]] = []
    for gap_ns, happened in steps:
        before = clock.now_ns
        clock.advance(gap_ns / S)
        for at, (value, weight) in enumerate(happened if clock.now_ns > 0 else []):
            (first, second)[at % 2].record(value, weight)
            recorded.append((before, clock.now_ns, value, weight))
        windows.tick(clock.now_ns)
        for name in WINDOWS:
            told = windows.read(name)
            begin = clock.now_ns - round(told.seconds * S)
            # A stretch between two ticks is in as a whole, or not at all; one without length where its end is.
            weighted = [(v, n) for b, e, v, n in recorded if (b >= begin and e > begin)]
            for _, ticked, _, _ in recorded:
                assert ticked > begin or ticked < clock.now_ns - WINDOW_S[name] * S, "it left too early"
            for began, ticked, _, _ in recorded:
                too_long = ticked <= clock.now_ns - (WINDOW_S[name] + SLOT_S[name]) * S
                assert not (too_long and began >= begin and ticked > begin), "it stays for too long"
            assert told.count == sum(n for _, n in weighted)
            assert told.sum == sum(v * n for v, n in weighted)
            assert told.max == max((v for v, _ in weighted), default=0)
            for percent in (0, 50, 90, 95, 99, 99.9, 100) if weighted else ():
                right = exact_percentile(weighted, percent)
                assert abs(told.percentile(percent) - right) <= right * ERROR_BOUND


@given(st.lists(st.tuples(values, weights), min_size=1, max_size=200), st.integers(1, 200))
@settings(deadline=None)
def test_merged_is_as_if_one_had_recorded_all(weighted, at):
    parts, whole = (Histogram(), Histogram()), Histogram()
    for index, (value, weight) in enumerate(weighted):
        parts[index < at].record(value, weight)
        whole.record(value, weight)
    merged, right = merge(*(part.snapshot() for part in parts)), whole.snapshot()
    assert merged.summary() == right.summary()
    assert (numpy.asarray(merged) == numpy.asarray(right)).all()


def test_the_summary_names_what_a_window_is_told_by():
    histogram = Histogram()
    windows = HistogramWindows([histogram], 0)
    for value in range(1, 101):
        histogram.record(value)
    windows.tick(2 * S)
    told = windows.read("1h").summary()
    assert told == {
        **{"count": 100, "overflow": 0, "seconds": 2, "rate": 50, "mean": 50.5, "max": 100},
        **{"p50": 50, "p90": 90, "p95": 95, "p99": 99, "p99.9": 100},
    }


def test_the_counts_are_an_array_without_a_copy():
    histogram = Histogram()
    histogram.record_all(numpy.array([5, 5, 200, 1_000_000], dtype=numpy.int64))
    histogram.record_all(numpy.arange(0, 20, 5, dtype=numpy.uint64)[::2])
    snapshot = histogram.snapshot()
    counts = numpy.asarray(snapshot)
    edges = numpy.asarray(BUCKET_EDGES)
    assert counts.dtype == edges.dtype == numpy.uint64
    assert len(edges) == len(counts) + 1 and edges[-1] == VALUE_MAX + 1
    assert numpy.shares_memory(counts, numpy.asarray(snapshot.counts))
    assert {int(edges[i]): int(counts[i]) for i in counts.nonzero()[0]} == {0: 1, 5: 2, 10: 1, 200: 1, 999_424: 1}
    with pytest.raises(ValueError, match="read-only"):
        counts[5] = 1
    del snapshot
    assert counts[5] == 2, "the array keeps what it shows alive"


def test_a_bucket_is_where_its_edges_say():
    edges = BUCKET_EDGES.tolist()
    assert all(low < high for low, high in pairwise(edges))
    for value in (0, 127, 128, 129, 4_095, 4_096, 123_456_789, VALUE_MAX):
        histogram = Histogram()
        histogram.record(value)
        assert histogram.snapshot().counts.tolist().index(1) == bisect_right(edges, value) - 1


def test_arrays_of_other_things_are_refused():
    for wrong in (numpy.array([1.5]), numpy.array([[1]]), numpy.array([1], dtype=numpy.int32), b"bytes"):
        with pytest.raises(ValueError, match="64-bit"):
            Histogram().record_all(wrong)
    with pytest.raises(TypeError):
        Histogram().record_all([1, 2])


def test_what_is_no_value_is_refused_and_changes_nothing():
    histogram = Histogram()
    histogram.record(7)
    with pytest.raises(ValueError, match="not negative: -5"):
        histogram.record(-5)
    with pytest.raises(ValueError, match="not negative: -5"):
        histogram.record_all(numpy.array([1, 2, -5], dtype=numpy.int64))
    told = histogram.snapshot()
    assert (told.count, told.sum) == (1, 7)
    for wrong in (math.nan, math.inf, -math.inf, -1, -1e-9, 100.000001, 101):
        with pytest.raises(ValueError, match="0 to 100"):
            told.percentile(wrong)
    assert told.percentile(0) == told.percentile(100) == 7
    for other in ([told], None, 7):
        with pytest.raises(TypeError, match="each as an argument"):
            merge(told, other)
    assert merge().count == 0


def test_a_level_is_a_number():
    health = LevelWindows(100, 0)
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="finite"):
            health.set(S, wrong)
        with pytest.raises(ValueError, match="finite"):
            LevelWindows(wrong, 0)
    health.tick(2 * S)
    assert health.read("1m")["mean"] == 100


def test_edges_are_counted_as_prometheus_has_them():
    histogram = Histogram()
    for value in (1, 500_000_000, 500_000_001, 2_000_000_000, 2_000_000_001, 2**50):
        histogram.record(value)
    counts = dict(histogram.edge_counts())
    assert (counts[100_000], counts[500_000_000], counts[2_000_000_000], counts[5_000_000_000]) == (1, 2, 4, 5)


def test_what_is_out_of_range_is_said():
    histogram = Histogram()
    for value in (0, VALUE_MAX, VALUE_MAX + 1):
        histogram.record(value)
    snapshot = histogram.snapshot()
    assert (snapshot.count, snapshot.overflow) == (3, 1)
    assert snapshot.percentile(1) == 0
    assert snapshot.max == VALUE_MAX


def test_unknown_windows_and_wrong_clocks_are_refused():
    windows = HistogramWindows([Histogram()], 0)
    with pytest.raises(ValueError, match="no such window: 2h"):
        windows.read("2h")
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(ValueError):
            ManualClock().advance(wrong)


def test_counts_have_windows_too():
    counts = CountWindows([7, 0], 0)
    counts.tick(S, [8, 2])
    counts.tick(200 * S, [8, 5])
    assert counts.counts("1m") == [0, 3]
    assert counts.counts("5m") == [1, 5]
    assert counts.seconds("5m") == 200
    with pytest.raises(ValueError, match="as many"):
        counts.tick(201 * S, [8])


def test_a_level_is_weighed_by_time():
    health = LevelWindows(100, 0)
    health.set(6 * S, 50)
    health.tick(10 * S)
    assert health.read("1m") == {"mean": 80, "lowest": 50, "highest": 100, "seconds": 10}
