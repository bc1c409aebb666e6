"""The routes of Alertmanager's API v2 over a notifier, without a server: what amtool asks."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.silence_api import (
    Answer,
    delete_silence,
    get_alerts,
    get_silence,
    get_silences,
    post_silence,
)


class AlertApi:
    def __init__(self, notifier: Notifier) -> None:
        def answer_of(method: str, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
            id = path.rpartition("/")[2]
            match method, path.removeprefix("/api/v2").split("/")[1]:
                case "GET", "alerts":
                    return get_alerts(notifier, query)
                case "GET", "silences":
                    return get_silences(notifier, query.get("filter", []))
                case "POST", "silences":
                    return post_silence(notifier, json.loads(body))
                case "GET", "silence":
                    return get_silence(notifier, id)
                case "DELETE", "silence":
                    return delete_silence(notifier, id)
            return 404, "no such route"

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = answer_of(self.command, parts.path, parse_qs(parts.query), body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
