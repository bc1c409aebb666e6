"""Fixtures for pytest, found by the entry point `pytest11`.

    async def test_a_cut_wire_loses_nothing(mythos_server, mythos_client, mythos_proxy):
        async with mythos_client("ann", through=mythos_proxy) as ann:
            mythos_proxy.websocket.cut()
            mythos_server.publish("chat.said", {"text": "hello"}, player="ann")
            assert (await anext(ann)).data == {"text": "hello"}

`@pytest.mark.mythos({"session.grace_s": 1})` gives the server options by dotted name. The server is one in this
process, so a test may register commands; `mythos_process` is a `mythosd` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Unpack

import pytest

from mythos.client import Client
from mythos.client_sync import ClientOptions, SyncClient
from mythos.server import Server
from mythos.settings import Settings
from mythos.testing.link_proxy import LinkProxy
from mythos.testing.server_process import ServerProcess

# No waiting at the end, and no line for every connection.
TEST_OPTIONS = {"drain.spread_ms": 0, "log.level": "warning"}


class HasUrl(Protocol):
    @property
    def url(self) -> str: ...


class MakeClient(Protocol):
    def __call__(self, player: str, *, through: HasUrl | None = None, **options: Unpack[ClientOptions]) -> Client:
        """A client that is not open yet; `through`: a proxy instead of the server itself."""


class MakeSyncClient(Protocol):
    def __call__(self, player: str, *, through: HasUrl | None = None, **options: Unpack[ClientOptions]) -> SyncClient:
        """The same without an event loop."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mythos(options): options of the test's server, by dotted name")


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    mark = request.node.get_closest_marker("mythos")
    return {**TEST_OPTIONS, **(mark.args[0] if mark and mark.args else {})}


@pytest.fixture
def mythos_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on a free loopback port, for this test alone; whatever the environment and mythos.toml say."""
    with Server(Settings.only(**{"listen": "127.0.0.1:0", **_options(request)})) as server:
        yield server


@pytest.fixture
def mythos_process(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    """The same as a process: `mythosd`, which can be killed."""
    with ServerProcess(_options(request)) as server:
        yield server


@pytest.fixture
def mythos_proxy(mythos_server: HasUrl) -> Iterator[LinkProxy]:
    """A cutting proxy in front of the server."""
    with LinkProxy(mythos_server.url) as proxy:
        yield proxy


@pytest.fixture
def mythos_client(mythos_server: HasUrl) -> MakeClient:
    """Makes clients of the server: `async with mythos_client("ann") as ann:`."""

    def make(player: str, *, through: HasUrl | None = None, **options: Unpack[ClientOptions]) -> Client:
        return Client((through or mythos_server).url, player, **options)

    return make


@pytest.fixture
def mythos_sync_client(mythos_server: HasUrl) -> MakeSyncClient:
    """The same without an event loop: `with mythos_sync_client("ann") as ann:`."""

    def make(player: str, *, through: HasUrl | None = None, **options: Unpack[ClientOptions]) -> SyncClient:
        return SyncClient((through or mythos_server).url, player, **options)

    return make
