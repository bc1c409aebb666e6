"""Silences and alerts over HTTP, as Alertmanager's API v2 has them, so that its tools work with this server.

Each function gives a status and a body for JSON; that of a refusal is a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from mythos.alerts.alert import rfc3339
from mythos.alerts.notify.go_regex import compile_anchored
from mythos.alerts.notify.matchers import Matcher, MatcherError, all_match, parse_matchers
from mythos.alerts.notify.silences import Silence, SilenceRefused

if TYPE_CHECKING:
    from mythos.alerts.notify.dispatcher import AlertView

# The times that a silence may have: in any zone they are times that a program can tell.
FIRST_AT = 0.0
LAST_AT = datetime(9999, 12, 31, tzinfo=UTC).timestamp()

STATUSES = {"bad_silence": 400, "not_found": 404, "limit": 400, "not_kept": 500}

Answer = tuple[int, Any]


class AlertBook(Protocol):
    """What a notifier does for `get_alerts`. Thread-safe."""

    def list_alerts(self) -> list[AlertView]: ...


class SilenceBook(Protocol):
    """What a notifier, or the command line on a state file, does for these functions. Thread-safe."""

    def list_silences(self) -> tuple[float, list[Silence]]: ...
    def set_silence(self, silence: Silence) -> Silence: ...
    def expire_silence(self, id: str) -> Silence: ...


def get_silences(book: SilenceBook, filters: Sequence[str] = ()) -> Answer:
    """`filters` are matchers: silences stay that could mute an alert with these labels (as Alertmanager's `filter`)."""
    try:
        wanted = [matcher for text in filters for matcher in parse_matchers(text)]
    except MatcherError as error:
        return _refused(SilenceRefused("bad_silence", str(error)))
    now, silences = book.list_silences()
    return 200, [as_api(silence, now) for silence in silences if _is_wanted(silence, wanted)]


def get_silence(book: SilenceBook, id: str) -> Answer:
    now, silences = book.list_silences()
    found = next((silence for silence in silences if silence.id == id), None)
    return (404, f"there is no silence {id}") if found is None else (200, as_api(found, now))


def post_silence(book: SilenceBook, body: Any) -> Answer:
    """A `postableSilence`: adds one, or changes the one with its `id`."""
    try:
        return 200, {"silenceID": book.set_silence(from_api(body)).id}
    except SilenceRefused as refused:
        return _refused(refused)


def delete_silence(book: SilenceBook, id: str) -> Answer:
    """Expires it; once more is no error."""
    try:
        book.expire_silence(id)
    except SilenceRefused as refused:
        return _refused(refused)
    return 200, {}


def get_alerts(book: AlertBook, query: Mapping[str, Sequence[str]]) -> Answer:
    """The alerts that fire, as `gettableAlerts`. `filter`s are matchers, `receiver` a regular expression; `active`,
    `silenced`, `inhibited` and `unprocessed` leave such alerts out where they are false. One that is not processed is
    active as well: amtool asks for these alone.
    """
    try:
        matchers = [matcher for text in query.get("filter", ()) for matcher in parse_matchers(text)]
        asked = (query.get("receiver") or [""])[-1]
        receiver = compile_anchored(asked) if asked else None
        wanted = {name: _flag(name, query) for name in ("active", "silenced", "inhibited", "unprocessed")}
    except ValueError as error:
        return 400, str(error)
    return 200, [
        _alert_as_api(view)
        for view in book.list_alerts()
        if all_match(matchers, view.alert.labels)
        and (receiver is None or any(receiver.fullmatch(name) for name in view.receivers))
        and (
            wanted["active"] or view.silenced_by or view.inhibited_by or (wanted["unprocessed"] and not view.processed)
        )
        and (wanted["silenced"] or not view.silenced_by)
        and (wanted["inhibited"] or not view.inhibited_by)
    ]


def as_api(silence: Silence, now: float) -> dict[str, Any]:
    """A `gettableSilence`."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": rfc3339(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "startsAt": rfc3339(silence.starts_at),
        "endsAt": rfc3339(silence.ends_at),
        "matchers": [
            {
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.sign.endswith("~"),
                "isEqual": not matcher.sign.startswith("!"),
            }
            for matcher in silence.matchers
        ],
    }


def from_api(body: Any) -> Silence:
    """Raises SilenceRefused."""
    if not isinstance(body, Mapping):
        raise SilenceRefused("bad_silence", "a silence is an object")
    matchers = body.get("matchers")
    if not isinstance(matchers, list):
        raise SilenceRefused("bad_silence", "matchers is a list")
    texts = {name: body.get(name, "") for name in ("id", "createdBy", "comment")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise SilenceRefused("bad_silence", f"{name} is a text")
    return Silence(
        id=texts["id"],
        matchers=tuple(sorted(_matcher(each) for each in matchers)),
        starts_at=_time("startsAt", body.get("startsAt")),
        ends_at=_time("endsAt", body.get("endsAt")),
        created_by=texts["createdBy"],
        comment=texts["comment"],
        updated_at=0.0,
    )


def check_time(name: str, at: float) -> float:
    """The time itself. Raises SilenceRefused for one that is too long ago or too far ahead."""
    if not FIRST_AT <= at < LAST_AT:
        raise SilenceRefused("bad_silence", f"{name} is a time from 1970-01-01 to 9999-12-30")
    return at


def _alert_as_api(view: AlertView) -> dict[str, Any]:
    alert = view.alert
    return {
        "annotations": dict(alert.annotations),
        "endsAt": rfc3339(alert.ends_at),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in view.receivers],
        "startsAt": rfc3339(alert.starts_at),
        "status": {
            "state": _state_of(view),
            "silencedBy": view.silenced_by,
            "inhibitedBy": view.inhibited_by,
            "mutedBy": [],
        },
        "updatedAt": rfc3339(view.updated_at),
        "generatorURL": alert.generator_url,
        "labels": dict(alert.labels),
    }


def _state_of(view: AlertView) -> str:
    if not view.processed:
        return "unprocessed"
    return "suppressed" if view.silenced_by or view.inhibited_by else "active"


def _flag(name: str, query: Mapping[str, Sequence[str]]) -> bool:
    text = (query.get(name) or ["true"])[-1]
    if text not in ("true", "false"):
        raise ValueError(f"{name} is true or false, not {text!r}")
    return text == "true"


def _matcher(found: Any) -> Matcher:
    if not isinstance(found, Mapping):
        raise SilenceRefused("bad_silence", "a matcher is an object")
    name, value = found.get("name"), found.get("value")
    regex, equal = found.get("isRegex", False), found.get("isEqual", True)
    if not (isinstance(name, str) and isinstance(value, str) and isinstance(regex, bool) and isinstance(equal, bool)):
        raise SilenceRefused(
            "bad_silence", "a matcher has name, value, isRegex and isEqual: two texts and two booleans"
        )
    try:
        return Matcher(name, value, ("=" if equal else "!") + ("~" if regex else "" if equal else "="))
    except MatcherError as error:
        raise SilenceRefused("bad_silence", str(error)) from None


def _time(name: str, found: Any) -> float:
    try:
        at = datetime.fromisoformat(found)
        if at.tzinfo is not None:
            return check_time(name, at.timestamp())
    except SilenceRefused:
        raise
    except (TypeError, ValueError, OverflowError):
        pass
    raise SilenceRefused("bad_silence", f"{name} is a time such as 2026-11-23T10:15:00Z")


def _is_wanted(silence: Silence, wanted: Sequence[Matcher]) -> bool:
    """As Alertmanager: each filter meets an equal matcher of the silence, by the value that this has."""
    values = {matcher.name: matcher.value for matcher in silence.matchers}
    return all(matcher.matches(values) for matcher in wanted)


def _refused(refused: SilenceRefused) -> Answer:
    return STATUSES[refused.code], str(refused)
