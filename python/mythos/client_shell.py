"""Gives the merging client of the core its sockets and its clock.

The core (`mythos._core.DualClient`) decides when to open, close, resume, promote, acknowledge and send again; this
shell does what it says and reports what happens, in the order in which it happens. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from mythos import _core
from mythos.client_wires import CLOSE_S, Endpoint, Reports, Wire, wire_for

Order: TypeAlias = _core.OpenWire | _core.CloseWire | _core.SendText | _core.PostCommands
Tiding: TypeAlias = (
    _core.DeliverEntry
    | _core.TellGap
    | _core.CommandReply
    | _core.OutcomeUnknown
    | _core.WireChanged
    | _core.FailedOver
    | _core.SessionJoined
    | _core.Stopped
)


class ClientShell:
    """`tell` gets everything that is the application's; it may send commands, but must not block."""

    def __init__(self, core: _core.DualClient, endpoint: Endpoint, tell: Callable[[Tiding], None]) -> None:
        self.core = core
        self._endpoint = endpoint
        self._tell = tell
        self._wires: dict[int, tuple[Wire, asyncio.Task[None]]] = {}  # by attempt
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._settling = False

    def start(self) -> None:
        self.core.start(time.monotonic_ns())
        self._settle()

    async def stop(self) -> None:
        """Says goodbye on both wires and waits for it, one second at most."""
        self.core.stop(time.monotonic_ns())
        self._settle()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._timer:
            self._timer.cancel()
        await self._endpoint.http.aclose()

    def send_command(self, type: str, data: str) -> str:
        """The command's id; its outcome is told. Raises `_core.CoreError`."""
        id = self.core.send_command(time.monotonic_ns(), type, data)
        self._settle()
        return id

    def credentials_renewed(self) -> None:
        self.core.credentials_renewed(time.monotonic_ns())
        self._settle()

    def _settle(self) -> None:
        """Does what the core asks for, until it asks for nothing more."""
        if self._settling:  # told from within: the loop below goes on with it
            return
        self._settling = True
        try:
            while outputs := self.core.take_outputs():
                for output in outputs:
                    self._do(output)
        finally:
            self._settling = False
        self._set_timer()

    def _do(self, output: Order | Tiding) -> None:
        match output:
            case _core.OpenWire():
                self._open(output)
            case _core.CloseWire():
                self._close(output)
            case _core.SendText():
                if found := self._wires.get(output.attempt):
                    found[0].send(output.text)
            case _core.PostCommands():
                self._spawn(self._post(output))
            case _:
                self._tell(output)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _open(self, order: _core.OpenWire) -> None:
        wire = wire_for(self._endpoint, order)
        self._wires[order.attempt] = (wire, self._spawn(self._run(wire, order)))

    async def _run(self, wire: Wire, order: _core.OpenWire) -> None:
        name, attempt, core = order.wire, order.attempt, self.core

        def opened() -> None:
            core.wire_opened(time.monotonic_ns(), name, attempt)
            self._settle()

        def message(text: str) -> None:
            core.message(time.monotonic_ns(), name, attempt, text)
            self._settle()

        try:
            ended = await wire.run(Reports(opened, message))
        finally:
            self._wires.pop(attempt, None)
        core.wire_closed(
            time.monotonic_ns(),
            name,
            attempt,
            code=ended.code,
            http_status=ended.http_status,
            reason=ended.reason,
            retry_after_ms=ended.retry_after_ms,
        )
        self._settle()

    def _close(self, order: _core.CloseWire) -> None:
        if found := self._wires.pop(order.attempt, None):
            wire, task = found
            if wire.close(order.code, order.reason):
                asyncio.get_running_loop().call_later(CLOSE_S, task.cancel)
            else:
                task.cancel()

    async def _post(self, order: _core.PostCommands) -> None:
        status, body, after_ms = await self._endpoint.post(order)
        self.core.post_answered(time.monotonic_ns(), order.post_id, status, body, retry_after_ms=after_ms)
        self._settle()

    def _set_timer(self) -> None:
        """An earlier timer may stand: a tick before its time does no harm, and saves setting it anew each message."""
        deadline = self.core.next_deadline_ns
        if deadline is None:
            return
        if self._timer is not None:
            if self._timer_ns <= deadline:
                return
            self._timer.cancel()
        self._timer_ns = deadline
        delay_s = max(0, deadline - time.monotonic_ns()) / 1e9
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.core.tick(time.monotonic_ns())
        self._settle()
