"""The merging client's binding: the scenarios that every client of Mythos has to pass, and what Python adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mythos import _core
from vector_player import VectorPlayer

FILES = sorted((Path(__file__).parents[1] / "vectors").glob("*.json"))
SCENARIOS = {
    f"{file.stem}_{scenario['name']}": scenario
    for file in FILES
    for scenario in json.loads(file.read_text())["scenarios"]
}


def test_there_are_scenarios():
    assert len(SCENARIOS) >= 40


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_vectors_come_out_as_written(scenario: dict[str, Any]):
    player = VectorPlayer(scenario["config"])
    for number, step in enumerate(scenario["steps"]):
        assert player.play(step) == step, f"step {number}"
    assert player.end() == scenario["end"]


def client(**options: Any) -> _core.DualClient:
    config = _core.ClientConfig()
    config.client_id = "tab"
    for name, value in options.items():
        setattr(config, name, value)
    return _core.DualClient(config)


def test_what_is_absent_is_none():
    [websocket, *_] = started(client())
    assert isinstance(websocket, _core.OpenWire)
    assert (websocket.session_id, websocket.cursor, websocket.mode) == (None, None, "mirror")


def started(one: _core.DualClient) -> list[object]:
    one.start(0)
    return list(one.take_outputs())


def test_outputs_are_taken_once():
    one = client()
    assert started(one)
    assert one.take_outputs() == []


@pytest.mark.parametrize(("name", "word"), [("cursor", "nonsense"), ("mode", "both"), ("wires", ["carrier pigeon"])])
def test_a_word_that_is_none_is_a_value_error(name: str, word: object):
    with pytest.raises(ValueError, match=r"cursor|mode|wire"):
        client(**{name: word})


def test_an_unknown_wire_is_a_value_error():
    with pytest.raises(ValueError, match="wire"):
        client().wire_opened(0, "pigeon", 1)


def test_an_error_has_its_code_and_a_sentence():
    with pytest.raises(_core.CoreError) as caught:
        client().send_command(0, "say", "{}")
    code, sentence = caught.value.args
    assert code == "stopped" and sentence.endswith(".")


def test_settings_read_back():
    config = _core.ClientConfig()
    config.cursor, config.mode, config.wires, config.connect_timeout_ms = "e1-7", "standby", ["sse"], 250
    assert (config.cursor, config.mode, config.wires, config.connect_timeout_ms) == ("e1-7", "standby", ["sse"], 250)
    config.cursor = None
    assert config.cursor is None


def test_a_client_copies_its_settings():
    config = _core.ClientConfig()
    one = _core.DualClient(config)
    config.wires = []
    assert len([o for o in started(one) if isinstance(o, _core.OpenWire)]) == 2
