"""Recordings that are written at once, by the thread that makes them."""

from __future__ import annotations

from collections.abc import Mapping

from mythos.alerts.alert import Labels
from mythos.alerts.recordings import Recordings


class AtOnce(Recordings):
    def put(self, at_ms: int, samples: Mapping[Labels, float]) -> None:
        if (block := self.add(at_ms, samples)) is not None:
            self.write(block)

    def finish(self) -> None:
        if (block := self.rest()) is not None:
            self.write(block)
