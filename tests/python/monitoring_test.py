"""What a server knows of itself, in Python: the same as over HTTP."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from mythos import Refused, Server, ServerStopped


def over_http(server: Server, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.url}/monitoring/{path}", timeout=20) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def until(what: str, probe: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not probe():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def without_times(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "timestamp"}


def test_it_is_what_the_routes_answer(mythos_server: Server, mythos_sync_client):
    with mythos_sync_client("ann") as ann:
        mythos_server.publish("said", {"n": 1}, player="ann")
        assert ann.next().data == {"n": 1}
        look = mythos_server.monitoring
        told = look.performance(window="1m")
        assert told["window"] == "1m"
        assert told["message_delivery"]["successful_deliveries"] == 1
        assert told["connection_establishment"]["lifetime_total_connections"] == 2
        assert look.dual_connections()["connection_distribution"]["dual_connection_players"] == 1
        assert without_times(look.dual_connections()) == without_times(over_http(mythos_server, "dual-connections"))
        assert (
            look.connection_health()["overall_health"]
            == (over_http(mythos_server, "connection-health")["overall_health"])
        )
        page = look.connections(wire="sse", player="ann", limit=1)
        assert page["total"] == 1
        connection_id = page["connections"][0]["connection_id"]
        assert look.connection(connection_id)["player_id"] == "ann"
    until("both have ended", lambda: look.connections()["total"] == 0)
    until("its end is known", lambda: not look.connection(connection_id)["open"])


def test_what_cannot_be_answered_is_refused(mythos_server: Server):
    look = mythos_server.monitoring
    with pytest.raises(Refused) as refused:
        look.performance(window="2m")  # type: ignore[arg-type]
    assert refused.value.code == "bad_request"
    with pytest.raises(Refused) as refused:
        look.connection("k_nobody")
    assert refused.value.code == "not_found"
    with pytest.raises(ValueError):
        look.connection("")


def test_asking_lets_other_threads_run(mythos_server: Server):
    asked = threading.Barrier(4)

    def ask() -> None:
        asked.wait(20)
        for _ in range(25):
            try:
                mythos_server.monitoring.performance()
            except Refused as refused:
                assert refused.code == "overloaded"

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_stopped_server_tells_nothing(mythos_server: Server):
    mythos_server.stop()
    with pytest.raises(ServerStopped):
        mythos_server.monitoring.connection_health()
