"""The server's log: its file, rotation and reopening, what the lines say, and what they never say."""

import asyncio
import gzip
import json
import signal
import subprocess

import httpx
import pytest

from api import Api
from mythosd import binary, clean_environment, eventually
from raw_wire import UPGRADE, RawConnection
from wires import open_sse, open_websocket

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
LOG = "logs/mythos.log"


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def rotated(directory):
    return sorted(directory.glob(f"{LOG}.2*"))


def text_of(file):
    return gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text()


async def come_and_go(server, player, times=1):
    for _ in range(times):
        async with await open_websocket(server, player), await open_sse(server, player):
            pass


def by_event(lines, event):
    return [line for line in lines if line["event"] == event]


async def test_the_file_has_the_lines_of_standard_output(start_server, player):
    server = start_server()
    await come_and_go(server, player)
    await asyncio.to_thread(server.stop)
    written = (server.directory / LOG).read_text()
    assert written == server.log_file.read_text()
    assert by_event(lines_of(written), "WebSocket disconnected")


async def test_there_is_no_file_where_none_is_wanted(start_server, player):
    server = start_server({"log.file": ""})
    await come_and_go(server, player)
    assert not (server.directory / "logs").exists() and server.log_lines()


@pytest.mark.parametrize("file", ["logs/mythos.log", "/proc/none/mythos.log"])
def test_a_directory_that_cannot_be_made_ends_the_start(tmp_path, file):
    (tmp_path / "logs").write_text("a file stands where the directory should")
    ended = subprocess.run(
        [binary(), "--listen", "127.0.0.1:0", "--log.file", file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(),
    )
    assert ended.returncode == 2 and file in ended.stderr and "log.file" in ended.stderr


async def test_rotation_keeps_every_line_once(start_server, player):
    server = start_server({"log.rotate_bytes": 4_096, "log.keep": 1_000})
    await come_and_go(server, player, times=40)
    await asyncio.to_thread(server.stop)
    files = [*rotated(server.directory), server.directory / LOG]
    assert len(files) > 5
    assert "".join(map(text_of, files)) == server.log_file.read_text()


async def test_old_files_are_compressed_and_the_oldest_go(start_server, player):
    server = start_server({"log.rotate_bytes": 2_048, "log.keep": 3})
    await come_and_go(server, player, times=40)

    def settled():
        files = rotated(server.directory)
        return len(files) <= 3 and files and all(file.suffix == ".gz" for file in files)

    eventually("three compressed files are left", settled)


async def test_sighup_opens_the_file_anew(start_server, player):
    server = start_server()
    file = server.directory / LOG
    await come_and_go(server, player)
    file.rename(moved := file.with_name("moved"))
    server.signal(signal.SIGHUP)
    eventually("the file is there again", file.exists)
    await come_and_go(server, player)
    await asyncio.to_thread(server.stop)
    assert moved.read_text() + file.read_text() == server.log_file.read_text()


async def test_connections_say_what_the_guide_says(start_server, player):
    server = start_server({"log.level": "debug"})
    headers = {"traceparent": TRACEPARENT}
    async with await open_websocket(server, player, client_id="tab", options={"additional_headers": headers}) as ws:
        async with await open_sse(server, player, client_id="tab", session_id=ws.welcome["session_id"]):
            pass
        server.wait_log("the stream has gone", lambda line: line["event"] == "SSE disconnected")
    server.wait_log("the WebSocket has gone", lambda line: line["event"] == "WebSocket disconnected")
    lines = server.log_lines()
    attempt, *_ = by_event(lines, "WebSocket connection attempt")
    assert attempt["level"] == "info" and attempt["existing_connections"] == 0
    assert attempt["connection_id"] == ws.welcome["connection_id"] and attempt["remote"].startswith("127.0.0.1")
    [connected] = by_event(lines, "WebSocket connected")
    assert connected["logger"] == "server.realtime.connection_manager" and connected["level"] == "info"
    assert {name: connected[name] for name in ("player_id", "session_id", "connection_id", "client_id")} == {
        name: ws.welcome[name] for name in ("player_id", "session_id", "connection_id", "client_id")
    }
    assert connected["establishment_time_ms"] > 0 and connected["total_connections"] == 1
    assert (connected["is_dual_connection"], connected["existing_sse_connections"]) == (False, 0)
    [second] = by_event(lines, "SSE connected")
    assert (second["is_dual_connection"], second["existing_websocket_connections"]) == (True, 1)
    assert (second["total_connections"], second["connection_type"]) == (2, "sse")
    [gone] = by_event(lines, "WebSocket disconnected")
    assert gone["duration_ms"] > 0 and gone["reason"] and gone["close_code"] == 1000
    assert [line["trace_id"] for line in (attempt, connected, gone)] == [TRACE] * 3
    assert "trace_id" not in second
    [opened] = by_event(lines, "Session opened")
    assert opened["session_id"] == connected["session_id"]


async def test_sessions_are_told_when_they_end(start_server, player):
    server = start_server({"session.grace_s": 0, "session.sweep_interval_s": 1})
    async with Api(server.url) as api, await open_websocket(server, player):
        await api.new_session(player)
    replaced = server.wait_log("replaced", lambda line: line["event"] == "Session replaced")
    assert replaced["connections"] == 1 and replaced["reason"] == "replaced"
    ended = server.wait_log("ended", lambda line: line["event"] == "Session ended")
    assert ended["reason"] == "expired" and ended["duration_ms"] >= 0


async def test_a_request_is_told_at_debug_with_its_trace(start_server, player):
    server = start_server({"log.level": "debug"})
    async with Api(server.url) as api:
        body = {"player": player, "type": "t", "data": {}}
        assert (await api.post("/api/publish?x=1", body, headers={"traceparent": TRACEPARENT})).is_success
    line = server.wait_log("the request", lambda line: line["event"] == "HTTP request")
    assert line["logger"] == "server.api"
    assert (line["method"], line["path"], line["status"], line["trace_id"]) == ("POST", "/api/publish", 200, TRACE)


async def test_what_a_post_brings_is_told_with_its_trace(start_server, player):
    server = start_server({"log.message_sample": 1})
    headers = {"traceparent": TRACEPARENT}
    async with Api(server.url) as api:
        session = (await api.new_session(player))["session_id"]
        body = {"player": player, "type": "t", "data": {}}
        assert (await api.post("/api/publish", body, headers=headers)).is_success
        assert (await api.post("/api/publish", {"player": player}, headers=headers)).status_code == 400
        unknown = {"id": "c-1", "type": "nothing"}
        await api.post("/api/commands", unknown, params={"session_id": session}, headers=headers)
    line = server.wait_log("the command", lambda line: line.get("error_code") == "unknown_command")
    lines = server.log_lines()
    [sent] = by_event(lines, "Message delivery attempt")
    [refused] = by_event(lines, "HTTP request refused")
    assert [each["trace_id"] for each in (sent, refused, line)] == [TRACE] * 3


async def test_every_delivery_is_told_where_all_are_wanted(start_server, player):
    server = start_server({"log.message_sample": 1})
    async with (
        Api(server.url) as api,
        await open_websocket(server, player, client_id="tab") as ws,
        await open_sse(server, player, client_id="tab") as sse,
    ):
        ids = [await api.publish("chat.said", {"n": n}, player=player) for n in range(20)]
        for wire in (ws, sse):
            await wire.entries(20)
        eventually("twenty lines", lambda: len(by_event(server.log_lines(), "Message delivered")) == 20)
    told = by_event(server.log_lines(), "Message delivered")
    assert [line["message_id"] for line in told] == ids
    first = told[0]
    assert first["player_id"] == player and first["message_type"] == "chat.said" and first["sample_rate"] == 1
    assert first["message_size"] > 0 and first["delivery_time_ms"] > 0
    assert (first["total_connections"], first["active_connections"]) == (2, 2)
    assert all(line["websocket_delivered"] or line["sse_delivered"] for line in told)
    attempts = by_event(server.log_lines(), "Message delivery attempt")
    assert [line["message_id"] for line in attempts] == ids
    assert {line["player_id"] for line in attempts} == {player}


async def test_deliveries_beyond_what_is_told_a_second_are_counted(start_server, channel):
    server = start_server({"log.message_sample": 1, "server.loops": 1})
    async with Api(server.url) as api, await open_websocket(server, "p") as ws:
        await ws.subscribe(channel)
        await api.publish_batch([{"channel": channel, "type": "t", "data": {}}] * 2_000)
        await ws.entries(2_000)
        counters = await api.counters()
    left_out = counters["mythos_log_samples_left_out_total"]
    await asyncio.to_thread(server.stop)
    told = len(by_event(server.log_lines(), "Message delivered"))
    assert told + left_out == 2_000 and told >= 500


SECRETS = [f"secret-{place}-0123456789" for place in ("authorization", "cookie", "subprotocol", "query", "ticket")]


async def test_no_token_is_ever_logged(start_server, player):
    """At debug, let in and refused, on both wires and by POST."""
    server = start_server({"log.level": "debug", "log.message_sample": 1})
    authorization, cookie, subprotocol, query, ticket = SECRETS
    headers = {"Authorization": f"Bearer {authorization}", "Cookie": f"mythos={cookie}"}
    ask = f"token={query}&ticket={ticket}"
    raw_headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw_headers += f"Sec-WebSocket-Protocol: mythos.v1, bearer, {subprotocol}\r\n"
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as http:
        for path in (f"/sse/{player}?cursor={query}", "/nowhere?", f"/api/history/room?before={query}"):
            assert (await http.get(f"{path}&{ask}")).is_client_error
        assert (await http.post(f"/api/publish?{ask}", json={"player": player, "type": "t", "data": {}})).is_success
        assert (await http.post(f"/api/commands?{ask}", content="{", headers={"Content-Type": "text/plain"})).is_error
        async with http.stream("GET", f"/sse/{player}?{ask}") as stream:
            assert stream.status_code == 200
    for path in (f"/ws/{player}?{ask}", f"/ws/{player}?cursor={query}&{ask}", f"/ws/bad%20name?{ask}"):
        async with await RawConnection.connect(server.port) as raw:
            await raw.send(UPGRADE.format(path=path, port=server.port, headers=raw_headers).encode())
            assert (await raw.head())[0] in (101, 400)
    for event in ("SSE disconnected", "WebSocket disconnected", "HTTP request"):
        server.wait_log(event, lambda line, event=event: line["event"] == event)
    await asyncio.to_thread(server.stop)
    written = server.log_file.read_text() + server.error_file.read_text() + (server.directory / LOG).read_text()
    assert [secret for secret in SECRETS if secret in written] == []
