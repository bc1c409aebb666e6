"""What `mythos serve` makes of people who cannot be told: it is counted, logged, shown, and tried again after a
restart."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from alertmanager import Hooks
from mythosd import SERVE, Mythosd, eventually

RULES = "groups: [{name: g, interval: 1s, rules: [{alert: Always, expr: up == 1, labels: {severity: info}}]}]"
NOTIFICATIONS = """
route:
  receiver: ops
  group_wait: 0s
  group_interval: 1h
  routes: [{{receiver: ops, continue: true}}, {{receiver: pager}}]
receivers:
- {{name: ops, webhook_configs: [{{url: "http://127.0.0.1:{away}/"}}]}}
- {{name: pager, webhook_configs: [{{url: "{refuses}"}}]}}
"""


def told_by(server: Mythosd) -> dict[str, Any]:
    return httpx.get(f"{server.url}/monitoring/alerts", trust_env=False).json().get("notifications", {})


def counted_by(server: Mythosd) -> dict[str, float]:
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    start = 'mythos_notifications_total{integration="webhook",status="'
    lines = [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]
    return {status: float(value) for status, _, value in (line.partition('"} ') for line in lines)}


def test_what_could_not_be_sent_is_counted_logged_shown_and_tried_after_a_restart(
    tmp_path: Path, start_server: Callable[..., Mythosd]
):
    refuses = Hooks(404)
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = free.getsockname()[1]
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "notifications.yml").write_text(NOTIFICATIONS.format(away=away, refuses=refuses.url))
    server = start_server(
        {
            "alerts.rules": [str(tmp_path / "rules.yml")],
            "alerts.interval_s": 1,
            "alerts.instance": "game",  # the port is another one after the restart
            "alerts.notifications": str(tmp_path / "notifications.yml"),
            "alerts.allowed_networks": ["127.0.0.0/8"],
        },
        program=SERVE,
    )

    def both_failed() -> dict[str, Any] | None:
        receivers = told_by(server).get("receivers", {})
        return receivers if receivers.keys() == {"ops", "pager"} else None

    errors = {name: told["last_error"] for name, told in eventually("both have failed", both_failed).items()}
    assert errors["ops"].startswith("unreachable: ") and errors["pager"].startswith("refused: ")
    assert told_by(server)["queue"]["by_receiver"] == {"ops": 1}
    counted = counted_by(server)
    assert counted.pop("retried") >= 1
    assert counted == {"sent": 0, "failed": 1, "dropped": 0}
    for event, receiver, reason in (
        ("Notification not sent yet", "ops", "unreachable"),
        ("Notification refused", "pager", "refused"),
    ):
        line = server.wait_log(event, lambda line, event=event: line["event"] == event)
        assert (line["receiver"], line["integration"], line["reason"]) == (receiver, "webhook[0]", reason)

    server.stop()
    there = Hooks(port=away)
    try:
        server.start()
        eventually("it is told after all", lambda: there.taken)
        eventually("that is counted", lambda: counted_by(server).get("sent") == 1)
        assert told_by(server)["queue"]["pending"] == 0
        [(_, body)] = there.taken
        assert body["status"] == "firing" and body["receiver"] == "ops"
        assert [alert["labels"]["alertname"] for alert in body["alerts"]] == ["Always"]
    finally:
        there.stop()
        refuses.stop()
