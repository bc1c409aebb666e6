"""Random histories: alerts come and go, receivers fail, processes restart. Nobody misses anything or hears it twice."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mythos.alerts.alert import Alert
from mythos.alerts.notify.state_file import StateFile
from notify_scene import START, alert
from notify_test import Desk

NAMES = ("1", "2", "3")
INTERVAL_S = 300.0

steps = st.lists(
    st.tuples(st.frozensets(st.sampled_from(NAMES)), st.booleans(), st.integers(0, 9)), min_size=1, max_size=14
)


class History:
    """A group's life: in each interval some alerts fire, the receiver works or does not, the process may restart."""

    def __init__(self, directory: Path, send_resolved: bool) -> None:
        self.desk = Desk(directory, "repeat_interval: 1y", send_resolved, state=StateFile(None, now=START))
        self.seconds = 0.0
        self.since: dict[str, float] = {}
        self.owed: set[str] = set()  # fired when there was something to tell, and nobody knows yet
        self.told: list[tuple[Alert, ...]] = []

    def interval(self, firing: frozenset[str], works: bool, chance: int) -> None:
        now = START + self.seconds
        ended = set(self.since) - firing
        self.desk.tell(
            *(alert("Lag", at=self.since.setdefault(name, now), i=name, resolved_at=None) for name in sorted(firing)),
            *(alert("Lag", at=self.since.pop(name), i=name, resolved_at=now) for name in sorted(ended)),
        )
        for name in firing:  # resent, so that it goes on
            self.desk.tell(alert("Lag", at=now, i=name))
        if chance == 0:
            self.desk.restart()
        self.desk.broken = not works
        self.seconds += 30
        self.desk.at(self.seconds)
        for notification in self.desk.made:
            names = {each.labels["i"] for each in notification.alerts}
            if works:
                assert not self.told or self.told[-1] != notification.alerts, f"{names} are told twice"
                self.told.append(notification.alerts)
                self.owed -= names
            else:
                told = self.desk.log.get(notification.key)
                known = told.firing if told is not None else frozenset()
                self.owed |= {
                    each.labels["i"]
                    for each in notification.alerts
                    if not each.resolved and each.fingerprint not in known
                }
        self.seconds += INTERVAL_S - 30


def lived(history: list[tuple[frozenset[str], bool, int]], send_resolved: bool) -> History:
    with tempfile.TemporaryDirectory() as directory:
        life = History(Path(directory), send_resolved)
        for step in history:
            life.interval(*step)
        for _ in range(3):
            life.interval(frozenset(), True, 9)
        return life


@settings(max_examples=120, deadline=None)
@given(steps, st.booleans())
def test_what_was_to_be_told_is_told(history, send_resolved):
    life = lived(history, send_resolved)
    assert life.owed == set()
    assert life.desk.dispatcher.statistics()["groups"] == 0 and life.desk.pending == {}


@settings(max_examples=120, deadline=None)
@given(steps)
def test_who_wants_to_know_hears_of_the_end_of_everything(history):
    last = {each.labels["i"]: each.resolved for alerts in lived(history, True).told for each in alerts}
    assert all(last.values())
