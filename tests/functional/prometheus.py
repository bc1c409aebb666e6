"""A real Prometheus (Debian's `prometheus`) that scrapes a server under test once a second, on a port of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listening import Listening
from mythosd import Mythosd

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
- {{job_name: {job}, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""


class Prometheus(Listening):
    def __init__(self, directory: Path, server: Mythosd, *rules: Path, job: str = "mythos") -> None:
        self.directory = directory
        config = directory / "prometheus.yml"
        config.write_text(CONFIG.format(port=server.port, job=job) + f"rule_files: [{', '.join(map(str, rules))}]\n")
        super().__init__(
            "prometheus",
            directory / "prometheus.log",
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'tsdb'}",
            "--log.level=info",
        )

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
