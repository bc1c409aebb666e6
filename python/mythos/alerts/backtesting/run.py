"""`backtest`: proposed rules and those in force over the same past, side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from mythos.alerts.backtesting.needs import RuleKey, key_of, look_back_ms, missing_of, without
from mythos.alerts.backtesting.outcome import NEVER, Backtest, Row, RuleNote, RuleSet
from mythos.alerts.backtesting.past import Past, PastError, moments
from mythos.alerts.backtesting.replay import Replay
from mythos.alerts.backtesting.sources import open_past
from mythos.alerts.rule import Group
from mythos.alerts.rule_file import load_rule_files

FLAP_S = 600.0

Progress = Callable[[float], None]


def backtest(
    rules: Sequence[str | Path],
    over: Sequence[str | Path],
    *,
    against: Sequence[str | Path] = (),
    from_s: float | None = None,
    to_s: float | None = None,
    interval_s: float = 15.0,
    flap_s: float = FLAP_S,
    labels: dict[str, str] | None = None,
    progress: Progress = lambda _: None,
) -> Backtest:
    """When the alerts of these rule files would have fired, beside those of the files in force.

    `over` is a directory of recordings, range exports of Prometheus or logs of the server; without `from_s` and `to_s`
    (seconds since the epoch) it is all of it. Groups without an interval are evaluated each `interval_s`; an alert that
    fires again within `flap_s` flaps. `labels` are those that series made of logs get. `progress` is told how much is
    done, of 1. Raises FileError for faulty rules and PastError where there is nothing to try them on.
    """
    proposed, in_force = load_rule_files(rules), load_rule_files(against)
    return run(
        proposed,
        in_force,
        open_past([Path(each) for each in over], round(interval_s * 1e3), labels or {"job": "mythos"}),
        from_s=from_s,
        to_s=to_s,
        interval_s=interval_s,
        flap_s=flap_s,
        progress=progress,
    )


def run(
    proposed: Sequence[Group],
    in_force: Sequence[Group],
    past: Past,
    *,
    from_s: float | None,
    to_s: float | None,
    interval_s: float,
    flap_s: float,
    progress: Progress,
) -> Backtest:
    """The same with what is loaded already. Raises PastError."""
    facts = past.facts
    from_ms = max(facts.first_ms, facts.first_ms if from_s is None else round(from_s * 1e3))
    to_ms = min(facts.last_ms, facts.last_ms if to_s is None else round(to_s * 1e3))
    if to_ms < from_ms:
        raise PastError("there is no sample between from and to")
    sets: list[tuple[RuleSet, list[Group]]] = [("proposed", list(proposed)), ("in force", list(in_force))]
    missing = [missing_of(groups, facts.names) for _, groups in sets]
    tried = [
        without(groups, each) if facts.is_partial else groups for (_, groups), each in zip(sets, missing, strict=True)
    ]
    warm_ms = max(look_back_ms(groups) for groups in tried) + 2 * facts.interval_ms
    replays = [Replay(groups, facts, interval_s=interval_s, from_ms=from_ms, retention_ms=warm_ms) for groups in tried]
    scrapes, first_ms = 0, max(facts.first_ms, from_ms - warm_ms)
    for at_ms, together in moments(past.scrapes(first_ms, to_ms)):
        for replay in replays:
            replay.take(at_ms, together)
        scrapes += 1
        progress((at_ms - first_ms) / max(1, to_ms - first_ms))
    for replay in replays:
        replay.finish(to_ms)
    new, old = (replay.histories() for replay in replays)
    notes = list(facts.notes)
    if left_out := sum(replay.left_out for replay in replays):
        notes.append(f"{left_out} samples were left out: there are more series than there is room for")
    return Backtest(
        from_ms / 1e3,
        to_ms / 1e3,
        scrapes,
        sum(replay.evaluations for replay in replays),
        tuple(
            Row(name, dict(labels), new.get((name, labels), NEVER), old.get((name, labels), NEVER))
            for name, labels in sorted({**old, **new})
        ),
        tuple(
            note
            for (what, groups), lacking, replay in zip(sets, missing, replays, strict=True)
            for note in _rule_notes(what, groups, lacking, replay, facts.is_partial)
        ),
        tuple(notes),
        _quiet(tried[0], {name for name, _ in new}),
        flap_s,
    )


def _rule_notes(
    what: RuleSet, groups: Sequence[Group], missing: Mapping[RuleKey, tuple[str, ...]], replay: Replay, is_partial: bool
) -> Iterator[RuleNote]:
    for group in groups:
        for rule in group.rules:
            key = key_of(group, rule)
            lacking, failures = missing.get(key, ()), replay.failures[key]
            if lacking or failures:
                is_tried = not (lacking and is_partial)
                error = replay.errors.get(key, "")
                yield RuleNote(what, group.file, rule.line, rule.name, lacking, is_tried, failures, error)


def _quiet(groups: Sequence[Group], seen: Collection[str]) -> tuple[str, ...]:
    """Alerts of which nothing was seen."""
    names = [rule.name for group in groups for rule in group.rules if rule.kind == "alert"]
    return tuple(name for name in dict.fromkeys(names) if name not in seen)
