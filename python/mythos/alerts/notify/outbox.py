"""What is still to be told: kept until it is, also over a restart.

There is at most one notification for a group and an integration: a newer one says all that the older said and is not
told yet. While an attempt for a key is under way no other one begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from mythos.alerts.notify.backoff import RETRY_AFTER_MAX_S
from mythos.alerts.notify.notification import Key, Notification
from mythos.alerts.notify.notification_log import text_of_key
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.notify.tally import Tally

PENDING_MAX = 1_000
KEPT_S = 5 * 86_400.0  # as long as Alertmanager remembers
KIND = "pending"


@dataclass
class Pending:
    """`next_at`: when to try. `first_at`: since when it is to be told."""

    notification: Notification
    next_at: float
    first_at: float
    attempts: int = 0


class Outbox:
    """Not thread-safe: the notifier's lock guards it."""

    def __init__(self, state: StateFile, tally: Tally, known: Iterable[tuple[str, str]], now: float) -> None:
        """`known` are the receivers and integrations that there are: what others were to send is dropped."""
        self._state, self._tally = state, tally
        self._pending: dict[Key, Pending] = {}
        self._under_way: set[Key] = set()
        self._held: dict[tuple[str, str], float] = {}  # until when nothing goes by an integration
        known = set(known)
        for text, found in state.all(KIND).items():
            key = Key(*orjson.loads(text))
            if key[1:] in known:
                notification = Notification.from_json(found["notification"])
                self._pending[key] = Pending(notification, now, found["first_at"], found["attempts"])
            else:
                self._drop(key, "receiver_gone")

    def get(self, key: Key) -> Notification | None:
        pending = self._pending.get(key)
        return None if pending is None else pending.notification

    def put(self, notification: Notification, now: float) -> None:
        """Beyond the bound the oldest is dropped, and counted."""
        key = notification.key
        pending = self._pending.get(key)
        if pending is not None:
            pending.notification = notification
        else:
            if len(self._pending) >= PENDING_MAX:
                self._drop(min(self._pending, key=lambda each: self._pending[each].first_at), "outbox_full")
            pending = self._pending[key] = Pending(notification, now, now)
        self._save(pending)

    def remove(self, key: Key) -> None:
        """It is not to be told any more."""
        if self._pending.pop(key, None) is not None:
            self._state.drop(KIND, text_of_key(key))

    def due(self, now: float) -> list[Pending]:
        """What to try now. A time that is farther ahead than any can be was set by a clock that went back since."""
        idle = [key for key in self._pending if key not in self._under_way]
        for key in [key for key in idle if self._pending[key].first_at + KEPT_S < now]:
            self._drop(key, "too_old")
        waiting = (self._pending[key] for key in idle if key in self._pending)
        return [each for each in waiting if not now < self._at(each) <= now + RETRY_AFTER_MAX_S + 1]

    def next_at(self) -> float | None:
        times = (self._at(each) for key, each in self._pending.items() if key not in self._under_way)
        return min(times, default=None)

    def hold(self, receiver: str, integration: str, until: float) -> None:
        """The receiver wants nothing by this integration before then, of no group."""
        self._held[receiver, integration] = until

    def move(self, seconds: float) -> None:
        """The wall clock was stepped."""
        self._held = {integration: until + seconds for integration, until in self._held.items()}
        for pending in self._pending.values():
            pending.next_at += seconds
            pending.first_at += seconds
            self._save(pending)

    def begin(self, key: Key) -> None:
        """An attempt is under way; `end` says that it is over."""
        self._under_way.add(key)

    def end(self, key: Key) -> None:
        self._under_way.discard(key)

    def under_way(self, receiver: str, integration: str) -> int:
        return sum(key[1:] == (receiver, integration) for key in self._under_way)

    def again(self, key: Key, now: float, in_s: float) -> int:
        """An attempt failed, and another will follow: how many there were. 0 where nothing is to be told any more."""
        pending = self._pending.get(key)
        if pending is None:
            return 0
        pending.attempts += 1
        pending.next_at = now + in_s
        self._save(pending)
        return pending.attempts

    def leave(self, notification: Notification, now: float, in_s: float) -> int:
        """What is left of one that was told to some: how many attempts there were. 0 as for `again`."""
        pending = self._pending.get(notification.key)
        if pending is not None:
            pending.notification = notification
        return self.again(notification.key, now, in_s)

    def attempts(self, key: Key) -> int:
        pending = self._pending.get(key)
        return 0 if pending is None else pending.attempts

    def __len__(self) -> int:
        return len(self._pending)

    def by_receiver(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in self._pending:
            found[key.receiver] = found.get(key.receiver, 0) + 1
        return found

    def oldest_at(self) -> float | None:
        return min((each.first_at for each in self._pending.values()), default=None)

    def _at(self, pending: Pending) -> float:
        return max(pending.next_at, self._held.get(pending.notification.key[1:], 0.0))

    def _save(self, pending: Pending) -> None:
        kept = {
            "notification": pending.notification.as_json(),
            "first_at": pending.first_at,
            "attempts": pending.attempts,
        }
        self._state.put(KIND, text_of_key(pending.notification.key), kept)

    def _drop(self, key: Key, reason: str) -> None:
        self._tally.dropped(key.integration.partition("[")[0], reason)
        self._pending.pop(key, None)
        self._state.drop(KIND, text_of_key(key))
