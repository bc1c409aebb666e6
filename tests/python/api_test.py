"""Questions of the core to the alert engine, in Alertmanager's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mythos.alerts.api import answer
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions

SILENCE = """{"matchers": [{"name": "alertname", "value": "Lag"}], "comment": "known", "createdBy": "ann",
"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2126-01-01T00:00:00Z"}"""


@pytest.fixture
def notifier(tmp_path: Path) -> Notifier:
    return Notifier(NotifyOptions(state_file=tmp_path / "alerts.db"))


def ask(notifier: Notifier, method: str, route: str, parameter: str = "", query: str = "", body: str = "") -> Any:
    told = answer(notifier, {"method": method, "route": route, "parameter": parameter, "query": query, "body": body})
    return told["status"], told["body"]


def test_each_route_is_answered(notifier: Notifier):
    status, told = ask(notifier, "GET", "/api/v2/status")
    assert status == 200 and told["cluster"] == {"status": "disabled"} and told["versionInfo"]["version"]
    assert ask(notifier, "GET", "/api/v2/alerts") == (200, [])
    status, told = ask(notifier, "POST", "/api/v2/silences", body=SILENCE)
    assert status == 200
    silence = told["silenceID"]
    status, listed = ask(notifier, "GET", "/api/v2/silences", query="filter=alertname%3D%22Lag%22")
    assert status == 200 and [each["id"] for each in listed] == [silence]
    assert ask(notifier, "GET", "/api/v2/silences", query="filter=alertname%3D%22Other%22") == (200, [])
    one = "/api/v2/silence/{silence_id}"
    assert ask(notifier, "GET", one, silence) == (200, listed[0])
    assert ask(notifier, "DELETE", one, silence) == (200, {})
    assert ask(notifier, "GET", one, silence)[1]["status"]["state"] == "expired"


@pytest.mark.parametrize(
    ("method", "route", "query", "body", "status"),
    [
        ("POST", "/api/v2/silences", "", "{", 400),
        ("POST", "/api/v2/silences", "", "[]", 400),
        ("GET", "/api/v2/silences", "filter=a:b", "", 400),
        ("GET", "/api/v2/alerts", "receiver=(", "", 400),
        ("GET", "/api/v2/silence/{silence_id}", "", "", 404),
        ("DELETE", "/api/v2/silence/{silence_id}", "", "", 404),
    ],
)
def test_a_refusal_is_a_text(notifier: Notifier, method: str, route: str, query: str, body: str, status: int):
    told, text = ask(notifier, method, route, "nobody", query, body)
    assert told == status and isinstance(text, str) and text
