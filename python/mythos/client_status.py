"""What a client reports of its wires. Times are seconds of `time.monotonic`."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mythos.entries import WireName

log = logging.getLogger("mythos.client")

WireWord: TypeAlias = Literal["closed", "connecting", "live", "standby", "unhealthy", "barred", "refused", "off"]

FAILOVERS_KEPT = 100


@dataclass(frozen=True, slots=True)
class WireStatus:
    """A wire's state since `at_s`.

    `live` carries the stream, `standby` carries heartbeats only, `unhealthy` missed a heartbeat, `closed` waits to
    reconnect, `connecting` has no welcome yet, `barred` will not come back by itself, `refused` needs new credentials,
    `off` is not used.
    """

    wire: WireName
    status: WireWord
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class FailedOver:
    """The stream went on on another wire at `at_s`."""

    from_wire: WireName
    to_wire: WireName
    at_s: float


Change: TypeAlias = WireStatus | FailedOver


class ClientStatus:
    """The wires' latest states, the latest failovers, and who wants to hear of the next. One event loop."""

    def __init__(self, wires: Iterable[WireName]) -> None:
        self.wires: dict[WireName, WireStatus] = {wire: WireStatus(wire, "off", "", 0.0) for wire in wires}
        self.troubles: dict[WireName, WireStatus] = {}  # how each wire was last lost, or not had
        self.failovers: deque[FailedOver] = deque(maxlen=FAILOVERS_KEPT)
        self.failovers_total = 0
        self._listeners: list[Callable[[Change], None]] = []

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls `listener` with each change; the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, change: Change) -> None:
        if isinstance(change, WireStatus):
            self.wires[change.wire] = change
            if change.status in ("closed", "refused", "barred"):
                self.troubles[change.wire] = change
        else:
            self.failovers.append(change)
            self.failovers_total += 1
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:  # the application's mistake must not end a wire
                log.exception("a listener of the client failed at %s", change)
