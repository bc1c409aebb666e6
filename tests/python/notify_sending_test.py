"""What arrives, and how often: over real connections to servers that fail, and over restarts."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from mythos.alerts.notify.notifier import LOOK_S
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.senders.http import retry_after_s
from notify_scene import START, Scene, alert
from notify_servers import (
    HttpServer,
    close_in_the_middle,
    hang,
    make_certificate,
    serving,
    status,
)


def webhook(url: str, more: str = "") -> str:
    return f"webhook_configs: [{{url: '{url}'{more}}}]"


async def test_a_webhook_says_what_alertmanager_says(tmp_path):
    async with serving() as server:
        scene = Scene(tmp_path, webhook(f"{server.url}/hook?x=1"))
        await scene.tell(alert("Lag", i="1"), alert("Lag", i="2"))
        await scene.wait(10)
        ((path, headers, body),) = server.requests
        assert (path, headers["content-type"]) == ("/hook?x=1", "application/json")
        assert headers["host"] == f"127.0.0.1:{server.port}"
        assert list(body) == [
            *("receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"),
            *("version", "groupKey", "truncatedAlerts"),
        ]
        assert body["groupKey"] == '{}:{alertname="Lag"}' and body["version"] == "4"
        assert body["alerts"][0] == {
            "status": "firing",
            "labels": {"alertname": "Lag", "i": "1"},
            "annotations": {"summary": "Lag is bad"},
            "startsAt": "2027-01-15T08:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": alert("Lag", i="1").fingerprint,
        }
        assert scene.count("webhook", "sent") == 1 and scene.pending == 0
        await scene.notifier.aclose()


async def test_credentials_go_along_and_not_into_the_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "token").write_text("t0ken\n")
    async with serving() as server:
        entries = [
            f"{{url: '{server.url}/{name}', http_config: {{{fields}}}}}"
            for name, fields in (
                ("bearer", "authorization: {credentials_file: token}"),
                ("basic", "basic_auth: {username: me, password: it}"),
            )
        ]
        scene = Scene(tmp_path, f"webhook_configs: [{', '.join(entries)}]")
        await scene.tell(alert())
        await scene.wait(10)
        told = {path: headers["authorization"] for path, headers, _ in server.requests}
        assert told == {"/bearer": "Bearer t0ken", "/basic": "Basic bWU6aXQ="}
        assert len(caplog.records) > 10, "httpcore tells what it does"
        lines = str([line.__dict__ for line in caplog.records])
        assert not any(secret in lines for secret in ("t0ken", "bWU6aXQ=", "/bearer", "/basic"))
        await scene.notifier.aclose()


async def test_credentials_in_a_url_go_along_and_not_into_the_log(tmp_path, caplog):
    """As Go's client sends them; and they go before those of http_config."""
    caplog.set_level(logging.DEBUG)
    async with serving() as server:
        url = server.url.replace("//", "//me%40x:p%23t@")
        more = ", http_config: {authorization: {credentials: other}}"
        scene = Scene(
            tmp_path,
            f"webhook_configs: [{{url: '{url}/hook'}}, {{url: '{url}/too'{more}}}]",
            alertmanagers=[Secret(url)],
            heartbeat_url=Secret(f"{url}/beat"),
        )
        await scene.tell(alert())
        await scene.wait(10)
        told = {path: headers["authorization"] for path, headers, _ in server.requests}
        assert told == dict.fromkeys(("/hook", "/too", "/api/v2/alerts", "/beat"), "Basic bWVAeDpwI3Q=")
        assert {headers["host"] for _, headers, _ in server.requests} == {f"127.0.0.1:{server.port}"}
        lines = str([line.__dict__ for line in caplog.records]) + str(scene.notifier.snapshot())
        assert not any(secret in lines for secret in ("p%23t", "p#t", "bWVAeDpwI3Q="))
        await scene.notifier.aclose()


@pytest.mark.parametrize("trouble", [status(500), status(503), hang, close_in_the_middle], ids=str)
async def test_nothing_is_lost_and_repeats_are_waited_for(tmp_path, trouble):
    """Where the answer was lost the receiver may have taken it: it is told again, which `groupKey` and times show."""
    async with serving(trouble, trouble) as server:
        scene = Scene(tmp_path, webhook(server.url, ", timeout: 1s" if trouble is hang else ""))
        await scene.tell(alert())
        await scene.wait(10)
        assert (len(server.requests), scene.pending) == (1, 1)
        await scene.wait(0.5)
        assert len(server.requests) == 1, "a second is waited for, at most (the jitter is 1 here)"
        await scene.wait(0.5)
        assert (len(server.requests), scene.pending) == (2, 1)
        await scene.wait(2)
        assert (len(server.requests), scene.pending) == (3, 0)
        assert server.bodies[0] == server.bodies[1] == server.bodies[2]
        await scene.wait(40)
        assert len(server.requests) == 3
        assert (scene.count("webhook", "sent"), scene.count("webhook", "retried")) == (1, 2)
        await scene.notifier.aclose()


async def test_retry_after_is_honoured_within_bounds(tmp_path):
    async with serving(status(429, "Retry-After: 30"), status(503, "Retry-After: 999999")) as server:
        scene = Scene(tmp_path, webhook(server.url), group_interval="3h")
        await scene.tell(alert())
        await scene.wait(10)
        await scene.wait(29)
        assert len(server.requests) == 1
        await scene.wait(2)
        assert len(server.requests) == 2
        await scene.wait(3_590)
        assert len(server.requests) == 2
        await scene.wait(20)
        assert len(server.requests) == 3, "an hour is the most"
        await scene.notifier.aclose()


async def test_a_429_holds_for_all_groups_of_the_integration_and_for_no_other(tmp_path):
    async with serving(status(429, "Retry-After: 30")) as one, serving() as two:
        scene = Scene(tmp_path, f"webhook_configs: [{{url: '{one.url}'}}, {{url: '{two.url}'}}]", group_interval="3h")
        await scene.tell(alert("Lag"))
        await scene.wait(10)
        await scene.tell(alert("Full"))
        await scene.wait(10)
        assert (len(one.requests), len(two.requests), scene.pending) == (1, 2, 2)
        assert scene.notifier.step() == LOOK_S, "it is not looked at all the time"
        await scene.wait(19)
        assert len(one.requests) == 1
        await scene.wait(2)
        assert (len(one.requests), scene.pending) == (3, 0)
        await scene.notifier.aclose()


async def test_a_429_does_not_hold_longer_because_the_clock_went_back(tmp_path):
    async with serving(status(429, "Retry-After: 3600")) as server:
        scene = Scene(tmp_path, webhook(server.url))
        await scene.tell(alert())
        await scene.wait(10)
        await scene.wait(-36_000)
        assert len(server.requests) == 2
        await scene.notifier.aclose()


def test_retry_after_may_be_a_date():
    date = {"date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert retry_after_s({**date, "retry-after": "Mon, 23 Nov 2026 10:01:30 GMT"}) == 90
    assert retry_after_s({**date, "retry-after": "soon"}) is None
    assert retry_after_s({"retry-after": "7"}) == 7
    assert retry_after_s({}) is None


def test_what_has_not_happened_yet_is_counted_as_nothing(tmp_path):
    """A first failure is an increase then."""
    scene = Scene(tmp_path, webhook("http://nowhere.test/"), alertmanagers=[Secret("http://am.test")])
    statuses = ("sent", "retried", "failed", "dropped")
    counted = {(kind, status): 0 for kind in ("webhook", "alertmanager") for status in statuses}
    assert scene.notifier.metrics() == counted | {("dispatch", "dropped"): 0}
    scene.notifier.stop()


async def test_what_is_refused_is_told_again_when_the_group_is_due(tmp_path):
    async with serving(status(404)) as server:
        scene = Scene(tmp_path, webhook(server.url))
        await scene.tell(alert())
        await scene.wait(10)
        await scene.wait(59)
        assert len(server.requests) == 1
        await scene.wait(2)
        assert len(server.requests) == 2 and scene.count("webhook", "sent") == 1
        await scene.notifier.aclose()


async def test_the_connection_goes_to_the_address_that_was_checked(tmp_path):
    """The name is resolved once for each attempt; what it resolves to a moment later does not matter (rebinding)."""
    inner = HttpServer()
    async with HttpServer(host="127.0.0.2") as outer:
        inner.port = outer.port
        async with inner:
            scene = Scene(tmp_path, webhook(f"http://rebinds.test:{outer.port}/"), allowed_networks=["127.0.0.2/32"])
            scene.names["rebinds.test"] = [["127.0.0.2"], ["127.0.0.1"]]
            await scene.tell(alert())
            await scene.wait(10)
            assert len(outer.requests) == 1 and outer.requests[0][1]["host"] == f"rebinds.test:{outer.port}"
            await scene.tell(alert(resolved_at=START + 20))
            await scene.wait(60)  # by now the name is at a private address
            assert scene.last_error.startswith("address_refused: ") and inner.requests == []
            await scene.notifier.aclose()


async def test_an_address_that_is_refused_does_not_hide_one_that_is_not(tmp_path):
    async with HttpServer(host="127.0.0.2") as server:
        scene = Scene(tmp_path, webhook(f"http://two.test:{server.port}/"), allowed_networks=["127.0.0.2/32"])
        scene.names["two.test"] = [["10.0.0.1", "127.0.0.2"]]
        await scene.tell(alert())
        await scene.wait(10)
        assert len(server.requests) == 1
        await scene.notifier.aclose()


async def test_tls_is_for_the_name_though_the_connection_is_to_its_address(tmp_path):
    certificate = make_certificate(tmp_path)
    async with HttpServer(certificate=certificate) as server:
        names = ("localhost", "other.test")
        trust = f"http_config: {{tls_config: {{ca_file: {certificate[0]}}}}}"
        entries = [f"{{url: 'https://{name}:{server.port}/{name}', {trust}}}" for name in names]
        scene = Scene(tmp_path, f"webhook_configs: [{', '.join(entries)}]")
        scene.names |= {name: [["127.0.0.1"]] for name in names}
        await scene.tell(alert())
        await scene.wait(10)
        assert [path for path, _, _ in server.requests] == ["/localhost"]
        assert scene.last_error.startswith("tls_failed: ") and scene.pending == 1
        await scene.notifier.aclose()


async def test_apprise_tells_what_it_knows(tmp_path):
    async with serving(status(500)) as server:
        scene = Scene(tmp_path, f"apprise_configs: [{{url: 'json://127.0.0.1:{server.port}/'}}]")
        await scene.tell(alert())
        await scene.wait(10)
        assert scene.last_error.startswith("server_error: ") and scene.pending == 1
        await scene.wait(1)
        assert scene.pending == 0
        assert (server.bodies[-1]["title"], server.bodies[-1]["type"]) == ("[FIRING:1] Lag", "failure")
        assert "Lag is bad" in server.bodies[-1]["message"]
        await scene.notifier.aclose()


async def test_slack_gets_its_message(tmp_path):
    async with serving(status(200, body="ok")) as server:
        fields = "title: S, value: '{{ .Status }}'"
        action = "type: button, text: Runbook, url: 'http://r/{{ .GroupLabels.alertname }}'"
        scene = Scene(
            tmp_path,
            f"slack_configs: [{{api_url: '{server.url}', channel: '#alerts', send_resolved: true, icon_emoji: ':x:', "
            f"fields: [{{{fields}}}], actions: [{{{action}}}]}}]",
        )
        await scene.tell(alert("Lag", i="1"))
        await scene.wait(10)
        assert server.bodies == [
            {
                "channel": "#alerts",
                "username": "Mythos",
                "icon_emoji": ":x:",
                "attachments": [
                    {
                        "color": "danger",
                        "title": "[FIRING:1] Lag (1)",
                        "title_link": "http://mythos.test/monitoring/alerts",
                        "text": "Lag is bad\n",
                        "fallback": "[FIRING:1] Lag (1) | http://mythos.test/monitoring/alerts",
                        "callback_id": "",
                        "footer": "",
                        "mrkdwn_in": ["fallback", "pretext", "text"],
                        "fields": [{"title": "S", "value": "firing", "short": False}],
                        "actions": [{"type": "button", "text": "Runbook", "url": "http://r/Lag"}],
                    }
                ],
            }
        ]
        await scene.tell(alert("Lag", i="1", resolved_at=START + 20))
        await scene.wait(60)
        assert server.bodies[-1]["attachments"][0]["color"] == "good"
        await scene.notifier.aclose()


async def test_alertmanagers_get_every_alert_until_they_have_taken_it(tmp_path):
    async with serving(status(503), status(200)) as one, serving() as two:
        scene = Scene(tmp_path, "webhook_configs: []", alertmanagers=[Secret(one.url), Secret(f"{two.url}/prefix/")])
        await scene.tell(*(alert("Lag", i=str(n)) for n in range(70)))
        assert [len(body) for body in two.bodies] == [64, 6]
        assert {path for path, _, _ in two.requests} == {"/prefix/api/v2/alerts"}
        assert [len(body) for body in one.bodies] == [64]
        await scene.notifier.aclose()
        scene.start()
        await scene.tell(alert("Lag", i="1", resolved_at=START))
        assert sum(len(body) for body in one.bodies[1:]) == 70, "after a restart too, the newest of each"
        ends = [each["endsAt"] for body in one.bodies[1:] for each in body if each["labels"]["i"] == "1"]
        assert ends == ["2027-01-15T08:00:00Z"]
        await scene.tell(alert("Lag", i="2"))
        assert [len(body) for body in two.bodies[2:]] == [1, 1], "each resend and each resolve goes to every one"
        await scene.notifier.aclose()


async def test_the_heartbeat_beats_while_rules_are_evaluated(tmp_path):
    async with serving(status(200), status(500), status(200)) as server:
        scene = Scene(tmp_path, "webhook_configs: []", heartbeat_url=Secret(server.url), heartbeat_s=60.0)
        await scene.wait(100)
        assert server.requests == [], "nothing was evaluated yet"
        await scene.tell()
        assert len(server.requests) == 1
        await scene.wait(59)
        assert len(server.requests) == 1
        await scene.wait(1)
        assert len(server.requests) == 2
        await scene.wait(10)
        assert len(server.requests) == 3, "one that failed is repeated sooner"
        await scene.wait(60)
        assert len(server.requests) == 3, "the last evaluation is more than two minutes ago"
        await scene.tell()
        assert len(server.requests) == 4
        assert (scene.count("heartbeat", "sent"), scene.count("heartbeat", "retried")) == (3, 1)
        await scene.notifier.aclose()


def test_private_addresses_are_told_of_at_the_start(tmp_path, caplog):
    entries = "{url: 'http://localhost:1/'}, {url: 'http://10.1.2.3/t0ken'}, {url: 'http://example.org/'}"
    Scene(
        tmp_path,
        f"webhook_configs: [{entries}]",
        allowed_networks=["10.0.0.0/8"],
        alertmanagers=[Secret("http://[::1]:9093")],
        heartbeat_url=Secret("http://169.254.169.254/latest"),
    ).notifier.stop()
    told = [line.__dict__["receiver"] for line in caplog.records if line.message == "Receiver at a private address"]
    assert told == ["alertmanager[0]", "heartbeat", "ops/webhook[0]"]


def test_the_log_page_has_the_events_of_the_code_and_no_others():
    root = Path(__file__).resolve().parents[2]
    section = (root / "docs/reference/logs.md").read_text().partition("### Of the alerts")[2].partition("\n## ")[0]
    told = set(re.findall(r"`([A-Z][^`]+)`", section))
    alerts = root / "python/mythos/alerts"
    code = {file: file.read_text() for file in alerts.rglob("*.py")}
    assert not [event for event in told if not any(f'"{event}"' in text for text in code.values())]
    ours = "".join(text for file, text in code.items() if file.is_relative_to(alerts / "notify"))
    calls = re.findall(r"_logger\.\w+\((.*?)(?:extra|exc_info|\)\n)", ours, re.DOTALL)
    events = {event for call in calls for event in re.findall(r'"([A-Z][^"]+)"', call)}
    assert len(events) > 8 and events <= told
