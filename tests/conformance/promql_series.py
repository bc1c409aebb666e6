"""Series to answer expressions from: the same samples for the engine's store and for Prometheus' remote write."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.promql.values import STALE
from mythos.alerts.series import SeriesStore

START_MS = 1_700_000_000_000
END_MS = START_MS + 150 * 60_000
SCRAPE_MS = 15_000
# Off the whole and half seconds at which ranges begin and end: Prometheus 2 closes them on the left.
OFF_MS = 237

JOBS = ("api", "web")
INSTANCES = ("a:1", "b:1", "c:1")
BOUNDS = ("0.1", "0.25", "0.5", "1", "2.5", "+Inf")

Sample = tuple[int, float]


def series(name: str, **labels: str) -> Labels:
    return as_labels({"__name__": name, **labels})


@dataclass
class Recorded:
    """`scrapes` come in by `append`, `others` by `fill`; `samples` is all of it as Prometheus is told."""

    scrapes: list[tuple[int, dict[Labels, float]]] = field(default_factory=list)
    others: dict[Labels, list[Sample]] = field(default_factory=dict)

    def store(self) -> SeriesStore:
        store = SeriesStore()
        for at_ms, samples in self.scrapes:
            store.append(at_ms, samples)
        for labels, samples in self.others.items():
            store.fill(labels, [at_ms for at_ms, _ in samples], [value for _, value in samples])
        return store

    def samples(self) -> Iterator[tuple[int, Labels, float]]:
        """In the order of time; a series that leaves a scrape ends with Prometheus' stale marker."""
        found: list[tuple[int, Labels, float]] = []
        before: set[Labels] = set()
        for at_ms, scrape in self.scrapes:
            found += [(at_ms, labels, value) for labels, value in scrape.items()]
            found += [(at_ms, labels, STALE) for labels in before - set(scrape)]
            before = set(scrape)
        for labels, samples in self.others.items():
            found += [(at_ms, labels, value) for at_ms, value in samples]
        return iter(sorted(found, key=lambda one: one[0]))


def record(seed: int) -> Recorded:
    rng = random.Random(seed)
    recorded = Recorded(others=dict(_others(rng)))
    counters = _Counters(rng)
    for at_ms in range(START_MS + OFF_MS, END_MS, SCRAPE_MS):
        recorded.scrapes.append((at_ms, counters.scrape() | _gauges(rng, at_ms)))
    return recorded


class _Counters:
    """What grows from nought and falls back to it, always there; and histograms."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.values = {
            series("requests_total", job=job, instance=instance, code=code): 0.0
            for job in JOBS
            for instance in INSTANCES
            for code in ("200", "404", "500")
        }
        self.buckets = {(job, instance): [0.0] * len(BOUNDS) for job in JOBS for instance in INSTANCES}

    def scrape(self) -> dict[Labels, float]:
        rng = self.rng
        for labels in self.values:
            is_reset = rng.random() < 0.02
            self.values[labels] = 0.0 if is_reset else self.values[labels] + rng.choice((0, 0, 1, 2, 5, 0.5, 13))
        found = dict(self.values)
        for (job, instance), buckets in self.buckets.items():
            for place in range(len(BOUNDS)):
                if rng.random() < 0.5:
                    buckets[place:] = [count + 1 for count in buckets[place:]]
            labels = {"job": job, "instance": instance}
            for bound, count in zip(BOUNDS, buckets, strict=True):
                found[series("latency_seconds_bucket", le=bound, **labels)] = count
            found[series("latency_seconds_count", **labels)] = buckets[-1]
            found[series("latency_seconds_sum", **labels)] = buckets[-1] * 0.37
        return found


def _gauges(rng: random.Random, at_ms: int) -> dict[Labels, float]:
    minute = (at_ms - START_MS) // 60_000
    found: dict[Labels, float] = {series("up", job=job): 1.0 for job in JOBS}
    for number, job in enumerate(JOBS):
        for place, instance in enumerate(INSTANCES):
            labels = {"job": job, "instance": instance}
            found[series("temperature", **labels)] = rng.uniform(-40, 60)
            found[series("load", **labels, zone="east" if place else "west")] = rng.uniform(0, 8)
            found[series("build_info", **labels, version=f"1.{place}")] = 1.0
            # Comes and goes, each at its own times.
            if (minute + 3 * number + 5 * place) % 11 > 3:
                found[series("flapping", **labels)] = float(rng.randrange(6))
    # Buckets that fall, a histogram without its last one, and bounds that are none.
    for bound in BOUNDS:
        found[series("odd_bucket", job="api", le=bound)] = rng.uniform(0, 9)
        if bound != "+Inf":
            found[series("odd_bucket", job="web", le=bound)] = rng.uniform(0, 9)
    found[series("odd_bucket", job="api", le="none")] = 1.0
    found[series("odd_bucket", job="api", le="0.50")] = 2.0
    return found


def _others(rng: random.Random) -> Iterator[tuple[Labels, list[Sample]]]:
    """At times of their own, with gaps; none of them within a scrape's millisecond grid."""
    for instance in INSTANCES:
        value = rng.uniform(1e6, 2e6)
        samples = []
        for at_ms in _times(rng, 5_000, 60_000, gap=0.05):
            # Far from nought, so that a rate is never bounded by it: there Prometheus 2 and 3 differ.
            value = rng.uniform(1e6, 2e6) if rng.random() < 0.03 else value + rng.uniform(0, 50)
            samples.append((at_ms, value))
        yield series("big_total", instance=instance), samples
    for kind in ("nan", "inf", "both", "zero"):
        values = {"nan": (math.nan, 1.0, 2.0), "inf": (math.inf, 1.0), "zero": (0.0, -0.0, 1.0)}
        choice = values.get(kind, (math.inf, -math.inf, math.nan, 3.0, -2.0))
        yield series("weird", kind=kind), [(at, rng.choice(choice)) for at in _times(rng, 10_000, 40_000, gap=0.02)]
    for number in range(4):
        times = _times(rng, 50_000, 400_000, gap=0.0)
        yield series("sparse", n=str(number)), [(at, rng.uniform(-5, 5)) for at in times]
    for number in range(3):
        times = _times(rng, 9_000, 21_000, gap=0.01)
        yield series("constant", n=str(number)), [(at, number * 1.1) for at in times]
    times = _times(rng, 20_000, 40_000, gap=0.0)
    yield series("since_seconds"), [(at, (at - 3_600_000 * rng.randrange(100_000)) / 1000) for at in times]


def _times(rng: random.Random, least_ms: int, most_ms: int, gap: float) -> list[int]:
    at_ms, found = START_MS, []
    while at_ms < END_MS:
        at_ms += 400_000 if rng.random() < gap else rng.randrange(least_ms, most_ms)
        found.append(at_ms // 1000 * 1000 + OFF_MS + rng.randrange(20))
    return found


# Prometheus' remote write, version 1: a snappy block of a protobuf message.


def write_request(samples: list[tuple[int, Labels, float]]) -> bytes:
    by_series: dict[Labels, list[Sample]] = {}
    for at_ms, labels, value in samples:
        by_series.setdefault(labels, []).append((at_ms, value))
    return _snappy(b"".join(_field(1, _time_series(labels, found)) for labels, found in by_series.items()))


def _time_series(labels: Labels, samples: list[Sample]) -> bytes:
    pairs = (_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in labels)
    points = (_field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at_ms)) for at_ms, value in samples)
    return b"".join((*pairs, *points))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def _snappy(content: bytes) -> bytes:
    """Uncompressed, as literals of 64 KiB."""
    found = bytearray(_varint(len(content)))
    for begin in range(0, len(content), 1 << 16):
        piece = content[begin : begin + (1 << 16)]
        found += bytes((61 << 2,)) + struct.pack("<H", len(piece) - 1) + piece
    return bytes(found)
