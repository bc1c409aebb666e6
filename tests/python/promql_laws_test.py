"""PromQL: cases worked out by hand, and laws that hold for any series."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.expression import Scalar, parse_expression
from mythos.alerts.promql import kahan
from mythos.alerts.promql.values import STALE
from mythos.alerts.series import SeriesStore

START_MS = 1_000_000
AT_MS = START_MS + 60_000
Points = list[tuple[int, float]]


def series(name: str = "x", **labels: str) -> Labels:
    return as_labels({"__name__": name, **labels})


def store_of(recorded: dict[Labels, Points]) -> SeriesStore:
    store = SeriesStore()
    for labels, points in recorded.items():
        if points:
            store.fill(labels, [at_ms for at_ms, _ in points], [value for _, value in points])
    return store


def answers(store: SeriesStore, text: str, at_ms: int = AT_MS) -> dict[Labels, float]:
    found = parse_expression(text).evaluate(store, at_ms)
    if isinstance(found, Scalar):
        return {(): found.value}
    return {as_labels(labels): value for labels, value in found}


def points_at(*pairs: tuple[float, float]) -> Points:
    return [(START_MS + round(second * 1000), value) for second, value in pairs]


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        # 5 before the fall and 20 after it, in 45 s; the first sample is less than 1.1 intervals from the edge.
        ("increase", points_at((15, 10), (30, 15), (45, 5), (60, 20)), 25 * 60 / 45),
        ("increase", points_at((1, 16777215), (2, 1.00001), (4, 0)), 1.00001 * 4.75 / 3),
        ("rate", points_at((15, 10), (30, 15), (45, 5), (60, 20)), 25 / 45),
        # The beginning is too far away: half an interval is added, but not beyond where the counter was nought.
        ("increase", points_at((30, 100), (45, 110), (60, 120)), 20 * 37.5 / 30),
        ("increase", points_at((30, 1), (45, 11), (60, 21)), 21),
        ("delta", points_at((30, 1), (45, 11), (60, 1)), 0),
        ("delta", points_at((20, 8), (40, 6), (60, 2)), -6 * 60 / 40),
        ("irate", points_at((15, 10), (30, 15), (45, 9), (60, 20)), 11 / 15),
        ("irate", points_at((45, 9), (60, 3)), 3 / 15),
        ("idelta", points_at((45, 9), (60, 3)), -6),
        ("deriv", points_at((20, 1), (40, 5), (60, 9)), 0.2),
        ("changes", points_at((15, 1), (30, 1), (45, 2), (60, 1)), 2),
        ("resets", points_at((15, 1), (30, 1), (45, 0), (60, 5)), 1),
        ("stdvar_over_time", points_at((20, 2), (40, 4), (60, 9)), 26 / 3),
        ("avg_over_time", points_at((20, 1e16), (40, 1), (60, -1e16)), 1 / 3),
        ("sum_over_time", points_at((20, 1), (40, 1e100), (50, 1), (60, -1e100)), 2),
        ("avg_over_time", points_at((20, 1.5e308), (40, 1.5e308)), 1.5e308),
        # The first sample lies on the edge and counts for nothing.
        ("count_over_time", points_at((0, 1), (30, 1), (60, 1)), 2),
        ("max_over_time", points_at((10, math.nan), (20, 3)), 3),
        ("last_over_time", points_at((10, 7), (20, STALE)), 7),
    ],
)
def test_by_hand(function: str, points: Points, expected: float):
    found = list(answers(store_of({series(): points}), f"{function}(x[1m])").values())
    assert found == [pytest.approx(expected, rel=1e-12)]


@pytest.mark.parametrize(
    ("q", "expected"),
    [("0.5", 1.5), ("0.125", 0.5), ("0.9", 2), ("0", 0), ("1", 2), ("2", math.inf), ("-1", -math.inf)],
)
def test_a_quantile_of_buckets_is_interpolated_within_its_bucket(q: str, expected: float):
    buckets = {"1": 1.0, "2": 3.0, "+Inf": 4.0}
    store = store_of({series("x_bucket", le=le): [(AT_MS, count)] for le, count in buckets.items()})
    assert answers(store, f"histogram_quantile({q}, x_bucket)") == {(): pytest.approx(expected)}


# Series of whole numbers at times of their own: exact whatever the order of sums.
whole = st.integers(-1000, 1000).map(float)
any_value = st.one_of(whole, st.floats(), st.just(STALE))
times = st.lists(st.integers(-30, 90), min_size=1, max_size=12, unique=True).map(sorted)


@st.composite
def points(draw: st.DrawFn, values: st.SearchStrategy[float] = whole) -> Points:
    return [(START_MS + 1000 * second, draw(values)) for second in draw(times)]


def several(values: st.SearchStrategy[float] = whole) -> st.SearchStrategy[dict[Labels, Points]]:
    keys = st.builds(lambda a, b: series(a=a, b=b), st.sampled_from("pqr"), st.sampled_from("stu"))
    return st.dictionaries(keys, points(values), max_size=6)


@given(several())
def test_groups_are_a_partition(recorded: dict[Labels, Points]):
    store = store_of(recorded)
    for text in ("sum(sum by (a) (x))", "sum(sum without (a) (x))"):
        assert answers(store, text) == answers(store, "sum(x)")
    assert answers(store, "sum(count by (a, b) (x))") == answers(store, "count(x)")
    assert answers(store, "max(max by (b) (x))") == answers(store, "max(x)")
    assert answers(store, "x and x") == answers(store, "x") == answers(store, "x or x")
    assert answers(store, "x unless x") == {}


@given(several())
def test_a_filter_and_its_opposite_are_all(recorded: dict[Labels, Points]):
    store = store_of(recorded)
    everything = answers(store, "x")
    assert answers(store, "x > 5") | answers(store, "x <= 5") == everything
    assert answers(store, "(x > 5) or (x <= 5)") == everything
    assert sum(answers(store, "x > bool 5").values()) == len(answers(store, "x > 5"))
    assert answers(store, "topk(3, x)").items() <= everything.items()
    assert sorted(answers(store, "topk(2, x)").values()) == sorted(everything.values())[-2:]
    assert sorted(answers(store, "bottomk(2, x)").values()) == sorted(everything.values())[:2]


@given(several(any_value), st.sampled_from((15, 60, 90)))
def test_an_offset_is_another_time(recorded: dict[Labels, Points], back_s: int):
    store = store_of(recorded)
    for text in ("x{}", "rate(x[1m]{})", "sum by (a) (max_over_time(x[45s]{}))", "changes(x[1m]{})"):
        then = answers(store, text.replace("{}", ""), AT_MS - 1000 * back_s)
        assert same(answers(store, text.replace("{}", f" offset {back_s}s")), then)
        assert same(answers(store, text.replace("{}", f" @ {AT_MS // 1000 - back_s}")), then)


@given(several(any_value))
def test_a_subquery_of_every_second_meets_every_sample(recorded: dict[Labels, Points]):
    """With the look-back between them: the extremes are those of the samples that were in force."""
    store = store_of(recorded)
    for name, choose in (("min", np.fmin), ("max", np.fmax)):
        expected: dict[Labels, float] = {}
        for second in range(-9, 61):
            for labels, value in answers(store, "x", START_MS + 1000 * second).items():
                expected[labels] = choose(expected.get(labels, math.nan), value)
        found = answers(store, f"{name}_over_time(x[70s:1s])")
        assert same(found, {labels[1:]: value for labels, value in expected.items()})


@given(st.lists(st.tuples(st.integers(1, 9), st.lists(st.one_of(st.none(), whole), min_size=3, max_size=3))))
def test_scraped_and_filled_series_are_the_same(scrapes: list[tuple[int, list[float | None]]]):
    """Common times, cut as one block, and times of their own, gathered from many, give the same answers."""
    scraped = SeriesStore(retention_ms=20_000)
    filled: dict[Labels, Points] = {series(a=a): [] for a in "pqr"}
    at_ms = START_MS
    for pause_s, values in scrapes:
        at_ms += 1000 * pause_s
        now = {labels: value for labels, value in zip(filled, values, strict=True) if value is not None}
        scraped.append(at_ms, now)
        for labels, known in filled.items():
            if labels in now:
                known.append((at_ms, now[labels]))
            elif known and known[-1][1] is not STALE:
                known.append((at_ms, STALE))
    other = store_of(filled)
    functions = ("rate", "sum_over_time", "stddev_over_time", "irate", "deriv", "quantile_over_time")
    for text in ("x", *(f"{name}({'0.7, ' if 'quantile' in name else ''}x[15s])" for name in functions)):
        assert same(answers(scraped, text, at_ms + 500), answers(other, text, at_ms + 500))


@given(points(st.one_of(st.floats(0, 1e9), st.just(STALE))))
def test_an_increase_is_what_prometheus_computes(recorded: Points):
    found = answers(store_of({series(): recorded}), "increase(x[1m])")
    inside = [point for point in recorded if START_MS < point[0] <= AT_MS and not math.isnan(point[1])]
    expected = increase_by_the_book(inside, START_MS, AT_MS)
    assert list(found.values()) == ([] if expected is None else [pytest.approx(expected, rel=1e-9, abs=1e-12)])


def increase_by_the_book(inside: Points, start_ms: int, end_ms: int) -> float | None:
    """`extrapolatedRate` of Prometheus, sample by sample."""
    if len(inside) < 2:
        return None
    result = inside[-1][1] - inside[0][1]
    for before, after in pairwise(inside):
        if after[1] < before[1]:
            result += before[1]
    to_start, to_end = (inside[0][0] - start_ms) / 1000, (end_ms - inside[-1][0]) / 1000
    sampled = (inside[-1][0] - inside[0][0]) / 1000
    between = sampled / (len(inside) - 1)
    if to_start >= between * 1.1:
        to_start = between / 2
    if result > 0 and inside[0][1] >= 0:
        to_start = min(to_start, sampled * (inside[0][1] / result))
    if to_end >= between * 1.1:
        to_end = between / 2
    return result * (sampled + to_start + to_end) / sampled


@given(st.lists(st.floats(-1e15, 1e15), min_size=1))
def test_a_compensated_sum_loses_no_more_than_its_last_digit(values: list[float]):
    """Neumaier's bound: a plain sum may be wrong by n epsilon times the sum of the magnitudes."""
    exact, count, epsilon = math.fsum(values), len(values), 2.0**-52
    bound = epsilon * abs(exact) + (count * epsilon) ** 2 * math.fsum(map(abs, values))
    assert abs(kahan.total(values) - exact) <= bound
    assert abs(kahan.mean(values) - exact / count) <= 2 * bound / count + 2 * epsilon * abs(exact / count)
    rows, rest = kahan.row_sums(np.array([values]), None)
    assert (rows + rest).tolist() == [kahan.total(values)]


def same(a: dict[Labels, float], b: dict[Labels, float]) -> bool:
    def near(x: float, y: float) -> bool:
        return x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9)

    return a.keys() == b.keys() and all(near(value, b[labels]) for labels, value in a.items())


def test_a_name_that_is_to_go_is_seen_until_the_end():
    store = store_of({series("a", n="1"): points_at((10, 1), (60, 3)), series("b", n="2"): points_at((10, 1), (60, 2))})
    moved = answers(store, 'label_replace(increase({n=~".+"}[1m]), "was", "$1", "__name__", "(.+)")')
    assert set(moved) == {as_labels({"was": "a", "n": "1"}), as_labels({"was": "b", "n": "2"})}
