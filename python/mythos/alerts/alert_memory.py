"""Alerts over a restart: one JSON file, replaced as a whole, so that it is the old one or the new one.

groups = [RuleGroup(group, store, remembered=memory.of(group)) for group in loaded]
memory.write(memory.content(groups, firing, now))
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from mythos.alerts.alert_state import alert_of
from mythos.alerts.rule import Group
from mythos.alerts.rule_group import RuleGroup

VERSION = 1

_log = logging.getLogger(__name__)


class AlertMemory:
    """One process has the file at a time, and one thread writes it.

    A file that cannot be read is put aside, and nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.firing: set[str] = set()  # the fingerprints of alerts that were said to fire, and not to have ended
        self._groups = self._read()

    def of(self, group: Group) -> dict[str, Any]:
        """For RuleGroup; also where nothing is remembered."""
        return self._groups.get((group.file, group.name), {})

    def content(self, groups: Iterable[RuleGroup], firing: Iterable[str], now: float) -> bytes:
        """What `write` is to be given."""
        remembered = [group.remember(now) for group in groups]
        return orjson.dumps({"version": VERSION, "groups": remembered, "firing": sorted(firing)})

    def write(self, content: bytes) -> None:
        """Raises OSError where the file cannot be written; what was remembered before is then still there."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f".{self._path.name}.new")
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _read(self) -> dict[tuple[str, str], dict[str, Any]]:
        try:
            found = orjson.loads(self._path.read_bytes())
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}")
            for group in found["groups"]:
                float(group["seen_at"])
                for rule in group["rules"]:
                    list(map(alert_of, rule["active"]))
            self.firing = set(map(str, found.get("firing", ())))  # which earlier programs did not keep
            return {(group["file"], group["group"]): group for group in found["groups"]}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            aside = self._path.with_name(f"{self._path.name}.bad")
            _log.warning("alerts are not remembered: %s cannot be read (%r); it is %s now", self._path, error, aside)
            with suppress(OSError):
                self._path.replace(aside)
            return {}
