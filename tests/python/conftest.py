"""What the tests of the Python package share: its own pytest plugin."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

# Who starts the tests in the background of a script has them ignore SIGINT, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture
def api() -> Any:
    """Posts to the server's own API: `await api(server, path, body)`."""

    async def post(server: Any, path: str, body: Any = None) -> Any:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(server.url + path, json=body or {})
            answer.raise_for_status()
            return answer.json()

    return post
