"""What Alertmanager gives to the templates of its notifications: template.DefaultFuncs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mythos.alerts.templates.errors import CallError
from mythos.alerts.templates.gotime import Duration, Time
from mythos.alerts.templates.prometheus import STRINGS, title
from mythos.alerts.templates.values import Function


def _in_zone(name: str, at: datetime) -> Time:
    try:
        return Time.of(at).In(name)
    except (KeyError, ValueError, OSError):
        raise CallError(f"unknown time zone {name}") from None


ALERTMANAGER = STRINGS | {
    "title": Function(lambda text: title(text.lower()), ("string",)),
    "trimSpace": Function(lambda text: re.sub(r"^\s+|\s+\Z", "", text), ("string",)),
    "join": Function(lambda separator, texts: separator.join(texts), ("string", "[]string")),
    "stringSlice": Function(lambda *texts: list(texts), (), "string"),
    "date": Function(lambda layout, at: Time.of(at).Format(layout), ("string", "time.Time")),
    "tz": Function(_in_zone, ("string", "time.Time")),
    "since": Function(lambda at: Duration((datetime.now(UTC) - at).total_seconds()), ("time.Time",)),
}
