"""SIGTERM drains and ends with 0; SIGHUP reloads what can be reloaded and says what cannot."""

import asyncio
import signal

import httpx
import pytest

from api import Api, until
from wires import open_sse, open_websocket, open_wire

WIRES = pytest.mark.parametrize("wire", ["websocket", "sse"])
QUICK = {"drain.spread_ms": 400}


async def exit_code(server):
    return await asyncio.to_thread(server.wait_exit)


async def test_sigterm_drains_both_wires_and_ends_with_0(start_server, player):
    server = start_server(QUICK)
    async with await open_websocket(server, player) as ws, await open_sse(server, player) as sse:
        async with Api(server.url) as api:
            last = await api.publish("test.last", {}, player=player)
        server.signal(signal.SIGTERM)
        for wire in (ws, sse):
            draining = (await wire.control("mythos.draining")).data
            assert set(draining) == {"reconnect_after_ms", "reason"}
            assert draining["reconnect_after_ms"] >= 0 and draining["reason"]
            assert (await wire.entry()).json["id"] == last, "what was owed is flushed first"
        assert await ws.closed() == 1001
        ended = await sse.closed()
        assert ended is not None and ended.data["code"] == 1001
        assert await exit_code(server) == 0
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient(trust_env=False) as http:
                await http.get(f"{server.url}/livez")


async def test_the_delays_are_spread(start_server):
    server = start_server({"drain.spread_ms": 2000})
    wires = await asyncio.gather(*(open_wire(server, "websocket" if n % 2 else "sse", f"crowd-{n}") for n in range(24)))
    server.signal(signal.SIGTERM)
    delays = [(await wire.control("mythos.draining")).data["reconnect_after_ms"] for wire in wires]
    assert len(set(delays)) >= 12, f"{sorted(delays)} would come back as one herd"
    assert await exit_code(server) == 0
    for wire in wires:
        await wire.close()


async def test_an_idle_server_ends_at_once(start_server):
    server = start_server(QUICK)
    server.signal(signal.SIGTERM)
    assert await exit_code(server) == 0


async def test_sigint_ends_it_like_sigterm(start_server, player):
    server = start_server(QUICK)
    async with await open_websocket(server, player) as ws:
        server.signal(signal.SIGINT)
        assert await ws.closed() == 1001
        assert await exit_code(server) == 0


async def test_a_restart_is_a_new_epoch_and_clients_are_told(start_server, player):
    server = start_server(QUICK)
    async with Api(server.url) as api, await open_websocket(server, player) as ws:
        await api.publish("test.n", {}, player=player)
        cursor, session = (await ws.entry()).json["id"], ws.session_id
    server.stop()
    server.start()
    async with await open_websocket(server, player, session_id=session, cursor=cursor) as ws:
        assert ws.welcome["epoch"] != cursor.rpartition("-")[0]
        assert ws.welcome["recovered"] is False
        gap = (await ws.control("mythos.gap")).data
        assert gap["after"] is None and gap["lost"] is None
        assert gap["before"].startswith(ws.welcome["epoch"] + "-")


@WIRES
async def test_sighup_reloads_a_live_option(start_server, player, wire):
    server = start_server({"limits.connections_per_player": 4})
    async with Api(server.url) as api, await open_wire(server, wire, player) as first:
        server.options["limits.connections_per_player"] = 1
        server.write_config()
        server.signal(signal.SIGHUP)
        await until("the new limit holds", lambda: _displaced(server, wire, player, first))
        assert (await api.http.get("/readyz")).status_code == 200


async def _displaced(server, wire, player, first):
    async with await open_wire(server, wire, player):
        return first.ended or len(first.controls("mythos.closed")) > 0


async def test_sighup_says_what_needs_a_restart(start_server):
    server = start_server({"journal.retention_entries": 100})
    server.options["journal.retention_entries"] = 200
    server.write_config()
    server.signal(signal.SIGHUP)
    line = await asyncio.to_thread(
        server.wait_log,
        "names the option that needs a restart",
        lambda line: "journal.retention_entries" in str(line.values()) and line["level"].lower() in ("warning", "warn"),
    )
    assert {"timestamp", "level", "logger", "event"} <= set(line)


async def test_sighup_with_a_faulty_file_keeps_the_running_options(start_server, player):
    server = start_server(QUICK)
    server.config.write_text("limits = 5 5\n")
    server.signal(signal.SIGHUP)
    await asyncio.to_thread(
        server.wait_log,
        "an error that names the file",
        lambda line: line["level"].lower() == "error" and "mythos.toml" in str(line.values()),
    )
    async with Api(server.url) as api, await open_websocket(server, player) as ws:
        assert await ws.fence(api) == []


async def test_log_lines_are_json_with_stable_keys(start_server, player):
    server = start_server(QUICK)
    async with await open_websocket(server, player):
        pass
    await asyncio.to_thread(server.wait_log, "Listening", lambda line: line["event"] == "Listening")
    server.signal(signal.SIGTERM)
    assert await exit_code(server) == 0
    text = server.log_file.read_text().splitlines()
    lines = server.log_lines()
    assert len(lines) == len(text), "every line of the standard output is one JSON object"
    for line in lines:
        assert {"timestamp", "level", "logger", "event"} <= set(line), line
        assert line["timestamp"].endswith("Z")
    [listening] = [line for line in lines if line["event"] == "Listening"]
    assert (listening["host"], listening["port"]) == ("127.0.0.1", server.port)
