"""Rules as a file has them, checked: what the engine evaluates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mythos.alerts.expression import Expression
from mythos.alerts.templates import Template

# The variables that Prometheus puts before a rule's templates. They are part of the text, so that the columns in the
# errors of both are the same.
VARIABLES = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)


@dataclass(frozen=True)
class RuleText:
    """A label's or an annotation's value. `template` is there only where the text has an action in it."""

    text: str
    template: Template | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, text: str, alert: str) -> RuleText:
        """Raises TemplateError."""
        return cls(text, Template.parse(VARIABLES + text, f"__alert_{alert}") if "{{" in text else None)


@dataclass(frozen=True)
class Rule:
    """Times are seconds. A recording rule has neither times nor annotations, and its labels are plain texts."""

    kind: Literal["alert", "record"]
    name: str
    expression: Expression
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    labels: Mapping[str, RuleText] = field(default_factory=dict)
    annotations: Mapping[str, RuleText] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated in their order, together. An interval or a limit of 0 is the engine's own."""

    file: str
    name: str
    interval_s: float
    limit: int
    rules: tuple[Rule, ...]
