"""Who may come in is the application's to say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
import websockets

from mythos import CommandError, Credentials, Server, StartFailed, Unauthorised
from raw_client import RawClient

TOKENS = {"a-token": "ann", "b-token": "bob", "odd": "no name"}


@pytest.fixture
def server() -> Iterator[Server]:
    options = {"drain.spread_ms": 0, "log.level": "error", "limits.request_timeout_s": 1}
    server = Server(listen="127.0.0.1:0", **options)
    yield server
    server.stop()


async def get(server: Server, path: str, token: str | None = None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False) as http, http.stream("GET", server.url + path, headers=headers) as it:
        if it.status_code != 200:
            await it.aread()
        return it


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["details"]["error_code"]


def by_token(credentials: Credentials) -> str | None:
    return TOKENS.get(credentials.token or "")


async def later(credentials: Credentials) -> str | None:
    await asyncio.sleep(0)
    return by_token(credentials)


@pytest.mark.parametrize("function", [by_token, later])
@pytest.mark.parametrize("blocking", [False, True])
async def test_both_wires_wait_for_the_applications_word(server: Server, function, blocking: bool):
    assert server.authenticate(function, blocking=blocking and function is by_token) is function
    assert server.settings.auth.mode == "application"
    server.start()
    async with RawClient(server, "anybody", Authorization="Bearer a-token") as ann:
        assert ann.welcome["player_id"] == "ann"
    protocols = [websockets.Subprotocol(each) for each in ("mythos.v1", "bearer", "b-token")]
    async with websockets.connect(f"ws://127.0.0.1:{server.port}/api/ws", subprotocols=protocols, proxy=None) as socket:
        assert '"player_id":"bob"' in str(await socket.recv())
        assert socket.subprotocol == "mythos.v1"
    assert (await get(server, "/api/events", "a-token")).status_code == 200
    assert code(await get(server, "/api/events", "c-token")) == (401, "unauthorised")
    assert code(await get(server, "/sse/ann")) == (401, "unauthorised")
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with RawClient(server):
            pass
    assert refused.value.response.status_code == 401


async def test_it_sees_what_the_request_shows(server: Server):
    seen: list[Credentials] = []

    @server.authenticate
    def note(credentials: Credentials) -> str:
        seen.append(credentials)
        return "ann"

    server.start()
    async with RawClient(server, "eve", Authorization="Basic x", Cookie="a=b"):
        pass
    await get(server, "/api/events?ticket=t1")
    assert seen == [
        Credentials(player_id="eve", authorization="Basic x", cookie="a=b", token=None, ticket=None),
        Credentials(player_id=None, authorization=None, cookie=None, token=None, ticket="t1"),
    ]


async def test_its_refusals_and_failures_have_their_status(server: Server):
    @server.authenticate
    async def decide(credentials: Credentials) -> str:
        match credentials.player_id:
            case "refused":
                raise Unauthorised("Your token is too old.")
            case "busy":
                raise CommandError("overloaded", "later", retryable=True)
            case "slow":
                await asyncio.Event().wait()
            case "broken":
                raise RuntimeError("the secret")
        return "no name"

    server.start()
    refused = await get(server, "/sse/refused")
    assert code(refused) == (401, "unauthorised") and refused.json()["message"] == "Your token is too old."
    assert code(await get(server, "/sse/busy")) == (503, "overloaded")
    slow = await get(server, "/sse/slow")
    assert code(slow) == (503, "overloaded") and slow.headers["Retry-After"] == "1"
    broken = await get(server, "/sse/broken")
    assert code(broken) == (500, "handler_failed") and "secret" not in broken.text
    assert code(await get(server, "/sse/nobody")) == (500, "handler_failed"), "no such player can be"


async def test_a_client_cannot_ask_in_its_place(server: Server):
    server.authenticate(lambda credentials: "ann")
    server.start()
    async with RawClient(server) as ann:
        assert await ann.code(1, "mythos.authenticate") == "unknown_command"


async def test_who_waits_at_the_end_is_told(server: Server):
    asked = asyncio.Event()

    async with Server(listen="127.0.0.1:0", drain={"spread_ms": 0, "timeout_s": 0}, log={"level": "error"}) as other:
        pass

    @other.authenticate
    async def forever(credentials: Credentials) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with other:
        waiting = asyncio.create_task(get(other, "/sse/ann"))
        await asked.wait()
    with pytest.raises(httpx.HTTPError):
        answer = await waiting
        answer.raise_for_status()


def test_it_is_said_before_the_start(server: Server):
    server.start()
    with pytest.raises(RuntimeError):
        server.authenticate(by_token)


def test_it_does_not_open_the_server_to_others():
    server = Server(listen="0.0.0.0:0")
    server.authenticate(by_token)
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == "exposed_without_authentication"
