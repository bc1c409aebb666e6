"""Who is told what, and when: groups, waits, repeats, inhibition, silences; the clock is moved by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mythos.alerts.notify.config_file import load_config
from mythos.alerts.notify.dispatcher import ALERTS_MAX, Dispatcher
from mythos.alerts.notify.matchers import Matcher
from mythos.alerts.notify.notification import Key, Notification
from mythos.alerts.notify.notification_log import NotificationLog
from mythos.alerts.notify.silences import Silence, Silences
from mythos.alerts.notify.state_file import StateFile
from notify_scene import START, alert

HOOK = "webhook_configs: [{url: 'http://example.org/', send_resolved: SEND}]"
OPS = "route: {receiver: ops, group_by: [alertname], ROUTE}\nreceivers:\n- {name: ops, " + HOOK + "}\n- {name: team, "
OPS += HOOK + "}\n"


class Desk:
    """A dispatcher of which each notification is delivered at once, unless `broken`."""

    def __init__(
        self,
        directory: Path,
        text: str = "",
        send_resolved: bool = True,
        more: str = "",
        state: StateFile | None = None,
    ) -> None:
        self.now = START
        self.file = directory / "a.yml"
        self.state_file = directory / "alerts.db"
        self.file.write_text(OPS.replace("ROUTE", text).replace("SEND", str(send_resolved).lower()) + more)
        self.broken = self.silent = False
        self.pending: dict[Key, Notification] = {}
        self.made: list[Notification] = []
        self.state = state or StateFile(self.state_file, now=self.now)
        self.open()

    def open(self) -> None:
        self.silences = Silences(self.state)
        self.log = NotificationLog(self.state)
        self.dispatcher = Dispatcher(
            load_config(self.file), self.state, self.silences, self.log, self.pending.get, self.now
        )

    def restart(self) -> None:
        self.dispatcher.save()
        self.state.commit()
        self.open()

    def tell(self, *alerts):
        self.dispatcher.receive(alerts, self.now)

    def at(self, seconds: float):
        """What is told so long after the start: (receiver, status, [firing], [resolved])."""
        self.now = START + seconds
        if not self.silent:
            self.tell()  # rules are evaluated all the time
        made, gone = self.dispatcher.flush(self.now)
        self.made = made
        for key in gone:
            del self.pending[key]
        for notification in made:
            if self.broken:
                self.pending[notification.key] = notification
            else:
                self.pending.pop(notification.key, None)
                self.dispatcher.delivered(notification, self.now)
        return [
            (
                each.key.receiver,
                each.status,
                [f"{a.name}{a.labels.get('i', '')}" for a in each.alerts if not a.resolved],
                [f"{a.name}{a.labels.get('i', '')}" for a in each.alerts if a.resolved],
            )
            for each in made
        ]


def firing(*names: str):
    return [("ops", "firing", list(names), [])]


def test_a_group_waits_and_then_tells_of_all_that_came(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag", i="1"), alert("Full"))
    assert desk.at(29) == []
    desk.tell(alert("Lag", i="2"))
    assert sorted(desk.at(30)) == sorted(firing("Lag1", "Lag2") + firing("Full"))


def test_what_began_long_ago_does_not_wait(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag", at=START - 31))
    assert desk.at(0) == firing("Lag")


def test_news_wait_for_the_interval_and_no_news_are_none(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag", i="1"))
    desk.at(30)
    desk.tell(alert("Lag", i="1", at=START + 60), alert("Lag", i="2", at=START + 60))
    assert desk.at(329) == []
    desk.tell(alert("Lag", i="1", at=START + 300), alert("Lag", i="2", at=START + 300))
    assert desk.at(330) == firing("Lag1", "Lag2")
    desk.tell(alert("Lag", i="1", at=START + 600), alert("Lag", i="2", at=START + 600))
    assert desk.at(630) == []


def test_the_same_is_told_again_after_the_repeat_interval(tmp_path):
    desk = Desk(tmp_path, "repeat_interval: 10m")
    told = []
    for seconds in range(0, 2_000, 30):
        desk.tell(alert("Lag", at=START + seconds))
        told += [seconds] if desk.at(seconds) else []
    assert told == [30, 930, 1_830], "at the first flush more than ten minutes later: 30 + 3 * 300"


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_resolved_is_told_to_who_wants_to_know(tmp_path, wanted):
    desk = Desk(tmp_path, send_resolved=wanted)
    desk.tell(alert("Lag", i="1"), alert("Lag", i="2"))
    desk.at(30)
    desk.tell(alert("Lag", i="1", resolved_at=START + 60), alert("Lag", i="2", at=START + 300))
    assert desk.at(330) == ([("ops", "firing", ["Lag2"], ["Lag1"])] if wanted else [])
    desk.tell(alert("Lag", i="2", resolved_at=START + 340))
    assert desk.at(630) == ([("ops", "resolved", [], ["Lag2"])] if wanted else [])
    assert desk.at(930) == [] and desk.dispatcher.statistics()["groups"] == 0


def test_what_is_not_told_of_any_more_is_resolved(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag"))
    desk.at(30)
    assert desk.at(330) == [("ops", "resolved", [], ["Lag"])]


def test_nothing_resolves_by_itself_while_nobody_evaluates(tmp_path):
    """The evaluation hangs, the machine slept, or its clock was set forward."""
    desk = Desk(tmp_path)
    desk.tell(alert("Lag", i="1"), alert("Lag", i="2"))
    desk.at(30)
    desk.silent = True
    assert desk.at(14_000) == []
    desk.tell(alert("Lag", i="1", at=desk.now))
    assert desk.at(14_300) == [("ops", "firing", ["Lag1"], ["Lag2"])]


def test_what_fires_again_is_told_again(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag"))
    desk.at(30)
    desk.tell(alert("Lag", resolved_at=START + 60))
    desk.tell(alert("Lag", at=START + 100))
    assert desk.at(330) == [], "it fires, as it did"
    desk.tell(alert("Lag", resolved_at=START + 340))
    assert desk.at(630) == [("ops", "resolved", [], ["Lag"])]
    desk.tell(alert("Lag", at=START + 700))
    assert desk.at(730) == firing("Lag")


def test_what_came_and_went_within_the_wait_is_nobodys_matter(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag"))
    desk.tell(alert("Lag", resolved_at=START + 5))
    assert desk.at(30) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_what_came_and_went_while_nobody_could_be_told_is_told(tmp_path, wanted):
    """Alertmanager would not: `owed`."""
    desk = Desk(tmp_path, send_resolved=wanted)
    desk.broken = True
    desk.tell(alert("Lag"))
    assert desk.at(30) == firing("Lag")
    desk.tell(alert("Lag", resolved_at=START + 60))
    assert desk.at(330) == [("ops", "resolved", [], ["Lag"])]
    desk.broken = False
    assert desk.at(630) == [("ops", "resolved", [], ["Lag"])]
    assert desk.at(930) == [] and desk.dispatcher.statistics()["groups"] == 0


def test_what_is_under_way_is_not_sent_again_when_it_arrives(tmp_path):
    desk = Desk(tmp_path)
    desk.broken = True
    desk.tell(alert("Lag", i="1"))
    desk.at(30)
    (first,) = desk.pending.values()
    desk.tell(alert("Lag", i="1", at=START + 300))
    desk.at(330)
    assert desk.dispatcher.delivered(first, desk.now) is False, "the newer one says nothing new"
    desk.pending.clear()
    desk.tell(alert("Lag", i="1", at=START + 600), alert("Lag", i="2", at=START + 600))
    desk.at(630)
    assert desk.dispatcher.delivered(first, desk.now) is True, "the newer one knows of another alert"


def test_routes_continue_and_groups_with_equal_matchers_are_apart(tmp_path):
    routes = "routes: [{matchers: [a=b], continue: true}, {matchers: [a=b], receiver: team}, {receiver: team}]"
    desk = Desk(tmp_path, routes)
    desk.tell(alert("Lag", a="b"), alert("Full"))
    assert sorted(desk.at(30)) == sorted(
        [*firing("Lag"), ("team", "firing", ["Lag"], []), ("team", "firing", ["Full"], [])]
    )


INHIBIT = """
inhibit_rules:
- {source_matchers: [alertname=Down], target_matchers: [alertname!=Down], equal: [i]}
- {source_matchers: [severity=critical], target_matchers: ['severity=~"critical|warning"'], equal: [i]}
"""


def test_inhibition_lasts_as_long_as_its_source(tmp_path):
    desk = Desk(tmp_path, more=INHIBIT)
    desk.tell(alert("Down", i="1"), alert("Lag", i="1"), alert("Lag", i="2"))
    assert sorted(desk.at(30)) == sorted(firing("Down1") + firing("Lag2"))
    desk.tell(alert("Down", i="1", resolved_at=START + 60))
    desk.tell(alert("Lag", i="1", at=START + 300), alert("Lag", i="2", at=START + 300))
    assert sorted(desk.at(330)) == sorted([("ops", "resolved", [], ["Down1"]), *firing("Lag1", "Lag2")])


def test_what_is_source_and_target_does_not_inhibit_its_like(tmp_path):
    desk = Desk(tmp_path, more=INHIBIT)
    desk.tell(alert("Lag", severity="critical"), alert("Full", severity="critical"), alert("Slow", severity="warning"))
    assert sorted(desk.at(30)) == sorted(firing("Lag") + firing("Full"))


def silence(starts_at: float = START, ends_at: float = START + 300, name: str = "Lag") -> Silence:
    return Silence("", (Matcher("alertname", name, "="),), starts_at, ends_at, "ann", "known", 0)


def test_a_silence_mutes_until_it_ends_also_over_a_restart(tmp_path):
    desk = Desk(tmp_path)
    desk.silences.set(silence(), START)
    desk.tell(alert("Lag"))
    desk.restart()
    assert desk.at(30) == []
    assert [each.comment for each in desk.silences.list(desk.now)] == ["known"]
    desk.tell(alert("Lag", at=START + 300))
    assert desk.at(330) == firing("Lag")


def test_a_silence_that_is_expired_mutes_no_more(tmp_path):
    desk = Desk(tmp_path)
    kept = desk.silences.set(silence(), START)
    desk.silences.expire(kept.id, START + 10)
    assert desk.silences.expire(kept.id, START + 20).ends_at == START + 10
    desk.tell(alert("Lag"))
    assert desk.at(30) == firing("Lag")


def test_a_silence_is_changed_or_made_anew(tmp_path):
    desk = Desk(tmp_path)
    first = desk.silences.set(silence(), START)
    longer = desk.silences.set(Silence(**{**vars(first), "ends_at": START + 900}), START + 10)
    assert longer.id == first.id and longer.ends_at == START + 900
    other = desk.silences.set(Silence(**{**vars(first), "matchers": (Matcher("i", "1", "="),)}), START + 20)
    assert other.id != first.id
    assert [(each.id, each.state(START + 20)) for each in desk.silences.list(START + 20)] == [
        (other.id, "active"),
        (first.id, "expired"),
    ]


def test_a_silence_ends_what_is_pending_for_its_alerts(tmp_path):
    desk = Desk(tmp_path)
    desk.broken = True
    desk.tell(alert("Lag"))
    desk.at(30)
    desk.silences.set(silence(START + 60, START + 900), desk.now)
    desk.tell(alert("Lag", at=START + 300))
    assert desk.at(330) == [] and desk.pending == {}


def test_a_restart_repeats_nothing_and_forgets_nothing(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag", i="1"), alert("Full"))
    desk.at(30)
    desk.tell(alert("Lag", i="2", at=START + 60))
    desk.now = START + 3_600
    desk.restart()
    assert desk.at(3_600) == firing("Lag1", "Lag2"), "the one is news; the other fires until the rules say otherwise"
    assert sorted(desk.at(3_900)) == sorted(
        [("ops", "resolved", [], ["Lag1", "Lag2"]), ("ops", "resolved", [], ["Full"])]
    ), "nobody spoke of them for four minutes"


def test_after_a_restart_alerts_go_where_the_configuration_now_says(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(alert("Lag"))
    desk.dispatcher.save()
    desk.file.write_text(desk.file.read_text().replace("{receiver: ops", "{receiver: team"))
    desk.restart()
    assert desk.at(31) == [("team", "firing", ["Lag"], [])]


def test_a_clock_that_goes_back_delays_nothing(tmp_path):
    desk = Desk(tmp_path)
    desk.now = START + 36_000
    desk.tell(alert("Lag", i="1", at=desk.now))
    assert desk.at(36_030) == firing("Lag1")
    desk.now = START
    desk.tell(alert("Lag", i="1"), alert("Lag", i="2"))
    assert desk.at(1) == firing("Lag1", "Lag2")


def test_alerts_are_bounded(tmp_path):
    desk = Desk(tmp_path)
    desk.tell(*(alert("Lag", i=str(n)) for n in range(ALERTS_MAX + 5)))
    assert desk.dispatcher.statistics() == {"groups": 1, "alerts": ALERTS_MAX, "alerts_dropped": 5}


def test_what_is_kept_of_a_group_without_alerts_is_dropped(tmp_path):
    desk = Desk(tmp_path)
    desk.state.put("group", "/ {}:{}", {"next_at": 0.0, "flushed": True, "labels": {}, "alerts": []})
    desk.restart()
    assert desk.at(30) == [] and desk.dispatcher.statistics()["groups"] == 0
    desk.restart()
    assert desk.state.all("group") == {}
