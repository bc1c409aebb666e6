"""The measuring client's merge, by hand, at the protocol's traps: the figures are worth what it is worth."""

import pytest

from merging_client import MergingClient

WS, SSE = "websocket", "sse"


class Recording(MergingClient):
    """A client without wires: messages are given to it, and what it would send is kept."""

    def __init__(self):
        super().__init__("127.0.0.1", 0, "p1")
        self.promoted: list[tuple[str, int]] = []

    def _promote(self, wire):
        self.promoted.append((wire.name, self.cursor))

    def opens(self, wire, cursor, mode="mirror"):
        self._welcome(
            self.wires[wire],
            {
                "epoch": "e",
                "session_id": "s",
                "heartbeat_ms": 1000,
                "connection_id": wire,
                "cursor": f"e-{cursor}",
                "mode": mode,
            },
        )

    def gets(self, wire, *positions):
        for n in positions:
            self._take(self.wires[wire], {"id": f"e-{n}", "type": "t", "data": n}, 0.0)

    def control(self, wire, type, **data):
        self._take(self.wires[wire], {"type": f"mythos.{type}", "data": data}, 0.0)

    def dies(self, wire):
        self._lost(self.wires[wire])

    @property
    def got(self):
        return [a.data for a in self.applied]


@pytest.fixture
def client():
    return Recording()


def test_two_wires_are_one_stream(client):
    client.opens(WS, 0)
    client.opens(SSE, 0)
    client.gets(WS, 1, 2)
    client.gets(SSE, 1, 2, 3)
    client.gets(WS, 3, 4)
    assert client.got == [1, 2, 3, 4] and client.below_cursor == 3


def test_a_wire_that_begins_further_on_is_held_until_the_other_gets_there(client):
    client.opens(WS, 100)
    client.opens(SSE, 200)
    client.gets(SSE, 201, 202)
    assert client.got == []
    client.gets(WS, 150, 200)
    assert client.got == [150, 200, 201, 202]


def test_the_lagging_wires_death_promotes_the_other_from_the_own_cursor(client):
    client.opens(WS, 100)
    client.opens(SSE, 200)
    client.gets(SSE, 201)
    client.dies(WS)
    assert client.promoted == [(SSE, 100)] and client.got == []
    client.control(SSE, "promoted", cursor="e-100")
    client.gets(SSE, 150, 201)
    assert client.got == [150, 201]


def test_a_gap_that_the_healthy_wire_may_fill_is_not_told(client):
    client.opens(WS, 100)
    client.opens(SSE, 100)
    client.gets(SSE, 150)
    client.control(WS, "gap", after="e-100", before="e-201", lost=5)
    assert client.told == []
    client.gets(SSE, 180)
    client.gets(WS, 201)
    assert client.got == [150, 180], "the wire behind the gap is held"
    client.gets(SSE, 200)
    assert client.got == [150, 180, 200, 201]


def test_a_gap_of_the_only_wire_is_told(client):
    client.opens(WS, 100)
    client.control(WS, "gap", after="e-100", before="e-201", lost=5)
    client.gets(WS, 201)
    assert len(client.told) == 1 and client.got == [201]


def test_a_standbys_heartbeat_moves_nothing_and_an_active_ones_does(client):
    client.opens(WS, 100)
    client.opens(SSE, 100, "standby")
    client.control(SSE, "heartbeat", cursor="e-300", head="e-300", ts=0)
    assert client.cursor == 100
    client.control(WS, "heartbeat", cursor="e-300", head="e-300", ts=0)
    assert client.cursor == 300


def test_a_dead_active_wire_promotes_the_standby(client):
    client.opens(WS, 100)
    client.opens(SSE, 100, "standby")
    client.gets(WS, 101)
    client.dies(WS)
    assert client.promoted == [(SSE, 101)]
