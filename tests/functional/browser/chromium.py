"""A headless Chromium with one page, driven over its own debugging protocol (CDP)."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from asyncio.subprocess import DEVNULL
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import websockets

from api import until

# Without the last ones it asks its maker's hosts for updates at every start.
ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class Page:
    """A page of a Chromium of its own; the browser ends with it."""

    def __init__(self, url: str, profile: Path) -> None:
        self._url, self._profile = url, profile
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        binary = shutil.which("chromium")
        assert binary, "chromium is missing: `make browser` installs it"
        command = [binary, *ARGUMENTS, f"--user-data-dir={self._profile}", "--remote-debugging-port=0", "about:blank"]
        self._process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        port = await until("chromium's debugging port", self._port, within=30)
        async with httpx.AsyncClient() as http:
            made = (await http.put(f"http://127.0.0.1:{port}/json/new?{self._url}")).json()
        self._socket = await websockets.connect(made["webSocketDebuggerUrl"], max_size=None)
        await until("the page", lambda: self.evaluate("document.readyState === 'complete' && location.host !== ''"))
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._socket.close()
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), 20)

    async def _port(self) -> int | None:
        file = self._profile / "DevToolsActivePort"
        lines = file.read_text().splitlines() if file.exists() else []
        return int(lines[0]) if lines else None

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited if it is a promise."""
        number = next(self._ids)
        call = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        await self._socket.send(json.dumps({"id": number, "method": "Runtime.evaluate", "params": call}))
        while (answer := json.loads(await self._socket.recv())).get("id") != number:
            pass
        result = answer["result"]
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")
