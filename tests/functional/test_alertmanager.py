"""The notifier beside a real Alertmanager: one file, the same alerts, the same groups told to the same receivers."""

import itertools
import json
import random
import time
from pathlib import Path

import httpx
import pytest

from alertmanager import Alertmanager, Hooks, amtool
from mythos.alerts.alert import Alert
from mythos.alerts.notify.config_file import load_config
from mythos.alerts.notify.dispatcher import Dispatcher
from mythos.alerts.notify.notification import as_at
from mythos.alerts.notify.notification_log import NotificationLog
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.senders.alertmanager import postable
from mythos.alerts.notify.silences import Silences
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.notify.template_data import webhook_message
from mythosd import REPOSITORY, SERVE, Mythosd, eventually

DEPLOYED = REPOSITORY / "deploy" / "alertmanager.yml"

# Every kind of route that there is, and short waits: Alertmanager's clock cannot be moved.
CONFIG = """
route:
  receiver: everything
  group_by: [alertname]
  group_wait: 300ms
  group_interval: 2s
  repeat_interval: 1h
  routes:
  - {matchers: ['severity="critical"'], receiver: pager, group_by: [alertname, instance], continue: true}
  - matchers: ['team=~"core|edge"']
    receiver: team
    group_by: ['...']
    routes:
    - {matchers: ['instance!~"b.*"', 'team="core"'], receiver: core, group_by: [team]}
  - {match: {severity: warning}, receiver: nobody}
  - {match_re: {alertname: 'Disk.*'}, receiver: 'disks.and+more', group_by: []}
inhibit_rules:
- source_matchers: ['alertname="Down"']
  target_matchers: ['alertname!="Down"']
  equal: [instance]
receivers:
- {name: everything, webhook_configs: [{url: 'URL/everything'}]}
- {name: pager, webhook_configs: [{url: 'URL/pager', send_resolved: false}, {url: 'URL/pager-few', max_alerts: 1}]}
- {name: team, webhook_configs: [{url: 'URL/team'}]}
- {name: core, webhook_configs: [{url: 'URL/core'}]}
- {name: disks.and+more, webhook_configs: [{url: 'URL/disks'}]}
- name: nobody
"""


def label_sets():
    names = ["Down", "DiskFull", "DiskSlow", "Lag", "Errors"]
    sets = [
        {"alertname": name, "instance": instance, "severity": severity, "team": team}
        for name, instance, severity, team in itertools.product(
            names, ["a1", "a2", "b1", "b2"], ["critical", "warning", "info"], ["core", "edge", "web", ""]
        )
        if name != "Down" or instance == "b2"  # else everything would be inhibited
    ]
    return [{name: value for name, value in each.items() if value} for each in random.Random(7).sample(sets, 60)]


@pytest.fixture
def hooks():
    running = Hooks()
    yield running
    running.stop()


def write_config(directory: Path, hooks: Hooks) -> str:
    text = CONFIG.replace("URL", hooks.url)
    (directory / "mythos.yml").write_text(text)
    return text


def told(path_and_message):
    """A webhook without what differs from run to run: the times."""
    path, message = path_and_message
    alerts = [{k: v for k, v in each.items() if k not in ("startsAt", "endsAt")} for each in message["alerts"]]
    assert all((each["endsAt"] == "0001-01-01T00:00:00Z") == (each["status"] == "firing") for each in message["alerts"])
    return path, {**message, "alerts": alerts}


def in_order(messages):
    return sorted(map(told, messages), key=lambda each: (each[0], each[1]["groupKey"], each[1]["status"]))


class Ours:
    """The dispatcher on the same file, its clock moved by hand."""

    def __init__(self, file: Path) -> None:
        state = StateFile(None, now=0)
        self.config = load_config(file)
        self.dispatcher = Dispatcher(
            self.config, state, Silences(state), NotificationLog(state), lambda _: None, time.time()
        )

    def tells(self, now):
        messages = []
        for notification in self.dispatcher.flush(now)[0]:
            _, receiver, integration = notification.key
            webhook = next(
                each for name, each in self.config.integrations() if (name, each.name) == (receiver, integration)
            )
            path = "/" + webhook.url.reveal().rpartition("/")[2]
            messages.append((path, webhook_message(notification, "http://mythos.test", webhook.max_alerts)))
            self.dispatcher.delivered(notification, now)
        return messages


def test_the_same_alerts_make_the_same_groups_for_the_same_receivers(tmp_path, hooks):
    real = Alertmanager(tmp_path, write_config(tmp_path, hooks))
    try:
        ours = Ours(tmp_path / "mythos.yml")
        now = time.time()
        firing = [Alert(labels, {"summary": f"{n % 3}"}, now, now + 600) for n, labels in enumerate(label_sets())]
        first, last = firing[:45], firing[45:]

        def both(alerts, at):
            answer = real.http.post(f"{real.url}/api/v2/alerts", json=[postable(as_at(each, at)) for each in alerts])
            assert answer.status_code == 200, answer.text
            ours.dispatcher.receive(alerts, at)

        both(first, now)
        expected = ours.tells(now + 0.3)
        assert len(expected) > 20, "there is something to compare"
        eventually(f"{len(expected)} webhooks", lambda: len(hooks.taken) >= len(expected))
        ended = [Alert(each.labels, each.annotations, each.starts_at, time.time(), True) for each in first[::3]]
        both(ended + last, time.time())
        later = ours.tells(time.time() + 2.3)
        assert {message["status"] for _, message in later} == {"firing", "resolved"}
        expected += later
        eventually(f"{len(expected)} webhooks", lambda: len(hooks.taken) >= len(expected))
        assert in_order(hooks.taken) == in_order(expected)
    finally:
        real.stop()


def test_alertmanager_takes_our_alerts_and_notifies(tmp_path, hooks):
    """The raw way: alerts to Alertmanager's API, which groups and tells; and a resolve."""
    real = Alertmanager(tmp_path, write_config(tmp_path, hooks))
    notifier = Notifier(
        NotifyOptions(
            alertmanagers=[Secret(real.url), Secret(f"{real.url}/")],
            allowed_networks=["127.0.0.0/8"],
            state_file=tmp_path / "alerts.db",
        )
    )
    notifier.start()
    try:
        now = time.time()
        alert = Alert({"alertname": "Lag", "instance": "a1"}, {"summary": "slow"}, now, now + 240, False, "http://m/")
        notifier.submit([alert])
        eventually("the receiver is told", lambda: hooks.taken)
        assert [each["fingerprint"] for each in real.ask("alerts")] == [alert.fingerprint]
        notifier.submit([Alert(alert.labels, alert.annotations, now, time.time(), True, "http://m/")])
        eventually("the receiver is told of the end", lambda: len(hooks.taken) >= 2)
        assert [message["status"] for _, message in hooks.taken] == ["firing", "resolved"]
        assert hooks.taken[0][1]["alerts"][0]["generatorURL"] == "http://m/"
        assert eventually("both are counted", lambda: sent_to_alertmanagers(notifier) == 4)
    finally:
        notifier.stop()
        real.stop()


def sent_to_alertmanagers(notifier: Notifier) -> int:
    rows = notifier.snapshot()["notifications"]
    return sum(row["count"] for row in rows if (row["integration"], row["status"]) == ("alertmanager", "sent"))


@pytest.mark.parametrize("file", [DEPLOYED, None], ids=["deployed", "every route"])
def test_amtool_routes_as_we_do(tmp_path, hooks, file):
    if file is None:
        write_config(tmp_path, hooks)
        file = tmp_path / "mythos.yml"
    checked = amtool("check-config", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    text = file.read_text().replace("/etc/alertmanager/slack_url", "slack_url")
    (tmp_path / "slack_url").write_text("https://hooks.slack.test/services/T")
    (tmp_path / "ours.yml").write_text(text)
    route = load_config(tmp_path / "ours.yml").route
    for labels in label_sets()[:30]:
        found = amtool(
            "config", "routes", "test", f"--config.file={file}", *(f"{name}={value}" for name, value in labels.items())
        )
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip().split(",") == [each.receiver for each in route.match(labels)], labels


def test_amtool_takes_everything_but_our_extension(tmp_path):
    (tmp_path / "a.yml").write_text(
        "route: {receiver: a}\nreceivers:\n- name: a\n  apprise_configs: [{url: 'json://x'}]\n"
    )
    refused = amtool("check-config", str(tmp_path / "a.yml"))
    assert refused.returncode == 1 and "apprise_configs" in refused.stdout + refused.stderr


RULES = """
groups:
- name: two
  interval: 1s
  rules:
  - {alert: Down, expr: vector(1), labels: {instance: a1, severity: critical}, annotations: {summary: bad}}
  - {alert: Lag, expr: vector(1), labels: {instance: a1, severity: critical}, annotations: {summary: bad}}
"""


@pytest.fixture
def ours(tmp_path, start_server, hooks):
    """A server with an alert that inhibits another."""
    write_config(tmp_path, hooks)
    (tmp_path / "rules.yml").write_text(RULES)
    server = start_server(
        {
            "alerts.rules": [str(tmp_path / "rules.yml")],
            "alerts.notifications": str(tmp_path / "mythos.yml"),
            "alerts.allowed_networks": ["127.0.0.0/8"],
        },
        program=SERVE,
    )

    def are_there():
        return len(httpx.get(f"{server.url}/api/v2/alerts", trust_env=False).json()) == 2

    eventually("the alerts are there", are_there)
    return server


def ask(server: Mythosd, *arguments: str) -> str:
    answer = amtool(f"--alertmanager.url={server.url}", *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_amtool_lists_our_alerts(ours):
    def names(*arguments):
        return {
            each["labels"]["alertname"] for each in json.loads(ask(ours, "alert", "query", "-o", "json", *arguments))
        }

    assert names() == {"Down"}, "amtool leaves out what is inhibited"
    assert names("--inhibited") == {"Lag"}
    assert names("--inhibited", "--active", "instance=a2") == set()
    assert names("--receiver=pager") == {"Down"} and names("--receiver=team") == set()


def test_amtool_silences_our_alerts(ours):
    id = ask(ours, "silence", "add", "alertname=Down", "severity=~crit.*", "--comment=known", "--author=ann")
    (silence,) = json.loads(ask(ours, "silence", "query", "-o", "json"))
    assert (silence["id"], silence["createdBy"], silence["comment"]) == (id, "ann", "known")
    (alert,) = json.loads(ask(ours, "alert", "query", "-o", "json", "--silenced"))
    assert alert["status"]["silencedBy"] == [id] and alert["status"]["state"] == "suppressed"
    updated = ask(ours, "silence", "update", "--duration=3h", "--comment=still", id)
    assert id in updated and "still" in updated
    ask(ours, "silence", "expire", id)
    assert json.loads(ask(ours, "silence", "query", "-o", "json")) == []
    assert [each["id"] for each in json.loads(ask(ours, "silence", "query", "--expired", "-o", "json"))] == [id]
    refused = amtool(f"--alertmanager.url={ours.url}", "silence", "add", "a=~.*", "--comment=x", "--author=y")
    assert refused.returncode == 1 and "at least one matcher" in refused.stderr
