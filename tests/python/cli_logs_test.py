"""`mythos logs`: what it prints of a server's log files, and how it ends."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mythos.cli import app, exits

MYTHOS = [sys.executable, "-m", "mythos"]


def line(n: int, event: str = "WebSocket connected", **fields: Any) -> str:
    head = {
        "timestamp": f"2026-11-23T10:15:{n:02}.000000Z",
        "level": "info",
        "logger": "server.realtime",
        "event": event,
    }
    return json.dumps({**head, **fields}) + "\n"


LINES = [
    line(0, player_id="ann", establishment_time_ms=5, connection_type="websocket", is_dual_connection=False),
    line(1, "SSE connected", player_id="ann", establishment_time_ms=1200.5, connection_type="sse"),
    line(2, player_id="ben", establishment_time_ms=30, connection_type="websocket"),
    line(3, "Command failed", level="error", error_type="validation_error", player_id="ben", exception="one\ntwo"),
]


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """logs/mythos.log, the first half of it rotated and compressed, and a broken line."""
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "logs"
    directory.mkdir()
    (directory / "mythos.log.20261123T101501.500000Z.gz").write_bytes(gzip.compress("".join(LINES[:2]).encode()))
    (directory / "mythos.log").write_text(LINES[2] + "a line of somebody else\n" + LINES[3])
    return directory


def run(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(app, ["logs", *words], **options)


def test_all_lines_for_people_and_what_could_not_be_read():
    given = run()
    assert given.exit_code == exits.DONE and given.stderr == "mythos: 1 lines could not be read\n"
    first, *_, failed, one, two = given.stdout.splitlines()
    assert first.startswith("2026-11-23T10:15:00.000000Z info     server.realtime  WebSocket connected  player_id=ann")
    assert "Command failed  error_type=validation_error" in failed and (one, two) == ("    one", "    two")


def test_lines_for_programs_are_the_lines():
    assert [json.loads(text) for text in run("--json").stdout.splitlines()] == list(map(json.loads, LINES))


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (["--level", "ERROR"], [3]),
        (["--event", "websocket connected"], [0, 2]),
        (["--event", "SSE", "--event", "failed"], [1, 3]),
        (["--logger", "server"], [0, 1, 2, 3]),
        (["--error-type", "validation_error"], [3]),
        (["--player", "ann"], [0, 1]),
        (["--where", "establishment_time_ms>1000"], [1]),
        (["--where", "player_id=ben", "--where", "establishment_time_ms<100"], [2]),
        (["--since", "2026-11-23T10:15:01Z", "--until", "2026-11-23T10:15:03Z"], [1, 2]),
        (["--since", "1s"], []),
        (["--last", "2"], [2, 3]),
        (["--player", "ann", "--last", "1"], [1]),
        (["--session", "s_1"], []),
        (["--connection", "k_1"], []),
    ],
)
def test_filters(words: list[str], seconds: list[int]):
    given = run("--json", *words)
    assert given.exit_code == exits.DONE
    assert [int(json.loads(text)["timestamp"][17:19]) for text in given.stdout.splitlines()] == seconds


def test_fields_alone_as_jq_prints_them():
    assert run("--field", "establishment_time_ms").stdout == "5\n1200.5\n30\n"
    assert run("--field", "player_id", "--field", "is_dual_connection", "--last", "4").stdout.splitlines() == [
        "ann\tfalse",
        "ann\t-",
        "ben\t-",
        "ben\t-",
    ]
    assert json.loads(run("--json", "--field", "player_id", "--last", "1").stdout) == {"player_id": "ben"}


def test_counts():
    assert run("--count-by", "connection_type").stdout == "      2 websocket\n      1 sse\n"
    rows = [json.loads(text) for text in run("--count-by", "player_id", "--json").stdout.splitlines()]
    assert rows == [{"player_id": "ann", "count": 2}, {"player_id": "ben", "count": 2}]


def test_percentiles():
    told = json.loads(run("--percentiles", "establishment_time_ms", "--json").stdout)
    assert told == {
        **{"field": "establishment_time_ms", "count": 3, "min": 5, "mean": 411.8333333333333},
        **{"p50": 30, "p90": 1200.5, "p95": 1200.5, "p99": 1200.5, "max": 1200.5},
    }
    assert run("--percentiles", "establishment_time_ms", "--player", "ben").stdout.startswith("count 1  min 30")
    assert run("--percentiles", "nothing").stdout == "count 0\n"


def test_files_that_are_named_and_standard_input(tmp_path: Path):
    other = tmp_path / "other.log"
    other.write_text(line(9))
    assert run(str(other), "--field", "event").stdout == "WebSocket connected\n"
    assert run("-", "--field", "event", input=line(1, "from a pipe")).stdout == "from a pipe\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--where", "nonsense"], exits.USAGE),
        (["--since", "yesterday"], exits.USAGE),
        (["--level", "loud"], exits.USAGE),
        (["--follow", "--count-by", "event"], exits.USAGE),
        (["none.log"], exits.FAILED),
        (["logs"], exits.FAILED),
    ],
)
def test_what_is_wrong_is_said(words: list[str], code: int):
    given = run(*words)
    assert given.exit_code == code and given.stderr


def test_it_follows_until_it_is_interrupted(logs: Path):
    command = [*MYTHOS, "logs", "--follow", "--last", "1", "--field", "timestamp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline().startswith("2026-11-23T10:15:03")
        (logs / "mythos.log").rename(logs / "mythos.log.20261123T101504.500000Z")
        (logs / "mythos.log").write_text(line(7))
        assert running.stdout.readline().startswith("2026-11-23T10:15:07")
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == exits.INTERRUPTED
        assert "Traceback" not in running.stderr.read()


def test_it_ends_quietly_where_nobody_reads_on(logs: Path):
    (logs / "mythos.log").write_text(LINES[0] * 20_000)
    command = f"{sys.executable} -m mythos logs --json | head -n 1"
    given = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
    assert given.stderr == "" and given.returncode == 0 and len(given.stdout.splitlines()) == 1
