"""The load generator tells a right server from a wrong one.

Needs the built binaries: BENCH_LOADGEN and BENCH_BASELINE_SEND name them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from scratch_server import WEBSOCKET_GUID

HERE = Path(__file__).parent
LOADGEN = os.environ["BENCH_LOADGEN"]
BASELINE = os.environ["BENCH_BASELINE_SEND"]
SHORT = ("--seconds", "0.3", "--warmup-s", "0.1")


@contextmanager
def scratch_server(fault: str = "none") -> Iterator[tuple[int, int]]:
    command = [sys.executable, str(HERE / "scratch_server.py"), "--fault", fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def baseline_server() -> Iterator[tuple[int, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([BASELINE, "--port", str(port)]) as process:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield process.pid, port
        finally:
            process.kill()


def load(server: tuple[int, int], *arguments: str, dialect: str = "mythos", said: str = "") -> dict[str, Any]:
    pid, port = server
    command = [LOADGEN, "--server", f"127.0.0.1:{port}", "--pid", str(pid), "--dialect", dialect, *arguments]
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=60)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if report["ok"] else 1)
    return report


@pytest.mark.parametrize("wires", [("--ws", "20"), ("--sse", "20"), ("--dual", "10")])
@pytest.mark.parametrize("publish", ["batch", "pipeline", "rolling"])
def test_a_right_server_passes(wires: tuple[str, str], publish: str) -> None:
    with scratch_server() as server:
        report = load(server, "fanout", *wires, "--window", "4", "--publish", publish, *SHORT)
    assert report["ok"], report
    assert report["deliveries"] > 0
    assert report["connections"] == 20
    assert report["latency"]["count"] >= report["deliveries"]


def test_a_delivery_that_is_lost_is_counted() -> None:
    with scratch_server("lose") as server:
        report = load(server, "fanout", "--ws", "20", "--window", "4", *SHORT)
    assert not report["ok"]
    assert report["lost"] > 0


def test_a_delivery_that_comes_twice_is_counted() -> None:
    with scratch_server("repeat") as server:
        report = load(server, "fanout", "--sse", "20", "--window", "4", *SHORT)
    assert not report["ok"]
    assert report["repeated"] > 0
    assert report["lost"] == 0


def test_an_id_that_does_not_grow_is_counted() -> None:
    with scratch_server("disorder") as server:
        report = load(server, "fanout", "--ws", "20", "--window", "4", *SHORT)
    assert not report["ok"]
    assert report["id_disorder"] > 0


def test_a_resume_brings_the_one_entry_owed() -> None:
    with scratch_server() as server:
        report = load(server, "resume", "--players", "5", "--others", "300", "--batch", "100")
    assert report["ok"], report
    assert 0 < report["resume_min_us"] <= report["resume_median_us"] <= report["resume_max_us"]


def test_a_resume_that_is_not_recovered_has_no_figure() -> None:
    with scratch_server("unrecovered") as server:
        report = load(server, "resume", "--players", "2", "--others", "10")
    assert not report["ok"]
    assert "not recovered" in report["error"]


def test_everybody_comes_back_with_what_they_missed() -> None:
    with scratch_server() as server:
        report = load(server, "storm", "--players", "50", "--missed", "3", said="go\n")
    assert report["ok"], report
    assert report["recovered"] == 50
    assert report["resume_time"]["count"] == 50


def test_a_probe_keeps_its_phases_apart() -> None:
    with scratch_server() as server:
        pid, port = server
        command = [LOADGEN, "--server", f"127.0.0.1:{port}", "--pid", str(pid), "probe", "--subscribers", "5"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:
            assert probe.stdin is not None and probe.stdout is not None
            assert probe.stdout.readline().strip() == "live"
            for line in ("mark first", "mark second", "stop"):
                probe.stdin.write(line + "\n")
                probe.stdin.flush()
                time.sleep(0.2)
            report = json.loads(probe.stdout.readline())
    assert report["ok"], report
    assert report["phases"]["first"]["count"] > 0
    assert report["phases"]["second"]["count"] > 0


@pytest.mark.parametrize("wires", [("--ws", "20"), ("--sse", "20")])
def test_the_bare_send_loop_delivers_everything(wires: tuple[str, str]) -> None:
    with baseline_server() as server:
        report = load(server, "fanout", *wires, "--window", "16", *SHORT, dialect="plain")
    assert report["ok"], report


SEGMENTS_IN = 152  # where TCP_INFO tells the received segments that carried data


def echo_in_rounds(listener: socket.socket, window: int, told: list[float]) -> None:
    """Echoes `window` messages at a time, all in one write; in the end tells how many segments each round took."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as stream:
        head = dict(line.strip().split(b": ", 1) for line in iter(stream.readline, b"\r\n") if b": " in line)
        accept = base64.b64encode(hashlib.sha1(head[b"Sec-WebSocket-Key"] + WEBSOCKET_GUID).digest())
        upgraded = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection.sendall(upgraded + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        rounds = 0
        while True:
            echoes = b""
            for _ in range(window):
                begin = stream.read(2)
                if len(begin) < 2:
                    info = connection.getsockopt(socket.SOL_TCP, socket.TCP_INFO, 256)
                    told.append(struct.unpack_from("I", info, SEGMENTS_IN)[0] / rounds)
                    return
                mask = stream.read(4)
                echoes += begin[:1] + bytes([begin[1] & 0x7F])
                echoes += bytes(byte ^ mask[i % 4] for i, byte in enumerate(stream.read(begin[1] & 0x7F)))
            rounds += 1
            connection.sendall(echoes)


@pytest.mark.parametrize(("how", "at_least", "at_most"), [((), 1, 2), (("--write-each-alone",), 7, 9)])
def test_what_answers_one_read_leaves_in_one_write(how: tuple[str, ...], at_least: float, at_most: float) -> None:
    told: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=echo_in_rounds, args=(listener, 8, told))
        server.start()
        arguments = (*how, "--ws-path", "/", "echo", "--ws", "1", "--window", "8", "--bytes", "64", *SHORT)
        report = load((os.getpid(), listener.getsockname()[1]), *arguments, dialect="plain")
        server.join()
    assert report["ok"], report
    assert at_least <= told[0] <= at_most


def test_a_server_that_is_not_there_has_no_figure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        report = load((os.getpid(), taken.getsockname()[1]), "fanout", "--ws", "5")
    assert not report["ok"]
    assert report["error"]


def test_nothing_off_loopback_is_loaded() -> None:
    command = [LOADGEN, "--server", "192.0.2.1:80", "--pid", str(os.getpid()), "fanout", "--ws", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert "loopback" in done.stderr
