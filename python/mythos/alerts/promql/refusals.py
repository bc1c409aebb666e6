"""What Prometheus' parser takes and Mythos does not: why, and what to write instead."""

from __future__ import annotations

import difflib

_EXPERIMENTAL = "is experimental in Prometheus and off unless its flag is set"
_NATIVE = "is of native histograms, which Mythos does not record"
_CONTEXT = "is of range queries, which rules are not"

FUNCTIONS: dict[str, tuple[str, str]] = {
    "double_exponential_smoothing": (_EXPERIMENTAL, "write avg_over_time() or predict_linear()"),
    "end": (_CONTEXT, "write time()"),
    "histogram_avg": (_NATIVE, "write rate(x_sum[5m]) / rate(x_count[5m])"),
    "histogram_count": (_NATIVE, "write x_count"),
    "histogram_fraction": (_NATIVE, 'write rate(x_bucket{le="…"}[5m]) / ignoring(le) rate(x_count[5m])'),
    "histogram_quantiles": (_EXPERIMENTAL, "write one histogram_quantile() for each quantile, joined by or"),
    "histogram_stddev": (_NATIVE, "write a difference of two histogram_quantile()"),
    "histogram_stdvar": (_NATIVE, "write a difference of two histogram_quantile()"),
    "histogram_sum": (_NATIVE, "write x_sum"),
    "info": (_EXPERIMENTAL, "write * on(instance, job) group_left(version) build_info"),
    "integral": (_EXPERIMENTAL, "write avg_over_time() times the range in seconds"),
    "limit_ratio": (_EXPERIMENTAL, "write topk()"),
    "limitk": (_EXPERIMENTAL, "write topk()"),
    "mad_over_time": (_EXPERIMENTAL, "write stddev_over_time() or a difference of two quantile_over_time()"),
    "max_of": (_EXPERIMENTAL, "write clamp_min(vector(a), b)"),
    "min_of": (_EXPERIMENTAL, "write clamp_max(vector(a), b)"),
    "range": (_CONTEXT, "write the range as a number of seconds"),
    "sort_by_label": (_EXPERIMENTAL, "leave it out: the order of a rule's results says nothing"),
    "sort_by_label_desc": (_EXPERIMENTAL, "leave it out: the order of a rule's results says nothing"),
    "start": (_CONTEXT, "write time()"),
    "start_timestamp": (_EXPERIMENTAL, "write timestamp()"),
    "step": (_CONTEXT, "write the step as a number of seconds"),
    "ts_of_first_over_time": (_EXPERIMENTAL, "write timestamp()"),
    "ts_of_last_over_time": (_EXPERIMENTAL, "write timestamp()"),
    "ts_of_max_over_time": (_EXPERIMENTAL, "write max_over_time()"),
    "ts_of_min_over_time": (_EXPERIMENTAL, "write min_over_time()"),
}

# Words that Prometheus' own parser knows behind a selector or an operator and promql-parser does not.
MODIFIERS: dict[str, tuple[str, str]] = {
    "anchored": (f"the modifier anchored {_EXPERIMENTAL}", "leave it out"),
    "smoothed": (f"the modifier smoothed {_EXPERIMENTAL}", "leave it out"),
    "holt_winters": ("Prometheus 3 has no holt_winters()", "write avg_over_time() or predict_linear()"),
}


def nearest(name: str, known: list[str]) -> str:
    """A hint for a name that is none."""
    found = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {found[0]}?" if found else ""
