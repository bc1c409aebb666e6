"""Rules over the past: when they would have fired, by series whose firing times are known."""

from __future__ import annotations

from pathlib import Path

from mythos.alerts import backtest
from mythos.alerts.alert import Labels, as_labels
from mythos.alerts.recordings import Recordings

START_S = 1_795_000_000
STEP_S = 15
UP = as_labels({"__name__": "up", "job": "mythos"})
LOAD = as_labels({"__name__": "load", "job": "mythos"})


def record(directory: Path, series: dict[Labels, list[float | None]], start_s: int = START_S) -> Path:
    written = Recordings(directory)
    for place in range(len(next(iter(series.values())))):
        samples = {labels: value for labels, values in series.items() if (value := values[place]) is not None}
        written.add((start_s + place * STEP_S) * 1_000, samples)
    written.flush()
    return directory


def rules(file: Path, *alerts: str, interval: str = "15s") -> Path:
    file.write_text(
        f"groups:\n- name: g\n  interval: {interval}\n  rules:\n" + "".join(f"  - {{{a}}}\n" for a in alerts)
    )
    return file


def hot(*steps: range, of: int) -> list[float | None]:
    return [20.0 if any(n in each for each in steps) else 1.0 for n in range(of)]


def at(step: int) -> float:
    return float(START_S + step * STEP_S)


def test_it_tells_when_each_would_have_fired_beside_those_in_force(tmp_path: Path):
    over = record(tmp_path / "past", {LOAD: hot(range(40, 60), range(70, 80), range(100, 102), of=200)})
    proposed = rules(tmp_path / "new.yml", "alert: Hot, expr: load > 10, for: 1m", "alert: Cold, expr: load < 0")
    in_force = rules(tmp_path / "old.yml", "alert: Hot, expr: load > 10, for: 3m", "alert: Busy, expr: load >= 20")
    found = backtest([proposed], [over], against=[in_force])
    busy, warm = found.rows
    assert (warm.alert, warm.labels) == ("Hot", {"alertname": "Hot", "job": "mythos"})
    assert [(each.pending_at, each.fired_at, each.ended_at) for each in warm.proposed.firings] == [
        (at(40), at(44), at(60)),
        (at(70), at(74), at(80)),
    ]
    assert [(each.pending_at, each.ended_at) for each in warm.proposed.pendings] == [(at(100), at(102))]
    assert warm.proposed.firing_s == 22 * STEP_S and warm.proposed.firings[0].value == 20.0
    assert [(each.fired_at, each.ended_at) for each in warm.in_force.firings] == [(at(52), at(60))]
    assert [(each.pending_at, each.ended_at) for each in warm.in_force.pendings] == [
        (at(70), at(80)),
        (at(100), at(102)),
    ]
    assert (warm.change, busy.change) == ("longer", "gone")
    assert warm.proposed.flaps(150.0) == 0 and warm.proposed.flaps(14 * STEP_S) == 1
    assert found.quiet == ("Cold",) and (found.from_s, found.to_s) == (at(0), at(199))
