"""A real Alertmanager (Debian's `prometheus-alertmanager`) on a port of its own, and a receiver of webhooks."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from mythosd import eventually, tool


class Hooks:
    """Takes webhooks on loopback and keeps them, by the path they came to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hooks.taken.append((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Alertmanager:
    def __init__(self, directory: Path, config: str) -> None:
        self.config = directory / "alertmanager.yml"
        self.config.write_text(config)
        self.log = directory / "alertmanager.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    tool("prometheus-alertmanager"),
                    f"--config.file={self.config}",
                    f"--storage.path={directory}/data",
                    "--web.listen-address=127.0.0.1:0",
                    "--web.external-url=http://mythos.test",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        self.http = httpx.Client(timeout=20, trust_env=False)
        try:
            self.url = f"http://{eventually('Alertmanager tells its address', self._address, 60)}"
            eventually("Alertmanager is ready", self._is_ready, 60)
        except BaseException:
            self.stop()
            raise

    def _address(self) -> str | None:
        assert self.process.poll() is None, f"alertmanager ended at start: {self.log.read_text()[-2000:]}"
        found = re.search(r'msg="Listening on" address=(\S+)', self.log.read_text())
        return found.group(1) if found else None

    def _is_ready(self) -> bool:
        try:
            return self.http.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, path: str) -> Any:
        answer = self.http.get(f"{self.url}/api/v2/{path}")
        answer.raise_for_status()
        return answer.json()

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(30)


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("amtool"), *arguments], capture_output=True, text=True, timeout=60)
