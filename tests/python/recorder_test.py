"""The server's own samples as the series that rules see."""

from __future__ import annotations

import numpy as np
import pytest

from mythos.alerts.expression import parse_expression
from mythos.alerts.recorder import Recorder, labels_of
from mythos.alerts.series import SeriesStore


class Source:
    def __init__(self) -> None:
        self.told: dict[str, float] = {}

    def samples(self) -> tuple[list[str], bytes]:
        return list(self.told), np.array(list(self.told.values())).tobytes()


def test_a_series_is_read_as_openmetrics_writes_it():
    assert labels_of("up") == {"__name__": "up"}
    assert labels_of(r'x_total{a="b",c="d\"\\\n,}"}') == {"__name__": "x_total", "a": "b", "c": 'd"\\\n,}'}
    with pytest.raises(ValueError, match="no series"):
        labels_of("x y")


def test_what_is_recorded_has_the_labels_of_a_scrape_and_what_goes_is_gone():
    source, store = Source(), SeriesStore()
    recorder = Recorder(source, store, {"job": "mythos", "instance": "a:1"})
    source.told = {'x_total{type="sse"}': 1.0, "y": 2.0}
    assert len(recorder.record(1_000)) == 3
    source.told = {'x_total{type="sse"}': 16.0}
    recorder.record(16_000)

    def at(text: str, ms: int):
        return [(dict(labels), value) for labels, value in parse_expression(text).evaluate(store, ms)]

    assert at('x_total{type="sse"}', 16_000) == [
        ({"__name__": "x_total", "type": "sse", "job": "mythos", "instance": "a:1"}, 16.0)
    ]
    assert at("y", 15_999) and not at("y", 16_000), "a series that is told no more ends there"
    assert at("up", 16_000) == [({"__name__": "up", "job": "mythos", "instance": "a:1"}, 1.0)]
    assert at("sum(delta(x_total[1m]))", 16_000)[0][1] > 0
