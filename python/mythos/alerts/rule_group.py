"""Evaluates a group's rules, one after another, so that each sees what those before it have recorded.

    group = RuleGroup(loaded, store)
    for alert in group.evaluate(now):
        notifier.submit(...)

Each rule's results are series of the store: those of a recording rule, `ALERTS` and `ALERTS_FOR_STATE`. A rule that
fails keeps the state it had, says why in `rule_errors`, and is logged once until it fails otherwise.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from mythos.alerts.alert import Alert, Labels, as_labels
from mythos.alerts.alert_state import ActiveAlert, AlertStates, LimitExceeded, State, alert_of
from mythos.alerts.expression import EvaluationError, Expression, Scalar, parse_expression
from mythos.alerts.promql.nodes import Source
from mythos.alerts.rule import Group, Rule, RuleText
from mythos.alerts.templates import AlertData, TemplateError, prometheus_functions
from mythos.alerts.templates.values import Function

DEFAULT_INTERVAL_S = 15.0
RESEND_S = 60.0
# Of the alerts or series of one rule whose group names no limit. Prometheus has none; here memory is the server's.
DEFAULT_LIMIT = 1_000

_log = logging.getLogger(__name__)


class Store(Source, Protocol):
    """`mythos.alerts.series.SeriesStore`, as far as rules write to it."""

    def append(self, at_ms: int, samples: Mapping[Labels, float], *, writer: str = ...) -> int: ...


class RuleGroup:
    """Any thread may call anything; evaluations of one group take turns.

    `remembered` is what `remember` gave in the process before: with it, alerts go on where they were.
    """

    def __init__(
        self,
        group: Group,
        store: Store,
        *,
        external_labels: Mapping[str, str] | None = None,
        external_url: str = "",
        interval_s: float = DEFAULT_INTERVAL_S,
        resend_s: float = RESEND_S,
        remembered: Mapping[str, Any] | None = None,
    ) -> None:
        self.group = group
        self.interval_s = group.interval_s or interval_s
        self.limit = group.limit or DEFAULT_LIMIT
        self.rule_errors: dict[int, str] = {}  # by the rule's place; those of the last evaluation
        self.template_errors = 0  # since the start
        self._store = store
        self._external_labels = dict(external_labels or {})
        self._external_url = external_url
        self._resend_s = resend_s
        self._step_ms = _milliseconds(interval_s)
        self._remembered = remembered
        self._lock = threading.Lock()
        self._states = {
            place: AlertStates(rule.for_s, rule.keep_firing_for_s)
            for place, rule in enumerate(group.rules)
            if rule.kind == "alert"
        }
        self._writes: set[int] = set()  # the rules that have written series
        self._logged: dict[tuple[int, str], str] = {}

    def evaluate(self, now: float) -> list[Alert]:
        """All rules, at `now` in seconds since the epoch. Gives the alerts that have to be told of now."""
        alerts: list[Alert] = []
        with self._lock:
            is_first = self._remembered is not None
            for place, rule in enumerate(self.group.rules):
                try:
                    samples = self._alerting(place, rule, now) if rule.kind == "alert" else self._recording(rule, now)
                except (EvaluationError, LimitExceeded) as error:
                    if isinstance(error, LimitExceeded) and place in self._states:
                        self._states[place].active.clear()  # as Prometheus: whom it would name is not known
                    self._fail(place, rule, str(error))
                    continue
                except Exception as error:  # a fault of ours in one rule silences no other
                    self._fail(place, rule, f"{type(error).__name__}: {error}")
                    continue
                if self.rule_errors.pop(place, None) is not None:
                    self._logged.pop((place, "evaluation"), None)
                if rule.kind == "alert":
                    alerts += self._to_send(place, rule, now)
                if not is_first or rule.kind == "record":
                    self._write(place, samples, now)
            if is_first:
                self._restore(now)
        return alerts

    def move(self, seconds: float) -> None:
        """The wall clock was stepped: alerts have been there for as long as they had, and are told of anew."""
        with self._lock:
            for states in self._states.values():
                states.move(seconds)

    def active(self) -> Iterator[tuple[Rule, ActiveAlert]]:
        """Those that are pending or firing."""
        with self._lock:
            found = [
                (self.group.rules[place], alert)
                for place, states in self._states.items()
                for alert in states.active.values()
                if alert.state is not State.INACTIVE
            ]
        return iter(found)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many alerts there are by name and state, for `mythos_alerts`."""
        return Counter((rule.name, str(alert.state)) for rule, alert in self.active())

    # One rule.

    def _vector(self, expression: Expression, now: float) -> list[tuple[dict[str, str], float]]:
        found = expression.evaluate(self._store, _milliseconds(now), step_ms=self._step_ms)
        return [({}, found.value)] if isinstance(found, Scalar) else list(found)

    def _recording(self, rule: Rule, now: float) -> dict[Labels, float]:
        found = self._vector(rule.expression, now)
        self._check_limit(len(found), "series")
        own = {name: text.text for name, text in rule.labels.items()}
        samples = {as_labels({**labels, **own, "__name__": rule.name}): value for labels, value in found}
        if len(samples) < len(found):
            raise EvaluationError("two series have the same labels once the rule's own are set")
        return samples

    def _alerting(self, place: int, rule: Rule, now: float) -> dict[Labels, float]:
        found = self._vector(rule.expression, now)
        self._check_limit(len(found), "alerts")
        functions = prometheus_functions(self._query(now), external_url=self._external_url, now=now)
        alerts = [self._alert(place, rule, labels, value, now, functions) for labels, value in found]
        if len({alert.labels for alert in alerts}) < len(alerts):
            raise EvaluationError("two alerts have the same labels once the rule's own are set")
        texts = {name: text.text for name, text in rule.labels.items()}
        samples: dict[Labels, float] = {}
        for alert in self._states[place].update(alerts, now, self.limit):
            labels = {**texts, **dict(alert.labels)}
            samples[as_labels({**labels, "__name__": "ALERTS", "alertstate": alert.state})] = 1.0
            samples[as_labels({**labels, "__name__": "ALERTS_FOR_STATE"})] = float(int(alert.active_at))
        return samples

    def _check_limit(self, count: int, what: str) -> None:
        if count > self.limit:
            told = "" if self.group.limit else "; set the group's limit if it is meant to, or aggregate"
            raise LimitExceeded(f"exceeded limit of {self.limit} with {count} {what}{told}")

    def _alert(
        self,
        place: int,
        rule: Rule,
        labels: dict[str, str],
        value: float,
        now: float,
        functions: Mapping[str, Function],
    ) -> ActiveAlert:
        data = AlertData(labels, self._external_labels, self._external_url, value)

        def expanded(name: str, text: RuleText) -> str:
            if text.template is None:
                return text.text
            try:
                return text.template.render(data, functions=functions)
            except TemplateError as error:
                self.template_errors += 1
                why = f"error executing template __alert_{rule.name}: {error}"
                self._log_once(place, name, f"a template of {rule.name} failed: {name}: {why}")
                return f"<error expanding template: {why}>"

        own = {name: expanded(f"label {name}", text) for name, text in rule.labels.items()}
        kept = {name: each for name, each in labels.items() if name != "__name__"}
        annotations = {name: expanded(f"annotation {name}", text) for name, text in rule.annotations.items()}
        return ActiveAlert(as_labels({**kept, **own, "alertname": rule.name}), annotations, value, now)

    def _query(self, now: float) -> Callable[[str], list[tuple[dict[str, str], float]]]:
        return lambda text: self._vector(_parsed(text), now)

    def _write(self, place: int, samples: Mapping[Labels, float], now: float) -> None:
        if samples or place in self._writes:
            self._writes.add(place)
            self._store.append(_milliseconds(now), samples, writer=f"{self.group.file};{self.group.name};{place}")

    def _to_send(self, place: int, rule: Rule, now: float) -> list[Alert]:
        alerts: list[Alert] = []
        valid_until = now + 4 * max(self.interval_s, self._resend_s)
        for active in self._states[place].active.values():
            if not active.needs_sending(now, self._resend_s):
                continue
            active.last_sent_at = now
            resolved = active.resolved_at
            alerts.append(
                Alert(
                    {**self._external_labels, **dict(active.labels)},
                    dict(active.annotations),
                    active.active_at if active.fired_at is None else active.fired_at,
                    valid_until if resolved is None else resolved,
                    resolved is not None,
                    f"{self._external_url}/monitoring/alerts?alertname={quote(rule.name, safe='')}",
                    active.value,
                )
            )
        return alerts

    def _fail(self, place: int, rule: Rule, why: str) -> None:
        self.rule_errors[place] = why
        self._log_once(place, "evaluation", f"the rule {rule.name} of {self.group.file}:{rule.line} failed: {why}")

    def _log_once(self, place: int, what: str, text: str) -> None:
        if self._logged.get((place, what)) != text:
            self._logged[place, what] = text
            _log.warning("%s", text)

    # Over a restart.

    def remember(self, now: float) -> dict[str, Any]:
        """What the next process needs to go on, as JSON has it."""
        with self._lock:
            if self._remembered:  # not evaluated since the start
                return dict(self._remembered)
            rules = [
                {"alert": rule.name, "labels": _texts(rule), "active": self._states[place].remembered(now)}
                for place, rule in enumerate(self.group.rules)
                if place in self._states
            ]
        return {"file": self.group.file, "group": self.group.name, "seen_at": now, "rules": rules}

    def _restore(self, now: float) -> None:
        remembered, self._remembered = self._remembered or {}, None
        free = list(remembered.get("rules", []))
        for place, states in self._states.items():
            rule = self.group.rules[place]
            own = next((r for r in free if r["alert"] == rule.name and r["labels"] == _texts(rule)), None)
            if own is not None:
                free.remove(own)
                states.restore(map(alert_of, own["active"]), remembered["seen_at"], now)


def _texts(rule: Rule) -> dict[str, str]:
    return {name: text.text for name, text in rule.labels.items()}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1_000)


_parsed = lru_cache(maxsize=256)(parse_expression)
