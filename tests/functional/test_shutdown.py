"""SIGTERM drains and ends with 0; SIGHUP reloads what can be reloaded and says what cannot."""

import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from api import Api, until
from raw_wire import RawConnection, RawWebSocket
from wires import close_code, open_sse, open_websocket, open_wire

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


CROWD = 200  # whose delays are spread over seconds


async def test_a_second_sigterm_ends_it_with_a_farewell_to_everybody(start_server, player):
    server = start_server({"drain.spread_ms": 60_000, "drain.timeout_s": 60})
    crowd = [await RawConnection.connect(server.port) for _ in range(CROWD)]
    for n, raw in enumerate(crowd):
        await raw.send(f"GET /sse/{player}-{n} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert (await raw.head())[0] == 200
    async with await open_websocket(server, player) as ws:
        server.signal(signal.SIGTERM)
        await ws.control("mythos.draining")
        server.signal(signal.SIGTERM)
        assert await ws.closed() == 1001
    for raw in crowd:
        assert b'"code":1001' in await asyncio.wait_for(raw.reader.read(), 20)
        raw.writer.close()
    assert await exit_code(server) == 0
    [stopped] = [line for line in server.log_lines() if line["event"] == "Stopped"]
    assert stopped["drained"] is False, "it was the second signal that ended it"


async def test_a_socket_that_never_hangs_up_holds_the_drain_to_its_bound(start_server, player):
    server = start_server({"drain.spread_ms": 1000, "drain.timeout_s": 1})
    async with (
        await RawWebSocket.open(server.port, f"/ws/{player}-deaf"),
        await open_websocket(server, player) as ws,
        await open_sse(server, player) as sse,
    ):
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert await ws.closed() == 1001
        assert close_code(await sse.closed()) == 1001
        assert await exit_code(server) == 0
        assert time.monotonic() - began < 8, "a bound of 1 s, and one for the last word"
    [stopped] = [line for line in server.log_lines() if line["event"] == "Stopped"]
    assert stopped["drained"] is False


async def test_requests_during_a_drain(start_server, player):
    """Connections that stand already are answered: not ready, and no room for another stream."""
    # One loop accepts in the order of coming: whoever came before the WebSocket is in.
    server = start_server({"server.loops": 1, "drain.spread_ms": 20_000, "drain.timeout_s": 20})
    ready, stream = [await RawConnection.connect(server.port) for _ in range(2)]
    async with ready, stream, AsyncExitStack() as crowd, await open_websocket(server, player) as ws:
        # Few connections drain at once; these keep the server up for some seconds.
        for i in range(200):
            raw = await crowd.enter_async_context(await RawConnection.connect(server.port))
            await raw.send(f"GET /sse/crowd{i} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert (await raw.head())[0] == 200
        server.signal(signal.SIGTERM)
        await ws.control("mythos.draining")
        await ready.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await ready.head())[0] == 503
        await stream.send(f"GET /sse/{player} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status, headers = await stream.head()
        assert status == 503 and int(headers["retry-after"]) > 0
        assert json.loads(await stream.body(headers))["details"]["error_code"] == "draining"
        server.signal(signal.SIGTERM)
        assert await ws.closed() == 1001
    assert await exit_code(server) == 0


@WIRES
async def test_the_end_of_a_connection_is_logged(start_server, player, wire):
    server = start_server(QUICK)
    name = "WebSocket" if wire == "websocket" else "SSE"
    async with await open_wire(server, wire, player) as opened:
        connection = opened.welcome["connection_id"]
        await opened.drop()

    def ended(line):
        return line["event"] == f"{name} disconnected" and line["connection_id"] == connection

    line = await asyncio.to_thread(server.wait_log, "the connection's end", ended)
    assert line["logger"] == "server.realtime.connection_manager" and line["level"].lower() == "info"
    assert (line["player_id"], line["connection_type"]) == (player, wire)
    assert line["session_id"] == opened.session_id
    assert (line["reason"], line["close_code"]) == ("peer_gone", 1006)
    assert 0 < line["duration_ms"] < 60_000


async def test_a_clients_own_close_is_logged_as_such(start_server, player):
    server = start_server(QUICK)
    async with await open_websocket(server, player):
        pass
    line = await asyncio.to_thread(server.wait_log, "its end", lambda line: line["event"] == "WebSocket disconnected")
    assert (line["reason"], line["close_code"]) == ("normal", 1000)


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


async def test_a_reload_that_raises_the_log_level_still_reports_itself(start_server):
    server = start_server({"log.level": "info"})
    server.options["log.level"] = "error"
    server.write_config()
    server.signal(signal.SIGHUP)

    def told(line):
        return line["event"] == "Option changed" and line["option"] == "log.level"

    line = await asyncio.to_thread(server.wait_log, "the change of the log level", told)
    assert (line["from"], line["to"]) == ("info", "error")
    await asyncio.to_thread(server.wait_log, "the end", lambda line: line["event"] == "Configuration reloaded")


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
