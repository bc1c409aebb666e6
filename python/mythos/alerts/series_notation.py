"""The series of promtool's test files: `up{job="a"}` with values such as `0+1x10 _ stale 5x3`.

There are no hexadecimal numbers in them: `0x120` is a hundred and twenty-one noughts.
"""

from __future__ import annotations

import re

import promql_parser

from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.promql.values import STALE

VALUES_MAX = 1_000_000  # of one series

_NUMBER = r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF]|[nN][aA][nN])"
_ITEM = re.compile(rf"(?P<start>{_NUMBER})(?:(?P<step>[+-]{_NUMBER.removeprefix('[+-]?')})?x(?P<times>\d+))?")
_EMPTY = re.compile(r"_(?:x(?P<times>\d+))?")


def parse_labels(text: str) -> Labels:
    """Of a series, with its name. Raises ValueError."""
    stripped = text.strip()
    if stripped in ("", "{}"):
        return ()
    try:
        parsed = promql_parser.parse(stripped)
    except ValueError as error:
        raise ValueError(f'{text!r} is no series: {error}; write it as up{{job="mythos"}}') from None
    if not isinstance(parsed, promql_parser.VectorSelector) or parsed.offset or parsed.at:
        raise ValueError(f'{text!r} is no series: write it as up{{job="mythos"}}')
    labels = {"__name__": parsed.name or ""}
    for matcher in parsed.matchers.matchers:
        if matcher.op != promql_parser.MatchOp.Equal:
            raise ValueError(f'{text!r} is no series: a label has one value, name="value"')
        labels[matcher.name] = matcher.value
    return as_labels(labels)


def parse_values(text: str) -> list[float | None]:
    """None where there is no sample, STALE where the series ends. Raises ValueError."""
    values: list[float | None] = []
    for item in text.split():
        values += _values(item, text)
        if len(values) > VALUES_MAX:
            raise ValueError(f"{item!r} is more than {VALUES_MAX} values: make the interval longer")
    return values


def _values(item: str, text: str) -> list[float | None]:
    if item == "stale":
        return [STALE]
    if empty := _EMPTY.fullmatch(item):
        return [None] * _count(empty["times"] or "1")
    if "{" in item or "}" in item:
        raise ValueError(f"{text!r} has native histograms, which are not recorded: write the _bucket series")
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} is no value: write 1, 0+10x5, 100-1x5, 5x3, _, _x3 or stale")
    value, step = float(found["start"]), float(found["step"] or "0")
    values: list[float | None] = []
    for _ in range(_count(found["times"] or "0") + 1):
        values.append(value)
        value += step  # added up, as promtool does: the last digits are the same
    return values


def _count(text: str) -> int:
    return min(int(text), VALUES_MAX + 1)
