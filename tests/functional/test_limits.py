"""Connections a player and in all: who is displaced, who is refused, who replaces itself."""

import httpx
import pytest

from api import Api, error_code, until
from mythosd import Mythosd
from wires import close_code, open_sse, open_websocket, open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    running = Mythosd(tmp_path_factory.mktemp("mythosd"), {"limits.connections_per_player": 2}).start()
    yield running
    running.stop()


@WIRES
async def test_a_newcomer_displaces_the_oldest_of_its_wire(small, player, wire):
    other = "sse" if wire == "websocket" else "websocket"
    async with (
        await open_wire(small, other, player) as bystander,
        await open_wire(small, wire, player) as oldest,
        await open_wire(small, wire, player) as newcomer,
    ):
        ended = await oldest.closed()
        assert close_code(ended) == 4003
        if wire == "sse":
            assert ended.retry == 3_600_000
        async with Api(small.url) as api:
            assert await bystander.fence(api) == []
            # Each fence went to the player, so both that are left have both.
            assert [m.type for m in await newcomer.fence(api)] == ["test.fence"]


@WIRES
async def test_with_none_of_its_wire_the_oldest_of_all_goes(small, player, wire):
    other = "sse" if wire == "websocket" else "websocket"
    async with (
        await open_wire(small, other, player) as oldest,
        await open_wire(small, other, player) as second,
        await open_wire(small, wire, player) as newcomer,
    ):
        assert close_code(await oldest.closed()) == 4003
        async with Api(small.url) as api:
            assert await second.fence(api) == [] and newcomer.welcome["wire"] == wire


@WIRES
async def test_a_client_replaces_its_own_predecessor_before_any_limit(small, player, wire):
    other = "sse" if wire == "websocket" else "websocket"
    async with (
        await open_wire(small, wire, player, client_id="tab") as old,
        await open_wire(small, other, player, client_id="phone") as bystander,
        await open_wire(small, wire, player, client_id="tab") as new,
    ):
        assert close_code(await old.closed()) == 4003
        async with Api(small.url) as api:
            assert await new.fence(api) == []
            # The newcomer's fence went to the player, so the bystander has it too: it lives.
            assert [m.type for m in await bystander.fence(api)] == ["test.fence"]


@WIRES
async def test_a_displaced_client_that_returns_displaces_nobody(small, player, wire):
    async with (
        await open_wire(small, wire, player, client_id="one") as displaced,
        await open_wire(small, wire, player, client_id="two") as two,
        await open_wire(small, wire, player, client_id="three") as three,
    ):
        assert close_code(await displaced.closed()) == 4003
        back = await open_wire(small, wire, player, client_id="one")
        if wire == "websocket":
            assert await back.closed() == 4003 and back.welcome == {}
        else:
            assert back.status == 204
        await two.close()
        async with Api(small.url) as api:
            await three.fence(api)

            async def let_in():
                again = await open_wire(small, wire, player, client_id="one")
                entered = bool(again.welcome)
                await again.close()
                return entered

            await until("the displaced client is let in once there is room", let_in)
            await three.fence(api)


async def test_refuse_turns_the_newcomer_away(start_server, player):
    server = start_server({"limits.connections_per_player": 2, "limits.limit_policy": "refuse"})
    async with (
        await open_websocket(server, player, client_id="a") as ws,
        await open_sse(server, player, client_id="a") as sse,
    ):
        async with await open_websocket(server, player) as refused:
            assert refused.welcome == {} and await refused.closed() == 4003
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            answer = await http.get(f"/sse/{player}")
        assert answer.status_code == 429 and error_code(answer) == "player_limit"
        async with Api(server.url) as api:
            assert await ws.fence(api) == []
            assert [m.type for m in await sse.fence(api)] == ["test.fence"]
        async with await open_websocket(server, player, client_id="a") as successor:
            assert successor.welcome, "its own predecessor makes room for it"


async def test_the_limit_of_all_connections(start_server):
    server = start_server({"limits.connections": 4})
    wires = [await open_wire(server, "websocket" if n % 2 else "sse", f"crowd-{n}") for n in range(4)]
    try:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            answer = await http.get("/sse/one-more")
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
        assert error_code(answer) == "connection_limit"
        async with await open_websocket(server, "one-more") as refused:
            assert refused.welcome == {} and await refused.closed() == 1013
        async with Api(server.url) as api:
            for wire in wires:
                assert await wire.fence(api) == []
    finally:
        for wire in wires:
            await wire.close()
