"""The Python package's own client with the face of `MergingClient`, so that the failover harness measures it too."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import mythos
from merging_client import Applied, WireState, seq
from mythos.client_status import Change


class PackageClient:
    def __init__(self, host: str, port: int, player: str, mode: str = "mirror", client_id: str = "dual") -> None:
        self.mode = mode
        self.client = mythos.Client(f"http://{host}:{port}", player, mode=mode, client_id=client_id)
        self.wires = {name: WireState(name) for name in ("websocket", "sse")}
        self.applied: list[Applied] = []
        self.told: list[mythos.Gap] = []
        self.cursor: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.client.listen(self._changed)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        if error := self.failed():
            raise error

    def failed(self) -> BaseException | None:
        task = self._task
        return task.exception() if task and task.done() and not task.cancelled() else None

    def active(self) -> list[WireState]:
        return [wire for wire in self.wires.values() if wire.alive and not wire.standby]

    async def _run(self) -> None:
        async with self.client:
            self.cursor = 0
            async for item in self.client:
                if isinstance(item, mythos.Gap):
                    self.told.append(item)
                else:
                    self._apply(item.id, item.data)

    def _apply(self, id: str, data: Any) -> None:
        self.cursor = seq(id)
        self.applied.append(Applied(self.cursor, data, time.monotonic()))

    def _changed(self, change: Change) -> None:
        """What the client says of its wires; a live one stands below the cursor, or is held until it does."""
        if isinstance(change, mythos.WireStatus):
            wire = self.wires[change.wire]
            was_alive, wire.standby = wire.alive, change.status == "standby"
            wire.base = 0 if change.status in ("live", "standby") else None
            wire.connects += wire.alive and not was_alive
