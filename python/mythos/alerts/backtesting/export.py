"""Prometheus' own past: the JSON of `/api/v1/query_range`, and what `promtool tsdb dump` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.backtesting.past import Facts, PastError, Scrape, in_order, interval_of
from mythos.alerts.promql.label_sets import NAME
from mythos.alerts.promql.values import GAP_BITS, Floats, Integers
from mythos.alerts.series_notation import parse_labels

BYTES_MAX = 256 << 20  # of one file, which takes five times as much while it is read
# Series of it are those of the rules that Prometheus evaluated; here the rules that are tried make their own.
OF_RULES = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
_DUMPED = re.compile(r"(\{.*\}) (\S+) (-?\d+)")

Series = tuple[Labels, Integers, Floats]


@dataclass
class _Together:
    """Series of the same scrapes: times of one are, as far as it lives, times of all."""

    times_ms: Integers
    labels: list[Labels] = field(default_factory=list)
    rows: list[Floats] = field(default_factory=list)


class ExportedPast:
    """Samples of Prometheus. In memory as a whole: 8 bytes a sample."""

    def __init__(self, series: Iterable[Series], notes: Iterable[str] = ()) -> None:
        """Raises PastError where there is no sample."""
        self._together = _grouped([each for each in series if dict(each[0]).get(NAME) not in OF_RULES])
        if not self._together:
            raise PastError("there are no samples in what was exported; export the metrics that the rules are about")
        names = {dict(labels).get(NAME, "") for each in self._together for labels in each.labels}
        self.facts = Facts(
            min(int(each.times_ms[0]) for each in self._together),
            max(int(each.times_ms[-1]) for each in self._together),
            frozenset(names),
            min(interval_of(each.times_ms.tolist()) for each in self._together),
            tuple(notes),
        )

    def scrapes(self, from_ms: int, to_ms: int) -> Iterator[Scrape]:
        return in_order([_scrapes(each, f"export {n}", from_ms, to_ms) for n, each in enumerate(self._together)])


def _scrapes(together: _Together, writer: str, from_ms: int, to_ms: int) -> Iterator[Scrape]:
    values = np.stack(together.rows)
    present = values.view(np.int64) != GAP_BITS
    first, last = np.searchsorted(together.times_ms, (from_ms, to_ms + 1))
    for column in range(int(first), int(last)):
        rows = present[:, column].nonzero()[0].tolist()
        found = values[rows, column].tolist()
        samples = {together.labels[row]: value for row, value in zip(rows, found, strict=True)}
        yield Scrape(int(together.times_ms[column]), samples, writer)


def _grouped(series: list[Series]) -> list[_Together]:
    """Those of one target that share times: the longest says which times there are."""
    groups: dict[tuple[str | None, str | None], list[_Together]] = {}
    for labels, times_ms, values in sorted(series, key=lambda each: -len(each[1])):
        found = dict(labels)
        of_target = groups.setdefault((found.get("job"), found.get("instance")), [])
        for together in of_target:
            places = np.minimum(np.searchsorted(together.times_ms, times_ms), len(together.times_ms) - 1)
            if (together.times_ms[places] == times_ms).all():
                break
        else:
            together, places = _Together(times_ms), np.arange(len(times_ms))
            of_target.append(together)
        row = np.full(len(together.times_ms), GAP_BITS, np.int64).view(np.float64)
        row[places] = values
        together.labels.append(labels)
        together.rows.append(row)
    return [together for of_target in groups.values() for together in of_target]


def merged(found: Iterable[Series]) -> list[Series]:
    """Series of several files: what they have of the same one, each time once."""
    parts: dict[Labels, list[tuple[Integers, Floats]]] = {}
    for labels, times_ms, values in found:
        parts.setdefault(labels, []).append((times_ms, values))
    series = []
    for labels, pieces in parts.items():
        times_ms, places = np.unique(np.concatenate([times for times, _ in pieces]), return_index=True)
        if len(times_ms):
            series.append((labels, times_ms, np.concatenate([values for _, values in pieces])[places]))
    return series


def read_matrix(file: Path) -> list[Series]:
    """A range query's answer. Raises PastError."""
    try:
        told = orjson.loads(_content(file))
        if told.get("status") == "error":
            raise PastError(f"{file}: Prometheus answered: {told.get('error')}")
        data = told.get("data", told)
        if data["resultType"] != "matrix":
            raise PastError(f"{file} is a {data['resultType']}: export it by /api/v1/query_range, not /api/v1/query")
        return [_series(each, file) for each in data["result"]]
    except orjson.JSONDecodeError as error:
        raise PastError(f"{file} is no JSON, or is cut short: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, PastError):
            raise
        raise PastError(f"{file} is no answer of /api/v1/query_range: {error!r}") from None


def _series(told: dict[str, object], file: Path) -> Series:
    if "histograms" in told:
        raise PastError(f"{file} has native histograms, which are not supported: export the _bucket series")
    metric, pairs = told["metric"], told["values"]
    if not (isinstance(metric, dict) and isinstance(pairs, list) and all(isinstance(v, str) for v in metric.values())):
        raise TypeError("a series is `metric` and `values`")
    if NAME not in metric:
        raise PastError(f"{file} has series without a name: export metrics as they are, not an expression's results")
    times_ms = np.array([round(at * 1_000) for at, _ in pairs], np.int64)
    if (np.diff(times_ms) <= 0).any():
        raise ValueError("the times of a series do not grow")
    return as_labels(metric), times_ms, np.array([float(value) for _, value in pairs])


def read_dump(file: Path) -> list[Series]:
    """The lines of `promtool tsdb dump`. NaN ends a series there: the dump does not tell it from the stale marker.

    Raises PastError.
    """
    times: dict[str, list[int]] = {}
    values: dict[str, list[float]] = {}
    for number, line in enumerate(_content(file).decode(errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        found = _DUMPED.fullmatch(line)
        try:
            if found is None:
                raise ValueError("it is cut short, or none")
            value, at_ms = float(found[2]), int(found[3])
        except ValueError:
            raise PastError(f'{file}:{number}: this is no sample such as {{__name__="up"}} 1 1732360500000') from None
        if value == value:
            times.setdefault(found[1], []).append(at_ms)
            values.setdefault(found[1], []).append(value)
    series = []
    for text, found_ms in times.items():
        try:
            labels, times_ms = parse_labels(text), np.array(found_ms, np.int64)
        except (ValueError, OverflowError) as error:
            raise PastError(f"{file}: {text}: {error}") from None
        order = np.argsort(times_ms, kind="stable")
        series.append((labels, times_ms[order], np.array(values[text])[order]))
    return series


def _content(file: Path) -> bytes:
    if file.stat().st_size > BYTES_MAX:
        raise PastError(f"{file} is larger than {BYTES_MAX >> 20} MiB: export it in several files")
    return file.read_bytes()
