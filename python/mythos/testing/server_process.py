"""A `mythosd` process on a free loopback port, for tests that want the server in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

START_S = 20.0
STOP_S = 20.0


def mythosd() -> str:
    """The program: named by the environment's MYTHOSD, or installed beside this Python, or on the PATH."""
    beside = Path(sys.executable).with_name("mythosd")
    found = os.environ.get("MYTHOSD") or (str(beside) if beside.is_file() else shutil.which("mythosd"))
    if found is None:
        raise FileNotFoundError("mythosd is not on the PATH; install the package, or name it with MYTHOSD")
    return found


def toml(options: Mapping[str, Any]) -> str:
    """Options by dotted name as a TOML file; JSON's scalars and lists of text are TOML's too."""
    tables: dict[str, list[str]] = {"": []}
    for name, value in options.items():
        table, _, key = name.rpartition(".")
        tables.setdefault(table, []).append(f"{key} = {json.dumps(value)}")
    return "\n".join([*tables.pop(""), *(line for t, keys in tables.items() for line in (f"[{t}]", *keys))]) + "\n"


class ServerProcess:
    """`options` are the configuration's, by dotted name: `ServerProcess({"session.grace_s": 1})`."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self._options = dict(options or {})
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """For clients; as long as it runs."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Returns when the server is ready; raises RuntimeError with its last words if it ends instead."""
        self._directory = tempfile.TemporaryDirectory(prefix="mythosd-")
        root = Path(self._directory.name)
        config, port_file = root / "mythos.toml", root / "port"
        config.write_text(toml(self._options))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MYTHOS")}
        with (root / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [mythosd(), "--listen", "127.0.0.1:0", "--config", str(config), "--port-file", str(port_file)],
                stdout=log,
                stderr=log,
                cwd=root,
                env=environment,
            )
        deadline = time.monotonic() + START_S
        while not self._is_ready(port_file):
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = (root / "log").read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"mythosd did not start: {words}")
            time.sleep(0.01)
        return self

    def _is_ready(self, port_file: Path) -> bool:
        text = port_file.read_text().strip() if port_file.exists() else ""
        if not text:
            return False
        self.port = int(text)
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Asks it to end (SIGTERM) and waits; kills it after 20 s."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def kill(self) -> None:
        """As a crash does: without a farewell to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def publish(self, type: str, data: Any = None, **target: Any) -> str:
        """Publishes one message to `channel=`, `player=` or `everyone=True`; its id."""
        body = {"type": type, "data": {} if data is None else data, **target}
        answer = httpx.post(f"{self.url}/api/publish", json=body, trust_env=False)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
