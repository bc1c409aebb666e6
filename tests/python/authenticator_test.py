"""Who may come in is the application's to say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import websockets

from mythos import APPLICATION, Client, CommandError, Credentials, Server, StartFailed, Unauthorised
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
            case "yes":
                return True  # type: ignore[return-value]
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
    assert code(await get(server, "/sse/yes")) == (500, "handler_failed"), "a yes names nobody"


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


def test_off_loopback_the_server_starts_only_with_it():
    server = Server(listen="0.0.0.0:0", log={"level": "error"})
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == "exposed_without_authentication"
    server.authenticate(by_token)
    with server:
        assert server.port


APPLICATIONS_ROUTES = [
    ("POST", "/api/publish", {"everyone": True, "type": "t"}),
    ("POST", "/api/disconnect", {"player": "ann"}),
    ("POST", "/api/connections/ann/session", {}),
    ("GET", "/api/connections/ann", None),
    ("GET", "/api/connections/stats", None),
    ("GET", "/api/channels", None),
    ("GET", "/api/presence/room", None),
    ("GET", "/api/history/room", None),
]


def application_or_player(credentials: Credentials) -> Any:
    return APPLICATION if credentials.token == "app-token" else by_token(credentials)


async def ask(server: Server, method: str, path: str, body: Any, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.request(method, server.url + path, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path", "body"), APPLICATIONS_ROUTES)
async def test_the_applications_routes_are_for_the_application(server: Server, method: str, path: str, body: Any):
    server.authenticate(application_or_player)
    server.start()
    async with RawClient(server, Authorization="Bearer a-token"):
        assert code(await ask(server, method, path, body, None)) == (401, "unauthorised")
        assert code(await ask(server, method, path, body, "wrong")) == (401, "unauthorised")
        assert code(await ask(server, method, path, body, "a-token")) == (403, "forbidden")
        assert list(server.sessions) == ["ann"]
        assert (await ask(server, method, path, body, "app-token")).status_code == 200


async def test_the_application_is_no_player(server: Server):
    server.authenticate(application_or_player)
    server.start()
    assert code(await get(server, "/sse/ann", "app-token")) == (403, "forbidden")


async def test_probes_metrics_and_the_index_are_open_and_wait_for_nobody(server: Server):
    @server.authenticate
    async def forever(credentials: Credentials) -> None:
        await asyncio.Event().wait()

    server.start()
    for path in ("/", "/livez", "/readyz", "/metrics"):
        assert (await ask(server, "GET", path, None, None)).status_code == 200


async def test_commands_are_posted_for_ones_own_session_only(server: Server):
    server.authenticate(by_token)
    server.command("who")(lambda command: command.player_id)
    server.start()
    command = {"id": "c-1", "type": "who"}
    async with RawClient(server, Authorization="Bearer a-token") as ann:
        path = f"/api/commands?session_id={ann.welcome['session_id']}&client_id=c"
        assert code(await ask(server, "POST", path, command, None)) == (401, "unauthorised")
        assert code(await ask(server, "POST", path, command, "b-token")) == (403, "foreign_session")
        answer = await ask(server, "POST", path, command, "a-token")
        assert answer.json()[0]["data"] == {"command_id": "c-1", "ok": True, "data": "ann"}


@pytest.mark.parametrize("may", [False, True])
async def test_players_may_publish_only_where_it_is_said(may: bool):
    server = Server(listen="127.0.0.1:0", players={"may_publish": may}, drain={"spread_ms": 0}, log={"level": "error"})
    server.authenticate(by_token)
    message = {"type": "t", "everyone": True}
    with server:
        async with RawClient(server, Authorization="Bearer a-token") as ann:
            if may:
                assert (await ann.ask(1, "publish", message))["ok"]
            else:
                assert await ann.code(1, "publish", message) == "unauthorised"


async def test_the_client_works_with_it_on_both_wires_and_by_post(server: Server):
    server.authenticate(by_token)
    server.command("who")(lambda command: command.player_id)
    server.start()
    headers = {"Authorization": "Bearer a-token"}
    async with Client(server.url, "ann", headers=headers) as ann:
        await ann.both_live()
        assert await ann.command("who") == "ann"
    async with Client(server.url, "ann", headers=headers, wires=["sse"]) as ann:
        assert await ann.command("who") == "ann", "by POST"
