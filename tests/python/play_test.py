"""`mythos play` as a program with its lines in a pipe, against the demo game, its wires really cut."""

from __future__ import annotations

import os
import pty
import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest

import mythos
from mythos.cli import exits

MYTHOS = [sys.executable, "-m", "mythos"]
WITHIN_S = 30.0


class Played:
    """The program; `until` reads its lines up to one with a text in it."""

    def __init__(self, name: str, url: str) -> None:
        self.process = subprocess.Popen(
            [*MYTHOS, "play", name, "--url", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")

    def until(self, text: str) -> list[str]:
        got: list[str] = []
        while True:
            try:
                line = self._lines.get(timeout=WITHIN_S)
            except queue.Empty:
                raise AssertionError(f"{text!r} was not printed; the last lines are {got[-10:]}") from None
            assert line is not None, f"it ended before {text!r}: {got[-10:]}"
            got.append(line)
            if text in line:
                return got

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The game without bots, in a process of its own."""
    port_file = tmp_path / "port"
    command = [*MYTHOS, "serve", "--demo", "--bots", "0", "--listen", "127.0.0.1:0", "--port-file", str(port_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None and "game" in serving.stdout.readline()
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        serving.terminate()
        assert serving.wait(WITHIN_S) == exits.DONE


def test_a_cut_wire_is_seen_and_loses_no_word(url: str):
    with Played("ann", url) as ann, mythos.SyncClient(url, "bob") as bob:
        ann.until("here: nobody else")
        bob.command("enter")
        ann.until("bob comes in")
        ann.type("/cut ws")
        ann.until("websocket is closed")
        ann.type("hello bob")
        ann.until("sse | you: hello bob")
        ann.type("/cut sse")
        ann.until("sse is closed")
        for n in range(10):
            bob.command("say", {"text": f"word {n}"})
        ann.type("say I am back")
        ann.type("/restore")
        got = ann.until("you: I am back")
        assert [line.partition("| ")[2] for line in got if "word" in line] == [f"bob: word {n}" for n in range(10)]
        ann.type("/wires")
        ann.until("websocket is live")
        ann.type("/quit")
        assert ann.process.wait(WITHIN_S) == exits.DONE


def test_walking_talking_and_asking(url: str):
    with Played("ann", url) as ann, mythos.SyncClient(url, "bob") as bob:
        ann.until("here: nobody else")
        bob.command("enter")
        bob.command("say", {"text": "first"})
        bob.command("go", {"to": "cellar"})
        bob.command("say", {"text": "deep down"})
        ann.type("cellar")
        got = ann.until("earlier | bob: deep down")
        assert any("Barrels" in line for line in got) and any("here: bob" in line for line in got)
        ann.type("tell bob psst")
        ann.until("you tell bob: psst")
        ann.type("who")
        ann.until("bob is in the cellar")
        ann.type("go tower")
        ann.until("there is no way")
        ann.type("go tavern")
        ann.until("earlier | bob: first")
        ann.type("help")
        ann.until("/restore")
        assert ann.process.stdin is not None
        ann.process.stdin.close()
        assert ann.process.wait(WITHIN_S) == exits.DONE


def test_a_server_without_the_game_is_told_from_one_with_it(mythos_server: mythos.Server):
    given = subprocess.run([*MYTHOS, "play", "ann", "--url", mythos_server.url], capture_output=True, timeout=60)
    assert given.returncode == exits.FAILED and b"has no game" in given.stderr


def test_it_needs_a_wire_that_it_can_cut():
    given = subprocess.run([*MYTHOS, "play", "ann", "--url", "https://127.0.0.1:1"], capture_output=True, timeout=60)
    assert given.returncode == exits.USAGE


def test_in_a_terminal_the_prompt_shows_both_wires(url: str):
    here, there = pty.openpty()
    shown = b""

    def until(text: str) -> None:
        nonlocal shown
        while text.encode() not in shown:
            ready, _, _ = select.select([here], [], [], WITHIN_S)
            assert ready, f"{text!r} was not shown: {shown[-500:]!r}"
            shown += os.read(here, 65536)
        shown = shown.partition(text.encode())[2]

    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [*MYTHOS, "play", "ann", "--url", url], stdin=there, stdout=there, stderr=there, env=environment
    ) as running:
        os.close(there)
        until("[ws ● sse ●] tavern> ")
        os.write(here, b"/cut ws\r")
        until("[ws ○ sse ●] tavern> ")
        os.write(here, b"cellar\r")
        until("[ws ○ sse ●] cellar> ")
        os.write(here, b"/restore\r")
        until("[ws ● sse ●] cellar> ")
        os.write(here, b"/quit\r")
        until("\n")
        assert running.wait(WITHIN_S) == exits.DONE
    os.close(here)


def test_an_interrupt_ends_it(url: str):
    with Played("ann", url) as ann:
        ann.until("here: nobody else")
        ann.process.send_signal(signal.SIGINT)
        assert ann.process.wait(WITHIN_S) == exits.INTERRUPTED


def test_who_is_sent_away_is_told_and_gone(url: str):
    with Played("ann", url) as ann:
        ann.until("here: nobody else")
        httpx.post(f"{url}/api/connections/ann/session", json={}, trust_env=False).raise_for_status()
        assert ann.process.wait(WITHIN_S) == exits.SENT_AWAY
