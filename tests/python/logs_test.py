"""Python's log lines through the core's sink: their form, their fields, and that nobody waits for them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

import mythos.logs
from mythos import Server, Settings
from mythos.errors import StartFailed
from mythos.logs import Handler, bound, configure_logging

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Sink:
    """A handler on a file of its own, and what stands in it."""

    def __init__(self, file: Path, **options: Any) -> None:
        self.file = file
        self.handler = configure_logging(Settings.only(**options), file=str(file), level="debug")

    def lines(self) -> list[dict[str, Any]]:
        self.handler.close()
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def line(self) -> dict[str, Any]:
        [line] = self.lines()
        return line


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    root = logging.getLogger()
    level = root.level
    made = Sink(tmp_path / "logs" / "mythos.log")
    yield made
    made.handler.close()
    root.removeHandler(made.handler)
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_has_the_cores_form(sink: Sink):
    before = time.time()
    logging.getLogger("game.rooms").info("Room %s opened", "tavern", extra={"room": "tavern", "guests": 3})
    line = sink.line()
    assert list(line) == ["timestamp", "level", "logger", "event", "room", "guests"]
    assert (line["level"], line["logger"], line["event"]) == ("info", "game.rooms", "Room tavern opened")
    assert len(line["timestamp"]) == 27 and line["timestamp"].endswith("Z")
    at = mythos.logs.logging.Formatter.converter(before)
    assert line["timestamp"].startswith(f"{at.tm_year:04}-") and line["guests"] == 3


def test_values_keep_their_types(sink: Sink):
    values = {
        "a": True,
        "b": -7,
        "c": 1.5,
        "d": 2**80,
        "e": ["x", {"y": None}],
        "f": None,
        "g": Path("/x"),
        "h": "ü\ud800",
    }
    logging.getLogger("x").info("values", extra=values)
    line = sink.line()
    assert {name: line[name] for name in "abcdeg"} == {**{n: values[n] for n in "abcde"}, "g": "/x"}
    assert "f" not in line and line["h"] == "ü\\ud800"


@pytest.mark.parametrize(
    ("number", "level"), [(5, "debug"), (10, "debug"), (20, "info"), (25, "info"), (30, "warning"), (50, "critical")]
)
def test_levels(sink: Sink, number: int, level: str):
    logging.getLogger().setLevel(1)
    logging.getLogger("x").log(number, "event")
    assert sink.line()["level"] == level


def test_an_error_has_its_type_and_its_traceback(sink: Sink):
    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("x").exception("It failed")
    line = sink.line()
    assert (line["level"], line["error_type"], line["exception_type"]) == ("error", "system_error", "KeyError")
    assert line["exception"].startswith("Traceback") and line["exception"].endswith("KeyError: 'gone'")


def test_a_long_traceback_keeps_its_end(sink: Sink):
    try:
        raise ValueError("x" * 100_000 + "the end")
    except ValueError:
        logging.getLogger("x").exception("It failed")
    text = sink.line()["exception"]
    assert len(text) == mythos.logs.EXCEPTION_CHARACTERS and text.endswith("the end")


def test_names_that_are_taken_or_break_a_line_are_changed(sink: Sink):
    logging.getLogger("x").info("event", extra={"level": "mine", 'a"b\n': 1})
    line = sink.line()
    assert (line["level"], line["level_"], line["a_b_"]) == ("info", "mine", 1)


def test_an_event_that_does_not_fit_its_arguments_is_told_as_it_is(sink: Sink):
    sink.handler.handle(logging.LogRecord("x", logging.INFO, __file__, 1, "%d of %d", (1,), None))
    assert sink.line()["event"] == "%d of %d (1,)"


async def test_what_is_bound_is_carried_into_tasks(sink: Sink):
    log = logging.getLogger("x")

    async def work() -> None:
        log.info("in a task")

    with bound(player_id="ann", trace_id=TRACE):
        with bound(room="tavern"):
            await asyncio.create_task(work())
        log.info("outside", extra={"player_id": "ben"})
    log.info("nothing bound")
    inner, outer, last = [line for line in sink.lines() if line["logger"] == "x"]
    assert (inner["player_id"], inner["trace_id"], inner["room"]) == ("ann", TRACE, "tavern")
    assert outer["player_id"] == "ben" and "room" not in outer
    assert "trace_id" not in last


def test_structlog_comes_out_in_the_same_form(sink: Sink):
    log = structlog.get_logger("server.realtime.connection_manager")
    with structlog.contextvars.bound_contextvars(trace_id=TRACE):
        log.info("WebSocket connected", player_id="ann", establishment_time_ms=1.5, name="also a name")
        logging.getLogger("x").warning("from logging")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("It failed", error_type="validation_error")
    log.debug("%d guests", 3)
    connected, plain, failed, debug = sink.lines()
    assert (connected["event"], connected["logger"]) == ("WebSocket connected", "server.realtime.connection_manager")
    assert (connected["player_id"], connected["establishment_time_ms"], connected["name"]) == (
        "ann",
        1.5,
        "also a name",
    )
    assert connected["trace_id"] == plain["trace_id"] == TRACE and plain["event"] == "from logging"
    assert failed["error_type"] == "validation_error" and "ValueError: no" in failed["exception"]
    assert debug["event"] == "3 guests"


def test_levels_hold_for_structlog_too(sink: Sink):
    logging.getLogger().setLevel("WARNING")
    log = structlog.get_logger("x")
    log.info("too quiet")
    log.warning("loud enough")
    assert sink.line()["event"] == "loud enough"


async def test_handlers_lines_name_whose_command_it_is(sink: Sink, mythos_client):
    server = Server(Settings.only(**{"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.file": str(sink.file)}))

    @server.command("plain")
    def plain(command: Any) -> None:
        logging.getLogger("game").info("plain")

    @server.command("async")
    async def asynchronous(command: Any) -> None:
        await asyncio.sleep(0)
        logging.getLogger("game").info("async")

    @server.command("posted")
    def posted(command: mythos.Command) -> None:
        assert command.trace_id == TRACE
        logging.getLogger("game").info("posted")

    @server.command("blocking", blocking=True)
    def blocking(command: Any) -> None:
        logging.getLogger("game").info("blocking")

    async with server:
        async with mythos.Client(server.url, "ann") as ann:
            for type in ("plain", "async", "blocking"):
                await ann.command(type)
            assert ann.session_id is not None
            query, body = {"session_id": ann.session_id}, {"id": "c-1", "type": "posted"}
            async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
                headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
                [reply] = (await http.post("/api/commands", params=query, json=body, headers=headers)).json()
                assert reply["data"]["ok"]
        logging.getLogger("game").info("after")
    lines = sink.lines()
    told = {line["event"]: line for line in lines if line["logger"] == "game"}
    assert {told[type]["player_id"] for type in ("plain", "async", "blocking")} == {"ann"}
    assert "trace_id" not in told["plain"] and told["posted"]["trace_id"] == TRACE
    assert "player_id" not in told["after"]
    # The core's own lines are in the same file, through the same sink.
    connected = [line for line in lines if line["event"] == "WebSocket connected"]
    assert connected and connected[0]["session_id"] == told["plain"]["session_id"]


def test_lines_of_many_threads_stay_whole(sink: Sink):
    def work(n: int) -> None:
        for i in range(200):
            logging.getLogger(f"thread.{n}").info("line", extra={"i": i})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statistics = sink.handler.statistics()
    lines = sink.lines()
    by_thread = {n: [line["i"] for line in lines if line["logger"] == f"thread.{n}"] for n in range(4)}
    assert sum(map(len, by_thread.values())) + statistics["dropped_lines"] == 800
    assert all(seen == sorted(seen) for seen in by_thread.values())


def test_nobody_waits_while_the_stream_is_stuck(tmp_path: Path):
    """Standard error is a pipe that nobody reads: a hundred thousand lines are handed over all the same."""
    program = """
import logging, sys, mythos.logs
handler = mythos.logs.configure_logging(mythos.Settings.only())
log = logging.getLogger("x")
for i in range(20_000):
    log.info("a line", extra={"padding": "x" * 100})
print(handler.statistics()["dropped_lines"] > 0, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"True\n"
        _, err = running.communicate(timeout=60)  # read at last: what was queued comes out at the exit
    assert running.returncode == 0
    last = [json.loads(line) for line in err.splitlines()]
    assert any("dropped_total" in line for line in last) and last[-1]["event"] in {"a line", last[-1]["event"]}


def exits_cleanly(tmp_path: Path, program: str) -> list[str]:
    """Runs it to its end; the events in its log file."""
    file = tmp_path / "mythos.log"
    head = (
        "import atexit, logging, os, sys, threading, time\nimport mythos, mythos.logs\n"
        f"mythos.logs.configure_logging(mythos.Settings.only(), file={str(file)!r})\nlog = logging.getLogger('x')\n"
    )
    given = subprocess.run([sys.executable, "-c", head + program], capture_output=True, text=True, timeout=60)
    assert given.returncode == 0, given.stderr
    assert "Traceback" not in given.stderr
    return [json.loads(line)["event"] for line in file.read_text().splitlines()]


def test_what_was_logged_last_is_written_at_the_exit(tmp_path: Path):
    assert exits_cleanly(tmp_path, "atexit.register(log.info, 'at exit')\nlog.info('last')") == ["last", "at exit"]


def test_a_daemon_thread_may_log_while_the_interpreter_ends(tmp_path: Path):
    program = """
def work():
    while True:
        log.info('again')
threading.Thread(target=work, daemon=True).start()
while not os.path.getsize(mythos.logs.logging.getLogger().handlers[-1]._options['log.file']):
    time.sleep(0.001)
"""
    assert set(exits_cleanly(tmp_path, program)) <= {"again", "Log lines dropped because the queue was full"}


def test_the_child_of_a_fork_logs_as_well(tmp_path: Path):
    program = """
log.info('before')
child = os.fork()
log.info('child' if child == 0 else 'parent')
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    assert sorted(exits_cleanly(tmp_path, program)) == ["before", "child", "parent"]


def test_configured_again_it_replaces_what_was(sink: Sink, tmp_path: Path):
    other = configure_logging(Settings.only(), file=str(tmp_path / "other.log"))
    try:
        assert [each for each in logging.getLogger().handlers if isinstance(each, Handler)] == [other]
        logging.getLogger("x").info("here")
    finally:
        other.close()
        logging.getLogger().removeHandler(other)
    assert "here" in (tmp_path / "other.log").read_text() and sink.file.read_text() == ""


def test_for_people(tmp_path: Path, sink: Sink):
    handler = Handler(Settings.only(**{"log.file": str(tmp_path / "people.log"), "log.format": "console"}))
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.LogRecord("game", logging.ERROR, __file__, 1, "It failed", None, sys.exc_info())
    handler.handle(record)
    handler.close()
    first, *below = (tmp_path / "people.log").read_text().splitlines()
    assert "error    game  It failed  error_type=system_error" in first
    assert below[0] == "    Traceback (most recent call last):" and below[-1] == "    ValueError: no"


def test_reopened_after_a_rotation_from_outside(sink: Sink):
    log = logging.getLogger("x")
    log.info("before")
    while not sink.file.stat().st_size:
        time.sleep(0.001)
    moved = sink.file.rename(sink.file.with_name("moved"))
    sink.handler.reopen()
    log.info("after")
    assert sink.line()["event"] == "after" and "before" in moved.read_text()


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path):
    with pytest.raises(StartFailed) as raised:
        Handler(Settings.only(**{"log.file": str(tmp_path)}))
    assert raised.value.code == "log_file"


def test_after_the_close_lines_are_dropped_in_silence(sink: Sink, capsys: pytest.CaptureFixture[str]):
    sink.handler.close()
    logging.getLogger("x").info("too late")
    assert sink.lines() == [] and sink.handler.statistics() == {}
    assert capsys.readouterr().err == ""


def test_two_servers_on_one_file_share_it(tmp_path: Path):
    file = tmp_path / "mythos.log"
    options = {"listen": "127.0.0.1:0", "log.file": str(file), "log.rotate_bytes": 2_000, "log.keep": 1_000}
    with Server(Settings.only(**options)) as one, Server(Settings.only(**options)) as two:
        for server in (one, two) * 10:
            with mythos.SyncClient(server.url, "ann"):
                pass
    assert os.path.exists(file) and len(list(tmp_path.glob("mythos.log.2*"))) > 3
