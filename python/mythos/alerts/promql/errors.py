"""What can be wrong with an expression: when it is parsed, and when it meets the series."""

from __future__ import annotations

_SHOWN_MAX = 200  # characters of an offending part


class ExpressionError(ValueError):
    """An expression that Prometheus or Mythos does not take, told when it is parsed.

    `part` is the offending part as it stands in `expression`, `position` its offset there in characters, `instead` what
    to write, "" where there is nothing to say. `origin` is the file and line, if whoever asked gave it.
    """

    def __init__(
        self, reason: str, *, expression: str, part: str, position: int, instead: str = "", origin: str = ""
    ) -> None:
        self.reason = reason
        self.expression = expression
        self.part = part
        self.position = position
        self.instead = instead
        self.origin = origin
        super().__init__(str(self))

    @property
    def line(self) -> int:
        """Within the expression, from 1."""
        return self.expression.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int:
        """Within its line, from 1."""
        return self.position - self.expression.rfind("\n", 0, self.position)

    def __str__(self) -> str:
        place = f"column {self.column}" if self.line == 1 else f"line {self.line}, column {self.column}"
        part = self.part if len(self.part) <= _SHOWN_MAX else self.part[:_SHOWN_MAX] + "…"
        told = f"{self.reason}, at {place}: {part}" if part else f"{self.reason}, at {place}"
        return (f"{self.origin}: " if self.origin else "") + told + (f"; {self.instead}" if self.instead else "")


class EvaluationError(RuntimeError):
    """What no parser can see: series that match more than one partner, or equal label sets in one result."""


class Refusal(Exception):
    """Of a part of an expression, before it is known where that stands.

    `token` is a word to look for in the text; "" stands for the whole expression.
    """

    def __init__(self, reason: str, token: str = "", instead: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.token = token
        self.instead = instead
