"""Plays a scenario of tests/vectors (format: its README) through `mythos._core.DualClient`."""

from __future__ import annotations

import json
from typing import Any

from mythos import _core

MS = 1_000_000
BOUNDS = {
    *{"connect_timeout_ms", "held_entries_max", "held_bytes_max", "ack_entries", "command_window"},
    *{"commands_queued_max", "post_commands_max", "command_retries_max"},
    *{"client_id", "session_id", "cursor", "mode", "wires", "first_command"},
}

# Each output's members in the vectors; a name with `=` is called otherwise in Python, one with `*` is JSON text.
MEMBERS = {
    "OpenWire": ("open", "wire attempt session_id client_id cursor mode"),
    "CloseWire": ("close", "wire attempt code reason"),
    "SendText": ("send", "attempt message=*text"),
    "PostCommands": ("post", "post_id session_id client_id body=*body"),
    "DeliverEntry": ("entry", "wire id type message=*json"),
    "TellGap": ("gap", "after before lost at_most reason"),
    "CommandReply": ("reply", "command_id ok data=*data error_code"),
    "OutcomeUnknown": ("outcome_unknown", "command_id reason"),
    "WireChanged": ("wire", "wire status reason"),
    "FailedOver": ("failed_over", "from=from_wire to=to_wire"),
    "SessionJoined": ("session", "session_id player_id epoch fresh"),
    "Stopped": ("stopped", "reason"),
}


def canonical(output: object) -> dict[str, Any]:
    word, members = MEMBERS[type(output).__name__]
    value: dict[str, Any] = {}
    for member in members.split():
        name, _, source = member.partition("=")
        source = source or name
        got = getattr(output, source.lstrip("*"))
        value[name] = json.loads(got) if source.startswith("*") and got is not None else got
    return {word: value}


def config_of(given: dict[str, Any]) -> _core.ClientConfig:
    config = _core.ClientConfig()
    config.client_id = ""
    config.fixed_jitter = given.get("jitter", 0.5)
    for name, value in given.items():
        if name in BOUNDS:
            setattr(config, name, value)
        elif name != "jitter":
            raise ValueError(f"no such option: {name}")
    return config


def text_of(given: dict[str, Any], member: str) -> str:
    if "text" in given:
        return str(given["text"])
    return json.dumps(given[member]) if member in given else ""


class VectorPlayer:
    def __init__(self, config: dict[str, Any]) -> None:
        self.client = _core.DualClient(config_of(config))

    def play(self, step: dict[str, Any]) -> dict[str, Any]:
        """The step with `expect`, `deadline_ms` and, for a command, `result` as they really are."""
        played = dict(step)
        self._input(step, step["at_ms"] * MS, played)
        played["expect"] = [canonical(output) for output in self.client.take_outputs()]
        deadline = self.client.next_deadline_ns
        played["deadline_ms"] = None if deadline is None else deadline / MS
        return played

    def _input(self, step: dict[str, Any], now: int, played: dict[str, Any]) -> None:
        client = self.client
        for plain in ("start", "stop", "tick", "credentials_renewed"):
            if plain in step:
                getattr(client, plain)(now)
                return
        if "statistics" in step:
            client.set_statistics(json.dumps(step["statistics"]))
        elif given := step.get("opened"):
            client.wire_opened(now, given["wire"], given["attempt"])
        elif given := step.get("message"):
            client.message(now, given["wire"], given["attempt"], text_of(given, "json"))
        elif given := step.get("closed"):
            known = {k: v for k, v in given.items() if k not in ("wire", "attempt")}
            client.wire_closed(now, given["wire"], given["attempt"], **known)
        elif given := step.get("answered"):
            after = given.get("retry_after_ms")
            client.post_answered(now, given["post_id"], given["status"], text_of(given, "body"), retry_after_ms=after)
        elif given := step.get("command"):
            try:
                played["result"] = {"id": client.send_command(now, given["type"], text_of(given, "data"))}
            except _core.CoreError as error:
                played["result"] = {"error": error.args[0]}
        else:
            raise ValueError(f"a step without input: {step}")

    def end(self) -> dict[str, Any]:
        return {"applied": self.client.applied, **self.client.counters()}
