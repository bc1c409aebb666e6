"""The command `mythos`: what it prints, for people and for programs, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import mythos
from mythos import _core, failover_demo
from mythos.cli import app, exits

MYTHOS = [sys.executable, "-m", "mythos"]
NOWHERE = "http://127.0.0.1:1"


def run(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(app, list(words), **options)


def test_version_and_help():
    assert run("--version").stdout.strip() == mythos.__version__
    words = run("--help", env={"COLUMNS": "200"}).stdout
    for command in ("serve", "play", "publish", "tail", "logs", "deploy", "check-config", "demo"):
        assert command in words
    assert "Exit codes" in words


def test_every_command_says_its_exit_codes():
    single = ([name] for name in ("serve", "play", "publish", "tail", "logs", "deploy", "check-config"))
    for command in (*single, ["demo", "failover"]):
        assert "Exit codes" in run(*command, "--help").stdout, command


def test_shells_complete_it():
    asked = {"_MYTHOS_COMPLETE": "complete_bash", "COMP_WORDS": "mythos ser", "COMP_CWORD": "1"}
    given = subprocess.run(MYTHOS, env={**os.environ, **asked}, capture_output=True, text=True, timeout=60)
    assert given.stdout.split() == ["serve"]


def test_the_reference_page_is_what_the_command_says():
    """Written by `make reference`."""
    command = [sys.executable, "-m", "typer", "mythos.cli", "utils", "docs", "--name", "mythos"]
    given = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (Path(__file__).parents[2] / "docs" / "reference" / "command.md").read_text() == given.stdout


# publish


def test_publish_prints_the_id(mythos_server, mythos_sync_client):
    with mythos_sync_client("ann") as ann:
        given = run("publish", "chat.said", '{"text":"hi"}', "--player", "ann", "--url", mythos_server.url)
        assert given.exit_code == exits.DONE
        entry = ann.next(10)
        assert (entry.id, entry.data) == (given.stdout.strip(), {"text": "hi"})
        given = run("publish", "chat.said", "-", "--everyone", "--json", "--url", mythos_server.url, input='{"n":1}')
        assert json.loads(given.stdout) == {"id": ann.next(10).id}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["chat.said", "{}"], exits.USAGE),
        (["chat.said", "{}", "--player", "a", "--everyone"], exits.USAGE),
        (["chat.said", "no json", "--everyone"], exits.USAGE),
        (["mythos.welcome", "{}", "--everyone"], exits.FAILED),
    ],
)
def test_publish_says_what_is_wrong(mythos_server, words, code):
    given = run("publish", *words, "--url", mythos_server.url)
    assert given.exit_code == code and given.stderr.startswith("mythos: ")


@pytest.mark.parametrize("command", [["publish", "a", "{}", "--everyone"], ["tail", "ann"], ["play", "ann"]])
def test_without_a_server_it_ends_with_4_and_says_so_briefly(command: list[str]):
    given = run(*command, "--url", NOWHERE)
    assert given.exit_code == exits.NO_SERVER
    assert given.stderr.splitlines()[-1].startswith("mythos: ")
    assert len(given.stderr.splitlines()) < 5


@pytest.mark.parametrize("command", [["publish", "a", "{}", "--everyone"], ["tail", "ann"], ["play", "ann"]])
@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://"])
def test_an_url_that_is_none_is_wrong_usage(command: list[str], url: str):
    given = run(*command, "--url", url)
    assert given.exit_code == exits.USAGE and "http://" in given.stderr


@pytest.mark.parametrize("command", ["tail", "play"])
def test_a_name_that_is_none_is_wrong_usage(command: str):
    assert run(command, "an n", "--url", NOWHERE).exit_code == exits.USAGE


def test_a_token_lets_in_where_one_is_asked_for():
    def by_token(credentials: mythos.Credentials) -> object:
        return {"of-ann": "ann", "of-the-app": mythos.APPLICATION}.get(credentials.token or "")

    server = mythos.Server(listen="127.0.0.1:0", log={"level": "error"}, drain={"spread_ms": 0})
    server.authenticate(by_token)
    message = ["publish", "chat.said", "{}", "--player", "ann"]
    with server:
        given = run(*message, "--url", server.url)
        assert given.exit_code == exits.FAILED and "unauthorised" in given.stderr
        given = run(*message, "--url", server.url, "--token", "of-ann")
        assert given.exit_code == exits.FAILED and "forbidden" in given.stderr
        with tail(server, "--channel", "c", "--presence", "--token", "of-ann", "--json") as running:
            assert running.stdout is not None and "presence.joined" in running.stdout.readline()
            given = run(*message, "--url", server.url, env={"MYTHOS_TOKEN": "of-the-app"})
            assert given.exit_code == exits.DONE
            assert json.loads(running.stdout.readline())["id"] == given.stdout.strip()
            running.send_signal(signal.SIGINT)


# tail


def tail(server: mythos.Server, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MYTHOS, "tail", "ann", "--url", server.url, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_tail_prints_what_comes(mythos_server):
    with tail(mythos_server, "--channel", "room:1", "--presence", "--count", "3") as running:
        assert running.stdout is not None
        assert "presence.joined" in running.stdout.readline()
        first = mythos_server.publish("chat.said", {"text": "grüß"}, channel="room:1")
        second = mythos_server.publish("chat.said", {"text": "two"}, player="ann")
        out, err = running.communicate(timeout=30)
        assert out.splitlines() == [
            f'{first}  chat.said  room:1  {{"text": "grüß"}}',
            f'{second}  chat.said  -  {{"text": "two"}}',
        ]
        assert "-- websocket is live" in err and "-- sse is live" in err
    assert running.returncode == exits.DONE


def test_tail_prints_json(mythos_server):
    with tail(mythos_server, "--channel", "room:1", "--presence", "--count", "1", "--json") as running:
        out, err = running.communicate(timeout=30)
    assert json.loads(out)["kind"] == "entry" and json.loads(out)["type"] == "presence.joined"
    assert err == ""


def test_tail_ends_with_5_when_it_is_sent_away(mythos_server):
    with tail(mythos_server, "--channel", "room:1", "--presence") as running:
        assert running.stdout is not None and running.stdout.readline()
        mythos_server.replace_session("ann")
        assert running.wait(30) == exits.SENT_AWAY


def test_an_interrupt_ends_tail_with_130(mythos_server):
    with tail(mythos_server, "--channel", "room:1", "--presence") as running:
        assert running.stdout is not None and running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
        assert "Traceback" not in err
    assert running.returncode == exits.INTERRUPTED


# check-config


def test_check_config_prints_every_option(tmp_path: Path):
    file = tmp_path / "mythos.toml"
    file.write_text("[session]\ngrace_s = 7\n")
    given = run("check-config", "--config", str(file), "--set", "heartbeat_ms=900", "--json")
    options = json.loads(given.stdout)["options"]
    assert given.exit_code == exits.DONE
    assert (options["session.grace_s"], options["heartbeat_ms"], options["limits.connections_per_player"]) == (
        7,
        900,
        4,
    )
    assert "session.grace_s = 7" in run("check-config", "--config", str(file)).stdout


def test_check_config_warns_of_what_has_no_effect():
    given = run("check-config", env={"MYTHOS_GRACE": "7"})
    assert given.exit_code == exits.DONE and "MYTHOS_GRACE" in given.stderr
    given = run("check-config", "--json", env={"MYTHOS_GRACE": "7"})
    assert len(json.loads(given.stdout)["warnings"]) == 1 and given.stderr == ""


def test_check_config_says_what_is_wrong(tmp_path: Path):
    file = tmp_path / "mythos.toml"
    file.write_text("[session]\ngrace = 7\n")
    given = run("check-config", "--config", str(file))
    assert given.exit_code == exits.BAD_CONFIG and "grace" in given.stderr
    given = run("check-config", "--listen", "0.0.0.0:0")
    assert given.exit_code == exits.BAD_CONFIG and "0.0.0.0:0" in given.stderr
    given = run("check-config", "--set", "heartbeat_ms=fast", "--json")
    assert given.exit_code == exits.BAD_CONFIG
    assert json.loads(given.stdout)["complaints"]
    assert run("check-config", "--set", "heartbeat_ms").exit_code == exits.USAGE
    assert run("serve", "--set", "no.such=1").exit_code == exits.BAD_CONFIG


def test_faulty_alert_files_are_told_by_check_config_and_before_a_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every fault of both files at once, with its line; and nothing has listened or been opened by then."""
    rules, notifications, config = (tmp_path / name for name in ("rules.yml", "am.yml", "mythos.toml"))
    rules.write_text("groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'rat(x[5m]) > 1'}\n")
    notifications.write_text("route:\n  receiver: nobody\nreceivers: []\n")
    config.write_text(
        f'listen = "127.0.0.1:0"\n[log]\nfile = ""\n[store]\nurl = "none"\n'
        f'[alerts]\nrules = ["{rules}"]\nnotifications = "{notifications}"\nstate = "{tmp_path / "alerts.db"}"\n'
    )
    monkeypatch.setattr(_core, "ServerCore", None)
    said = (f"alerts.rules: {rules}:4: ", "did you mean rate?", f"{notifications}:2: ", "there is no receiver 'nobody'")
    for command in ("check-config", "serve"):
        given = run(command, "--config", str(config))
        assert given.exit_code == exits.BAD_CONFIG, given.output
        assert all(text in given.stderr for text in said), given.stderr
    assert not (tmp_path / "alerts.db").exists()
    told = json.loads(run("check-config", "--config", str(config), "--json").stdout)
    assert not told["ok"] and len(told["complaints"]) == 2
    rules.write_text("groups: []\n")
    notifications.write_text("route:\n  receiver: nobody\nreceivers: [{name: nobody}]\n")
    assert run("check-config", "--config", str(config)).exit_code == exits.DONE


# serve


@pytest.mark.parametrize("words", [[], ["--demo", "--bots", "2"]])
def test_serve_ends_cleanly_when_it_is_told_to(tmp_path: Path, words: list[str], mythos_sync_client):
    port_file = tmp_path / "port"
    command = [*MYTHOS, "serve", "--listen", "127.0.0.1:0", "--set", "drain.spread_ms=0", *words]
    with subprocess.Popen(
        [*command, "--port-file", str(port_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as running:
        assert running.stdout is not None
        said = ""
        while "/api/connections/ann" not in said:
            line = running.stdout.readline()
            assert line, said
            said += line
        port = port_file.read_text().strip()
        with mythos.SyncClient(f"http://127.0.0.1:{port}", "ann") as ann:
            assert ann.ping()
        running.terminate()
        _, err = running.communicate(timeout=30)
        assert "Traceback" not in err, err
    assert f"ws://127.0.0.1:{port}/ws/{{player_id}}" in said
    assert said.count("  curl ") == 3
    assert running.returncode == exits.DONE


def test_serve_tells_programs_where_it_listens(tmp_path: Path):
    command = [*MYTHOS, "serve", "--listen", "127.0.0.1:0", "--set", "drain.spread_ms=0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path
    ) as running:
        assert running.stdout is not None
        told = json.loads(running.stdout.readline())
        assert told["url"] == f"http://127.0.0.1:{told['port']}"
        running.send_signal(signal.SIGINT)
        assert running.stdout.read() == "" and running.wait(30) == exits.DONE


def test_serve_reads_its_configuration_again_when_it_is_told_to(tmp_path: Path):
    file = tmp_path / "mythos.toml"
    file.write_text("heartbeat_ms = 900\n")
    command = [*MYTHOS, "serve", "--listen", "127.0.0.1:0", "--config", str(file), "--set", "log.level=error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline()
        file.write_text("heartbeat_ms = 1\n")
        running.send_signal(signal.SIGHUP)
        assert "heartbeat_ms" in running.stderr.readline()
        file.write_text("heartbeat_ms = 700\nserver.loops = 3\n")
        running.send_signal(signal.SIGHUP)
        assert running.stderr.readline() == "heartbeat_ms: 700, was 900\n"
        assert "server.loops: stays 0 until a restart, then 3" in running.stderr.readline()
        running.terminate()
        assert running.wait(30) == exits.DONE


def test_serve_does_not_start_where_strangers_could_be_anybody():
    given = run("serve", "--listen", "0.0.0.0:0")
    assert given.exit_code == exits.BAD_CONFIG and "exposed_without_authentication" in given.stderr


def test_serve_says_when_the_address_is_taken(mythos_server):
    given = subprocess.run(
        [*MYTHOS, "serve", "--listen", f"127.0.0.1:{mythos_server.port}"], capture_output=True, text=True, timeout=60
    )
    assert given.returncode == exits.FAILED and "address_in_use" in given.stderr


# demo failover


def test_demo_failover_counts():
    given = run("demo", "failover", "--clients", "2", "--seconds", "1", "--cuts", "20", "--json")
    outcome = json.loads(given.stdout)
    assert given.exit_code == exits.DONE
    assert (outcome["lost"], outcome["duplicated"], outcome["out_of_order"]) == (0, 0, 0)
    assert outcome["delivered"] == outcome["owed"] > 100


def test_demo_failover_ends_with_1_where_something_is_lost(monkeypatch: pytest.MonkeyPatch):
    async def bad(*_: object) -> failover_demo.Outcome:
        return failover_demo.Outcome(clients=1, published=5, owed=5, delivered=4, lost=1)

    monkeypatch.setattr(failover_demo, "run", bad)
    given = run("demo", "failover")
    assert given.exit_code == exits.FAILED
    assert "lost" in given.stdout and "longest pause" in given.stdout


def test_serve_has_a_log_file_which_sighup_opens_anew(tmp_path: Path, mythos_sync_client):
    command = [*MYTHOS, "serve", "--listen", "127.0.0.1:0", "--set", "drain.spread_ms=0", "--json"]
    file, moved = tmp_path / "logs" / "mythos.log", tmp_path / "moved"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None
        url = json.loads(running.stdout.readline())["url"]
        with mythos.SyncClient(url, "ann"):
            pass
        file.rename(moved)
        running.send_signal(signal.SIGHUP)
        while not file.exists():
            with mythos.SyncClient(url, "ben"):
                pass
        running.terminate()
        _, err = running.communicate(timeout=30)
    written = moved.read_text() + file.read_text()
    assert '"player_id":"ann"' in written and '"player_id":"ben"' in written
    assert set(written.splitlines()) <= set(err.splitlines())


def test_serve_says_which_log_file_it_cannot_write(tmp_path: Path):
    (tmp_path / "logs").write_text("a file stands where the directory should")
    given = subprocess.run(
        [*MYTHOS, "serve", "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert given.returncode == exits.BAD_CONFIG and "logs/mythos.log" in given.stderr
