"""A server's beginning and end: nothing leaks, nothing hangs, nothing crashes."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mythos import Server
from raw_client import RawClient

CYCLES = 1_000
QUIET = {"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.level": "critical"}


def process_size() -> tuple[int, int, int]:
    """Descriptors, threads, and resident memory in KiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return len(os.listdir("/proc/self/fd")), int(status["Threads"]), int(status["VmRSS"].split()[0])


def test_a_thousand_lives_leave_nothing_behind():
    def live() -> None:
        server = Server(**QUIET, **{"server.loops": 2})
        server.command("say")(lambda command: None)
        with server:
            server.publish("said", {}, everyone=True)

    for _ in range(CYCLES // 10):
        live()
    gc.collect()
    before = process_size()
    for _ in range(CYCLES):
        live()
    gc.collect()
    after = process_size()
    # What an earlier test left may end meanwhile.
    assert after[0] <= before[0] and after[1] <= before[1]
    assert after[2] - before[2] < 1_024, "a megabyte"


async def test_the_same_on_a_running_loop():
    before = process_size()
    for _ in range(100):
        async with Server(**QUIET) as server:
            server.publish("said", {}, everyone=True)
    after = process_size()
    assert after[0] <= before[0] and after[1] <= before[1]


async def test_one_server_may_live_twice():
    server = Server(**QUIET)
    server.command("echo")(lambda command: command.data)
    for _ in range(2):
        with server:
            async with RawClient(server) as ann:
                assert (await ann.ask(1, "echo", 5))["data"] == 5


async def test_those_who_are_there_are_asked_to_come_back():
    with Server(**QUIET) as server:
        ann = RawClient(server)
        await ann.__aenter__()
        await asyncio.to_thread(server.stop)
        await ann.socket.wait_closed()
        assert ann.socket.close_code == 1001


def test_a_handler_that_never_comes_back_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setattr("mythos.server.HANDLER_GRACE_S", 0.05)
    may_end, begun = threading.Event(), threading.Event()

    async def drive() -> None:
        with Server(**QUIET, **{"drain.timeout_s": 0}) as server:

            @server.command("stuck")
            def stuck(command: object) -> None:
                begun.set()
                may_end.wait(15)

            async with RawClient(server) as ann:
                await ann.send(1, "stuck")
                await asyncio.to_thread(begun.wait, 15)

    asyncio.run(drive())
    assert "left to itself" in caplog.text
    may_end.set()
    for thread in threading.enumerate():
        if thread.name == "mythos-handlers":
            thread.join(15)


async def test_a_handler_cannot_stop_the_thread_it_is_on():
    with Server(**QUIET) as server:
        server.command("stop")(lambda command: server.stop())
        async with RawClient(server) as ann:
            assert await ann.code(1, "stop") == "handler_failed"
        assert server.is_running


async def test_nor_the_loop_it_is_on():
    async with Server(**QUIET) as server:
        server.command("stop")(lambda command: server.stop())
        async with RawClient(server) as ann:
            assert await ann.code(1, "stop") == "handler_failed"
        assert server.is_running


async def test_one_on_a_thread_of_its_own_may_stop_it():
    server = Server(**QUIET)
    stopped = threading.Event()

    @server.command("stop", blocking=True)
    def stop(command: object) -> None:
        server.stop()
        stopped.set()

    with server:
        async with RawClient(server) as ann:
            await ann.send(1, "stop")
            await ann.socket.wait_closed()
            assert ann.socket.close_code == 1001
            assert await asyncio.to_thread(stopped.wait, 15)
    assert not server.is_running


def run(program: str, *, interrupt_at: str | None = None) -> tuple[int, str]:
    """A program in an interpreter of its own; it is interrupted (Ctrl-C) when it prints that line."""
    head = "import mythos, os, sys, threading, time\nquiet = " + repr(QUIET) + "\n"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", head + program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.strip() == interrupt_at:
                process.send_signal(signal.SIGINT)
        return process.wait(30), said
    finally:
        process.kill()
        process.wait()


def test_the_interpreter_may_exit_without_a_stop():
    assert run("server = mythos.Server(**quiet).start(); print('up')") == (0, "up\n")


def test_it_may_exit_while_handlers_and_publishers_work():
    program = """
import json, websockets.sync.client as ws
server = mythos.Server(**quiet)
server.command("spin")(lambda command: sum(range(10_000)))
server.start()
def publish():
    while True:
        try:
            server.publish_many([{"type": "t", "everyone": True}] * 10)
        except mythos.Refused:
            time.sleep(0.001)
        except mythos.ServerStopped:
            return
for _ in range(2):
    threading.Thread(target=publish, daemon=True).start()
socket = ws.connect(f"ws://127.0.0.1:{server.port}/ws/ann", proxy=None)
for n in range(500):
    socket.send(json.dumps({"type": "spin", "data": {}}))
print("up")
sys.exit(3)
"""
    assert run(program) == (3, "up\n")


@pytest.mark.parametrize("wait", ["server.wait()", "time.sleep(60)", "threading.Event().wait()"])
def test_ctrl_c_ends_it_in_good_order(wait: str):
    program = f"""
try:
    with mythos.Server(**quiet) as server:
        print("up")
        {wait}
except KeyboardInterrupt:
    print("down", server.is_running)
"""
    assert run(program, interrupt_at="up") == (0, "up\ndown False\n")


def test_ctrl_c_ends_it_on_a_loop():
    program = """
import asyncio
async def main():
    async with mythos.Server(**quiet):
        print("up")
        await asyncio.Event().wait()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("down")
"""
    assert run(program, interrupt_at="up") == (0, "up\ndown\n")


def test_ctrl_c_within_a_handler_takes_what_waits_behind_it_back():
    program = """
import asyncio, json, websockets
async def main():
    async with mythos.Server(**quiet, **{"drain.timeout_s": 0}) as server:
        @server.command("spin")
        def spin(command):
            print("up")
            while True:
                time.sleep(0.01)
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/ws/ann", proxy=None) as socket:
            await socket.recv()
            await socket.send(json.dumps([{"id": f"c-{n}", "type": "spin"} for n in range(3)]))
            replies.extend([json.loads(await socket.recv())["data"] for _ in range(3)])
replies = []
loop = asyncio.new_event_loop()
task = loop.create_task(main())
try:
    loop.run_until_complete(task)
except KeyboardInterrupt:
    print("interrupted")
loop.run_until_complete(task)
for reply in sorted(replies, key=lambda reply: reply["command_id"]):
    print(reply["command_id"], reply["error"]["code"], reply["error"]["retryable"])
"""
    code, text = run(program, interrupt_at="up")
    assert code == 0 and "interrupted" in text.splitlines()
    assert text.endswith("c-0 handler_failed False\nc-1 overloaded True\nc-2 overloaded True\n")


def test_a_handler_may_fork():
    program = """
import json, websockets.sync.client as ws
with mythos.Server(**quiet) as server:
    @server.command("fork")
    def fork(command):
        child = os.fork()
        if child == 0:
            try:
                server.publish("t", everyone=True)
            except mythos.ServerStopped:
                os._exit(7)
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with ws.connect(f"ws://127.0.0.1:{server.port}/ws/ann", proxy=None) as socket:
        socket.recv()
        for n in range(2):
            socket.send(json.dumps({"id": f"c-{n}", "type": "fork"}))
            print(json.loads(socket.recv())["data"]["data"])
"""
    assert run(program) == (0, "7\n7\n")


def test_a_forks_child_has_no_server_and_the_parent_keeps_it():
    program = """
import urllib.request
server = mythos.Server(**quiet).start()
port = server.port
child = os.fork()
if child == 0:
    try:
        server.publish("t", everyone=True)
    except mythos.ServerStopped:
        server.stop()
        with mythos.Server(**quiet) as other:
            other.publish("t", everyone=True)
        sys.exit(7)
    sys.exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
server.publish("t", everyone=True)
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/livez").status)
# A child that lives on does not keep the port.
child = os.fork()
if child == 0:
    time.sleep(60)
server.stop()
with mythos.Server(**quiet | {"listen": f"127.0.0.1:{port}"}):
    print("again")
os.kill(child, 9)
"""
    assert run(program) == (0, "7\n200\nagain\n")
