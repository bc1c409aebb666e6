"""What Prometheus gives to the templates of its rules: template/template.go."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

from mythos.alerts.durations import parse_duration
from mythos.alerts.templates.errors import CallError
from mythos.alerts.templates.gotime import Duration, Time
from mythos.alerts.templates.lexer import quoted
from mythos.alerts.templates.values import AnyMap, Function, Html, float_text, type_name


@dataclass(frozen=True)
class Sample:
    """One result of `query`."""

    Labels: Mapping[str, str]
    Value: float

    GO_TYPE = "*template.sample"


class QueryResult(list[Sample]):
    GO_TYPE = "template.queryResult"


@dataclass(frozen=True)
class AlertData:
    """What `.` is in a rule's labels and annotations."""

    Labels: Mapping[str, str]
    ExternalLabels: Mapping[str, str]
    ExternalURL: str
    Value: float

    GO_TYPE = (
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
    )


Query = Callable[[str], Sequence[tuple[Mapping[str, str], float]]]

_FINE = ("m", "u", "n", "p", "f", "a", "z", "y")
_ANY = ("interface {}",)
_TEXT = ("string",)
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w+(?:['\u2019.:]\w+)*")


def significant(value: float) -> str:
    """`%.4g`."""
    return f"{value:.4g}" if math.isfinite(value) else float_text(value)


def number_of(value: Any) -> float:
    """Raises CallError."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise CallError(f"strconv.ParseFloat: parsing {quoted(value)}: invalid syntax") from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise CallError(f"can't convert {type_name(value)} to float")


def _scaled(value: float, step: float, units: Sequence[str]) -> tuple[float, str]:
    """With the last unit needed to bring it below `step`, or, where `step` is below 1, up to 1."""
    unit = ""
    for each in units:
        if (abs(value) < step) if step > 1 else (abs(value) >= 1):
            break
        unit, value = each, (value / step if step > 1 else value * 1_000)
    return value, unit


def humanize(given: Any) -> str:
    value = number_of(given)
    if value == 0 or not math.isfinite(value):
        return significant(value)
    value, unit = _scaled(value, 1_000, "kMGTPEZY") if abs(value) >= 1 else _scaled(value, 0.001, _FINE)
    return significant(value) + unit


def humanize1024(given: Any) -> str:
    value = number_of(given)
    if abs(value) <= 1 or not math.isfinite(value):
        return significant(value)
    value, unit = _scaled(value, 1_024, [f"{prefix}i" for prefix in "kMGTPEZY"])
    return significant(value) + unit


def humanize_duration(given: Any) -> str:
    value = number_of(given)
    if not math.isfinite(value):
        return significant(value)
    if abs(value) < 1:
        value, unit = _scaled(value, 0.001, _FINE) if value else (value, "")
        return f"{significant(value)}{unit}s"
    sign, value = ("-" if value < 0 else ""), abs(value)
    minutes, seconds = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{significant(value)}s"


def _time(value: float) -> Time:
    try:
        if abs(value) * 1e9 > 1 << 63:
            raise OverflowError
        return Time.of_seconds(value)
    except (OverflowError, ValueError):
        told = float_text(value)
        raise CallError(f"{told} cannot be represented as a nanoseconds timestamp since it overflows int64") from None


def _humanize_timestamp(given: Any) -> str:
    value = number_of(given)
    return str(_time(value)) if math.isfinite(value) else significant(value)


def title(text: str) -> str:
    """The first letter of each word in upper case; the others stay."""
    return _WORD.sub(lambda word: _LETTER.sub(lambda letter: letter[0].title(), word[0], count=1), text)


def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern.replace(r"\z", r"\Z"))
    except re.error as error:
        raise CallError(f"error parsing regexp: {error}: `{pattern}`") from None


def _replace_all(pattern: str, replacement: str, text: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        def group(name: re.Match[str]) -> str:
            if name[0] == "$$":
                return "$"
            key = name[1] or name[2]
            try:
                return found[int(key) if key.isdigit() else key] or ""
            except IndexError:
                return ""

        return re.sub(r"\$\$|\$\{(\w+)\}|\$(\w+)", group, replacement)

    return _pattern(pattern).sub(replaced, text)


def _split_host_port(text: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"(?:\[([^\[\]]*)\]|([^:\[\]]*)):([^:\[\]]*)", text)
    return (found[1] if found[1] is not None else found[2], found[3]) if found else None


def _strip_domain(text: str) -> str:
    host, port = _split_host_port(text) or (text, "")
    try:
        ipaddress.ip_address(host)
        return text
    except ValueError:
        host = host.split(".")[0]
    return f"[{host}]:{port}" if port and ":" in host else f"{host}:{port}" if port else host


def _there(sample: Sample | None) -> Sample:
    if sample is None:
        raise CallError("runtime error: invalid memory address or nil pointer dereference")
    return sample


def _first(result: QueryResult) -> Sample:
    if not result:
        raise CallError("first() called on vector with no elements")
    return result[0]


def _parse_duration(text: str) -> float:
    try:
        return -parse_duration(text[1:]) if text.startswith("-") else parse_duration(text)
    except ValueError:
        raise CallError(f"not a valid duration string: {quoted(text)}") from None


STRINGS = {
    "toUpper": Function(str.upper, _TEXT),
    "toLower": Function(str.lower, _TEXT),
    "match": Function(lambda pattern, text: _pattern(pattern).search(text) is not None, _TEXT * 2),
    "reReplaceAll": Function(_replace_all, _TEXT * 3),
    "safeHtml": Function(Html, _TEXT),
    "humanizeDuration": Function(humanize_duration, _ANY),
}

_FIXED = STRINGS | {
    "title": Function(title, _TEXT),
    "humanize": Function(humanize, _ANY),
    "humanize1024": Function(humanize1024, _ANY),
    "humanizePercentage": Function(lambda given: significant(number_of(given) * 100) + "%", _ANY),
    "humanizeTimestamp": Function(_humanize_timestamp, _ANY),
    "toTime": Function(lambda given: _time(number_of(given)), _ANY),
    "toDuration": Function(lambda given: Duration(number_of(given)), _ANY),
    "parseDuration": Function(_parse_duration, _TEXT),
    "urlQueryEscape": Function(quote_plus, _TEXT),
    "stripPort": Function(lambda text: (_split_host_port(text) or (text, ""))[0], _TEXT),
    "stripDomain": Function(_strip_domain, _TEXT),
    "graphLink": Function(lambda text: f"/graph?g0.expr={quote_plus(text)}&g0.tab=0", _TEXT),
    "tableLink": Function(lambda text: f"/graph?g0.expr={quote_plus(text)}&g0.tab=1", _TEXT),
    "args": Function(lambda *values: AnyMap({f"arg{n}": each for n, each in enumerate(values)}), (), "interface {}"),
    "first": Function(_first, ("template.queryResult",)),
    "value": Function(lambda sample: _there(sample).Value, ("*template.sample",)),
    "label": Function(lambda name, sample: _there(sample).Labels.get(name, ""), ("string", "*template.sample")),
    "strvalue": Function(lambda sample: _there(sample).Labels.get("__value__", ""), ("*template.sample",)),
    "sortByLabel": Function(
        lambda name, result: QueryResult(sorted(result, key=lambda sample: sample.Labels.get(name, ""))),
        ("string", "template.queryResult"),
    ),
}


def _no_query(_: str) -> Sequence[tuple[Mapping[str, str], float]]:
    raise CallError("there is nothing to ask here")


def prometheus_functions(query: Query = _no_query, *, external_url: str = "", now: float = 0.0) -> dict[str, Function]:
    """`query` answers an expression with labels and values; `now` is the evaluation's time in seconds."""
    return _FIXED | {
        "query": Function(lambda text: QueryResult(Sample(labels, value) for labels, value in query(text)), _TEXT),
        "externalURL": Function(lambda: external_url),
        "pathPrefix": Function(lambda: urlsplit(external_url).path),
        "now": Function(lambda: now),
    }
