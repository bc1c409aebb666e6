"""The server's own recorded series, from which alert rules are worked out.

    store = SeriesStore(retention_ms=6 * 3_600_000)
    store.append(now_ms, {as_labels({"__name__": "up", "job": "mythos"}): 1.0})

Samples are floats at milliseconds since the epoch. One scrape of everything is one `append`: a series that is in it no
more ends there and then (Prometheus' stale marker). Each writer (the scrape, each recording rule) has its own times, so
what one leaves out does not end what another writes. Bounded in time, series and bytes; what did not fit is counted in
`counts`.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mythos.alerts.alert import Labels
from mythos.alerts.promql.label_sets import EMPTY, NAME, LabelSets
from mythos.alerts.promql.lanes import Lane, Rows, as_rows
from mythos.alerts.promql.matchers import Matchers
from mythos.alerts.promql.values import GAP_BITS, NO_FLOATS, STALE_BITS, Floats, Integers, Window, packed

__all__ = ["STALENESS_MS", "Counts", "SeriesStore"]

STALENESS_MS = 300_000  # Prometheus' look-back: an instant selector finds no sample that is as old
_SELECTIONS_MAX = 4096
_log = logging.getLogger(__name__)


@dataclass
class Counts:
    """Since the store was made; `series` and `nbytes` are of now."""

    series: int = 0
    nbytes: int = 0
    samples: int = 0  # taken
    refused: Counter[str] = field(default_factory=Counter)  # samples of series beyond the bounds, by metric
    out_of_order: int = 0  # samples not later than the writer's last
    forgotten_early: int = 0  # columns given up within the retention because of the bound on bytes


@dataclass(frozen=True, slots=True)
class _Selection:
    sets: LabelSets
    parts: list[tuple[Lane, Rows, Integers]]  # which rows of a lane are which of the sets
    version: int


class SeriesStore:
    """Thread-safe; nothing is handed out that a later `append` would change.

    The retention is that of the longest burn-rate window, and a quarter of an hour for an offset.
    """

    def __init__(
        self, *, retention_ms: int = 6 * 3_600_000 + 900_000, series_max: int = 10_000, bytes_max: int = 256 << 20
    ) -> None:
        self.retention_ms = retention_ms
        self.series_max = series_max
        self.bytes_max = bytes_max
        self._lock = threading.Lock()
        self._counts = Counts()
        self._lanes: dict[object, Lane] = {}
        self._homes: dict[Labels, list[Lane]] = {}
        self._postings: dict[tuple[str, str], dict[Labels, None]] = {}
        # Changes when a series of this metric comes or goes; under "" for any.
        self._versions: Counter[str] = Counter()
        self._selections: dict[Matchers, _Selection] = {}
        self._swept_ms = 0

    @property
    def counts(self) -> Counts:
        with self._lock:
            counts = self._counts
            nbytes = sum(lane.nbytes for lane in self._lanes.values())
            return Counts(
                len(self._homes),
                nbytes,
                counts.samples,
                counts.refused.copy(),
                counts.out_of_order,
                counts.forgotten_early,
            )

    # Writing

    def append(self, at_ms: int, samples: Mapping[Labels, float], *, writer: str = "scrape") -> int:
        """Everything that this writer has at this time. Gives how many samples were taken.

        Time must grow for each writer: what comes late is counted and left out, as in Prometheus.
        """
        with self._lock:
            self._sweep(at_ms)
            lane = self._lanes.setdefault(writer, Lane())
            if at_ms <= lane.last_ms:
                self._counts.out_of_order += len(samples)
                return 0
            self._make_columns(lane, at_ms)
            rows: list[int] = []
            values: list[float] = []
            for labels, value in samples.items():
                row = lane.rows.get(labels)
                if row is None and (row := self._add(lane, labels)) is None:
                    continue
                rows.append(row)
                values.append(value)
            lane.append(at_ms, rows, values)
            self._counts.samples += len(rows)
            return len(rows)

    def fill(self, labels: Labels, times_ms: Sequence[int], values: Sequence[float]) -> None:
        """One series as a whole, at times of its own, which must grow: for tests and for what others recorded.

        `STALE` (promql.values) as a value ends the series there. Raises ValueError for times that do not grow.
        """
        times = np.asarray(times_ms, np.int64)
        if len(times) != len(values) or not len(times) or (np.diff(times) <= 0).any():
            raise ValueError("a series is filled with as many values as times, and the times must grow")
        with self._lock:
            key = ("fill", times.tobytes())
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane.at(times)
            row = lane.rows.get(labels)
            if row is None and (row := self._add(lane, labels)) is None:
                return
            lane.values[row] = np.fromiter(values, np.float64, len(times))
            self._counts.samples += len(times)

    def extend(self, times_ms: Integers, labels: Sequence[Labels], values: Floats, *, writer: str = "scrape") -> int:
        """As `append` for each time, far cheaper: a row of `values` for each series, a column for each time, and gaps
        (promql.values) where a series has no sample. Gives how many samples were taken.
        """
        taken = 0
        with self._lock:
            lane = self._lanes.setdefault(writer, Lane())
            place = int(np.searchsorted(times_ms, lane.last_ms, side="right"))
            self._counts.out_of_order += int((values[:, :place].view(np.int64) != GAP_BITS).sum())
            while place < len(times_ms):
                self._make_columns(lane, int(times_ms[place]))
                until = min(place + lane.columns - lane.appended % lane.columns, len(times_ms))
                rows = [lane.rows[each] if each in lane.rows else self._add(lane, each) for each in labels]
                here = [number for number, row in enumerate(rows) if row is not None]
                block = values[:, place:until] if len(here) == len(rows) else values[here, place:until]
                lane.extend(times_ms[place:until], [row for row in rows if row is not None], block)
                taken += int((block.view(np.int64) != GAP_BITS).sum())
                place = until
            self._counts.samples += taken
        return taken

    def forget_others(self, writer: str = "scrape") -> None:
        """What all but this one have written: a server that starts anew knows nothing of it."""
        with self._lock:
            for other in self._lanes.keys() - {writer}:
                lane = self._lanes.pop(other)
                for labels in lane.rows:
                    self._remove(lane, labels)

    def move(self, by_ms: int) -> None:
        """Every sample was so much later: the wall clock was stepped."""
        with self._lock:
            for lane in self._lanes.values():
                lane.move(by_ms)
            self._swept_ms += by_ms

    def _make_columns(self, lane: Lane, at_ms: int) -> None:
        """A ring that is full grows if its oldest samples are still wanted and there is room, else they give way."""
        if lane.appended < lane.columns:
            return
        if lane.first_ms > at_ms - self.retention_ms:
            if self._has_room(lane, len(lane.values), 2 * lane.columns):
                lane.grow(len(lane.values), 2 * lane.columns)
                return
            self._counts.forgotten_early += 1
        if lane.appended % lane.columns == 0:
            for labels in lane.remove_dead():
                self._remove(lane, labels)

    def _sweep(self, at_ms: int) -> None:
        """Now and then: writers that have said nothing for as long as samples are kept are forgotten."""
        if at_ms < self._swept_ms + self.retention_ms // 8:
            return
        self._swept_ms = at_ms
        for writer in [writer for writer, lane in self._lanes.items() if lane.last_ms <= at_ms - self.retention_ms]:
            lane = self._lanes.pop(writer)
            for labels in lane.rows:
                self._remove(lane, labels)

    def _has_room(self, lane: Lane, rows: int, columns: int) -> bool:
        others = sum(other.nbytes for other in self._lanes.values() if other is not lane)
        return others + lane.bytes_when_grown(rows, columns) <= self.bytes_max

    def _add(self, lane: Lane, labels: Labels) -> int | None:
        """The row of a series that is new to the lane; None if it does not fit."""
        name = dict(labels).get(NAME, "")
        if lane.is_full and self._has_room(lane, 2 * len(lane.values), lane.columns):
            lane.grow(2 * len(lane.values), lane.columns)
        if lane.is_full or (labels not in self._homes and len(self._homes) >= self.series_max):
            if name not in self._counts.refused:
                _log.warning("no room for all series of %s: rules do not see those that are left out", name)
            self._counts.refused[name] += 1
            return None
        homes = self._homes.setdefault(labels, [])
        homes.append(lane)
        for pair in labels:
            self._postings.setdefault(pair, {})[labels] = None
        self._change(name)
        return lane.add_row(labels)

    def _remove(self, lane: Lane, labels: Labels) -> None:
        homes = self._homes[labels]
        homes.remove(lane)
        if not homes:
            del self._homes[labels]
            for pair in labels:
                self._postings[pair].pop(labels)
                if not self._postings[pair]:
                    del self._postings[pair]
        self._change(dict(labels).get(NAME, ""))

    def _change(self, name: str) -> None:
        self._versions[name] += 1
        if name:
            self._versions[""] += 1

    # Reading

    def select(self, matchers: Matchers, from_ms: int, to_ms: int) -> Window:
        """The samples in (from_ms, to_ms] of the series that match, without those that have none there."""
        with self._lock:
            selection = self._selection(matchers)
            cuts = []
            for lane, rows, positions in selection.parts:
                first, last = lane.stretch(from_ms, to_ms)
                if last > first:
                    cuts.append((lane.times(first, last), lane.cut(rows, first, last), positions))
        if len(cuts) == 1 and len(cuts[0][2]) == len(selection.sets):
            return packed(selection.sets, cuts[0][0], cuts[0][1], from_ms, to_ms)
        times_ms, values = _together(cuts, len(selection.sets))
        return packed(selection.sets, times_ms, values, from_ms, to_ms)

    def latest(
        self, matchers: Matchers, at_ms: int, look_back_ms: int = STALENESS_MS
    ) -> tuple[LabelSets, Integers, Floats]:
        """The last samples in (at_ms - look_back_ms, at_ms], and their times, of the series that match and go on."""
        with self._lock:
            selection = self._selection(matchers)
            if not selection.parts:
                return EMPTY, np.empty(0, np.int64), NO_FLOATS
            times_ms = np.full(len(selection.sets), at_ms - look_back_ms)
            values = np.full(len(selection.sets), np.nan)
            values.view(np.int64)[:] = GAP_BITS
            for lane, rows, positions in selection.parts:
                first, last = lane.stretch(at_ms - look_back_ms, at_ms)
                if last > first:
                    found = _last(lane, rows, first, last)
                    newer = found[0] > times_ms[positions]
                    times_ms[positions[newer]], values[positions[newer]] = found[0][newer], found[1][newer]
        bits = values.view(np.int64)
        goes_on = (bits != GAP_BITS) & (bits != STALE_BITS)
        if goes_on.all():
            return selection.sets, times_ms, values
        return selection.sets.take(goes_on), times_ms[goes_on], values[goes_on]

    def _selection(self, matchers: Matchers) -> _Selection:
        names = [matcher.value for matcher in matchers if matcher.name == NAME and matcher.operator == "="]
        version = self._versions[names[0] if names else ""]
        known = self._selections.get(matchers)
        if known is None or known.version != version:
            if len(self._selections) >= _SELECTIONS_MAX:
                self._selections.clear()
            known = self._selections[matchers] = self._select(matchers, version)
        return known

    def _select(self, matchers: Matchers, version: int) -> _Selection:
        equal = [(m.name, m.value) for m in matchers if m.operator == "=" and m.value]
        candidates = min((self._postings.get(pair, {}) for pair in equal), key=len, default=self._homes)
        chosen = [
            labels
            for labels in candidates
            if all(matcher.matches(dict(labels).get(matcher.name, "")) for matcher in matchers)
        ]
        where: dict[int, tuple[Lane, list[int], list[int]]] = {}
        for position, labels in enumerate(chosen):
            for lane in self._homes[labels]:
                _, rows, positions = where.setdefault(id(lane), (lane, [], []))
                rows.append(lane.rows[labels])
                positions.append(position)
        parts = [(lane, as_rows(rows), np.array(positions, np.int64)) for lane, rows, positions in where.values()]
        return _Selection(LabelSets(chosen), parts, version)


def _last(lane: Lane, rows: Rows, first: int, last: int) -> tuple[Integers, Floats]:
    """The last sample or series' end of each row; a gap where there is neither."""
    values = lane.cut(rows, last - 1, last)[:, 0]
    times_ms = np.full(len(values), lane.times(last - 1, last)[0])
    gaps = np.flatnonzero(values.view(np.int64) == GAP_BITS)
    if len(gaps):
        earlier = lane.cut(rows, first, last)[gaps]
        column = last - first - 1 - np.argmax((earlier.view(np.int64) != GAP_BITS)[:, ::-1], axis=1)
        values[gaps] = earlier[np.arange(len(gaps)), column]
        times_ms[gaps] = lane.times(first, last)[column]
    return times_ms, values


def _together(cuts: list[tuple[Integers, Floats, Integers]], series: int) -> tuple[Integers, Floats]:
    """Stretches of several lanes at the times of all of them."""
    if not cuts:
        return np.empty(0, np.int64), np.empty((series, 0))
    times_ms = np.unique(np.concatenate([cut[0] for cut in cuts]))
    values = np.empty((series, len(times_ms)))
    values.view(np.int64)[:] = GAP_BITS
    for times, found, positions in cuts:
        columns = np.searchsorted(times_ms, times)
        here = found.view(np.int64) != GAP_BITS
        target = values[np.ix_(positions, columns)]
        target[here] = found[here]
        values[np.ix_(positions, columns)] = target
    return times_ms, values
