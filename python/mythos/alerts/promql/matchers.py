"""Label matchers, and RE2's regular expressions in Python's."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "=~", "!~"]

# What RE2 or Python alone knows, or what both read differently.
_STRANGE = re.compile(r"\\[pPQEzCZ]|\[\[:|\(\?[a-zA-Z]*U|\(\?[=!<](?!\w+>)|\\[1-9]")


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """To be used with `fullmatch`. Raises ValueError for what Python would not read as Prometheus does."""
    if strange := _STRANGE.search(pattern.replace(r"\\", "  ")):
        raise ValueError(f"{strange[0]} is not supported")
    flags = re.match(r"\(\?([imsU]+)\)", pattern)
    text = f"(?{flags[1]}:{pattern[flags.end() :]})" if flags else pattern
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            # Prometheus 3 lets the dot stand for line ends too, and RE2's classes are of ASCII.
            return re.compile(f"(?s:{text})", re.ASCII)
        except (re.error, FutureWarning, DeprecationWarning) as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Matcher:
    """Of one label; one that a series has not counts as empty."""

    name: str
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if self.operator in ("=~", "!~"):
            compiled(self.value)

    def matches(self, value: str) -> bool:
        match self.operator:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return compiled(self.value).fullmatch(value) is not None
            case _:
                return compiled(self.value).fullmatch(value) is None


Matchers: TypeAlias = tuple[Matcher, ...]
