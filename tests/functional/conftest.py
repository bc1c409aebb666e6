"""Fixtures of the functional tests: real server processes, an HTTP client of the server API, node's packages."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from api import Api
from databases import Database, PostgresqlDatabase, SqliteFile
from mythosd import Mythosd, tool
from postgresql import Postgresql

HERE = Path(__file__).parent
NODE = HERE / "node"
_names = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mythosd]:
    """A server with default options, shared by the tests of a module; it must end cleanly after them."""
    running = Mythosd(tmp_path_factory.mktemp("mythosd")).start()
    yield running
    running.stop()


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Mythosd]]:
    """Starts servers with options by dotted name: `start_server({"session.grace_s": 1})`, and with variables."""
    running: list[Mythosd] = []

    def start(
        options: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        program: list[str] | None = None,
    ) -> Mythosd:
        one = Mythosd(tmp_path_factory.mktemp("mythosd"), options, environment, program)
        running.append(one)
        return one.start()

    yield start
    for one in running:
        one.stop()


@pytest_asyncio.fixture
async def api(server: Mythosd) -> AsyncIterator[Api]:
    async with Api(server.url) as client:
        yield client


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL that runs; a test that kills it starts it again."""
    server = Postgresql().start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path)
    return PostgresqlDatabase(request.getfixturevalue("postgresql"), f"game{next(_names)}")


@pytest.fixture
def player() -> str:
    """A player that no other test uses."""
    return f"p{next(_names)}"


@pytest.fixture
def channel() -> str:
    return f"room:{next(_names)}"


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of node scripts, with the packages of its lock file installed."""
    if not (NODE / "node_modules" / "ws" / "package.json").exists():
        subprocess.run(
            [tool("npm"), "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True, timeout=180, capture_output=True
        )
    return NODE
