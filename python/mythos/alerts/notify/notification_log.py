"""What each receiver was told last of each group, and whether that needs an update (Alertmanager's nflog and dedup)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from mythos.alerts.notify.notification import Key, Notification
from mythos.alerts.notify.state_file import StateFile

KEPT_S = 5 * 86_400.0  # at least; longer where notifications repeat more rarely
KIND = "told"


@dataclass(frozen=True)
class Told:
    """Fingerprints of what fired and what was resolved, and until when this is remembered."""

    at: float
    firing: frozenset[str]
    resolved: frozenset[str]
    kept_until: float


class NotificationLog:
    """By group and integration. Not thread-safe: the notifier's lock guards it."""

    def __init__(self, state: StateFile) -> None:
        self._state = state
        self._told = {Key(*orjson.loads(key)): _told(found) for key, found in state.all(KIND).items()}

    def get(self, key: Key) -> Told | None:
        return self._told.get(key)

    def add(self, notification: Notification, now: float) -> None:
        kept_until = now + max(KEPT_S, 2 * notification.repeat_interval_s)
        self._keep(notification.key, Told(now, notification.firing, notification.resolved, kept_until))

    def move(self, seconds: float, now: float) -> None:
        """The wall clock was stepped to `now`: nothing is repeated sooner or later for that."""
        for key, told in self._told.items():
            at = min(told.at + seconds, now)
            self._keep(key, replace(told, at=at, kept_until=told.kept_until + at - told.at))

    def _keep(self, key: Key, told: Told) -> None:
        self._told[key] = told
        kept = {**vars(told), "firing": sorted(told.firing), "resolved": sorted(told.resolved)}
        self._state.put(KIND, text_of_key(key), kept)

    def purge(self, now: float) -> None:
        for key in [key for key, told in self._told.items() if told.kept_until < now]:
            del self._told[key]
            self._state.drop(KIND, text_of_key(key))


def text_of_key(key: Key) -> str:
    return orjson.dumps(list(key)).decode()


def needs_update(
    told: Told | None,
    firing: frozenset[str],
    resolved: frozenset[str],
    *,
    send_resolved: bool,
    repeat_interval_s: float,
    now: float,
) -> bool:
    """Whether this has to be told, after what was (Alertmanager's DedupStage.needsUpdate)."""
    if told is None:
        return bool(firing)
    if not firing <= told.firing:
        return True
    if not firing:
        return bool(told.firing)
    if send_resolved and not resolved <= told.resolved:
        return True
    return told.at < now - repeat_interval_s


def _told(found: dict[str, Any]) -> Told:
    return Told(found["at"], frozenset(found["firing"]), frozenset(found["resolved"]), found["kept_until"])
