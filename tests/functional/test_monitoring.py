"""The monitoring routes of a running server: known traffic, and exactly these numbers in them."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Any

import pytest

import contract
from api import Api, error_code, until
from raw_wire import RawConnection
from wires import open_sse, open_websocket

NOT_OF_TRAFFIC = {"window_seconds", "percentile_error_max_percent"}


def numbers_of(value: Any, path: str = "") -> dict[str, float]:
    """Every leaf that is no text, which must be a number."""
    if isinstance(value, dict):
        return {k: v for name, each in value.items() for k, v in numbers_of(each, f"{path}/{name}").items()}
    if isinstance(value, str):
        return {}
    assert isinstance(value, int | float) and not isinstance(value, bool), f"{path} is {value!r}"
    return {path: value}


async def test_of_nothing_there_are_zeros_and_percentages_of_a_hundred(start_server):
    async with Api(start_server().url) as api:
        for route in ("performance", "connection-health", "dual-connections"):
            told = numbers_of(await api.get(f"/monitoring/{route}"))
            for path, value in told.items():
                name = path.rpartition("/")[2]
                if name in {"delivery_success_rate", "lowest"} or "health_percentage" in name:
                    assert value == 100, path
                elif "system_performance" not in path and name not in {
                    "window_seconds",
                    "percentile_error_max_percent",
                }:
                    assert value == 0, path


async def test_known_traffic_is_told_in_exact_numbers(start_server):
    server = start_server()
    async with (
        Api(server.url) as api,
        await open_websocket(server, "ann", client_id="tab") as ann,
        await open_sse(server, "ann", client_id="tab") as also_ann,
        await open_sse(server, "bob", client_id="tab") as bob,
        await open_websocket(server, "cid", client_id="tab") as cid,
    ):
        for n in range(20):
            await api.publish("test.n", {"n": n}, everyone=True)
        for wire in (ann, also_ann, bob, cid):
            await wire.entries(20)
        last = (await api.connections("ann"))["connections"][0]["cursor"]
        await ann.send({"type": "ack", "data": {"cursor": last}})

        async def acknowledged():
            told = await api.get("/monitoring/performance", window="1m")
            return told if told["message_delivery"]["append_to_acknowledgement"]["count"] == 20 else None

        told = await until("all is acknowledged", acknowledged)
        established = told["connection_establishment"]
        assert established["total_connections"] == established["lifetime_total_connections"] == 4
        assert established["websocket_connections"] == established["sse_connections"] == 2
        assert 0 < established["avg_websocket_establishment_ms"] <= established["max_websocket_establishment_ms"]
        assert 0 < established["p95_sse_establishment_ms"] <= established["max_sse_establishment_ms"]
        delivery = told["message_delivery"]
        assert delivery["total_messages_sent"] == delivery["successful_deliveries"] == 60, "three clients"
        assert delivery["failed_deliveries"] == 0 and delivery["delivery_success_rate"] == 100
        assert delivery["lifetime_messages_sent"] == delivery["append_to_socket"]["count"] == 60
        assert 0 < delivery["p50_delivery_time_ms"] <= delivery["max_delivery_time_ms"]
        system = told["system_performance"]
        assert system["active_connections"] == 4
        assert system["total_requests"] >= 22 and 0 < system["avg_response_time_ms"] <= system["max_response_time_ms"]
        assert system["memory_usage_mb"] > 1 and system["requests_per_second"] > 0
        assert set(told["windows"]) == {"1m", "5m", "1h", "24h"}
        for window in told["windows"].values():
            assert window["message_delivery"]["total_messages_sent"] == 60
        numbers_of(told)

        dual = await api.get("/monitoring/dual-connections")
        assert dual["connection_distribution"] == {
            "total_players": 3,
            "websocket_only_players": 1,
            "sse_only_players": 1,
            "dual_connection_players": 1,
        }
        stats = await api.get("/api/connections/stats")
        assert stats["connection_distribution"] == dual["connection_distribution"]
        assert stats["connections"] == dual["connections"] == {"total": 4, "websocket": 2, "sse": 2}

        health = await api.get("/monitoring/connection-health")
        assert health["overall_health"] == {
            "total_connections": 4,
            "healthy_connections": 4,
            "unhealthy_connections": 0,
            "health_percentage": 100,
        }
        assert health["connection_type_health"]["sse"] == {
            "total": 2,
            "healthy": 2,
            "unhealthy": 0,
            "health_percentage": 100,
        }
        assert health["connection_age_distribution"] == {
            "0-5_minutes": 4,
            "5-30_minutes": 0,
            "30_minutes-2_hours": 0,
            "2_hours+": 0,
        }


async def test_who_does_not_acknowledge_is_unhealthy_until_it_does(start_server):
    server = start_server()
    async with Api(server.url) as api, await open_websocket(server, "ann", client_id="tab") as ann:
        first = await api.publish("test.n", player="ann")
        await ann.send({"type": "ack", "data": {"cursor": first}})
        second = await api.publish("test.n", player="ann")

        async def unhealthy():
            told = await api.get("/monitoring/connection-health")
            return told["unhealthy_by_cause"]["unacknowledged"] == 1 and told

        told = await until("the entry is 5 s old", unhealthy)
        assert told["connection_type_health"]["websocket"]["unhealthy"] == 1
        assert told["overall_health"]["health_percentage"] == 0
        [row] = (await api.get("/monitoring/connections", sort="unacknowledged"))["connections"]
        assert row["healthy"] is False and row["causes"] == ["unacknowledged"] and row["unacknowledged_ms"] > 5_000
        await ann.send({"type": "ack", "data": {"cursor": second}})

        async def healthy():
            return (await api.get("/monitoring/connection-health"))["overall_health"]["healthy_connections"] == 1

        await until("it is healthy again", healthy)
        trends = (await api.get("/monitoring/connection-health"))["health_trends"]
        assert 0 < trends["last_hour_health_percentage"] < 100
        events = (await api.get(f"/monitoring/connections/{row['connection_id']}"))["events"]
        assert [event["event"] for event in events][-3:] == ["unhealthy", "life_signs", "healthy"]


async def test_a_page_of_connections_and_the_black_box_of_one(start_server):
    server = start_server()
    async with Api(server.url) as api, await open_websocket(server, "ann", client_id="tab") as ann:
        async with await open_sse(server, "bob") as bob:
            await ann.subscribe("room:tavern")
            await api.publish("test.n", {"text": "x" * 2_000}, player="bob")
            await bob.entries(1)
            page = await api.get("/monitoring/connections", sort="bytes", limit=1)
            assert page["total"] == 2
            [most] = page["connections"]
            assert most["player_id"] == "bob" and most["wire"] == "sse" and most["sent_bytes"] > 2_000
            by_player = await api.get("/monitoring/connections", player="ann")
            assert [row["connection_id"] for row in by_player["connections"]] == [ann.welcome["connection_id"]]
            assert by_player["connections"][0]["client_id"] == "tab"

        told = await api.get(f"/monitoring/connections/{ann.welcome['connection_id']}")
        assert told["open"] is True and told["player_id"] == "ann" and told["client_id"] == "tab"
        opened_at = by_player["connections"][0]["opened_at"]
        assert told["opened_at"] == told["events"][0]["at"] == opened_at, "it was once, whenever it is asked for"
        assert by_player["connections"][0]["rtt_ms"] is None, "no ping was answered yet"
        assert [(event["event"], event.get("channel")) for event in told["events"]][:2] == [
            ("opened", None),
            ("subscribed", "room:tavern"),
        ]

        async def ended():
            told = await api.get(f"/monitoring/connections/{most['connection_id']}")
            return None if told["open"] else told

        told = await until("bob is gone", ended)
        assert told["reason"] == "peer_gone" and told["abnormal"] is False and told["player_id"] == "bob"
        assert told["opened_at"] == most["opened_at"] and told["client_id"] == most["client_id"]
        assert told["events"][-1]["event"] == "closing" and told["events"][-1]["close_code"] == 1006
        assert told["session_id"] == most["session_id"] and told["sent_bytes"] == most["sent_bytes"]

        answer = await api.http.get("/monitoring/connections/k_never")
        assert answer.status_code == 404 and error_code(answer) == "not_found"
        head = await api.http.head("/monitoring/connections")
        assert head.status_code == 200 and not head.content


async def test_an_abnormal_end_is_told_in_the_log_with_the_last_events(start_server):
    server = start_server()
    async with Api(server.url) as api:
        wire = await open_websocket(server, "ann", client_id="tab")
        await wire.subscribe("room")
        connection_id = wire.welcome["connection_id"]
        await wire.drop()

        async def line():
            lines = [each for each in server.log_lines() if each["event"] == "Connection ended abnormally"]
            return lines[0] if lines else None

        told = await until("the log tells it", line)
        assert told["connection_id"] == connection_id and told["connection_type"] == "websocket"
        assert [event["event"] for event in told["last_events"]] == ["opened", "subscribed", "closing"]
        closed = await api.get(f"/monitoring/connections/{connection_id}")
        assert closed["abnormal"] is True and closed["close_code"] == 1006


async def test_the_stream_tells_each_second_and_ends_at_the_drain(start_server):
    server = start_server()
    async with Api(server.url) as api, await RawConnection.connect(server.port) as raw:
        await raw.send(b"GET /monitoring/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, headers = await raw.head()
        assert status == 200 and headers["content-type"] == "text/event-stream"

        async def event() -> dict[str, Any]:
            async with asyncio.timeout(20):
                block = await raw.reader.readuntil(b"\n\n")
            assert block.startswith(b"data: ") and block.count(b"\n") == 2
            told: dict[str, Any] = json.loads(block[6:])
            contract.schema("MonitoringEvent").validate(told)
            return told

        first = await event()
        assert first["health"]["total_connections"] == 0
        async with await open_websocket(server, "ann") as ann:
            for _ in range(5):
                await api.publish("test.n", player="ann")
            await ann.entries(5)
            for _ in range(3):
                assert (await api.http.get("/nowhere")).status_code == 404
            seen, opened = 0, 0
            while seen < 5:
                told = await event()
                seen += told["deliveries"]["successful"]
                opened += told["connections"]["opened"]
            assert seen == 5 and opened == 1
            assert told["deliveries"]["success_rate"] == 100
            while told["errors"]["total_errors_last_hour"] < 3:
                told = await event()
            panel = await api.get("/monitoring/errors")
            for name in ("total_errors_last_hour", "error_rate_per_minute"):
                assert told["errors"][name] == panel[name]
            assert told["avg_response_time_ms"] > 0
        server.signal(signal.SIGTERM)
        await raw.end()
        assert server.wait_exit() == 0


@pytest.mark.parametrize("window", ["1m", "5m", "1h", "24h"])
async def test_each_window_may_be_asked_for(api, window):
    told = await api.get("/monitoring/performance", window=window)
    assert told["window"] == window


async def test_requests_are_timed_by_route_not_by_path(start_server):
    async with Api(start_server().url) as api:
        for player in ("a", "b", "c"):
            await api.get(f"/api/connections/{player}")
        await api.http.get("/nothing")
        text = (await api.http.get("/metrics")).text
        assert 'mythos_request_duration_seconds_count{method="GET",endpoint="/api/connections/{player_id}"} 3' in text
        assert 'mythos_request_duration_seconds_count{method="other",endpoint="other"} 1' in text


async def test_many_may_ask_at_once(start_server):
    server = start_server()
    async with Api(server.url) as api:
        routes = ["performance", "connection-health", "dual-connections", "connections"]

        async def ask(route: str) -> int:
            return (await api.http.get(f"/monitoring/{route}")).status_code

        answers = await asyncio.gather(*(ask(routes[n % 4]) for n in range(64)))
        assert set(answers) <= {200, 503} and answers.count(200) >= 4
        assert (await api.http.get("/livez")).status_code == 200
