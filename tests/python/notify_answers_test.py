"""Each row of docs/reference/answers.md about receivers and silences, against real servers on loopback."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mythos.alerts.alert import rfc3339
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.silence_api import delete_silence, get_silences, post_silence
from mythos.alerts.notify.silences import SILENCES_MAX
from mythos.alerts.notify.state_file import StateFile
from mythos.errors import ConfigError
from notify_answers import rows
from notify_scene import START, Scene, alert, locked
from notify_servers import close_in_the_middle, hang, mail_server, make_certificate, serving, status

RECEIVERS = rows("id", "the receiver", "reason", "tried again")
SILENCES = rows("id", "silence", "status", "says")
OPTIONS = rows("id", "option", "says")

Case = Callable[[Path], Any]
CASES: dict[str, Case] = {}


def case(id: str) -> Callable[[Case], Case]:
    """Registers what makes the scene of a row, as an asynchronous context."""

    def register(make: Case) -> Case:
        CASES[id] = asynccontextmanager(make)
        return make

    return register


def webhook(url: str, more: str = "") -> str:
    return f"webhook_configs: [{{url: '{url}'{more}}}]"


@case("to-private")
async def private(directory: Path) -> AsyncIterator[Scene]:
    async with serving() as server:
        scene = Scene(directory, webhook(server.url), allowed_networks=["10.0.0.0/8"])
        yield scene
        assert server.requests == []


@case("to-rebinding")
async def rebinding(directory: Path) -> AsyncIterator[Scene]:
    """The name is public when it is looked at, and loopback when it is connected to: what is checked is what counts."""
    async with serving() as server:
        scene = Scene(directory, webhook(f"http://rebinds.test:{server.port}"), allowed_networks=())
        scene.names["rebinds.test"] = [["127.0.0.1"], ["93.184.216.34"]]
        yield scene
        assert server.requests == [] and scene.names["rebinds.test"] == [["93.184.216.34"]]


@case("to-redirect")
async def redirect(directory: Path) -> AsyncIterator[Scene]:
    async with serving() as inner, serving(status(307, f"Location: {inner.url}/")) as server:
        yield Scene(directory, webhook(server.url))
        assert len(server.requests) == 1 and inner.requests == []


@case("to-unresolvable")
async def unresolvable(directory: Path) -> AsyncIterator[Scene]:
    yield Scene(directory, webhook("http://nowhere.test/s3cr3t"))


@case("to-nobody")
async def nobody(directory: Path) -> AsyncIterator[Scene]:
    async with serving() as server:
        url = server.url
    yield Scene(directory, webhook(url))


@case("to-secret-gone")
async def secret_gone(directory: Path) -> AsyncIterator[Scene]:
    (directory / "url").write_text("https://example.org/s3cr3t")
    scene = Scene(directory, "webhook_configs: [{url_file: url}]")
    (directory / "url").unlink()
    yield scene


@case("to-url-gone-bad")
async def url_gone_bad(directory: Path) -> AsyncIterator[Scene]:
    (directory / "url").write_text("https://example.org/s3cr3t")
    scene = Scene(directory, "webhook_configs: [{url_file: url}]")
    (directory / "url").write_text("https://user:s3cr3t#@example.org/")
    yield scene


@case("to-template-fails")
async def template_fails(directory: Path) -> AsyncIterator[Scene]:
    async with serving() as server:
        yield Scene(directory, f"slack_configs: [{{api_url: '{server.url}', title: '{{{{ index .Alerts 7 }}}}'}}]")


def answering(id: str, answer: Any, integration: str = "webhook_configs: [{{url: '{url}/s3cr3t'}}]") -> None:
    async def make(directory: Path) -> AsyncIterator[Scene]:
        async with serving(answer) as server:
            yield Scene(directory, integration.format(url=server.url))
            assert len(server.requests) == 1

    case(id)(make)


answering("to-hangs", hang, "webhook_configs: [{{url: '{url}/s3cr3t', timeout: 1s}}]")
answering("to-closes", close_in_the_middle)
answering("to-429", status(429, "Retry-After: 30"))
answering("to-500", status(500))
answering("to-404", status(404))
answering("to-slack-error", status(200, body="invalid_token"), "slack_configs: [{{api_url: '{url}/s3cr3t'}}]")


def mailing(id: str, *, tls: bool = True, trusted: bool = True, **given: Any) -> None:
    async def make(directory: Path) -> AsyncIterator[Scene]:
        certificate = make_certificate(directory)
        async with mail_server(certificate if tls else None, password=given.get("password", "")) as (mailbox, port):
            mailbox.answers += given.get("answers", [])
            mailbox.recipient = given.get("recipient", mailbox.recipient)
            mailbox.one = given.get("one", {})
            trust = f", tls_config: {{ca_file: {certificate[0]}}}" if trusted else ""
            login = ", auth_username: me, auth_password: s3cr3t" if "password" in given else ""
            to = given.get("to", "a@b.test")
            fields = f"to: '{to}', from: m@b.test, smarthost: 'localhost:{port}'{trust}{login}"
            scene = Scene(directory, f"email_configs: [{{{fields}}}]")
            scene.names["localhost"] = [["127.0.0.1"]]
            yield scene
            assert [mail.rcpt_tos for mail in mailbox.mails] == ([["a@b.test"]] if "one" in given else [])

    case(id)(make)


mailing("to-smtp-plain", tls=False)
mailing("to-smtp-certificate", trusted=False)
mailing("to-smtp-login", password="another")
mailing("to-smtp-busy", answers=["451 later"])
mailing("to-smtp-550", recipient="550 nobody of that name")
mailing("to-smtp-some", to="a@b.test, c@d.test", one={"c@d.test": "550 nobody of that name"})
mailing("to-smtp-some-busy", to="a@b.test, c@d.test", one={"c@d.test": "451 later"})


REFUSED_OPTIONS: dict[str, dict[str, Any]] = {
    "option-network": {"allowed_networks": ["10.0.0.0/8", "10.0.0.0/99"]},
    "option-network-bits": {"allowed_networks": ["10.0.0.0/8", "10.0.0.1/8"]},
    "option-network-bits-6": {"allowed_networks": ["fd00::1/8"]},
    "option-alertmanager": {"alertmanagers": [Secret("http://am:9093"), Secret("https://user:pa#ss@h/")]},
    "option-heartbeat": {"heartbeat_url": Secret("https://user:pa#ss@h/")},
    "option-state-used": {"state_file": Path("FILE")},
}


def test_every_row_has_its_case_and_every_case_its_row():
    assert {row[0] for row in RECEIVERS} == set(CASES)
    assert {row[0] for row in OPTIONS} == set(REFUSED_OPTIONS)
    assert {row[0] for row in SILENCES} == set(REFUSED) | {
        *("silence-delete-unknown", "silence-many", "silence-not-kept")
    }


@pytest.mark.parametrize("row", RECEIVERS, ids=lambda row: row[0])
async def test_what_a_receiver_does_is_told_and_acted_on(tmp_path, row, caplog):
    id, _, reason, again = row
    caplog.set_level(logging.DEBUG)
    async with CASES[id](tmp_path) as scene:
        await scene.tell(alert())
        await scene.wait(10)
        assert scene.last_error.startswith(f"{reason}: "), scene.last_error
        tried_again = again.startswith("yes")
        assert scene.pending == tried_again
        statuses = {row["status"] for row in scene.notifier.snapshot()["notifications"]}
        assert statuses - {"sent"} == {"retried" if tried_again else "failed"}
        lines = [line for line in caplog.records if line.name == "mythos.alerts" and "reason" in line.__dict__]
        assert [(line.__dict__["reason"], line.levelname) for line in lines] == [
            (reason, "WARNING" if tried_again else "ERROR")
        ]
        ours = [line.__dict__ for line in caplog.records if line.name != "mail.log"]  # that is the test's mail server
        assert "s3cr3t" not in str(ours) + str(scene.notifier.snapshot())
        await scene.notifier.aclose()


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: row[0])
def test_an_option_that_cannot_hold_keeps_it_from_starting(tmp_path, row, monkeypatch):
    id, _, says = row
    monkeypatch.chdir(tmp_path)
    owner = StateFile(Path("FILE"), now=START)
    with pytest.raises(ConfigError) as refused:
        Notifier(NotifyOptions(**{"state_file": None, **REFUSED_OPTIONS[id]}))
    assert refused.value.complaints == [says.replace("PID", str(os.getpid()))]
    owner.close()


SILENCE = {
    "matchers": [{"name": "alertname", "value": "Lag", "isRegex": False, "isEqual": True}],
    "startsAt": rfc3339(START),
    "endsAt": rfc3339(START + 3_600),
    "createdBy": "ann",
    "comment": "known",
}
REFUSED: dict[str, Any] = {
    "silence-no-object": [],
    "silence-no-matchers": SILENCE | {"matchers": []},
    "silence-all": SILENCE | {"matchers": [{"name": "x", "value": ".*", "isRegex": True}]},
    "silence-label": SILENCE | {"matchers": [{"name": "a-b", "value": "c", "isRegex": False}]},
    "silence-regex": SILENCE | {"matchers": [{"name": "a", "value": "(", "isRegex": True}]},
    "silence-order": SILENCE | {"startsAt": rfc3339(START + 600), "endsAt": rfc3339(START + 300)},
    "silence-past": SILENCE | {"startsAt": rfc3339(START - 9), "endsAt": rfc3339(START - 1)},
    "silence-time": SILENCE | {"endsAt": "2027-01-01T00:00:00"},
    "silence-beyond": SILENCE | {"endsAt": "9999-12-31T23:59:59-12:00"},
    "silence-before": SILENCE | {"startsAt": "0001-01-01T00:00:00Z"},
    "silence-no-comment": SILENCE | {"comment": " "},
    "silence-no-author": {name: value for name, value in SILENCE.items() if name != "createdBy"},
    "silence-unknown": SILENCE | {"id": "gone"},
}


@contextlib.contextmanager
def book(directory: Path):
    yield Notifier(NotifyOptions(state_file=directory / "alerts.db"), now=lambda: START)


@pytest.mark.parametrize("row", SILENCES, ids=lambda row: row[0])
def test_a_silence_that_is_none_is_refused(tmp_path, row, monkeypatch):
    monkeypatch.setattr("mythos.alerts.notify.state_file.BUSY_TIMEOUT_S", 0.05)
    id, _, code, says = row
    with book(tmp_path) as notifier:
        if id == "silence-delete-unknown":
            answer = delete_silence(notifier, "gone")
        elif id == "silence-many":
            for _ in range(SILENCES_MAX):
                assert post_silence(notifier, SILENCE)[0] == 200
            answer = post_silence(notifier, SILENCE)
        elif id == "silence-not-kept":
            with locked(tmp_path / "alerts.db"):
                answer = post_silence(notifier, SILENCE)
            assert [silence["status"] for silence in get_silences(notifier)[1]] == [{"state": "active"}]
        else:
            answer = post_silence(notifier, REFUSED[id])
            assert get_silences(notifier) == (200, [])
        assert answer[0] == int(code) and says in answer[1], answer
