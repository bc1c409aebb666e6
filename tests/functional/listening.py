"""A real program of Prometheus' family under test: started on a port of its own, asked whether it is ready, ended."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from mythosd import eventually, tool


class Listening:
    """`program` tells in its log which port of loopback it took; an `__init__` that fails leaves no process behind."""

    def __init__(self, program: str, log: Path, *arguments: str) -> None:
        self.program, self.log = program, log
        with log.open("wb") as out:
            command = [tool(program), *arguments, "--web.listen-address=127.0.0.1:0"]
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        self.http = httpx.Client(timeout=20, trust_env=False)
        try:
            self.url = f"http://{eventually(f'{program} tells its address', self._address, 60)}"
            eventually(f"{program} is ready", self._is_ready, 60)
        except BaseException:
            self.stop()
            raise

    def _address(self) -> str | None:
        assert self.process.poll() is None, f"{self.program} ended at start: {self.log.read_text()[-2000:]}"
        found = re.search(r'msg="Listening on" address=(\S+)', self.log.read_text())
        return found.group(1) if found else None

    def _is_ready(self) -> bool:
        try:
            return self.http.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(30)
