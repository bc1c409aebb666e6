"""What a backtest found, in plain values: times are seconds since the epoch, durations seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

RuleSet = Literal["proposed", "in force"]
Change = Literal["new", "gone", "longer", "shorter", "moved", "same"]


@dataclass(frozen=True)
class Firing:
    """Until `ended_at`; None where it fires still at the end of the time looked at, which `until` is then.

    Where it fired at the beginning already, `fired_at` is the beginning.
    """

    pending_at: float
    fired_at: float
    ended_at: float | None
    until: float
    value: float  # when it began to fire
    summary: str = ""

    @property
    def duration_s(self) -> float:
        return self.until - self.fired_at


@dataclass(frozen=True)
class Pending:
    """It was there, but not for as long as `for` asks."""

    pending_at: float
    ended_at: float | None
    until: float

    @property
    def duration_s(self) -> float:
        return self.until - self.pending_at


@dataclass(frozen=True)
class History:
    """Of one alert with one set of labels, in the order of time."""

    firings: tuple[Firing, ...] = ()
    pendings: tuple[Pending, ...] = ()

    @property
    def firing_s(self) -> float:
        return sum(firing.duration_s for firing in self.firings)

    def flaps(self, within_s: float) -> int:
        """How often it fired again within so long of its end."""
        return sum(
            later.fired_at - earlier.ended_at <= within_s
            for earlier, later in pairwise(self.firings)
            if earlier.ended_at is not None
        )


NEVER = History()


@dataclass(frozen=True)
class Row:
    """One alert and label set under the proposed rules and under those in force."""

    alert: str
    labels: dict[str, str]
    proposed: History
    in_force: History

    @property
    def change(self) -> Change:
        old, new = self.in_force, self.proposed
        if bool(new.firings) != bool(old.firings):
            return "new" if new.firings else "gone"
        if [(each.fired_at, each.until) for each in new.firings] == [
            (each.fired_at, each.until) for each in old.firings
        ]:
            return "same"
        if new.firing_s == old.firing_s:
            return "moved"
        return "longer" if new.firing_s > old.firing_s else "shorter"


@dataclass(frozen=True)
class RuleNote:
    """A rule of which more has to be known: it looks at metrics that are not in the past, or it failed."""

    rules: RuleSet
    file: str
    line: int
    name: str
    missing: tuple[str, ...] = ()
    tried: bool = True
    failures: int = 0
    error: str = ""


@dataclass(frozen=True)
class Backtest:
    """`table()` is for pandas: `pandas.DataFrame(result.table())`."""

    from_s: float
    to_s: float
    scrapes: int
    evaluations: int
    rows: tuple[Row, ...]
    rule_notes: tuple[RuleNote, ...]
    notes: tuple[str, ...]
    quiet: tuple[str, ...]  # proposed alerts that were not even pending
    flap_s: float

    def table(self) -> list[dict[str, Any]]:
        """A flat row for each firing."""
        return list(self._table())

    def _table(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            for rules, history in (("proposed", row.proposed), ("in force", row.in_force)):
                for firing in history.firings:
                    yield {
                        "rules": rules,
                        "alert": row.alert,
                        **{f"label_{name}": value for name, value in row.labels.items() if name != "alertname"},
                        "pending_at": firing.pending_at,
                        "fired_at": firing.fired_at,
                        "ended_at": firing.ended_at,
                        "duration_s": firing.duration_s,
                        "value": firing.value,
                    }
