"""Inhibition: while one alert fires, others say nothing new (Alertmanager's inhibit.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mythos.alerts.alert import Alert
from mythos.alerts.notify.config import InhibitRule
from mythos.alerts.notify.matchers import all_match


class Inhibition:
    """The rules over the alerts that fire at one moment. Immutable; any thread."""

    def __init__(self, rules: Iterable[InhibitRule], firing: Iterable[tuple[str, Alert]]) -> None:
        """`firing` by fingerprint."""
        firing = list(firing)
        self._rules = [(rule, _sources(rule, firing)) for rule in rules]

    def muted_by(self, labels: Mapping[str, str]) -> str | None:
        """The fingerprint of an alert that mutes one with these labels.

        An alert that is source and target of a rule is not muted by another one that is both, nor so by itself.
        """
        for rule, sources in self._rules:
            if all_match(rule.target, labels):
                found = sources.get(_equal(rule, labels))
                if found is not None and (found.is_source_alone or not all_match(rule.source, labels)):
                    return found.fingerprint
        return None


@dataclass(frozen=True)
class _Source:
    fingerprint: str
    is_source_alone: bool  # and not a target of the rule as well


def _sources(rule: InhibitRule, firing: list[tuple[str, Alert]]) -> dict[tuple[str, ...], _Source]:
    """By the labels that have to be equal: a source there, one that is not a target if there is such a one."""
    found: dict[tuple[str, ...], _Source] = {}
    for fingerprint, alert in firing:
        if all_match(rule.source, alert.labels):
            equal = _equal(rule, alert.labels)
            former = found.get(equal)
            if former is None or not former.is_source_alone:
                found[equal] = _Source(fingerprint, not all_match(rule.target, alert.labels))
    return found


def _equal(rule: InhibitRule, labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in rule.equal)
