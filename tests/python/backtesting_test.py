"""Rules over the past: when they would have fired, by series whose firing times are known."""

from __future__ import annotations

import gzip
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backtesting_scene import LOAD, START_S, STEP_S, at, export, hot, line, record, refused, rules
from mythos.alerts import backtest
from mythos.alerts.alert import as_labels
from mythos.alerts.backtesting import Backtest, PastError
from mythos.alerts.backtesting.log_series import LoggedPast
from mythos.alerts.backtesting.needs import look_back_ms, metrics_of
from mythos.alerts.rule_file import load_rules


def fired(found: Backtest, alert: str) -> list[tuple[float, float, float | None]]:
    [row] = [row for row in found.rows if row.alert == alert]
    return [(each.pending_at, each.fired_at, each.ended_at) for each in row.proposed.firings]


def test_it_tells_when_each_would_have_fired_beside_those_in_force(tmp_path: Path):
    over = record(tmp_path / "past", {LOAD: hot(range(40, 60), range(70, 80), range(100, 102), of=200)})
    proposed = rules(tmp_path / "new.yml", "alert: Hot, expr: load > 10, for: 1m", "alert: Cold, expr: load < 0")
    in_force = rules(tmp_path / "old.yml", "alert: Hot, expr: load > 10, for: 3m", "alert: Busy, expr: load >= 20")
    told: list[float] = []
    found = backtest([proposed], [over], against=[in_force], progress=told.append)
    busy, warm = found.rows
    assert (warm.alert, warm.labels) == ("Hot", {"alertname": "Hot", "job": "mythos"})
    assert fired(found, "Hot") == [(at(40), at(44), at(60)), (at(70), at(74), at(80))]
    assert [(each.pending_at, each.ended_at) for each in warm.proposed.pendings] == [(at(100), at(102))]
    assert warm.proposed.firing_s == 22 * STEP_S and warm.proposed.firings[0].value == 20.0
    assert [(each.fired_at, each.ended_at) for each in warm.in_force.firings] == [(at(52), at(60))]
    ongoing = [(each.pending_at, each.ended_at) for each in warm.in_force.pendings]
    assert ongoing == [(at(70), at(80)), (at(100), at(102))]
    assert (warm.change, busy.change) == ("longer", "gone")
    assert warm.proposed.flaps(13 * STEP_S) == 0 and warm.proposed.flaps(14 * STEP_S) == 1
    assert found.quiet == ("Cold",) and (found.from_s, found.to_s) == (at(0), at(199))
    assert told == sorted(told) and told[-1] == 1.0
    assert [each["duration_s"] for each in found.table() if each["rules"] == "proposed"] == [240.0, 90.0]


def test_a_part_of_it_knows_what_was_before(tmp_path: Path):
    over = record(tmp_path / "past", {LOAD: hot(range(10, 60), range(90, 120), of=200)})
    proposed = rules(tmp_path / "new.yml", "alert: Hot, expr: 'avg_over_time(load[2m]) > 19', for: 1m")
    whole, part = (
        backtest([proposed], [over], from_s=since, to_s=until) for since, until in ((None, None), (at(55), at(100)))
    )
    first, second = fired(whole, "Hot")
    assert first[1] < at(55) < first[2] and second[0] < at(100) < second[1]
    # It was firing before, and is pending still at the end.
    [firing] = fired(part, "Hot")
    assert firing[1:] == (at(55), first[2])
    [row] = part.rows
    [pending] = row.proposed.pendings
    assert (pending.pending_at, pending.ended_at, pending.until) == (second[0], None, at(100))
    assert row.proposed.firing_s == first[2] - at(55)


def test_a_restart_goes_on_as_the_server_does(tmp_path: Path):
    """What fired goes on firing over an outage; what was pending for ten minutes and more waits anew for ten."""
    over = tmp_path / "past"
    record(over, {LOAD: hot(range(10, 60), of=60)})
    record(over, {LOAD: hot(range(60), of=100)}, at(80))
    proposed = rules(
        tmp_path / "new.yml",
        "alert: Hot, expr: load > 10, for: 1m",
        "alert: Slow, expr: load > 10, for: 14m",
        "alert: Away, expr: absent(load)",
        "alert: Long, expr: 'count_over_time(load[40m]) >= 110'",
    )
    found = backtest([proposed], [over])
    assert fired(found, "Long") == [(at(129), at(129), None)], "what was recorded before is read back"
    assert fired(found, "Hot") == [(at(10), at(14), at(140))]
    assert fired(found, "Slow") == [(at(10), at(120), at(140))]
    assert "Away" in found.quiet  # nobody was there to see it


def test_rules_that_need_what_is_not_there_and_rules_that_fail_are_named(tmp_path: Path):
    two = {as_labels({"__name__": "load", "room": room}): hot(range(5), of=20) for room in "ab"}
    over = record(tmp_path / "past", two)
    proposed = rules(
        tmp_path / "new.yml",
        "record: r, expr: sum(missing)",
        "record: s, expr: r + r",
        "alert: OfRecords, expr: s > 1",
        'alert: Twice, expr: \'label_replace(load, "room", "", "", "") > 0\'',
    )
    found = backtest([proposed], [over])
    lacking = {note.name: note.missing for note in found.rule_notes if note.missing}
    assert lacking == {"r": ("missing",), "s": ("missing",), "OfRecords": ("missing",)}
    [failing] = [note for note in found.rule_notes if note.failures]
    assert (failing.name, failing.failures, failing.line) == ("Twice", 20, 8) and "same labelset" in failing.error


def expected(values: list[float | None], for_steps: int, keep_steps: int) -> list[tuple[int, int, int | None]]:
    """Firings of `load > 10`, by hand: pending since, firing since, over at; by steps."""
    found: list[tuple[int, int, int | None]] = []
    since = firing = gone = None
    for step, value in enumerate(values):
        if value is not None and value > 10:
            since, gone = step if since is None else since, None
            firing = step if firing is None and step - since >= for_steps else firing
        elif since is not None:
            gone = step if gone is None else gone
            if firing is None or step - gone >= keep_steps:
                if firing is not None:
                    found.append((since, firing, step))
                since = firing = gone = None
    return found + ([(since, firing, None)] if since is not None and firing is not None else [])


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.tuples(st.sampled_from([1.0, 20.0, None]), st.integers(1, 6)), min_size=1, max_size=12),
    for_steps=st.integers(0, 5),
    keep_steps=st.integers(0, 5),
)
def test_firing_times_are_those_worked_out_by_hand(
    tmp_path_factory, runs: list[tuple[float | None, int]], for_steps: int, keep_steps: int
):
    values = [value for value, count in runs for _ in range(count)]
    directory = tmp_path_factory.mktemp("past")
    # A second series says that there was a scrape where the first has no sample.
    up = as_labels({"__name__": "up", "job": "mythos"})
    series = {up: [1.0] * len(values), LOAD: values}
    rule = rules(
        directory / "r.yml",
        f"alert: Hot, expr: load > 10, for: {for_steps * STEP_S}s, keep_firing_for: {keep_steps * STEP_S}s",
    )
    known = [(at(a), at(b), None if c is None else at(c)) for a, b, c in expected(values, for_steps, keep_steps)]
    for over in (record(directory / "past", series), export(directory / "export.json", series)):
        found = backtest([rule], [over])
        assert ([] if not found.rows else fired(found, "Hot")) == known


def test_a_dump_of_prometheus_ends_series_where_they_were_marked_stale(tmp_path: Path):
    dump = tmp_path / "dump.txt"
    written = [f'{{__name__="up", job="mythos"}} 1 {round(at(n) * 1e3)}\n' for n in range(40)]
    for n in range(10, 20):
        written.append(f'{{__name__="load", job="mythos"}} 20 {round(at(n) * 1e3)}\n')
    written.append(f'{{__name__="load", job="mythos"}} NaN {round(at(20) * 1e3)}\n')
    # Another target, at times of its own.
    for n in range(30):
        written.append(f'{{__name__="load", job="other"}} 20 {round((at(n) + 4) * 1e3)}\n')
    dump.write_text("".join(written))
    found = backtest([rules(tmp_path / "r.yml", 'alert: Hot, expr: "load{job=\\"mythos\\"} > 10"')], [dump])
    assert fired(found, "Hot") == [(at(10), at(10), at(20))]


def test_exports_of_several_files_are_one(tmp_path: Path):
    values = hot(range(30, 50), of=80)
    halves = [
        export(tmp_path / "a.json", {LOAD: values[:45]}),
        export(tmp_path / "b.json", {LOAD: values[40:]}, at(40)),
        export(tmp_path / "c.json", {as_labels({"__name__": "limit", "job": "mythos"}): [10.0] * 80}),
    ]
    rule = rules(tmp_path / "r.yml", "record: over, expr: load - on (job) limit", "alert: Hot, expr: over > 0, for: 1m")
    assert fired(backtest([rule], halves), "Hot") == [(at(30), at(34), at(50))]


def test_what_prometheus_recorded_by_a_rule_is_recorded_anew(tmp_path: Path):
    of_prometheus = as_labels({"__name__": "over", "job": "mythos"})
    past = export(tmp_path / "a.json", {LOAD: hot(range(30, 50), of=80), of_prometheus: [-9.0] * 80})
    rule = rules(tmp_path / "r.yml", "record: over, expr: load - 10", "alert: Hot, expr: over > 0")
    assert fired(backtest([rule], [past]), "Hot") == [(at(30), at(30), at(50))]


# The log


def lasted(log: Path, name: str) -> list[float]:
    """A counter, summed over its labels, at each step."""
    past = LoggedPast.read([log], STEP_S * 1_000, {"job": "mythos"})
    scrapes = past.scrapes(past.facts.first_ms, past.facts.last_ms)
    return [
        sum(value for labels, value in each.samples.items() if dict(labels)["__name__"] == name) for each in scrapes
    ]


def test_the_log_counts_what_was_left_out_of_it_with_the_lines_before(tmp_path: Path):
    log = tmp_path / "mythos.log"
    told = {"error_type": "validation_error", "severity": "low", "error_code": "bad_cursor"}
    log.write_bytes(
        line(0, "Listening")
        + refused(20)
        + refused(21, left_out=7)
        + line(31, "Errors left out of the log", **told, left_out=5)
        + line(46, "Stopped", drained=True)
    )
    for name in ("mythos_errors_total", "mythos_connection_failures_total", "mythos_connections_rejected_total"):
        assert lasted(log, name) == [0, 0, 9, 14]
    past = LoggedPast.read([log], STEP_S * 1_000, {})
    assert any("12 errors were left out" in note for note in past.facts.notes)


def test_what_the_log_samples_is_scaled_up(tmp_path: Path):
    log = tmp_path / "mythos.log"
    delivered = [
        line(n, "Message delivered", sample_rate=0.25, delivery_time_ms=1 + 500 * (n % 2)) for n in range(1, 9)
    ]
    log.write_bytes(line(0, "Listening") + b"".join(delivered) + line(16, "Stopped", drained=True))
    assert lasted(log, "mythos_message_delivery_seconds_count")[-1] == 32
    past = LoggedPast.read([log], STEP_S * 1_000, {})
    *_, last = past.scrapes(0, 1 << 60)
    below = {dict(labels).get("le"): value for labels, value in last.samples.items()}
    assert (below["0.0005"], below["0.001"], below["0.5"], below["1"], below["+Inf"]) == (0, 16, 16, 32, 32)


def test_rules_over_rotated_logs_of_several_starts(tmp_path: Path):
    """Failures in the first and in the second run of the server; the second begins its counters anew."""
    log, rotated = tmp_path / "mythos.log", tmp_path / "mythos.log.20261123T101500.123456Z.gz"
    first = line(0, "Listening") + b"".join(refused(60 + n) for n in range(30)) + line(400, "Stopped", drained=True)
    rotated.write_bytes(gzip.compress(first))
    second = [line(990, "Database connected"), line(1_000, "Listening"), *(refused(1_065 + n) for n in range(30))]
    log.write_bytes(b"".join(second) + line(1_500, "Stopped"))
    rule = rules(
        tmp_path / "r.yml",
        'alert: Failures, expr: "sum by (job) (rate(mythos_connection_failures_total[1m])) > 0.1"',
        "alert: Memory, expr: mythos_memory_usage_percent > 85",
        "alert: Away, expr: absent(mythos_active_connections)",
    )
    found = backtest([rule], [log])
    assert found.quiet == ("Away",)  # while nothing ran, nothing was evaluated
    one, two = fired(found, "Failures")
    # Sixteen are in the scrape at 75 s, and in the minute before 135 s there is none.
    assert one == (START_S + 75, START_S + 75, START_S + 135)
    assert two == tuple(time + 990 + 15 for time in one)
    [lacking] = found.rule_notes
    assert (lacking.name, lacking.missing, lacking.tried) == ("Memory", ("mythos_memory_usage_percent",), False)


def test_connections_of_the_log_are_those_that_the_server_tells(tmp_path: Path):
    log = tmp_path / "mythos.log"
    of_wire = {"connection_type": "websocket", "establishment_time_ms": 3.0}
    gone = {"connection_type": "websocket", "reason": "peer_gone", "duration_ms": 9.0}
    log.write_bytes(
        line(0, "Somebody has cut the beginning off")
        + line(20, "WebSocket disconnected", **gone)  # before it is known how many there are
        + line(40, "WebSocket connected", total_connections=7, **of_wire)
        + line(50, "WebSocket disconnected", **gone)
        + line(70, "Option changed")
    )
    assert lasted(log, "mythos_active_connections") == [0, 0, 0, 7, 6]
    assert lasted(log, "mythos_connections_closed_total") == [0, 0, 1, 1, 2]


def test_what_rules_look_at_is_read_off_them():
    text = """
groups:
- name: g
  rules:
  - {record: r, expr: 'max_over_time(a[10m:1m] offset 5m)'}
  - {alert: A, expr: 'rate(b[2m]) > on () group_left () avg_over_time(r[1h]) and c{x="y"}', for: 7m}
"""
    groups = load_rules(text, "r.yml")
    assert [metrics_of(rule) for rule in groups[0].rules] == [{"a"}, {"b", "r", "c"}]
    # The hour of r, its own ten minutes five minutes before, the five of a sample's life, and `for`.
    assert look_back_ms(groups) == (60 + 15 + 5 + 7) * 60_000


# Whatever is in the files

DUMP = b'{__name__="load", job="a"} 20 1795000005000\n{__name__="load", job="a"} 1 1795000020000\n'
LOG = line(0, "Listening") + refused(1, left_out=2) + line(9, "Message delivered", sample_rate=0.5, delivery_time_ms=1)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_bytes_lead_to_anything_but_an_answer(tmp_path_factory, data: st.DataObject):
    here = tmp_path_factory.mktemp("past", numbered=True)
    whole = {
        "a.json": export(here / "a.json", {LOAD: [1.0, 20.0, None, 3.0]}).read_bytes(),
        "dump.txt": DUMP,
        "mythos.log": LOG,
        "mythos.log.1.gz": gzip.compress(LOG),
        "past/20261118T110645.000Z.npz": next(record(here / "past", {LOAD: [1.0, 20.0]}).iterdir()).read_bytes(),
    }
    name = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, 9_999)) % len(content)
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    (here / name).write_bytes(content)
    rule = rules(here / "r.yml", "alert: Hot, expr: load > 10")
    over = here / "past" if name.startswith("past/") else here / name
    try:
        found = backtest([rule], [over])
    except PastError as error:
        assert str(here) in str(error) or "no" in str(error)
    else:
        assert found.to_s >= found.from_s


def test_a_time_far_away_costs_no_evaluations_in_between(tmp_path: Path):
    far = tmp_path / "a.json"
    far.write_text(
        '{"data":{"resultType":"matrix","result":[{"metric":{"__name__":"load"},"values":[[0,"20"],[253402300000,"20"]]}]}}'
    )
    log = tmp_path / "mythos.log"
    log.write_bytes(LOG + line(10**10, "Stopped"))
    rule = rules(tmp_path / "r.yml", "alert: Hot, expr: load > 10 or mythos_errors_total > 1")
    assert [backtest([rule], [over]).evaluations < 20 for over in (far, log)] == [True, True]
