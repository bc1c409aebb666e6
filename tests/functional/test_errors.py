"""Errors, told the same by /monitoring/errors, by /metrics and by the log; docs/reference/errors.md classes them."""

import asyncio
import re
import time

import pytest

from api import Api, until
from mythosd import Mythosd, eventually
from raw_wire import RawConnection
from wires import open_websocket

SERIES = re.compile(r'^mythos_errors_total\{type="(\w+)",severity="(\w+)"\} (\d+)', re.MULTILINE)


async def metrics(api: Api) -> dict[str, int]:
    text = (await api.http.get("/metrics")).text
    return {f"{type}_{severity}": int(count) for type, severity, count in SERIES.findall(text)}


async def cause(api: Api, server: Mythosd, player: str) -> None:
    """Three refused connections, two bad commands, one faulty request, and a session that somebody else's is."""
    for _ in range(3):
        assert (await api.http.get(f"/sse/{player}", params={"cursor": "nonsense"})).status_code == 400
    async with await open_websocket(server, player) as ws:
        for _ in range(2):
            await ws.socket.send("{")
            await ws.control("mythos.reply")
        other = {"session_id": ws.session_id}
        assert (await api.http.get("/sse/somebody", params=other)).status_code == 403
    assert (await api.http.get("/nowhere")).status_code == 404


EXPECTED = {"validation_error_low": 6, "authentication_error_high": 1}


async def test_counts_agree_wherever_they_are_told(start_server, player):
    server = start_server({"monitor.max_samples": 4})
    before = time.time()
    async with Api(server.url) as api:
        await cause(api, server, player)
        told = await api.get("/monitoring/errors")
        assert told["error_breakdown"] == EXPECTED
        assert told["total_errors_last_hour"] == 7 and told["error_rate_per_minute"] == pytest.approx(7 / 60)
        assert told["lifetime_error_breakdown"] == told["window_error_breakdown"] == EXPECTED
        assert {name: w["total_errors"] for name, w in told["windows"].items()} == dict.fromkeys(
            ["1m", "5m", "1h", "24h"], 7
        )
        assert {name: n for name, n in (await metrics(api)).items() if n} == EXPECTED
        assert len(await metrics(api)) == 24, "every type and severity has its series"

        assert len(told["recent_errors"]) == 4 and told["recent_errors_let_go"] == 3
        newest = told["recent_errors"][0]
        assert (newest["type"], newest["severity"], newest["error_code"]) == ("validation_error", "low", "not_found")
        assert before - 1 < newest["timestamp"] < time.time() + 1
        foreign = told["recent_errors"][1]
        assert foreign["error_code"] == "foreign_session" and foreign["player_id"] == "somebody"
        assert foreign["message"].startswith("SSE connection failed: ")
        command = told["recent_errors"][2]
        assert command["player_id"] == player and command["session_id"] and command["connection_id"]
        groups = {group["fingerprint"]: group["count"] for group in told["fingerprints"]}
        assert groups == {
            "validation_error/bad_cursor": 3,
            "validation_error/bad_json": 2,
            "authentication_error/foreign_session": 1,
            "validation_error/not_found": 1,
        }

    def logged():
        lines = [line for line in server.log_lines() if "error_type" in line]
        return lines if len(lines) >= 7 else None

    lines = eventually("a line for each", logged)
    counted: dict[str, int] = {}
    for line in lines:
        key = f"{line['error_type']}_{line['severity']}"
        counted[key] = counted.get(key, 0) + 1
    assert counted == EXPECTED
    failed = [line for line in lines if line["event"] == "SSE connection failed"]
    assert len(failed) == 4 and {line["connection_type"] for line in failed} == {"sse"}
    assert {line["level"] for line in failed if line["error_code"] == "foreign_session"} == {"error"}


async def test_a_flood_is_counted_to_the_last_and_is_a_few_lines(start_server):
    server = start_server()
    async with Api(server.url) as api:
        for _ in range(60):
            await api.http.get("/nowhere")
        told = await api.get("/monitoring/errors", limit=5)
        assert told["error_breakdown"] == {"validation_error_low": 60}
        assert told["fingerprints"][0]["count"] == 60 and len(told["recent_errors"]) == 5
        line = await asyncio.to_thread(server.wait_log, "what was left out", lambda line: "left_out" in line, 30)
        lines = [line for line in server.log_lines() if line.get("error_code") == "not_found"]
        assert line["error_type"] == "validation_error"
        summaries = [line for line in lines if line["event"] == "Errors left out of the log"]
        assert len(lines) - len(summaries) + sum(line.get("left_out", 0) for line in lines) == 60


async def test_a_silent_peer_is_an_error_with_its_ids(start_server, player):
    server = start_server({"heartbeat_ms": 200})
    async with Api(server.url) as api, await RawConnection.connect(server.port) as raw:
        await raw.send(
            f"GET /ws/{player} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n".encode()
        )
        assert (await raw.head())[0] == 101

        async def lost():
            return (await api.get("/monitoring/errors"))["recent_errors"]

        [error] = await until("the error", lost)
        assert (error["type"], error["severity"]) == ("connection_error", "medium")
        assert error["fingerprint"] == "connection_error/heartbeat_missed"
        assert error["player_id"] == player and error["connection_id"]
        assert error["details"] == {"connection_type": "websocket", "close_code": 4004}


async def test_who_stays_away_for_long_makes_no_error(start_server):
    """Otherwise this many in five minutes would be what the guide's HighErrorRate fires at, 0.05 a second."""
    server = start_server({"session.grace_s": 1})
    players = [f"away{n}" for n in range(20)]
    async with Api(server.url) as api:
        left = {}
        for player in players:
            async with await open_websocket(server, player, client_id="phone") as ws:
                left[player] = (ws.session_id, ws.welcome["cursor"])
                await api.publish(player=player)
                await ws.entry()
                await ws.drop()
            await api.publish(player=player)

        async def all_have_ended():
            return (await api.stats())["sessions"] == 0

        await until("the sessions have ended", all_have_ended)
        for player, (session, cursor) in left.items():
            async with await open_websocket(server, player, client_id="phone", session_id=session, cursor=cursor) as ws:
                await ws.control("mythos.gap")
        counters = await api.counters()
        assert counters["mythos_unsent_accounts_total"] == counters['mythos_deliveries_total{status="unsent"}'] == 20
        assert counters['mythos_gaps_total{reason="session_expired"}'] == 20
        assert sum((await metrics(api)).values()) == 0
        told = await api.get("/monitoring/errors")
        assert (told["total_errors_last_hour"], told["recent_errors"], told["fingerprints"]) == (0, [], [])
    server.stop()
    lines = [line for line in server.log_lines() if line["event"] == "Messages not delivered"]
    assert {line["level"] for line in lines} == {"info"}
    for reason in ("session_ended", "session_expired"):
        assert sorted(line["player_id"] for line in lines if line["reason"] == reason) == sorted(players)
    assert sum(line.get("unsent", 0) for line in lines) == 20


async def test_a_window_that_is_none(start_server):
    server = start_server()
    async with Api(server.url) as api:
        assert (await api.http.get("/monitoring/errors?window=2m")).status_code == 400
        told = await api.get("/monitoring/errors", window="24h")
        assert told["window"] == "24h" and told["window_total_errors"] == 1, "the one just refused"
