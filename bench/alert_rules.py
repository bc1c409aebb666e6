"""What a round of alert rules costs: 100 rules over 1,000 series of half an hour at 15 s, one scrape between rounds.

    python bench/alert_rules.py [ROUNDS]

Twice: rules as people write them, each over ten to a hundred series; and rules of which each looks at all 1,000. Prints
the time of a round and its spread (the median is bounded by 20 ms), the slowest expression, which no single call into C
can exceed, and for how long another thread waited for the interpreter meanwhile (Python hands it on every 5 ms when
asked).
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.expression import Expression, parse_expression
from mythos.alerts.series import SeriesStore

SCRAPE_MS = 15_000
SCRAPES = 120
BOUND_MS = 20.0
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2", "5", "+Inf")


def label_sets() -> Iterator[tuple[Labels, float]]:
    """Each with what it grows by in a scrape; nought for gauges."""
    common = {"job": "mythos", "instance": "a:8000"}
    for metric in range(5):
        for kind in range(10):
            for number, bound in enumerate(BOUNDS, 1):
                yield series(f"latency_{metric}_seconds_bucket", common, type=str(kind), le=bound), 1.7 * number
    for metric in range(10):
        for kind in range(30):
            yield series(f"events_{metric}_total", common, type=str(kind % 3), reason=str(kind)), 0.3 * kind
    for metric in range(15):
        for kind in range(10):
            yield series(f"level_{metric}", common, component=str(kind)), 0.0


def series(name: str, common: dict[str, str], **labels: str) -> Labels:
    return as_labels({"__name__": name} | common | labels)


def rules() -> list[str]:
    found = []
    for n in range(10):
        total, errors = f"events_{n}_total", f'events_{n}_total{{reason=~"1.*"}}'
        found += [
            f"sum by (job, instance) (rate({total}[5m])) > 1e9",
            f"sum by (job, instance) (rate({errors}[5m])) / sum by (job, instance) (rate({total}[5m])) > 0.9",
            f"increase({total}[5m]) > 1e9",
            f"sum by (type) (rate({total}[5m])) > 5 and sum by (type) (rate({total}[1m])) > 1e9",
        ]
    for n in range(5):
        bucket = f"latency_{n}_seconds_bucket"
        found += [
            f"histogram_quantile(0.95, sum by (job, instance, type, le) (rate({bucket}[5m]))) > 10",
            f"histogram_quantile(0.99, sum by (job, instance, le) (rate({bucket}[5m]))) > 10",
            f'sum(rate({bucket}{{le="0.5"}}[5m])) / sum(rate({bucket}{{le="+Inf"}}[5m])) < 0.01',
        ]
    for n in range(15):
        found += [
            f"level_{n} > 1e9",
            f"avg_over_time(level_{n}[5m]) > 1e9",
            f"absent(level_{n})",
        ]
    return found


def wide_label_sets() -> Iterator[tuple[Labels, float]]:
    for number in range(1_000):
        yield series("events_total", {"job": "mythos"}, type=str(number % 10), session=str(number)), 1.0


def wide_rules() -> list[str]:
    found = []
    for n in range(20):
        found += [
            f"sum by (type) (rate(events_total[5m])) > 1e9 + {n}",
            f"sum(rate(events_total[5m])) / sum(rate(events_total[1m])) > 1e9 + {n}",
            f"rate(events_total[5m]) > 1e9 + {n}",
            f"max by (type) (events_total) > 1e9 + {n}",
            f"avg_over_time(events_total[5m]) > 1e9 + {n}",
        ]
    return found


class Series:
    def __init__(self, label_sets: Iterator[tuple[Labels, float]]) -> None:
        self.random = random.Random(1)
        self.growth = dict(label_sets)
        self.values = dict.fromkeys(self.growth, 0.0)
        self.store = SeriesStore()
        self.now_ms = 1_700_000_000_000

    def scrape(self) -> None:
        self.now_ms += SCRAPE_MS
        for labels, growth in self.growth.items():
            if growth:
                self.values[labels] += self.random.randrange(int(10 * growth) + 1)
            else:
                self.values[labels] = self.random.random()
        self.store.append(self.now_ms, self.values)


class Waiter(threading.Thread):
    """How much later than it wanted to a thread came to run."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self.waits_ms: list[float] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            began = time.perf_counter()
            time.sleep(0.001)
            self.waits_ms.append((time.perf_counter() - began) * 1e3 - 1)


def timed(expressions: list[Expression], series: Series) -> list[float]:
    """The time of each expression, in ms."""
    marks = [time.perf_counter()]
    for expression in expressions:
        expression.evaluate(series.store, series.now_ms + 1_000)
        marks.append(time.perf_counter())
    return [(after - before) * 1e3 for before, after in itertools.pairwise(marks)]


def told(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    middle, high = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
    return f"{name}: median {middle:.2f} ms, p95 {high:.2f} ms, {ordered[0]:.2f} to {ordered[-1]:.2f} ms"


def measure(name: str, series: Series, texts: list[str], rounds: int) -> bool:
    """Whether the bound was held."""
    expressions = [parse_expression(text) for text in texts]
    for _ in range(SCRAPES):
        series.scrape()
    first = sum(timed(expressions, series))
    each: list[list[float]] = []
    waiter = Waiter()
    waiter.start()
    for _ in range(rounds):
        series.scrape()
        each.append(timed(expressions, series))
    waiter.stopped.set()
    print(f"{name}: {len(expressions)} rules, {series.store.counts.series} series, {rounds} rounds")
    print(told("  a round", [sum(times) for times in each]) + f"; the first {first:.2f} ms")
    slowest = max(range(len(expressions)), key=lambda i: statistics.median(times[i] for times in each))
    print(told(f"  slowest, {expressions[slowest].text}", [times[slowest] for times in each]))
    print(told("  another thread waited for", waiter.waits_ms))
    middle = statistics.median(sum(times) for times in each)
    print(f"  bound of a round at most {BOUND_MS:g} ms: {'held' if middle <= BOUND_MS else 'MISSED'}, {middle:.2f} ms")
    return middle <= BOUND_MS


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    held = measure("rules as usual", Series(label_sets()), rules(), rounds)
    held &= measure("rules over everything", Series(wide_label_sets()), wide_rules(), rounds)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
