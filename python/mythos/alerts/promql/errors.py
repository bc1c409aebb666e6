"""What can be wrong with an expression: when it is parsed, and when it meets the series."""

from __future__ import annotations


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
        told = f"{self.reason}, at {place}: {self.part}" if self.part else f"{self.reason}, at {place}"
        return (f"{self.origin}: " if self.origin else "") + told + (f"; {self.instead}" if self.instead else "")


class EvaluationError(RuntimeError):
    """What no parser can see: series that match more than one partner, or equal label sets in one result."""
