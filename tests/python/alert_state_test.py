"""The state machine of an alert, moved by hand: rules/alerting.go and Group.RestoreForState."""

from __future__ import annotations

import pytest

from mythos.alerts.alert_state import (
    GRACE_S,
    OUTAGE_TOLERANCE_S,
    RESOLVED_RETENTION_S,
    ActiveAlert,
    AlertStates,
    LimitExceeded,
    State,
    alert_of,
)

A = (("alertname", "A"), ("instance", "a"))
B = (("alertname", "A"), ("instance", "b"))
LIMIT = 10


def alert(labels=A, now: float = 0.0, value: float = 1.0) -> ActiveAlert:
    return ActiveAlert(labels, {"summary": f"at {value}"}, value, now)


def step(states: AlertStates, now: float, *present) -> dict:
    states.update([alert(labels, now, value=now) for labels in present], now, LIMIT)
    return {labels: each.state for labels, each in states.active.items()}


def test_it_is_pending_until_its_time_has_come_and_fires_then():
    states = AlertStates(for_s=60, keep_firing_for_s=0)
    assert step(states, 0, A) == {A: State.PENDING}
    assert step(states, 59.9, A) == {A: State.PENDING}
    assert step(states, 60, A) == {A: State.FIRING}
    assert (states.active[A].active_at, states.active[A].fired_at) == (0, 60)
    assert (states.active[A].value, states.active[A].annotations) == (60, {"summary": "at 60"})


def test_without_a_time_it_fires_at_once():
    states = AlertStates(for_s=0, keep_firing_for_s=0)
    assert step(states, 5, A) == {A: State.FIRING}


def test_a_pending_one_drops_silently_and_begins_anew():
    states = AlertStates(for_s=60, keep_firing_for_s=0)
    step(states, 0, A)
    assert step(states, 30) == {}
    assert step(states, 45, A) == {A: State.PENDING}
    assert step(states, 60, A) == {A: State.PENDING}
    assert step(states, 105, A) == {A: State.FIRING}


def test_label_sets_do_not_know_of_each_other():
    states = AlertStates(for_s=60, keep_firing_for_s=0)
    step(states, 0, A)
    step(states, 30, A, B)
    assert step(states, 60, A, B) == {A: State.FIRING, B: State.PENDING}


def test_a_resolved_one_is_known_for_a_quarter_of_an_hour_and_fires_anew_within():
    states = AlertStates(for_s=0, keep_firing_for_s=0)
    step(states, 0, A)
    assert step(states, 15) == {A: State.INACTIVE}
    assert states.active[A].resolved_at == 15
    assert step(states, 15 + RESOLVED_RETENTION_S) == {A: State.INACTIVE}
    assert step(states, 15 + RESOLVED_RETENTION_S + 1) == {}
    step(states, 2_000, A)
    step(states, 2_015)
    assert step(states, 2_030, A) == {A: State.FIRING}
    assert (states.active[A].active_at, states.active[A].resolved_at) == (2_030, None)


def test_it_is_kept_firing_and_its_time_begins_anew_when_its_reason_comes_back():
    states = AlertStates(for_s=0, keep_firing_for_s=60)
    step(states, 0, A)
    assert step(states, 15) == {A: State.FIRING}
    assert step(states, 70) == {A: State.FIRING}
    assert step(states, 72, A) == {A: State.FIRING}
    assert step(states, 90) == {A: State.FIRING}
    assert step(states, 149.9) == {A: State.FIRING}
    assert step(states, 150) == {A: State.INACTIVE}
    assert states.active[A].fired_at == 0


def test_a_pending_one_is_not_kept():
    states = AlertStates(for_s=60, keep_firing_for_s=600)
    step(states, 0, A)
    assert step(states, 15) == {}


def test_it_is_told_of_when_it_fires_each_minute_and_when_it_has_resolved():
    states = AlertStates(for_s=15, keep_firing_for_s=0)
    step(states, 0, A)
    one = states.active[A]
    assert not one.needs_sending(0, 60)
    step(states, 15, A)
    assert one.needs_sending(15, 60)
    one.last_sent_at = 15
    assert not one.needs_sending(75, 60)
    assert one.needs_sending(75.1, 60)
    one.last_sent_at = 76
    step(states, 80)
    assert one.needs_sending(80, 60)
    one.last_sent_at = 80
    assert not one.needs_sending(140, 60)
    assert one.needs_sending(141, 60)


def test_beyond_the_limit_all_are_forgotten():
    states = AlertStates(for_s=0, keep_firing_for_s=0)
    step(states, 0, A)
    with pytest.raises(LimitExceeded, match="exceeded limit of 1 with 2 alerts"):
        states.update([alert(A), alert(B)], 15, 1)
    assert not states.active


def restored(for_s: float, active_s: float, down_s: float, *, present: bool = True, keep_s: float = 0) -> AlertStates:
    """One that had been active for so long when the process ended, and was found again so long after."""
    before = AlertStates(for_s, keep_s)
    start = 10_000.0
    for now in (start, start + active_s):
        before.update([alert(A, now)], now, LIMIT)
    seen_at = start + active_s
    now = seen_at + down_s
    after = AlertStates(for_s, keep_s)
    after.update([alert(A, now)] if present else [], now, LIMIT)
    after.restore([alert_of(each) for each in before.remembered(seen_at)], seen_at, now)
    return after


def test_one_that_fired_before_a_restart_fires_at_the_next_evaluation():
    after = restored(for_s=600, active_s=700, down_s=30)
    assert after.active[A].state is State.PENDING
    after.update([alert(A)], 10_745, LIMIT)
    assert after.active[A].state is State.FIRING


@pytest.mark.parametrize(
    ("for_s", "active_s", "down_s", "fires_at"),
    [
        (7_200, 1_000, 300, 10_000 + 7_200 + 300),  # the time that it was down does not count
        (7_200, 7_000, 300, 10_000 + 7_300 + GRACE_S),  # nearly there: the others get their time to come back
        (300, 200, 30, 10_000 + 230 + 300),  # too short for a grace: it begins anew
    ],
)
def test_a_pending_one_goes_on(for_s: float, active_s: float, down_s: float, fires_at: float):
    after = restored(for_s, active_s, down_s)
    after.update([alert(A)], fires_at - 1, LIMIT)
    assert after.active[A].state is State.PENDING
    after.update([alert(A)], fires_at, LIMIT)
    assert after.active[A].state is State.FIRING


def test_after_a_long_outage_nothing_is_known():
    after = restored(for_s=600, active_s=700, down_s=OUTAGE_TOLERANCE_S + 1)
    assert after.active[A].active_at == 10_700 + OUTAGE_TOLERANCE_S + 1
    assert not restored(for_s=0, active_s=700, down_s=OUTAGE_TOLERANCE_S + 1, present=False).active


def test_one_whose_reason_went_away_meanwhile_is_told_of_as_resolved():
    after = restored(for_s=0, active_s=700, down_s=30, present=False)
    assert after.active[A].state is State.FIRING
    after.update([], 10_745, LIMIT)
    assert (after.active[A].state, after.active[A].resolved_at) == (State.INACTIVE, 10_745)
    assert after.active[A].needs_sending(10_745, 60)


def test_one_that_is_kept_firing_is_kept_over_a_restart():
    after = restored(for_s=0, active_s=700, down_s=30, present=False, keep_s=100)
    after.update([], 10_745, LIMIT)
    assert after.active[A].state is State.FIRING
    after.update([], 10_845, LIMIT)
    assert after.active[A].state is State.INACTIVE
