"""One real `mythosd` process under test: start, readiness, signals, resources, log lines.

The process listens on a loopback port of its own choosing and writes it to the file given with `--port-file`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
# `mythos serve`, as a program of Mythosd.
SERVE = [sys.executable, "-m", "mythos", "serve"]
START_S = 20.0
STOP_S = 20.0
GUIDE_NAMES = {
    "MAX_CONNECTIONS_PER_PLAYER",
    "CONNECTION_POOL_SIZE",
    "CONNECTION_TIMEOUT",
    "HEALTH_CHECK_INTERVAL",
    "CLEANUP_INTERVAL",
    "METRICS_COLLECTION_INTERVAL",
    "MAX_METRICS_SAMPLES",
    "RATE_LIMIT_REQUESTS",
    "RATE_LIMIT_WINDOW",
    "CORS_ORIGINS",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "DATABASE_URL",
    "ENABLE_METRICS",
    "METRICS_PORT",
}

T = TypeVar("T")


def binary() -> Path:
    """The program under test; `MYTHOSD` names another build."""
    path = Path(os.environ.get("MYTHOSD") or REPOSITORY / "build" / "release" / "mythosd")
    assert path.is_file(), f"no mythosd at {path}: build it first, or name it with MYTHOSD"
    return path


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without anything that would configure the server."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MYTHOS") and k not in GUIDE_NAMES}
    return {**kept, **extra}


def toml(options: dict[str, Any]) -> str:
    """Options by dotted name as a TOML file; JSON's scalars and string lists are TOML's."""
    tables: dict[str, list[str]] = {"": []}
    for name, value in options.items():
        table, _, key = name.rpartition(".")
        tables.setdefault(table, []).append(f"{key} = {json.dumps(value)}")
    parts = ["\n".join(tables.pop(""))]
    parts += [f"[{table}]\n" + "\n".join(lines) for table, lines in tables.items()]
    return "\n\n".join(part for part in parts if part) + "\n"


def eventually(what: str, probe: Callable[[], T], within: float = 20.0, every: float = 0.02) -> T:
    """Polls `probe` until it answers something true; fails with `what` and the last answer."""
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within} s: {what} (last answer: {answer!r})"
        time.sleep(every)


class Mythosd:
    """A server process. `options` are the TOML file's, by dotted name; `environment` is added to the clean one.

    `program` is another that takes the same arguments, such as `mythos serve`."""

    def __init__(
        self,
        directory: Path,
        options: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        program: list[str] | None = None,
    ) -> None:
        self.program = program
        self.directory = directory
        self.environment = dict(environment or {})
        self.options = dict(options or {})
        self.config = directory / "mythos.toml"
        self.port_file = directory / "port"
        self.log_file = directory / "stdout.log"
        self.error_file = directory / "stderr.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def write_config(self) -> None:
        self.config.write_text(toml(self.options))

    def start(self) -> Mythosd:
        self.write_config()
        self.port_file.unlink(missing_ok=True)
        command = [
            *(self.program or [str(binary())]),
            "--listen",
            f"127.0.0.1:{self.port}",
            "--config",
            str(self.config),
        ]
        with self.log_file.open("ab") as out, self.error_file.open("ab") as err:
            self.process = subprocess.Popen(
                [*command, "--port-file", str(self.port_file)],
                stdout=out,
                stderr=err,
                env=clean_environment(**self.environment),
                cwd=self.directory,
            )
        self.port = eventually("the server wrote its port", self._read_port, START_S)
        eventually("/readyz answers 200", self._ready, START_S)
        return self

    def _read_port(self) -> int:
        assert self.process is not None
        assert self.process.poll() is None, f"mythosd ended at start: {self.diagnosis()}"
        text = self.port_file.read_text().strip() if self.port_file.exists() else ""
        return int(text or 0)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait_exit(self, within: float = STOP_S) -> int:
        assert self.process is not None
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"mythosd did not end within {within} s: {self.diagnosis()}") from None

    def stop(self) -> None:
        """Asks the server to end and requires that it does so cleanly."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait_exit()
        diagnosis = self.diagnosis()
        self.process = None
        assert code == 0, f"mythosd ended with {code}: {diagnosis}"

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def diagnosis(self) -> str:
        tail = [p.read_text(errors="replace")[-2000:] for p in (self.error_file, self.log_file) if p.exists()]
        return "\n".join(tail)

    def log_lines(self) -> list[dict[str, Any]]:
        """Of standard output, and of standard error, where a server within another program writes."""
        files = [file for file in (self.log_file, self.error_file) if file.exists()]
        return [json.loads(line) for file in files for line in file.read_text().splitlines() if line.startswith("{")]

    def wait_log(self, what: str, matches: Callable[[dict[str, Any]], bool], within: float = 20.0) -> dict[str, Any]:
        return eventually(f"a log line: {what}", lambda: next(filter(matches, self.log_lines()), None), within)

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the kernel tells no VmRSS")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def run_to_end(*arguments: str, within: float = 15.0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program for what it says and how it ends, as for `--help` or a faulty configuration."""
    return subprocess.run(
        [str(binary()), *arguments],
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
        env=clean_environment(**environment),
    )


def tool(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert path, f"the functional tests need {name} on the PATH"
    return path
