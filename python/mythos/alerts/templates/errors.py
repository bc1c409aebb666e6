"""What is wrong with a template, or with what it was given."""

from __future__ import annotations


class TemplateError(ValueError):
    """The message is Go's: `template: NAME:LINE: ...`. `line` counts from 1 in the template's own text."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class CallError(ValueError):
    """A function refuses its arguments; the executor says which function and where."""
