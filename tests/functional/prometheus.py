"""A real Prometheus (Debian's `prometheus`) that scrapes a server under test once a second, on a port of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from mythosd import Mythosd, eventually, tool

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
- {{job_name: mythos, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""


class Prometheus:
    def __init__(self, directory: Path, server: Mythosd, *rules: Path) -> None:
        self.directory = directory
        config = CONFIG.format(port=server.port) + f"rule_files: [{', '.join(map(str, rules))}]\n"
        (directory / "prometheus.yml").write_text(config)
        self.log = directory / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    tool("prometheus"),
                    *(
                        "--config.file",
                        str(directory / "prometheus.yml"),
                        "--storage.tsdb.path",
                        str(directory / "tsdb"),
                    ),
                    *("--web.listen-address", "127.0.0.1:0", "--log.level", "info"),
                ],
                stdout=log,
                stderr=log,
            )
        self.http = httpx.Client(timeout=20, trust_env=False)
        try:
            self.url = f"http://{eventually('Prometheus tells its address', self._address, 60)}"
            eventually("Prometheus is ready", self._is_ready, 60)
        except BaseException:
            self.stop()
            raise

    def _address(self) -> str | None:
        assert self.process.poll() is None, f"prometheus ended at start: {self.log.read_text()[-2000:]}"
        found = re.search(r'msg="Listening on" address=(\S+)', self.log.read_text())
        return found.group(1) if found else None

    def _is_ready(self) -> bool:
        try:
            return self.http.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, path: str, **params: str) -> Any:
        answer = self.http.get(f"{self.url}/api/v1/{path}", params=params).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> dict[str, float]:
        """Values by their labels, as `websocket` or `a,b`, without those of the scrape; one without any is ''."""
        found = {}
        for sample in self.ask("query", query=expression)["result"]:
            labels = {k: v for k, v in sample["metric"].items() if k not in {"__name__", "job", "instance"}}
            found[",".join(v for _, v in sorted(labels.items()))] = float(sample["value"][1])
        return found

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(30)
