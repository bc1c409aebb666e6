"""A real Alertmanager (Debian's `prometheus-alertmanager`) on a port of its own, and a receiver of webhooks."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from listening import Listening
from mythosd import tool


class Hooks:
    """Takes webhooks on loopback and keeps them, by the path they came to. `refusals` answer the first ones."""

    def __init__(self, *refusals: int, port: int = 0) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.refused = 0
        script = list(refusals)
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if script:
                    hooks.refused += 1
                    self.send_response(script.pop(0))
                else:
                    hooks.taken.append((self.path, json.loads(body)))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Alertmanager(Listening):
    def __init__(self, directory: Path, config: str) -> None:
        self.config = directory / "alertmanager.yml"
        self.config.write_text(config)
        super().__init__(
            "prometheus-alertmanager",
            directory / "alertmanager.log",
            f"--config.file={self.config}",
            f"--storage.path={directory}/data",
            "--web.external-url=http://mythos.test",
            "--cluster.listen-address=",
        )

    def ask(self, path: str) -> Any:
        answer = self.http.get(f"{self.url}/api/v2/{path}")
        answer.raise_for_status()
        return answer.json()


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("amtool"), *arguments], capture_output=True, text=True, timeout=60)
