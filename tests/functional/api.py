"""The server's HTTP API as the tests speak it, by httpx. Each answer is held to docs/api/openapi.yaml."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

import contract

T = TypeVar("T")


async def until(what: str, probe: Callable[[], Awaitable[T]], within: float = 20.0, every: float = 0.02) -> T:
    """Polls `probe` until it answers something true; fails with `what` and the last answer."""
    deadline = time.monotonic() + within
    while True:
        answer = await probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within} s: {what} (last answer: {answer!r})"
        await asyncio.sleep(every)


def error_code(answer: httpx.Response) -> str:
    """The error code of an error answer, whose body must have the documented shape."""
    body = answer.json()
    assert set(body) == {"error", "error_type", "message", "details", "timestamp"}, body
    assert body["error"] is True and isinstance(body["error_type"], str) and body["message"]
    return str(body["details"]["error_code"])


async def _hold_to_contract(answer: httpx.Response) -> None:
    if not answer.is_success or not answer.headers.get("content-type", "").startswith("text/event-stream"):
        await answer.aread()
    contract.check_answer(answer)


class Api:
    def __init__(self, url: str) -> None:
        hooks = {"response": [_hold_to_contract]}
        self.http = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, event_hooks=hooks)

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.http.post(path, json=body, **options)

    async def ok(self, path: str, body: Any, **options: Any) -> Any:
        answer = await self.post(path, body, **options)
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def publish(self, type: str = "test.said", data: Any = None, **target: Any) -> str:
        """Publishes one message to `player=`, `channel=` or `everyone=True`; its id."""
        body = {"type": type, "data": {} if data is None else data, **target}
        return str((await self.ok("/api/publish", body))["id"])

    async def publish_batch(self, messages: list[dict[str, Any]]) -> list[str]:
        return list((await self.ok("/api/publish", {"messages": messages}))["ids"])

    async def commands(self, session_id: str, body: Any, client_id: str | None = None) -> Any:
        return await self.ok("/api/commands", body, params=_present(session_id=session_id, client_id=client_id))

    async def command(self, session_id: str, id: str, type: str, data: Any = None, client_id: str | None = None) -> Any:
        """One command that must succeed; what it gave."""
        body = {"id": id, "type": type, "data": {} if data is None else data}
        [reply] = await self.commands(session_id, body, client_id)
        assert reply["data"]["ok"], reply
        return reply["data"]["data"]

    async def new_session(self, player: str) -> dict[str, Any]:
        return dict(await self.ok(f"/api/connections/{player}/session", {}))

    async def connections(self, player: str) -> dict[str, Any]:
        return dict(await self.get(f"/api/connections/{player}"))

    async def stats(self) -> dict[str, Any]:
        return dict(await self.get("/api/connections/stats"))

    async def counters(self) -> dict[str, float]:
        """Every counter by its exposition name with labels."""
        return dict((await self.stats())["counters"])


def _present(**params: str | None) -> dict[str, str]:
    return {name: value for name, value in params.items() if value is not None}
