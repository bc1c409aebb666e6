"""What a person wants to read of a client's wires: what became of them, not each attempt to come back."""

from __future__ import annotations

from mythos.client import Client
from mythos.client_status import Change, FailedOver
from mythos.entries import WireName


class WireNews:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._told: dict[WireName, str] = {}

    def line_of(self, change: Change) -> str | None:
        """A line, or None where the change is no news."""
        if isinstance(change, FailedOver) or change.status in ("connecting", "off"):
            return None
        if self._told.get(change.wire) == change.status:
            return None
        self._told[change.wire] = change.status
        line = f"-- {change.wire} is {change.status} ({change.reason})"
        living = self._client.live_wires
        return line if change.status in ("live", "standby") or not living else f"{line}, {living[0]} goes on"
