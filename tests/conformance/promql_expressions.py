"""Expressions of the supported subset, at random, over the series of promql_series.py.

Left out is only what Prometheus 2.42, which answers in CI, does otherwise than Prometheus 3: names that go at the end
rather than at once, deviations of infinite values, quantiles beside infinite values, partners that a comparison leaves
out, and rates that nought bounds after a gap. promql_answers.json holds these, answered by Prometheus 3.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from mythos.alerts.promql import functions

COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
MATHEMATICAL = tuple(functions.MATHEMATICAL)
OF_TIME = tuple(functions.OF_TIME)
OVER_TIME = ("avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar")
RANGES = ("45s", "1m", "2m", "5m", "10m", "17m", "1h")
# The labels that partners share, or groups are formed by.
LABELS = ("job", "instance", "code", "zone", "le")

# Of finite values; those with the labels job and instance; counters that rates may be asked of.
FINITE = (
    "requests_total",
    "temperature",
    "load",
    "up",
    "flapping",
    "build_info",
    "big_total",
    "sparse",
    "constant",
    "latency_seconds_count",
)
BY_PLACE = ("temperature", "load", "flapping", "build_info", "latency_seconds_count")
DISTINCT = ("temperature", "load", "sparse")
COUNTERS = ("requests_total", "big_total", "latency_seconds_bucket", "latency_seconds_count")
MATCHERS = (
    'job="api"',
    'job!="api"',
    'job=~"a.*|x"',
    'job!~"api|x"',
    'instance=~"[ab]:1"',
    'instance!=""',
    'zone=""',
    'zone!~"e.+"',
    'code=~"4..|500"',
    'nothing=""',
    'instance=~"(?i)A:1"',
)


class Maker:
    def __init__(self, seed: int, fixed_s: range) -> None:
        """`fixed_s`: the times that `@` names."""
        self.rng = random.Random(seed)
        self.fixed_s = fixed_s
        # Each with its weight.
        self.vectors: list[tuple[Callable[[int], str], int]] = [
            (self.ranged, 10),
            (self.aggregated, 10),
            (self.computed, 5),
            (self.with_scalar, 7),
            (self.between, 8),
            (self.grouped, 4),
            (self.set_operation, 5),
            (self.relabelled, 3),
            (self.histogram, 4),
            (self.negative, 1),
            (self.selected_of_time, 2),
            (self.absent, 2),
            (self.subquery, 3),
            (self.vector_of, 1),
            (self.rounded, 3),
        ]

    def expression(self) -> str:
        """One; the foremost operation is as often one of each kind."""
        roll = self.rng.random()
        if roll < 0.04:
            return self.selector(*FINITE, "weird")
        if roll < 0.07:
            return self.scalar(2)
        if roll < 0.10:
            return self.special()
        return self.vector(self.rng.choice((1, 1, 2, 3)))

    def vector(self, depth: int) -> str:
        if depth <= 0:
            return self.selector(*FINITE)
        makers, weights = zip(*self.vectors, strict=True)
        made = self.rng.choices(makers, weights)[0](depth - 1)
        return f"({made})" if self.rng.random() < 0.1 else made

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    # Selectors

    def selector(self, *names: str) -> str:
        return self.bare(*names) + self.when()

    def bare(self, *names: str) -> str:
        matchers = self.rng.sample(MATCHERS, self.rng.choice((0, 0, 1, 1, 2)))
        if self.rng.random() < 0.05 and len(names) == 1:
            return "{" + ", ".join([f'__name__="{names[0]}"', *matchers]) + "}"
        return self.pick(*names) + ("{" + ", ".join(matchers) + "}" if matchers else "")

    def when(self) -> str:
        roll = self.rng.random()
        if roll < 0.12:
            return f" offset {self.pick('30s', '2m', '7m', '-1m')}"
        if roll < 0.17:
            return f" @ {self.rng.choice(self.fixed_s)}.5"
        return " @ start()" if roll < 0.18 else ""

    def range_of(self, *names: str) -> str:
        return f"{self.bare(*names)}[{self.pick(*RANGES)}]{self.when()}"

    def nameless(self, operator: str, vector: str) -> str:
        """Prometheus 2.42 leaves the name to what atan2 gives."""
        return f"abs({vector})" if operator == "atan2" else vector

    # Vectors

    def ranged(self, _: int) -> str:
        roll = self.rng.random()
        if roll < 0.35:
            return f"{self.pick('rate', 'increase', 'irate')}({self.range_of(*COUNTERS)})"
        if roll < 0.6:
            name = self.pick("delta", "idelta", "deriv", "changes", "resets")
            return f"{name}({self.range_of(*FINITE)})"
        if roll < 0.7:
            q = self.number("0", "0.3", "0.5", "0.99", "1", "2", "-1")
            return f"quantile_over_time({q}, {self.range_of(*FINITE)})"
        if roll < 0.77:
            return f"predict_linear({self.range_of(*FINITE)}, {self.number('60', '3600', '-100')})"
        return f"{self.pick(*OVER_TIME)}_over_time({self.range_of(*FINITE)})"

    def aggregated(self, depth: int) -> str:
        name = self.pick("sum", "sum", "sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "quantile")
        if self.rng.random() < 0.15:
            name = self.pick("topk", "bottomk")
            k = self.number("1", "2", "3", "5", "0", "-1", "2.7")
            return f"{name}{self.by()} ({k}, {self.selector(*DISTINCT)})"
        if self.rng.random() < 0.05:
            return f'count_values{self.by()} ("{self.pick("value", "job")}", {self.selector("flapping", "up")})'
        parameter = self.number("0", "0.25", "0.9", "1", "1.5", "-0.1") + ", " if name == "quantile" else ""
        inner = self.vector(depth) if name not in ("stddev", "stdvar", "quantile") else self.finite(depth)
        if self.rng.random() < 0.3:
            return f"{name} ({parameter}{inner}){self.by()}"
        return f"{name}{self.by()} ({parameter}{inner})"

    def by(self) -> str:
        labels = self.rng.sample(LABELS, self.rng.choice((1, 1, 2, 3)))
        return self.pick("", f" by ({', '.join(labels)})", f" without ({', '.join(labels)})")

    def finite(self, depth: int) -> str:
        """Of values that are neither infinite nor none."""
        return self.ranged_finite() if depth > 0 and self.rng.random() < 0.6 else self.selector(*FINITE)

    def ranged_finite(self) -> str:
        name = self.pick("avg", "min", "max", "sum", "count", "stddev")
        return f"{name}_over_time({self.range_of(*FINITE)})"

    def computed(self, depth: int) -> str:
        return f"{self.pick(*MATHEMATICAL)}({self.vector(depth)})"

    def rounded(self, depth: int) -> str:
        inner = self.vector(depth)
        return self.pick(
            f"round({inner})",
            f"round({inner}, {self.number('0.5', '10', '0.1')})",
            f"clamp({inner}, {self.number('-3', '2')}, {self.number('5', '1', '50')})",
            f"clamp_min({inner}, {self.scalar(1)})",
            f"clamp_max({inner}, {self.number('7', '-2', 'Inf')})",
            f"timestamp({inner})",
            f"sort({inner})",
            f"sort_desc({inner})",
        )

    def negative(self, depth: int) -> str:
        return f"-{self.vector(depth)}"

    def with_scalar(self, depth: int) -> str:
        operator = self.pick(*ARITHMETIC, *COMPARISONS, *COMPARISONS)
        is_bool = " bool" if operator in COMPARISONS and self.rng.random() < 0.4 else ""
        vector, scalar = self.vector(depth), self.scalar(1)
        vector = self.nameless(operator, vector)
        left, right = (vector, scalar) if self.rng.random() < 0.7 else (scalar, vector)
        return f"({left}) {operator}{is_bool} ({right})"

    def between(self, depth: int) -> str:
        """One to one: vectors of the same labels, mostly."""
        operator = self.pick(*ARITHMETIC, *COMPARISONS)
        is_bool = " bool" if operator in COMPARISONS and self.rng.random() < 0.4 else ""
        if self.rng.random() < 0.5:
            labels = ", ".join(self.rng.sample(LABELS[:3], self.rng.choice((1, 2))))
            left, right = (f"{self.pick('sum', 'max')} by ({labels}) ({self.vector(depth)})" for _ in range(2))
            return f"{left} {operator}{is_bool} {self.pick('', f'on ({labels}) ')}{right}"
        matching = self.pick("on (job, instance) ", "ignoring (zone, version) ")
        left, right = self.nameless(operator, self.selector(*BY_PLACE)), self.selector(*BY_PLACE)
        if operator in ARITHMETIC and self.rng.random() < 0.1:
            matching = self.pick("on (job) ", "ignoring (instance, zone, version) ", "")
        return f"{left} {operator}{is_bool} {matching}{right}"

    def grouped(self, depth: int) -> str:
        operator = self.pick(*ARITHMETIC, *COMPARISONS)
        is_bool = " bool" if operator in COMPARISONS and self.rng.random() < 0.4 else ""
        many = self.pick(f"rate(requests_total[{self.pick(*RANGES)}])", "requests_total", "latency_seconds_bucket")
        many = self.nameless(operator, many)
        include = self.pick("", "(version)", "(version, zone)", "(nothing)")
        one = "build_info" if include else self.pick(*BY_PLACE)
        if self.rng.random() < 0.05:
            one = "requests_total"
        matching = self.pick("on (job, instance)", "ignoring (code, le, zone, version)")
        if self.rng.random() < 0.3:
            return f"{one} {operator}{is_bool} {matching} group_right {include} {many}"
        return f"{many} {operator}{is_bool} {matching} group_left {include} {one}"

    def set_operation(self, depth: int) -> str:
        labels = ", ".join(self.rng.sample(LABELS[:3], self.rng.choice((0, 1, 2))))
        matching = self.pick("", f"on ({labels}) ", f"ignoring ({labels}) ")
        return f"({self.vector(depth)}) {self.pick('and', 'or', 'unless')} {matching}({self.vector(depth)})"

    def relabelled(self, depth: int) -> str:
        inner = self.vector(depth)
        target, source = self.pick("job", "new", "instance"), self.pick("job", "instance", "nothing")
        if self.rng.random() < 0.4:
            sources = ", ".join(f'"{label}"' for label in self.rng.sample(LABELS[:3], 2))
            return f'label_join({inner}, "{target}", "{self.pick("-", "", "::")}", {sources})'
        replacement = self.pick("$1", "${1}x", "$1x", "$$", "a-$1-$2", "", "$0", "$name", "fixed")
        pattern = self.pick("(.*)", "(?P<name>.)(.*)", "api", "(a|b).*", "", ".+:(1)")
        return f'label_replace({inner}, "{target}", "{replacement}", "{source}", "{pattern}")'

    def histogram(self, _: int) -> str:
        q = self.number("0", "0.1", "0.5", "0.95", "1", "-1", "1.1", "NaN")
        by = self.pick("le", "job, le", "instance, job, le", "job")
        return self.pick(
            f"histogram_quantile({q}, rate(latency_seconds_bucket[{self.pick('2m', '5m', '17m')}]))",
            f"histogram_quantile({q}, sum by ({by}) (rate({self.bare('latency_seconds_bucket')}[5m])))",
            f"histogram_quantile({q}, sum by ({by}) (latency_seconds_bucket))",
            f"histogram_quantile({q}, {self.bare('odd_bucket')})",
            f"histogram_quantile({q}, {self.bare('load')})",
        )

    def selected_of_time(self, depth: int) -> str:
        return f"{self.pick(*OF_TIME)}({self.pick('', 'since_seconds', 'since_seconds - 1e9', 'vector(time())')})"

    def absent(self, depth: int) -> str:
        return self.pick(
            f"absent({self.selector(*FINITE, 'missing')})",
            f"absent({self.vector(depth)})",
            f"absent_over_time({self.range_of(*FINITE, 'missing')})",
            'absent(missing{a="1", b=~"x.*", c="3", c="4", d!="5"})',
            'absent(sum(missing{a="1"}))',
        )

    def subquery(self, _: int) -> str:
        inner = self.pick(
            self.bare(*FINITE),
            f"rate({self.bare('requests_total')}[2m])",
            f"sum by (job) ({self.bare('requests_total')})",
            f"{self.bare('temperature')} > 10",
            "vector(time())",
        )
        step = self.pick("1m", "30s", "20s", "")
        name = self.pick("avg", "max", "min", "sum", "count", "stddev", "last")
        outer = self.pick(f"{name}_over_time", "deriv", "delta", "changes", "idelta", "resets")
        return f"{outer}(({inner})[{self.pick('3m', '10m', '19m')}:{step}]{self.when()})"

    def vector_of(self, _: int) -> str:
        return f"vector({self.scalar(1)})"

    def special(self) -> str:
        """Infinite values and what is no number, where both versions agree; and errors."""
        weird, range_ = self.selector("weird"), self.range_of("weird")
        return self.pick(
            f"{self.pick('sum', 'avg', 'min', 'max', 'count')}{self.by()} ({weird})",
            f"{self.pick('sum', 'avg', 'min', 'max', 'count', 'last')}_over_time({range_})",
            f"{self.pick('changes', 'resets', 'irate', 'idelta', 'delta')}({range_})",
            f"{self.pick(*MATHEMATICAL)}({weird})",
            f"{weird} {self.pick(*ARITHMETIC[:-1], *COMPARISONS)} {self.scalar(1)}",
            f"clamp({weird}, -1, 2)",
            f"{self.pick('sort', 'sort_desc')}({weird})",
            f'count_values("value", {weird})',
            "{__name__=~'up|load'} + 0",
            'label_replace(load, "instance", "", "job", ".*")',
            'label_join(load, "instance", "")',
            "temperature * on (job) load",
            "topk(NaN, load)",
        )

    # Scalars

    def number(self, *choices: str) -> str:
        return self.pick(*choices) if self.rng.random() < 0.9 else f"scalar(vector({self.pick(*choices)}))"

    def scalar(self, depth: int) -> str:
        if depth <= 0 or self.rng.random() < 0.6:
            return self.pick("0", "1", "2", "-1.5", "0.5", "1e3", "0x1f", "Inf", "NaN", "3", "10")
        return self.pick(
            "time()",
            "pi()",
            f"scalar({self.selector(*FINITE)})",
            f"scalar(sum({self.selector(*FINITE)}))",
            f"({self.scalar(depth - 1)} {self.pick(*ARITHMETIC)} {self.scalar(depth - 1)})",
            f"({self.scalar(depth - 1)} {self.pick(*COMPARISONS)} bool {self.scalar(depth - 1)})",
            f"-{self.scalar(depth - 1)}",
        )
