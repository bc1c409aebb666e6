"""Starts the servers that are measured, each pinned to the server's core, and stops them by their own process.

Everything listens on 127.0.0.1, on a port chosen at run time.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
READY_LIMIT_S = 15
STOP_LIMIT_S = 10

Settings = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    name: str
    dialect: str
    port: int
    pid: int


@dataclass(frozen=True)
class Contender:
    """How one kind of server is started. `command` gets the port and the path of a TOML file."""

    name: str
    dialect: str
    command: Callable[[int, Path], list[str]]
    ready_path: str | None = None  # None: it is ready when it accepts


def find(folders: list[Path], name: str) -> Path:
    """The program of that name in the first folder that has it; in the first of all where none has."""
    return next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name)


def contenders(binaries: list[Path]) -> dict[str, Contender]:
    def script(file: str, *arguments: str) -> Callable[[int, Path], list[str]]:
        return lambda port, _config: [sys.executable, str(HERE / file), "--port", str(port), *arguments]

    def binary(name: str, *arguments: str) -> Callable[[int, Path], list[str]]:
        return lambda port, config: [str(find(binaries, name))] + [
            a.format(port=port, config=config) for a in arguments
        ]

    every = (
        Contender(
            "mythos",
            "mythos",
            binary("mythosd", "--listen", "127.0.0.1:{port}", "--config", "{config}"),
            ready_path="/readyz",
        ),
        Contender("send", "plain", binary("bench_baseline_send", "--port", "{port}")),
        Contender("guide", "plain", script("guide_stack.py")),
        Contender("mythos-echo", "plain", binary("mythos-echo", "--listen", "127.0.0.1:{port}")),
        Contender("websockets", "plain", script("echo_websockets.py")),
        Contender("mythos-commands", "mythos", script("commands_mythos.py"), ready_path="/readyz"),
        Contender(
            "mythos-commands-async",
            "mythos",
            script("commands_mythos.py", "--handler", "async"),
            ready_path="/readyz",
        ),
        Contender("websockets-commands", "plain", script("commands_websockets.py")),
        Contender("fastapi-commands", "plain", script("commands_fastapi.py")),
    )
    return {contender.name: contender for contender in every}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def as_toml(settings: Settings) -> str:
    lines = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        # JSON's scalars and lists of text are TOML's.
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def is_ready(contender: Contender, port: int) -> bool:
    try:
        if contender.ready_path is None:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", contender.ready_path)
        return connection.getresponse().status == 200
    except OSError:
        return False


@contextmanager
def running(contender: Contender, core: int, settings: Settings) -> Iterator[Running]:
    """The server, from its first answer on; its log goes to a file that is shown where it fails to start."""
    with tempfile.TemporaryDirectory(prefix="mythos-bench-") as scratch:
        config = Path(scratch) / "bench.toml"
        config.write_text(as_toml(settings))
        port = free_port()
        with (Path(scratch) / "log").open("w+") as log:
            process = subprocess.Popen(
                contender.command(port, config),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=scratch,
                env={name: value for name, value in os.environ.items() if not name.startswith("MYTHOS")},
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
            try:
                await_ready(contender, process, port, Path(scratch) / "log")
                yield Running(contender.name, contender.dialect, port, process.pid)
            finally:
                stop(process)


def await_ready(contender: Contender, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready(contender, port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{contender.name} did not start:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
