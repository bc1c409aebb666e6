"""Inhibition: while one alert fires, others say nothing new (Alertmanager's inhibit.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mythos.alerts.alert import Alert
from mythos.alerts.notify.config import InhibitRule
from mythos.alerts.notify.matchers import all_match


class Inhibition:
    """The rules over the alerts that fire at one moment. Immutable; any thread."""

    def __init__(self, rules: Iterable[InhibitRule], firing: Iterable[Alert]) -> None:
        firing = list(firing)
        self._rules = [(rule, _sources(rule, firing)) for rule in rules]

    def mutes(self, labels: Mapping[str, str]) -> bool:
        """An alert that is source and target of a rule is not muted by another one that is both, nor so by itself."""
        for rule, sources in self._rules:
            if all_match(rule.target, labels):
                pure = sources.get(_equal(rule, labels))
                if pure or (pure is not None and not all_match(rule.source, labels)):
                    return True
        return False


def _sources(rule: InhibitRule, firing: list[Alert]) -> dict[tuple[str, ...], bool]:
    """By the labels that have to be equal, whether any of the sources there is not a target of the rule as well."""
    found: dict[tuple[str, ...], bool] = {}
    for alert in firing:
        if all_match(rule.source, alert.labels):
            equal = _equal(rule, alert.labels)
            found[equal] = found.get(equal, False) or not all_match(rule.target, alert.labels)
    return found


def _equal(rule: InhibitRule, labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in rule.equal)
