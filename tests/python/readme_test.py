"""Every code block of README.md is run as it stands, but for the port and the id, which are not ours to choose."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import mythos

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
WITHIN_S = 60
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [code.strip() for language, code in BLOCKS if language == "sh"]
PYTHON = [code for language, code in BLOCKS if language == "python"]


@pytest.fixture(scope="module")
def server() -> Iterator[mythos.Server]:
    options = {"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.level": "warning"}
    with mythos.Server(mythos.Settings.only(**options)) as running:
        yield running


def shell(code: str, server: mythos.Server) -> list[str]:
    command = code.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    return ["bash", "-euc", command.replace(".venv/bin/mythos", f"{sys.executable} -m mythos")]


def run(command: list[str]) -> str:
    given = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S)
    assert given.returncode == 0, given.stderr
    return given.stdout


def talk(command: list[str], turns: list[tuple[set[str], str]]) -> str:
    """What a program says to somebody who types each line once all of the texts before it came."""
    got: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None and running.stdout is not None
        hung = threading.Timer(WITHIN_S, running.kill)
        hung.start()
        for awaited, typed in turns:
            missing = awaited
            while missing:
                line = running.stdout.readline()
                assert line, f"it ended before {missing}: {got}"
                got.append(line.rstrip("\n"))
                missing = {text for text in missing if text not in line}
            running.stdin.write(typed + "\n")
            running.stdin.flush()
        running.stdin.close()
        got += running.stdout.read().splitlines()
        hung.cancel()
    assert running.returncode == 0
    return "\n".join(got)


def stream_until(text: str, command: list[str]) -> list[str]:
    """The lines of a program that does not end by itself, up to one with the text in it."""
    got: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        try:
            for line in running.stdout:
                got.append(line.rstrip("\n"))
                if text in line:
                    return got
        finally:
            running.kill()
    raise AssertionError(f"it ended before {text!r}: {got}")


def test_every_block_says_what_it_is():
    assert {language for language, _ in BLOCKS} == {"sh", "python", "text"}


@pytest.mark.parametrize("code", [c for c in SHELL if c.startswith("make ")])
def test_make_knows_what_it_is_told_to_make(code: str):
    # The commands themselves are what runs this test, and what CI runs on a fresh machine.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    command = ["make", "--dry-run", *code.split()[1:]]
    given = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, env=environment)
    assert given.returncode == 0, given.stderr


@pytest.mark.parametrize("code", [c for c in SHELL if not c.startswith(("make ", "curl "))])
def test_the_command_runs(code: str):
    if "play" not in code:
        options = {"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.level": "warning"}
        with mythos.Server(mythos.Settings.only(**options)) as server:
            assert "lost" in run(shell(code, server))
        return
    command = [sys.executable, "-m", "mythos", "serve", "--demo", "--listen", "127.0.0.1:0", "--bots", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as game:
        assert game.stdout is not None
        url = re.search(r"http://\S+\d", game.stdout.readline())
        assert url is not None
        words = [*code.replace(".venv/bin/mythos", f"{sys.executable} -m mythos").split(), "--url", url.group()]
        # What the README types, as somebody does who reads.
        said = talk(
            words,
            [
                ({"exits: ", "websocket is live", "sse is live"}, "/cut ws"),
                ({"websocket is closed"}, "is anyone still there?"),
                ({"| you: is anyone still there?"}, "/restore"),
                ({"websocket is live"}, "/quit"),
            ],
        )
        game.terminate()
    [shown] = [code for language, code in BLOCKS if language == "text"]
    lines = [line for line in shown.splitlines() if line.startswith("-- ") or "| you:" in line]
    assert lines and not [line for line in lines if line not in said.splitlines()], said


def test_curl_reads_publishes_and_resumes(server: mythos.Server):
    read, publish, resume = (c for c in SHELL if c.startswith("curl "))
    assert "mythos.welcome" in stream_until("mythos.welcome", shell(read, server))[-1]
    first = json.loads(run(shell(publish, server)))["id"]
    second = json.loads(run(shell(publish, server)))["id"]
    assert "LAST-ID-HERE" in resume
    lines = stream_until(f"id: {second}", shell(resume.replace("LAST-ID-HERE", first), server))
    assert any('"recovered":true' in line for line in lines)
    assert sum(line == f"id: {second}" for line in lines) == 1


def test_the_python_example_runs():
    [example] = [code for code in PYTHON if "def test_" not in code]
    assert sum(bool(line.strip()) for line in example.splitlines()) <= 12
    assert run([sys.executable, "-c", example]).splitlines()[-1] == "{'who': 'ann', 'text': 'hello'}"


def test_the_test_passes_as_a_test(tmp_path: Path):
    [example] = [code for code in PYTHON if "def test_" in code]
    file = tmp_path / "test_readme.py"
    file.write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mythos.testing.plugin", str(file)]
    assert "1 passed" in run(["env", "-C", str(tmp_path), *command])
