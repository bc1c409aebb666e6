"""What an engine reads back of its recordings when it begins: the same series, with a gap, and nothing foreign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine_scene import Ran
from mythos.alerts import refill as refill_module
from mythos.alerts.alert import as_labels
from mythos.alerts.expression import parse_expression
from mythos.alerts.recordings import BLOCK_MS, files_of, load_recording
from mythos.alerts.refill import refill
from mythos.alerts.series import SeriesStore
from notify_answers import rows
from recording_scene import AtOnce

START_S = 1_795_000_000
STEP_S = 15
OWN = {"job": "mythos", "instance": "here:1"}
TOTAL = as_labels({"__name__": "total", **OWN})
ROOM = as_labels({"__name__": "players", "room": "a", **OWN})


def record(directory: Path, at: float, steps: int, *, job: str = "mythos") -> Path:
    """One start of a server: `total` counts one each step, `players` is there in the first half. Its last file."""
    written = AtOnce(directory, retention_s=10 * 86_400)
    for n in range(steps):
        samples = {TOTAL: float(n), **({ROOM: 3.0} if n < steps / 2 else {})}
        own = {as_labels({**dict(labels), "job": job}): value for labels, value in samples.items()}
        written.put(round((at + n * STEP_S) * 1e3), own)
    written.finish()
    return files_of(directory)[-1]


def read(directory: Path, now: float, **bounds: int) -> SeriesStore:
    store = SeriesStore(**bounds)
    refill(store, directory, OWN, now_ms=round(now * 1e3), interval_ms=STEP_S * 1_000)
    return store


def value(store: SeriesStore, expression: str, at: float) -> float | None:
    found = list(parse_expression(expression).evaluate(store, round(at * 1e3)))
    return found[0][1] if found else None


def test_series_are_as_they_were_and_end_where_the_server_did(tmp_path: Path):
    record(tmp_path, START_S, 100)
    store = read(tmp_path, START_S + 3_600)
    last = START_S + 99 * STEP_S
    assert value(store, "total", last) == 99 and value(store, "total", last + STEP_S - 1) == 99
    assert value(store, "total", last + STEP_S) is None, "a stale marker, as for a target that is down"
    assert value(store, "players", START_S + 49 * STEP_S) == 3
    assert value(store, "players", START_S + 50 * STEP_S) is None
    assert value(store, "increase(total[30m])", last) == pytest.approx(99, rel=0.05)
    assert value(store, "count_over_time(total[30m])", last) == 100


def test_counters_go_on_over_a_restart_and_there_is_a_gap(tmp_path: Path):
    record(tmp_path, START_S, 100)
    again = START_S + 100 * STEP_S + 600
    record(tmp_path, again, 41)
    now = again + 41 * STEP_S
    store = read(tmp_path, now)
    assert value(store, "resets(total[2h])", now) == 1
    assert value(store, "total", again - 300) is None
    assert value(store, "increase(total[2h])", now) == pytest.approx(139, rel=0.05)


def test_what_lies_before_the_retention_or_ahead_of_the_clock_is_not_read(tmp_path: Path):
    hour = BLOCK_MS // 1_000
    for at in (START_S, START_S + 3 * hour, START_S + 6 * hour):
        record(tmp_path, at, hour // STEP_S)
    now = START_S + 3 * hour + 1_800
    store = read(tmp_path, now, retention_ms=2 * 3_600_000)
    assert value(store, "count_over_time(total[10h])", now + 10 * hour) is None
    assert value(store, "count_over_time(total[10h])", now) == 1_800 / STEP_S
    assert store.append(now * 1_000, {TOTAL: 1.0}) == 1


def test_it_reads_no_more_files_than_the_store_has_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = [record(tmp_path, START_S + n * 600, 40) for n in range(8)]
    opened: list[Path] = []
    monkeypatch.setattr(refill_module, "load_recording", lambda file: opened.append(file) or load_recording(file))
    store = read(tmp_path, START_S + 4_800, bytes_max=1_536)
    assert opened == files[-2:]
    assert store.counts.nbytes <= 1_536


def test_it_ends_with_the_engine(tmp_path: Path):
    record(tmp_path, START_S, 100)
    store = SeriesStore()
    done = refill(store, tmp_path, OWN, now_ms=START_S * 2_000, interval_ms=15_000, is_ended=lambda: True)
    assert done.files == 0 and store.counts.series == 0


def broken(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[200:240] = bytes(40)
    file.write_bytes(content)


def other(file: Path) -> None:
    np.savez(file, weights=np.zeros(3))


def parts(file: Path) -> None:
    series = np.frombuffer(b'[{"__name__": "x"}]', np.uint8)
    np.savez(file, times_ms=np.array([2, 1]), values=np.zeros((1, 2)), series=series, process=np.array("p"))


def foreign(file: Path) -> None:
    file.unlink()
    assert record(file.parent, START_S + 3_600, 100, job="game") == file


CASES: dict[str, Callable[[Path], None]] = {
    "refill-broken": broken,
    "refill-other": other,
    "refill-parts": parts,
    "refill-foreign": foreign,
}
ROWS = rows("id", "recording", "says")


def test_every_row_has_its_case():
    assert {id for id, *_ in ROWS} == CASES.keys()


@pytest.mark.parametrize(("id", "says"), [(id, says) for id, _, says in ROWS])
def test_what_is_left_out_is_said_and_the_rest_is_read(
    id: str, says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    record(tmp_path, START_S, 100)
    CASES[id](record(tmp_path, START_S + 3_600, 100))
    store = read(tmp_path, START_S + 7_200)
    [line] = [record for record in caplog.records if record.message == "Recordings left out"]
    assert says in line.error and line.files == 1  # type: ignore[attr-defined]
    assert value(store, "count_over_time(total[3h])", START_S + 7_200) == 100


BURN = """
groups:
- name: slo
  rules:
  - {alert: Burning, expr: 'increase(players{room="a"}[1h]) > 50', for: 0s}
  - {alert: Off, expr: 'absent(players) or resets(players{room="b"}[1h]) > 0'}
"""


def test_an_alert_over_an_hour_outlives_a_restart(tmp_path: Path):
    first = Ran(tmp_path, START_S, BURN)
    for _ in range(100):
        first.core.players["a"] += 1
        first.to(first.at + STEP_S)
    assert [alert["alertname"] for alert in first.core.report["alerts"]] == ["Burning"]
    first.engine.stop()
    again = Ran(tmp_path, first.at + 300, BURN)
    again.to(again.at + 120)
    assert [alert["alertname"] for alert in again.core.report["alerts"]] == ["Burning"]
    assert not [alert for alert in again.told if alert.resolved]
    again.to(again.at + 3_600)
    assert again.core.report["alerts"] == []
