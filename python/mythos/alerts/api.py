"""Alertmanager's API v2, as far as its tools need it: what the core asks as `mythos.alerts`, answered.

A question has `method`, `route` (such as `/api/v2/silence/{silence_id}`), `parameter`, `query` and `body`; an answer is
a status and a body for JSON. As in Alertmanager, the body of a refusal is a text.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from mythos import _core
from mythos.alerts.alert import rfc3339
from mythos.alerts.notify import silence_api
from mythos.alerts.notify.notifier import Notifier

QUESTION = "mythos.alerts"
_SINCE = time.time()


def _status() -> dict[str, Any]:
    version = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion", "revision"), "")
    return {
        "cluster": {"status": "disabled"},
        "config": {"original": ""},
        "uptime": rfc3339(_SINCE),
        "versionInfo": {**version, "version": _core.__version__},
    }


def answer(notifier: Notifier, question: Mapping[str, Any]) -> dict[str, Any]:
    status, body = _answer(notifier, question)
    return {"status": status, "body": body}


def _answer(notifier: Notifier, question: Mapping[str, Any]) -> silence_api.Answer:
    query = parse_qs(question["query"], keep_blank_values=True)
    match question["method"], question["route"]:
        case "GET", "/api/v2/status":
            return 200, _status()
        case "GET", "/api/v2/alerts":
            return silence_api.get_alerts(notifier, query)
        case "GET", "/api/v2/silences":
            return silence_api.get_silences(notifier, query.get("filter", ()))
        case "POST", _:
            try:
                body = orjson.loads(question["body"])
            except orjson.JSONDecodeError:
                return 400, "the body is not valid JSON"
            return silence_api.post_silence(notifier, body)
        case "GET", _:
            return silence_api.get_silence(notifier, question["parameter"])
        case _:
            return silence_api.delete_silence(notifier, question["parameter"])
