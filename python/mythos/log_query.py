"""Which lines of a log are wanted, and what they say together: counts and percentiles."""

from __future__ import annotations

import math
import operator
import re
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from mythos.log_files import Line

LEVELS = ["debug", "info", "warning", "error", "critical"]
PERCENTILES = (50, 90, 95, 99)

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_COMPARISON = re.compile(r"\s*([\w.-]+)\s*(>=|<=|!=|==|=|>|<|~)\s*(.*?)\s*")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Comparison:
    """A field beside a value: numbers as numbers, anything else as text. A line without the field does not match."""

    field: str
    sign: str
    value: Any

    @classmethod
    def parse(cls, text: str) -> Comparison:
        """`establishment_time_ms>1000`, `player_id=ann`, `reason~slow|gone`. Raises ValueError."""
        match = _COMPARISON.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no comparison such as establishment_time_ms>1000 or player_id=ann")
        field, sign, value = match.groups()
        if sign == "~":
            try:
                return cls(field, sign, re.compile(value))
            except re.error as error:
                raise ValueError(f"{value!r} is no regular expression: {error}") from None
        try:
            return cls(field, sign, orjson.loads(value))
        except orjson.JSONDecodeError:
            return cls(field, sign, value)

    def matches(self, line: Line) -> bool:
        found = line.get(self.field)
        if found is None:
            return False
        if self.sign == "~":
            return self.value.search(str(found)) is not None
        wanted = self.value
        if _is_number(found) != _is_number(wanted):
            found, wanted = text_of(found), text_of(wanted)
        if self.sign == "!=":
            return bool(found != wanted)
        try:
            return _OPERATORS[self.sign](found, wanted)
        except TypeError:
            return False


@dataclass(frozen=True)
class Wanted:
    """What a line must be; an empty one takes every line. Names must be equal, `events` a part in any case."""

    level: str | None = None  # this or a worse one
    events: tuple[str, ...] = ()
    logger: str | None = None  # or one below it
    error_types: tuple[str, ...] = ()
    player: str | None = None
    session: str | None = None
    connection: str | None = None
    since: str | None = None  # as in `timestamp`
    until: str | None = None
    where: tuple[Comparison, ...] = ()

    def matches(self, line: Line) -> bool:
        return (
            (self.level is None or _rank(line.get("level")) >= _rank(self.level))
            and (not self.events or any(event.lower() in line["event"].lower() for event in self.events))
            and (self.logger is None or f"{line.get('logger')}.".startswith(f"{self.logger}."))
            and (not self.error_types or line.get("error_type") in self.error_types)
            and _equal(self.player, line.get("player_id"))
            and _equal(self.session, line.get("session_id"))
            and _equal(self.connection, line.get("connection_id"))
            and (self.since is None or str(line["timestamp"]) >= self.since)
            and (self.until is None or str(line["timestamp"]) < self.until)
            and all(comparison.matches(line) for comparison in self.where)
        )


def moment(text: str, now: datetime) -> str:
    """A time as `timestamp` has it: ISO 8601, taken as UTC where it names no zone, or so long ago (`90s`, `10m`, `2h`,
    `1d`). Raises ValueError.
    """
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text):
        at = now - timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    else:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no time such as 2026-11-23T10:15:00Z or 10m") from None
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text_of(value: Any) -> str:
    """A field's value as it is printed alone: texts without quotes."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


class CountBy:
    """How many lines have which value of a field; those without it count as none of them."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._counts: Counter[str] = Counter()

    def add(self, line: Line) -> None:
        if (value := line.get(self._field)) is not None:
            self._counts[text_of(value)] += 1

    def rows(self) -> list[tuple[str, int]]:
        """The most frequent first, those alike by name."""
        return sorted(self._counts.items(), key=lambda row: (-row[1], row[0]))


class Percentiles:
    """Of a numeric field, exact, by the nearest rank: at least so many in a hundred are no larger."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._values = array("d")

    def add(self, line: Line) -> None:
        value = line.get(self._field)
        if isinstance(value, int | float) and _is_number(value):
            self._values.append(value)

    def row(self) -> dict[str, float]:
        """`count`, `min`, `mean`, `p50`, `p90`, `p95`, `p99`, `max`; only the count where there is no value."""
        values = sorted(self._values)
        if not values:
            return {"count": 0}
        ranks = {f"p{p}": values[math.ceil(p * len(values) / 100) - 1] for p in PERCENTILES}
        mean = math.fsum(values) / len(values)
        return {"count": len(values), "min": values[0], "mean": mean, **ranks, "max": values[-1]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rank(level: Any) -> int:
    name = str(level).lower()
    return LEVELS.index(name) if name in LEVELS else -1


def _equal(wanted: str | None, found: Any) -> bool:
    return wanted is None or wanted == found
