"""Rules over a past: the groups and the state machine of the live engine, with the clock passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from mythos.alerts.alert import Labels
from mythos.alerts.alert_state import ActiveAlert, State
from mythos.alerts.backtesting.needs import RuleKey, key_of
from mythos.alerts.backtesting.outcome import Firing, History, Pending
from mythos.alerts.backtesting.past import Facts, Scrape
from mythos.alerts.promql.label_sets import NAME
from mythos.alerts.rule import Group, Rule
from mythos.alerts.rule_group import RuleGroup
from mythos.alerts.series import SeriesStore

SERIES_MAX = 100_000
BYTES_MAX = 512 << 20  # of each set of rules

Key = tuple[str, Labels]


@dataclass
class _Episode:
    pending_at: float
    fired_at: float | None = None
    value: float = 0.0
    summary: str = ""


@dataclass
class Evaluated:
    """A group, and what is going on in it."""

    rules: RuleGroup
    next_ms: int
    open: dict[tuple[int, Labels], _Episode] = field(default_factory=dict)

    @property
    def interval_ms(self) -> int:
        return round(self.rules.interval_s * 1_000)


class Replay:
    """One set of rules. Times must grow; what ends before `from_ms` is not told. One thread's."""

    def __init__(
        self, groups: Sequence[Group], facts: Facts, *, interval_s: float, from_ms: int, retention_ms: int
    ) -> None:
        self.evaluations = 0
        self.failures: Counter[RuleKey] = Counter()
        self.errors: dict[RuleKey, str] = {}  # the last of each
        self._groups, self._interval_s, self._from_s = groups, interval_s, from_ms / 1e3
        self._retention_ms, self._facts = retention_ms, facts
        # What Prometheus has recorded by rules is recorded anew.
        self._left_to_rules = facts.names & {
            rule.name for group in groups for rule in group.rules if rule.kind == "record"
        }
        self._process: str | None = None
        self._last_ms = 0
        self._found: dict[Key, tuple[list[Firing], list[Pending]]] = {}
        self._store = SeriesStore()
        self._evaluated: list[Evaluated] = []

    def take(self, at_ms: int, scrapes: Sequence[Scrape]) -> None:
        """What was known then, and what rules say of it."""
        if scrapes[0].process != self._process:
            self._start(scrapes[0].process, at_ms)
        elif at_ms - self._last_ms >= self._facts.gap_ms:
            for each in self._evaluated:
                each.next_ms = at_ms
        else:
            self._evaluate_due(lambda each: each.next_ms < at_ms - self._slack_ms(each))
        for scrape in scrapes:
            self._store.append(at_ms, self._taken(scrape.samples), writer=scrape.writer)
        self._last_ms = at_ms
        for each in self._evaluated:
            if each.next_ms - self._early_ms(each) <= at_ms:
                self._evaluate(each, at_ms)

    def finish(self, to_ms: int) -> None:
        """To the end, also where nothing more is known."""
        self._evaluate_due(lambda each: each.next_ms <= to_ms)
        for each in self._evaluated:
            for (place, labels), episode in each.open.items():
                self._keep(each.rules.group.rules[place], labels, episode, None, to_ms / 1e3)

    @property
    def left_out(self) -> int:
        """Samples for which there was no room."""
        return sum(self._store.counts.refused.values())

    def histories(self) -> dict[Key, History]:
        """By the alert's name and its labels."""
        return {
            key: History(
                tuple(sorted(firings, key=lambda each: each.fired_at)),
                tuple(sorted(pendings, key=lambda each: each.pending_at)),
            )
            for key, (firings, pendings) in self._found.items()
        }

    def _start(self, process: str, at_ms: int) -> None:
        """The server was started: it knows of alerts what the one before has kept, and the series that it recorded."""
        if self._process is None:
            self._store = SeriesStore(retention_ms=self._retention_ms, series_max=SERIES_MAX, bytes_max=BYTES_MAX)
        else:
            self._store.forget_others()
            if (ended_ms := self._last_ms + self._facts.interval_ms) < at_ms:
                self._store.append(ended_ms, {})
        known: list[dict[str, Any] | None] = [each.rules.remember(self._last_ms / 1e3) for each in self._evaluated]
        opened = [each.open for each in self._evaluated]
        self._process = process
        self._evaluated = [
            Evaluated(
                RuleGroup(group, self._store, interval_s=self._interval_s, remembered=before), at_ms, episodes or {}
            )
            for group, before, episodes in zip_longest(self._groups, known, opened)
        ]

    def _slack_ms(self, each: Evaluated) -> int:
        is_as_slow = each.interval_ms > self._facts.interval_ms * 3 // 4  # times are not exact
        return self._facts.slack_ms if is_as_slow else min(self._facts.slack_ms, each.interval_ms // 2)

    def _early_ms(self, each: Evaluated) -> int:
        """Which scrape it was that a group was evaluated with: times of recordings are rounded."""
        return min(each.interval_ms, self._facts.interval_ms) // 2 if self._facts.slack_ms else 0

    def _taken(self, samples: Mapping[Labels, float]) -> Mapping[Labels, float]:
        if not self._left_to_rules:
            return samples
        return {labels: value for labels, value in samples.items() if dict(labels).get(NAME) not in self._left_to_rules}

    def _evaluate_due(self, is_due: Callable[[Evaluated], bool]) -> None:
        """Each group in its turn, at the times that were due."""
        while due := min(filter(is_due, self._evaluated), key=lambda each: each.next_ms, default=None):
            self._evaluate(due, due.next_ms)

    def _evaluate(self, each: Evaluated, at_ms: int) -> None:
        now = at_ms / 1e3
        each.rules.evaluate(now)
        each.next_ms += each.interval_ms
        if each.next_ms <= at_ms:
            each.next_ms = at_ms + each.interval_ms
        self.evaluations += 1
        group = each.rules.group
        for place, why in each.rules.rule_errors.items():
            key = key_of(group, group.rules[place])
            self.failures[key] += 1
            self.errors[key] = why
        self._note(each, now)

    def _note(self, each: Evaluated, now: float) -> None:
        """What has begun and what has ended."""
        places = {id(rule): place for place, rule in enumerate(each.rules.group.rules)}
        current: dict[tuple[int, Labels], ActiveAlert] = {
            (places[id(rule)], alert.labels): alert for rule, alert in each.rules.active()
        }
        for key in [key for key in each.open if key not in current]:
            self._keep(each.rules.group.rules[key[0]], key[1], each.open.pop(key), now, now)
        for key, alert in current.items():
            episode = each.open.setdefault(key, _Episode(alert.active_at))
            if alert.state is State.FIRING and episode.fired_at is None:
                episode.fired_at = now
                episode.value = alert.value
                episode.summary = alert.annotations.get("summary", "")

    def _keep(self, rule: Rule, labels: Labels, episode: _Episode, ended_at: float | None, until: float) -> None:
        if until < self._from_s:
            return
        firings, pendings = self._found.setdefault((rule.name, labels), ([], []))
        if episode.fired_at is None:
            pendings.append(Pending(episode.pending_at, ended_at, until))
        else:
            fired_at = max(episode.fired_at, self._from_s)
            firings.append(Firing(episode.pending_at, fired_at, ended_at, until, episode.value, episode.summary))
