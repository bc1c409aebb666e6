"""The server's own samples, as `/metrics` prints them, on their way into the series that rules see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.series import SeriesStore

_SERIES = re.compile(r"(\w+)(?:\{(.*)\})?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_KNOWN_MAX = 20_000


class Samples(Protocol):
    """`_core.ServerCore`, as far as it is read."""

    def samples(self) -> tuple[list[str], bytes]: ...


def labels_of(series: str) -> dict[str, str]:
    """`x_total{type="a"}`, as OpenMetrics writes it, as labels, its name under `__name__`. Raises ValueError."""
    found = _SERIES.fullmatch(series)
    if found is None:
        raise ValueError(f"{series!r} is no series")
    labels = {"__name__": found[1]}
    for name, value in _LABEL.findall(found[2] or ""):
        labels[name] = _ESCAPED.sub(lambda each: "\n" if each[1] == "n" else each[1], value)
    return labels


class Recorder:
    """Puts what the server tells now into the store, with the labels that a scrape adds, and `up`. One thread's."""

    def __init__(self, source: Samples, store: SeriesStore, own: Mapping[str, str]) -> None:
        self._source = source
        self._store = store
        self._own = dict(own)
        self._up = as_labels({"__name__": "up", **own})
        self._known: dict[str, Labels] = {}

    def record(self, at_ms: int) -> Mapping[Labels, float]:
        """The samples of now, which the store has by then; raises what the source raises."""
        names, raw = self._source.samples()
        samples = {self._labels(name): value for name, value in zip(names, np.frombuffer(raw).tolist(), strict=True)}
        samples[self._up] = 1.0
        self._store.append(at_ms, samples)
        return samples

    def _labels(self, series: str) -> Labels:
        labels = self._known.get(series)
        if labels is None:
            if len(self._known) >= _KNOWN_MAX:  # series come and go
                self._known.clear()
            labels = self._known[series] = as_labels({**labels_of(series), **self._own})
        return labels
