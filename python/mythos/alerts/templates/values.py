"""Python's values as Go's: their types, their truth, how they are printed, and what of them a template may reach."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from mythos.alerts.templates.errors import CallError
from mythos.alerts.templates.gotime import Duration, Time

NO_VALUE = "<no value>"


class Function(NamedTuple):
    """Something that a template may call, with Go's types of what it takes."""

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    variadic: str | None = None


class AnyMap(dict[str, Any]):
    """A map of values of any type: one that is missing is no value, where a map of strings has an empty one."""

    GO_TYPE = "map[string]interface {}"


@dataclass(frozen=True)
class Pair:
    Name: str
    Value: str

    GO_TYPE = "template.Pair"


class Pairs(list[Pair]):
    GO_TYPE = "template.Pairs"

    def Names(self) -> list[str]:
        return [pair.Name for pair in self]

    def Values(self) -> list[str]:
        return [pair.Value for pair in self]

    def __str__(self) -> str:
        return ", ".join(f"{pair.Name}={pair.Value}" for pair in self)


class KV(dict[str, str]):
    """Labels or annotations of a notification (Alertmanager's template.KV)."""

    GO_TYPE = "template.KV"

    def SortedPairs(self) -> Pairs:
        """The alert's name first, the others by theirs."""
        return Pairs(Pair(name, self[name]) for name in sorted(self, key=lambda name: (name != "alertname", name)))

    def Remove(self, names: Sequence[str]) -> KV:
        return KV({name: value for name, value in self.items() if name not in names})

    def Names(self) -> list[str]:
        return self.SortedPairs().Names()

    def Values(self) -> list[str]:
        return self.SortedPairs().Values()

    def __str__(self) -> str:
        return str(self.SortedPairs())


class Html(str):
    """Text that stays as it is where the rest is escaped."""

    GO_TYPE = "template.HTML"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool | Duration)


def is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def type_name(value: Any) -> str:
    """Go's, as its messages have it."""
    if value is None:
        return "<nil>"
    if name := getattr(type(value), "GO_TYPE", ""):
        return str(name)
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"), (datetime, "time.Time")):
        if isinstance(value, kind):
            return name
    if isinstance(value, Mapping):
        return "map[string]string"
    if is_list(value):
        return "[]string" if all(isinstance(each, str) for each in value) else "[]interface {}"
    return "func" if callable(value) else type(value).__name__


def is_true(value: Any) -> bool:
    if isinstance(value, datetime):
        return True
    if value is None or isinstance(value, bool | int | float | str | Mapping) or is_list(value):
        return bool(value)
    return True


def member(value: Any, name: str) -> Any:
    """What `.name` is of it; a method is returned as a Function. Raises CallError."""
    if value is None:
        return None
    if isinstance(value, datetime) and not isinstance(value, Time):
        value = Time.of(value)
    found = getattr(value, name, None) if name[:1].isupper() and not isinstance(value, str) else None
    if callable(found) and not isinstance(found, type):
        parameters = inspect.signature(found).parameters.values()
        return Function(found, ("interface {}",) * len(parameters))
    if isinstance(value, Mapping):
        return value[name] if name in value else None if isinstance(value, AnyMap) else ""
    if found is None and not (name[:1].isupper() and hasattr(value, name)):
        raise CallError(f"can't evaluate field {name} in type {type_name(value)}")
    return found


def conforms(value: Any, wanted: str) -> bool:
    """Whether a parameter of that type takes it. No value is good where Go has a nil of the type."""
    if wanted in ("interface {}", "reflect.Value"):
        return True
    if value is None:
        return wanted.startswith(("[]", "*", "template.queryResult"))
    if wanted == "[]string":
        return is_list(value) and all(isinstance(each, str) for each in value)
    if wanted == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == "float64":
        return isinstance(value, float)
    if wanted == "string":
        return isinstance(value, str)
    return type_name(value) == wanted


def prints_itself(value: Any) -> bool:
    """Whether it is of a class of ours that says how it is printed (Go's fmt.Stringer)."""
    return any("__str__" in vars(kind) for kind in type(value).__mro__ if kind.__module__.startswith("mythos."))


def text_of(value: Any) -> str:
    """As `%v` prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not isinstance(value, Duration):
        return float_text(value)
    if isinstance(value, datetime):
        return str(Time.of(value))
    if isinstance(value, Mapping) and not prints_itself(value):
        return "map[" + " ".join(f"{text_of(key)}:{text_of(each)}" for key, each in sorted(value.items())) + "]"
    if is_list(value) and not prints_itself(value):
        return "[" + " ".join(map(text_of, value)) + "]"
    if is_dataclass(value) and not isinstance(value, type) and not prints_itself(value):
        return "{" + " ".join(text_of(getattr(value, each.name)) for each in fields(value)) + "}"
    return str(value)


def printed(value: Any) -> str:
    """As an action prints it."""
    return NO_VALUE if value is None else text_of(value)


def float_text(value: float) -> str:
    """The shortest that reads back, with an exponent from 1e6 on and below 1e-4: `%g`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    shortest = Decimal(repr(value)).normalize()
    power = shortest.adjusted()
    if -4 <= power < 6:
        return format(shortest, "f")
    first, *others = shortest.as_tuple().digits
    fraction = "." + "".join(map(str, others)) if others else ""
    return f"{'-' if value < 0 else ''}{first}{fraction}e{power:+03}"
