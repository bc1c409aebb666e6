"""Histograms, counts and levels over the last minute, 5 minutes, hour and day: what the server's own statistics are.

    clock = ManualClock()                    # or time.monotonic_ns() in its place
    latency = Histogram()
    windows = HistogramWindows([latency], clock.now_ns)
    latency.record(1_200_000, weight=16)     # 16 deliveries of 1.2 ms, in nanoseconds
    clock.advance(1)
    windows.tick(clock.now_ns)
    windows.read("5m").percentile(99)

Values are whole numbers without a unit. They are counted in log-linear buckets, 64 to each power of two, up to
VALUE_MAX (2^44 - 1: in nanoseconds 4.9 hours). So

- counts, sums, means and rates are exact; the maximum is, too, unless its record met a tick in the same nanoseconds;
- a percentile is that of the nearest rank, off by at most ERROR_BOUND (1/129, 0.776 %) of its value, below 128 not at
  all;
- what lies beyond VALUE_MAX is counted, is taken for VALUE_MAX, and `overflow` says how many there were.

The layout is that of HdrHistogram (Gil Tene, https://hdrhistogram.org) with 128 sub-buckets. Three things differ: a
bucket stands for the value that is nearest by ratio to both of its ends, where HdrHistogram answers with its highest
one (off by up to 1/64, upwards); the range is fixed, and what is beyond it is counted instead of refused; and a
histogram is never reset: windows come from differences of its totals, so that recording needs no lock.

A window is 60 slots of 1 s, 60 of 5 s, 60 of 1 min, or 96 of 15 min, and the slot that is being filled. What a tick
brought in is told for the whole window and for less than one slot longer; `seconds` is the time that is covered, also
where ticks came late, the clock stood still or leapt.

Counts come as arrays without a copy: `numpy.asarray(windows.read("1h"))` beside `numpy.asarray(BUCKET_EDGES)`, which
has one element more, as matplotlib's `stairs` wants it. A snapshot never changes. A histogram itself has no array,
because it is written while others read it: `Histogram.snapshot()` copies.

`merge` adds snapshots of the same window of several threads or nodes.

Thread-safety: every call holds the GIL, so any thread may make it.
"""

from mythos._core import (
    BUCKET_EDGES,
    ERROR_BOUND,
    VALUE_MAX,
    CountWindows,
    Distribution,
    Histogram,
    HistogramWindows,
    LevelWindows,
    ManualClock,
    merge,
)

WINDOWS = ("1m", "5m", "1h", "24h")

__all__ = [
    "BUCKET_EDGES",
    "ERROR_BOUND",
    "VALUE_MAX",
    "WINDOWS",
    "CountWindows",
    "Distribution",
    "Histogram",
    "HistogramWindows",
    "LevelWindows",
    "ManualClock",
    "merge",
]
