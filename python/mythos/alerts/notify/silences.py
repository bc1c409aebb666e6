"""Silences: what nobody is to be told of for a while, who said so, and why (Alertmanager's silence.go)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mythos.alerts.alert import LABEL_NAME
from mythos.alerts.notify.matchers import Matcher, all_match

if TYPE_CHECKING:
    from mythos.alerts.notify.state_file import StateFile

SILENCES_MAX = 1_000
MATCHERS_MAX = 64
TEXT_CHARACTERS_MAX = 1_024
KEPT_S = 5 * 86_400.0  # after it has expired

KIND = "silence"


class SilenceRefused(ValueError):
    """`code`: `bad_silence`, `not_found` or `limit`; the text says what is wrong. With `not_kept` it is in force, but
    a restart may forget it.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Silence:
    """Times are seconds since the epoch; the end does not belong to it."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    updated_at: float

    def state(self, now: float) -> str:
        return "expired" if now >= self.ends_at else "active" if now >= self.starts_at else "pending"

    def check(self, now: float) -> None:
        """Raises SilenceRefused."""
        if not 1 <= len(self.matchers) <= MATCHERS_MAX:
            raise SilenceRefused("bad_silence", f"a silence has 1 to {MATCHERS_MAX} matchers")
        for matcher in self.matchers:
            if not LABEL_NAME.fullmatch(matcher.name):
                raise SilenceRefused("bad_silence", f"{matcher.name!r} is no name of a label")
        if all(matcher.matches({}) for matcher in self.matchers):
            raise SilenceRefused("bad_silence", "at least one matcher must not match an empty label")
        if self.ends_at <= now:
            raise SilenceRefused("bad_silence", "the end of the silence is past")
        if not self.ends_at > self.starts_at:
            raise SilenceRefused("bad_silence", "a silence ends after it starts")
        for name, text in (("createdBy", self.created_by), ("comment", self.comment)):
            if not text.strip() or len(text) > TEXT_CHARACTERS_MAX:
                raise SilenceRefused("bad_silence", f"{name} is a text of 1 to {TEXT_CHARACTERS_MAX} characters")

    def as_kept(self) -> dict[str, Any]:
        matchers = [[matcher.name, matcher.value, matcher.sign] for matcher in self.matchers]
        return {**{name: getattr(self, name) for name in _FIELDS}, "matchers": matchers}

    @classmethod
    def from_kept(cls, found: Mapping[str, Any]) -> Silence:
        matchers = tuple(Matcher(*matcher) for matcher in found["matchers"])
        return cls(**{**{name: found[name] for name in _FIELDS}, "matchers": matchers})


_FIELDS = ("id", "starts_at", "ends_at", "created_by", "comment", "updated_at")


class Silences:
    """All of them, as kept in a state file. Not thread-safe: the notifier's lock guards it."""

    def __init__(self, state: StateFile, *, new_id: Callable[[], str] = lambda: str(uuid.uuid4())) -> None:
        self._state, self._new_id = state, new_id
        self._silences = _from_kept(state.all(KIND))

    def reload(self) -> None:
        """Takes what another process may have written."""
        if (found := self._state.news(KIND)) is not None:
            self._silences = _from_kept(found)

    def muting(self, labels: Mapping[str, str], now: float) -> Iterator[str]:
        """The ids of those that mute an alert."""
        for silence in self._silences.values():
            if silence.starts_at <= now < silence.ends_at and all_match(silence.matchers, labels):
                yield silence.id

    def mutes(self, labels: Mapping[str, str], now: float) -> bool:
        return next(self.muting(labels, now), None) is not None

    def list(self, now: float) -> list[Silence]:
        """Active ones first, then those to come, then expired ones; each by its end."""
        order = ["active", "pending", "expired"]
        return sorted(self._silences.values(), key=lambda each: (order.index(each.state(now)), each.ends_at, each.id))

    def set(self, silence: Silence, now: float) -> Silence:
        """Adds it, if its id is empty, or changes the one with this id; as Alertmanager, one that cannot be changed (it
        has begun or ended, or matches otherwise) is expired, and a new one made. Raises SilenceRefused.
        """
        former = self._silences.get(silence.id)
        if silence.id and former is None:
            raise SilenceRefused("not_found", f"there is no silence {silence.id}")
        self._purge(now)
        if former is not None and _may_become(former, silence, now):
            silence = replace(silence, updated_at=now)
            silence.check(now)
        else:
            silence = replace(
                silence, id=self._new_id(), starts_at=max(silence.starts_at, round(now, 3)), updated_at=now
            )
            silence.check(now)
            if len(self._silences) >= SILENCES_MAX:
                raise SilenceRefused(
                    "limit", f"there are {SILENCES_MAX} silences already; expired ones go after 5 days"
                )
            if former is not None and former.state(now) != "expired":
                self.expire(former.id, now)
        self._keep(silence)
        return silence

    def expire(self, id: str, now: float) -> Silence:
        """Ends it; one that has ended stays as it is. Raises SilenceRefused."""
        silence = self._silences.get(id)
        if silence is None:
            raise SilenceRefused("not_found", f"there is no silence {id}")
        state = silence.state(now)
        if state != "expired":
            starts_at = now if state == "pending" else silence.starts_at
            silence = replace(silence, starts_at=starts_at, ends_at=now, updated_at=now)
            self._keep(silence)
        return silence

    def move(self, seconds: float, now: float) -> None:
        """The wall clock was stepped to `now`: each ends when it was to, and what mutes goes on doing so."""
        for silence in list(self._silences.values()):
            if silence.starts_at > now and silence.state(now - seconds) == "active":
                self._keep(replace(silence, starts_at=now))

    def _keep(self, silence: Silence) -> None:
        self._silences[silence.id] = silence
        self._state.put(KIND, silence.id, silence.as_kept())

    def _purge(self, now: float) -> None:
        for silence in [each for each in self._silences.values() if each.ends_at + KEPT_S < now]:
            del self._silences[silence.id]
            self._state.drop(KIND, silence.id)


def _from_kept(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Silence]:
    return {key: Silence.from_kept(each) for key, each in found.items()}


def _may_become(former: Silence, silence: Silence, now: float) -> bool:
    if former.matchers != silence.matchers or former.state(now) == "expired":
        return False
    if former.state(now) == "active":
        return former.starts_at == silence.starts_at
    return silence.starts_at >= now
