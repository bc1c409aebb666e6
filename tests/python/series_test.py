"""The store of series: what a scrape leaves, how series end, how much is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.promql.matchers import Matcher
from mythos.alerts.promql.values import GAP_BITS, STALE
from mythos.alerts.series import STALENESS_MS, SeriesStore

START_MS = 1_700_000_000_000
STEP_MS = 15_000


def series(name: str, **labels: str) -> Labels:
    return as_labels({"__name__": name, **labels})


def named(name: str, *others: Matcher) -> tuple[Matcher, ...]:
    return (Matcher("__name__", "=", name), *others)


def latest(store: SeriesStore, at_ms: int, *matchers: Matcher) -> dict[Labels, float]:
    sets, _, values = store.latest(matchers, at_ms)
    return dict(zip(sets.labels, values.tolist(), strict=True))


def samples(store: SeriesStore, name: str, from_ms: int, to_ms: int) -> dict[Labels, list[tuple[int, float]]]:
    window = store.select(named(name), from_ms, to_ms)
    times = np.broadcast_to(window.times_ms, window.values.shape)
    return {
        labels: list(zip(times[i, :size].tolist(), window.values[i, :size].tolist(), strict=True))
        for i, (labels, size) in enumerate(zip(window.sets.labels, window.sizes.tolist(), strict=True))
    }


def test_a_series_that_leaves_a_scrape_is_gone_at_once_and_comes_back():
    store = SeriesStore()
    a, b = series("up", job="a"), series("up", job="b")
    for number, scrape in enumerate([{a: 1.0, b: 1.0}, {a: 2.0}, {a: 3.0, b: 3.0}]):
        store.append(START_MS + number * STEP_MS, scrape)
    assert latest(store, START_MS + STEP_MS - 1, *named("up")) == {a: 1.0, b: 1.0}
    assert latest(store, START_MS + STEP_MS, *named("up")) == {a: 2.0}
    assert latest(store, START_MS + 2 * STEP_MS, *named("up")) == {a: 3.0, b: 3.0}
    assert samples(store, "up", START_MS - 1, START_MS + 2 * STEP_MS)[b] == [
        (START_MS, 1.0),
        (START_MS + 2 * STEP_MS, 3.0),
    ]


def test_a_sample_counts_for_less_than_five_minutes():
    store = SeriesStore()
    a = series("up")
    store.append(START_MS, {a: 1.0})
    assert latest(store, START_MS + STALENESS_MS - 1, *named("up")) == {a: 1.0}
    assert latest(store, START_MS + STALENESS_MS, *named("up")) == {}
    assert latest(store, START_MS - 1, *named("up")) == {}


def test_a_range_is_open_on_the_left():
    store = SeriesStore()
    a = series("up")
    for number in range(4):
        store.append(START_MS + number * STEP_MS, {a: float(number)})
    found = samples(store, "up", START_MS, START_MS + 2 * STEP_MS)
    assert found == {a: [(START_MS + STEP_MS, 1.0), (START_MS + 2 * STEP_MS, 2.0)]}


def test_what_one_writer_leaves_out_does_not_end_what_another_writes():
    store = SeriesStore()
    scraped, recorded = series("up"), series("job:up:sum")
    store.append(START_MS, {scraped: 1.0})
    store.append(START_MS + 7, {recorded: 5.0}, writer="rule 1")
    store.append(START_MS + STEP_MS, {scraped: 2.0})
    assert latest(store, START_MS + STEP_MS, Matcher("__name__", "=~", "up|job:up:sum")) == {
        scraped: 2.0,
        recorded: 5.0,
    }
    store.append(START_MS + STEP_MS + 7, {}, writer="rule 1")
    assert latest(store, START_MS + STEP_MS + 7, *named("job:up:sum")) == {}


def test_samples_of_several_writers_are_told_together_in_their_order():
    store = SeriesStore()
    a, b = series("x", by="scrape"), series("x", by="rule")
    for number in range(3):
        store.append(START_MS + number * STEP_MS, {a: float(number)})
        store.append(START_MS + number * STEP_MS + 10, {b: 10.0 + number}, writer="rule")
    found = samples(store, "x", START_MS - 1, START_MS + 3 * STEP_MS)
    assert found[a] == [(START_MS + n * STEP_MS, float(n)) for n in range(3)]
    assert found[b] == [(START_MS + n * STEP_MS + 10, 10.0 + n) for n in range(3)]


def test_a_series_can_be_filled_with_times_of_its_own():
    store = SeriesStore()
    a, b = series("x", which="a"), series("x", which="b")
    store.fill(a, [START_MS, START_MS + 7, START_MS + 900], [1.0, math.nan, STALE])
    store.fill(b, [START_MS + 5], [2.0])
    assert latest(store, START_MS + 10, *named("x"))[b] == 2.0
    assert math.isnan(latest(store, START_MS + 10, *named("x"))[a])
    assert latest(store, START_MS + 900, *named("x")) == {b: 2.0}
    with pytest.raises(ValueError, match="must grow"):
        store.fill(a, [START_MS, START_MS], [1.0, 2.0])


def test_what_comes_late_is_counted_and_left_out():
    store = SeriesStore()
    a = series("up")
    assert store.append(START_MS, {a: 1.0}) == 1
    assert store.append(START_MS, {a: 2.0}) == 0
    assert store.append(START_MS - 1, {a: 2.0}) == 0
    assert store.counts.out_of_order == 2
    assert latest(store, START_MS, *named("up")) == {a: 1.0}


def test_series_beyond_the_bound_are_counted_by_metric():
    store = SeriesStore(series_max=2)
    for number in range(3):
        store.append(START_MS + number * STEP_MS, {series("x", n=str(i)): 1.0 for i in range(5)})
    assert store.counts.series == 2
    assert store.counts.refused == {"x": 9}
    assert len(latest(store, START_MS + 2 * STEP_MS, *named("x"))) == 2


def test_old_samples_and_dead_series_give_way():
    store = SeriesStore(retention_ms=40 * STEP_MS)
    steady = series("steady")
    for number in range(1000):
        store.append(START_MS + number * STEP_MS, {steady: float(number), series("x", session=str(number // 10)): 1.0})
    counts = store.counts
    assert counts.series < 20
    assert counts.nbytes < 100_000
    assert counts.forgotten_early == 0
    now_ms = START_MS + 999 * STEP_MS
    assert len(samples(store, "steady", now_ms - 40 * STEP_MS, now_ms)[steady]) == 40
    assert latest(store, now_ms, *named("x")) == {series("x", session="99"): 1.0}


def test_writers_that_never_have_anything_or_say_nothing_any_more_cost_nothing():
    store = SeriesStore(retention_ms=40 * STEP_MS)
    for number in range(200):
        at_ms = START_MS + number * STEP_MS
        store.append(at_ms, {series("up"): 1.0})
        for rule in range(50):
            store.append(at_ms, {}, writer=f"quiet {rule}")
        if number < 20:
            store.append(at_ms, {series("x"): 1.0}, writer="gone")
    assert store.counts.series == 1
    assert store.counts.nbytes < 100_000
    assert store.append(START_MS, {series("x"): 1.0}, writer="quiet 1") == 0


def test_bytes_are_bounded_and_what_is_lost_by_it_is_counted():
    store = SeriesStore(bytes_max=8_000)
    for number in range(200):
        store.append(START_MS + number * STEP_MS, {series("x", n=str(i)): 1.0 for i in range(10)})
    counts = store.counts
    assert counts.nbytes <= 8_000
    assert counts.forgotten_early > 0
    assert len(latest(store, START_MS + 199 * STEP_MS, *named("x"))) == 10


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher("job", "=", "a"), {"a"}),
        (Matcher("job", "=", ""), {""}),
        (Matcher("job", "!=", "a"), {"", "b", "ab"}),
        (Matcher("job", "!=", ""), {"a", "b", "ab"}),
        (Matcher("job", "=~", "a|b"), {"a", "b"}),
        (Matcher("job", "=~", "a.*"), {"a", "ab"}),
        (Matcher("job", "=~", ".*"), {"", "a", "b", "ab"}),
        (Matcher("job", "!~", "a.+|"), {"a", "b"}),
    ],
    ids=str,
)
def test_matchers_are_anchored_and_a_label_that_is_not_there_is_empty(matcher: Matcher, expected: set[str]):
    store = SeriesStore()
    store.append(START_MS, {series("x", job=job): 1.0 for job in ("", "a", "b", "ab")} | {series("y", job="a"): 1.0})
    assert {dict(labels).get("job", "") for labels in latest(store, START_MS, *named("x", matcher))} == expected


@given(st.data())
def test_the_store_gives_back_what_was_written(data: st.DataObject):
    """Against a plain list of samples, whatever comes and goes, at whatever bounds of memory."""
    store = SeriesStore(retention_ms=20_000)
    names = [series("x", n=str(number)) for number in range(4)]
    written: dict[Labels, list[tuple[int, float]]] = {labels: [] for labels in names}
    present: set[Labels] = set()
    at_ms = START_MS
    for number in range(data.draw(st.integers(1, 60))):
        at_ms += data.draw(st.integers(1, 2_000))
        chosen = data.draw(st.sets(st.sampled_from(names)))
        store.append(at_ms, {labels: float(number) for labels in chosen})
        for labels in chosen:
            written[labels].append((at_ms, float(number)))
        present = chosen
    from_ms = at_ms - data.draw(st.integers(0, 20_000))
    expected = {labels: kept for labels, all_ in written.items() if (kept := [one for one in all_ if one[0] > from_ms])}
    assert samples(store, "x", from_ms, at_ms) == expected
    assert set(latest(store, at_ms, *named("x"))) == present


@given(
    scrapes=st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=90),
    cuts=st.lists(st.integers(1, 40), max_size=6),
    bytes_max=st.sampled_from([3_000, 1 << 20]),
)
def test_a_block_is_the_same_as_one_scrape_after_the_other(scrapes: list[set[str]], cuts: list[int], bytes_max: int):
    """Whatever grows, gives way or ends; and what follows a block is what follows a scrape."""
    one, many = (SeriesStore(retention_ms=20 * STEP_MS, bytes_max=bytes_max) for _ in range(2))
    every = [series("x", room=room) for room in "abcdef"]
    values = np.full((6, len(scrapes)), GAP_BITS, np.int64).view(np.float64)
    for place, rooms in enumerate(scrapes):
        for row, room in enumerate("abcdef"):
            if room in rooms:
                values[row, place] = 10.0 * place + row
    times = START_MS + STEP_MS * np.arange(len(scrapes))
    place = 0
    for cut in [*cuts, len(scrapes)]:
        until = min(place + cut, len(scrapes))
        block = values[:, place:until]
        rows = [row for row in range(6) if (block[row].view(np.int64) != GAP_BITS).any()]
        many.extend(times[place:until], [every[row] for row in rows], block[rows])
        place = until
    for place, rooms in enumerate(scrapes):
        one.append(int(times[place]), {every["abcdef".index(r)]: values["abcdef".index(r), place] for r in rooms})
    end = int(times[-1]) + STEP_MS
    for store in (one, many):
        store.append(end, {every[0]: 1.0})
    since = max(one._lanes["scrape"].first_ms, many._lanes["scrape"].first_ms) - 1
    for at_ms in range(since + 1, end + 1, STEP_MS):
        assert latest(one, at_ms, *named("x")) == latest(many, at_ms, *named("x"))
    assert samples(one, "x", since, end) == samples(many, "x", since, end)
    assert one.counts.samples == many.counts.samples
