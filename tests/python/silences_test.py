"""`mythos alerts silence` on a state file, while a notifier uses it, and over HTTP; and where no silence mutes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mythos
from mythos.alerts.notify.matchers import Matcher
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.silence_api import get_alerts
from mythos.alerts.notify.silences import Silence
from mythos.alerts.notify.state_file import StateFile
from mythos.cli.silences import app
from notify_answers import rows
from notify_scene import START, Scene, alert
from notify_servers import serving


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def place(tmp_path):
    """A server's state file."""
    StateFile(tmp_path / "alerts.db", now=time.time()).close()
    return ["--state-file", str(tmp_path / "alerts.db")]


@pytest.fixture
def server(tmp_path):
    """One that evaluates rules."""
    rules = tmp_path / "rules.yml"
    rules.write_text("groups:\n- {name: none, rules: [{alert: None, expr: vector(1) > 2}]}\n")
    options = {"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.level": "error", "alerts.rules": [str(rules)]}
    files = {"alerts.state": str(tmp_path / "of-server.db"), "alerts.incidents": ""}
    with mythos.Server(mythos.Settings.only(**options, **files)) as running:
        yield ["--url", running.url]


@pytest.mark.parametrize("way", ["place", "server"])
def test_a_silence_is_added_listed_and_expired(request, way):
    where = request.getfixturevalue(way)
    id = run("add", "alertname=Lag", 'instance=~"a.*"', "-c", "we know", "-a", "ann", "-d", "2h", *where).strip()
    other = run("add", "alertname=Full", "-c", "too", *where).strip()
    (row,) = (json.loads(line) for line in run("list", "alertname=Lag", "--json", *where).splitlines())
    assert row["id"] == id and row["status"] == {"state": "active"}
    assert (row["createdBy"], row["comment"]) == ("ann", "we know")
    assert row["matchers"] == [
        {"name": "alertname", "value": "Lag", "isRegex": False, "isEqual": True},
        {"name": "instance", "value": "a.*", "isRegex": True, "isEqual": True},
    ]
    assert f"{id}  active " in run("list", *where) and '{alertname="Lag",instance=~"a.*"}' in run("list", *where)
    run("expire", id, *where)
    assert [line.split()[0] for line in run("list", *where).splitlines()] == [other]
    assert f"{id}  expired" in run("list", "--expired", *where)
    run("expire", id, *where)


@pytest.mark.parametrize("way", ["place", "server"])
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["add", "alertname:Lag", "-c", "x"], 2, "is no matcher"),
        (["add", "alertname=Lag", "-c", "x", "-d", "soon"], 2, "is no duration"),
        (["add", "alertname=Lag", "-c", "x", "--end", "2026-11-23T10:00:00"], 2, "is no time with a zone"),
        (
            ["add", "alertname=Lag", "-c", "x", "--start", "9999-06-01T00:00:00Z", "-d", "280y"],
            2,
            "is a time from 1970-01-01 to 9999-12-30",
        ),
        (["add", "alertname=Lag", "-c", "x", "--end", "2001-11-23T10:00:00Z"], 1, "the end of the silence is past"),
        (["add", "alertname=~.*", "-c", "x"], 1, "at least one matcher"),
        (["add", "alertname=Lag", "-c", ""], 1, "comment"),
        (["expire", "gone"], 1, "there is no silence gone"),
    ],
)
def test_what_is_refused_is_told(request, way, arguments, code, says):
    assert says in run(*arguments, *request.getfixturevalue(way), code=code)


@pytest.mark.parametrize("arguments", [["add", "a=b", "-c", "x"], ["list"], ["expire", "id"]], ids=lambda a: a[0])
def test_where_there_is_no_state_file_none_is_made_and_what_to_name_is_told(tmp_path, arguments, monkeypatch):
    (row,) = rows("id", "given", "exit", "says")
    monkeypatch.chdir(tmp_path)
    assert row[3] in run(*arguments, code=int(row[2]))
    assert list(tmp_path.iterdir()) == []


def test_a_state_file_that_is_none_is_told_and_left_alone(tmp_path):
    file = tmp_path / "other.db"
    file.write_bytes(b"something else" * 1_000)
    assert "cannot be used" in run("add", "a=b", "-c", "x", "--state-file", str(file), code=1)
    assert file.read_bytes() == b"something else" * 1_000


def test_nobody_there_is_told():
    assert "no server" in run("list", "--url", "http://127.0.0.1:9", code=4)


async def test_a_running_notifier_takes_what_is_written_into_its_file(tmp_path: Path):
    async with serving() as hooks:
        scene = Scene(tmp_path, f"webhook_configs: [{{url: '{hooks.url}'}}]")
        scene.now = time.time()
        await scene.tell(alert("Lag", at=scene.now), alert("Full", at=scene.now))
        id = run("add", "alertname=Lag", "-c", "known", "--state-file", str(tmp_path / "alerts.db")).strip()
        await scene.wait(10)
        assert [body["groupLabels"]["alertname"] for body in hooks.bodies] == ["Full"]
        assert [silence.id for silence in scene.notifier.list_silences()[1]] == [id]
        await scene.notifier.aclose()


@pytest.mark.parametrize(
    ("managers", "advice"), [([], "nobody is told of alerts"), (["http://am.test:9093"], "silence in Alertmanager")]
)
async def test_where_silences_mute_nothing_that_is_told_and_what_fires_is_listed(tmp_path, caplog, managers, advice):
    now = [START]
    options = NotifyOptions(alertmanagers=[Secret(url) for url in managers], state_file=tmp_path / "alerts.db")
    notifier = Notifier(options, now=lambda: now[0])
    (warned,) = [line.__dict__["error"] for line in caplog.records if line.message == "Silences mute nothing"]
    assert warned == f"alerts.notifications names no file; {advice}"
    notifier.set_silence(Silence("", (Matcher("alertname", "Lag", "="),), START, START + 600, "ann", "known", 0))
    notifier.submit([alert("Lag"), alert("Full"), alert("Gone")])
    notifier.submit([alert("Gone", resolved_at=START)])

    def names(**query: list[str]) -> list[str]:
        return [each["labels"]["alertname"] for each in get_alerts(notifier, query)[1]]

    notifier._take(START)
    _, listed = get_alerts(notifier, {})
    assert names() == ["Full", "Lag"]
    assert [(each["status"]["state"], each["status"]["silencedBy"], each["receivers"]) for each in listed] == [
        ("unprocessed", [], []),
        ("unprocessed", [], []),
    ]
    amtool = {"silenced": ["false"], "inhibited": ["false"], "unprocessed": ["false"]}
    assert names(filter=["alertname=Lag"], active=["true"], **amtool) == ["Lag"]
    assert names(active=["false"]) == ["Full", "Lag"]
    assert names(active=["false"], unprocessed=["false"]) == [] == names(receiver=["ops"])
    now[0] += 240
    assert names() == []
    notifier.stop()


def test_a_configuration_and_nothing_that_is_kept_need_no_warning(tmp_path, caplog):
    Scene(tmp_path, "webhook_configs: []").notifier.stop()
    Notifier(NotifyOptions(state_file=None)).stop()
    assert "Silences mute nothing" not in caplog.text
