"""The alert engine as a server's settings have it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

import mythos
from mythos.alerts.setup import PACKAGED, address, load_rules, notify_options, rule_files
from mythos.errors import ConfigError, StartFailed
from waiting import eventually

BAD = "groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'rat(x[5m]) > 1'}\n"
GOOD = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - {alert: Always, expr: up == 1, labels: {severity: info}}\n"


def settings(tmp_path: Path, **alerts: Any) -> mythos.Settings:
    own = {"state": str(tmp_path / "alerts.db"), "incidents": "", **alerts}
    options = {"listen": "127.0.0.1:0", "drain.spread_ms": 0, "log.level": "error"}
    return mythos.Settings.only(**options, **{f"alerts.{name}": value for name, value in own.items()})


def test_the_packaged_rules_are_those_of_the_repository():
    [packaged] = rule_files([PACKAGED])
    assert Path(packaged).read_text() == (Path(__file__).parents[2] / "deploy/rules/mythos.yml").read_text()
    assert rule_files(["auto"]) == [] and rule_files(["a.yml", "auto"]) == ["a.yml"]


def test_a_server_within_a_program_has_no_engine_unless_it_is_told(mythos_server: mythos.Server):
    assert httpx.get(f"{mythos_server.url}/monitoring/alerts", trust_env=False).json()["enabled"] is False


def test_faulty_rules_keep_it_from_starting_and_say_where(tmp_path: Path):
    rules = tmp_path / "rules.yml"
    rules.write_text(BAD)
    with pytest.raises(ConfigError, match=r"rules.yml:4.*rat") as refused:
        load_rules(settings(tmp_path, rules=[str(rules)]))
    assert "did you mean rate?" in str(refused.value)
    server = mythos.Server(settings(tmp_path, rules=[str(rules)]))
    with pytest.raises(StartFailed, match=r"did you mean rate\?"):
        server.start()
    assert not server.is_running


def test_a_faulty_notification_file_keeps_it_from_starting(tmp_path: Path):
    rules, notifications = tmp_path / "rules.yml", tmp_path / "am.yml"
    rules.write_text(GOOD)
    notifications.write_text("receivers: []\n")
    server = mythos.Server(settings(tmp_path, rules=[str(rules)], notifications=str(notifications)))
    with pytest.raises(StartFailed, match="route"):
        server.start()


def test_an_engine_runs_as_long_as_its_server_and_may_be_started_again(tmp_path: Path):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD)
    server = mythos.Server(settings(tmp_path, rules=[str(rules)], interval_s=0.1))
    for _ in range(2):
        with server, httpx.Client(base_url=server.url, trust_env=False) as http:
            labels = {
                "alertname": "Always",
                "job": "mythos",
                "instance": f"127.0.0.1:{server.port}",
                "severity": "info",
            }

            # The one of the port before is resolved in the second evaluation.
            def fires(http: httpx.Client = http, labels: dict[str, str] = labels) -> bool:
                return [alert["labels"] for alert in http.get("/monitoring/alerts").json()["alerts"]] == [labels]

            eventually(fires)
            assert "alerts" in http.get("/health/detailed").json()["components"]


def test_options_reach_the_notifier_and_secrets_no_bundle(tmp_path: Path):
    given = settings(
        tmp_path,
        alertmanagers=["http://am:9093/token"],
        allowed_networks=["10.0.0.0/8"],
        heartbeat_url="https://example.org/token",
        heartbeat_s=30,
    )
    options = notify_options(given, "http://here:1")
    assert options.allowed_networks == ["10.0.0.0/8"] and options.external_url == "http://here:1"
    assert notify_options(settings(tmp_path, external_url="https://x/m/"), "").external_url == "https://x/m"
    assert options.heartbeat_url is not None and options.heartbeat_url.reveal() == "https://example.org/token"
    assert options.heartbeat_s == 30 and options.config is None
    told = given.shown
    assert "token" not in str(told) and told["alerts.heartbeat_url"] == "<secret>"


def test_two_servers_do_not_share_a_state_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD)
    given = settings(tmp_path, rules=[str(rules)])
    with mythos.Server(given), pytest.raises(StartFailed, match=r"alerts\.state: .* belongs to process") as refused:
        mythos.Server(given).start()
    assert refused.value.code == "bad_config"
    with monkeypatch.context() as patch:
        patch.setattr("mythos.alerts.setup.AlertEngine", None)
        with pytest.raises(TypeError):
            mythos.Server(given).start()
    with mythos.Server(given):
        pass


@pytest.mark.parametrize(
    ("listen", "apart", "ports", "found_at"),
    [
        ("127.0.0.1:0", "", (8001, 0), "127.0.0.1:8001"),
        ("game.test:8000", "", (8000, 0), "game.test:8000"),
        ("0.0.0.0:8000", "", (8000, 0), "machine:8000"),
        ("[::]:8000", "", (8000, 0), "machine:8000"),
        ("[::1]:8000", "", (8000, 0), "[::1]:8000"),
        ("0.0.0.0:8000", "9100", (8000, 9100), "machine:9100"),
        ("0.0.0.0:8000", "127.0.0.1:0", (8000, 9101), "127.0.0.1:9101"),
        ("127.0.0.1:8000", "[::]:9100", (8000, 9100), "machine:9100"),
    ],
)
def test_others_find_what_it_measures_at_an_address_that_is_one(
    monkeypatch: pytest.MonkeyPatch, listen: str, apart: str, ports: tuple[int, int], found_at: str
):
    monkeypatch.setattr("socket.gethostname", lambda: "machine")
    given = mythos.Settings.only(listen=listen, **{"monitor.listen": apart})
    assert address(given, *ports) == found_at


@pytest.mark.parametrize("monitor_listen", ["", "127.0.0.1:0"])
def test_the_link_of_an_alert_opens_and_shows_it(tmp_path: Path, monitor_listen: str):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD.replace("Always", "Always on 100%"))
    given = settings(tmp_path, rules=[str(rules)], interval_s=0.1).changed(**{"monitor.listen": monitor_listen})
    with mythos.Server(given) as server, httpx.Client(trust_env=False) as http:
        links: list[str] = []

        def fires() -> bool:
            links[:] = [each["generatorURL"] for each in http.get(f"{server.url}/api/v2/alerts").json()]
            return bool(links)

        eventually(fires)
        shown = http.get(links[0])
        assert shown.status_code == 200
        # Where the default templates link.
        assert http.get(links[0].partition("?")[0]).status_code == 200
        [alert], [group] = shown.json()["alerts"], shown.json()["groups"]
        assert alert["alertname"] == "Always on 100%" and alert["labels"]["instance"] in links[0]
        assert [rule["query"] for rule in group["rules"]] == ["up == 1"]


def test_the_packaged_rules_are_of_any_job(tmp_path: Path):
    assert load_rules(settings(tmp_path, rules=[PACKAGED], job="game"))


def test_what_goes_wrong_at_the_start_leaves_no_server_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD)

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("mythos.alerts.engine.AlertEngine.start", fail)
    server = mythos.Server(settings(tmp_path, rules=[str(rules)]))
    with pytest.raises(MemoryError):
        server.start()
    assert not server.is_running


def test_a_server_listens_while_its_series_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD)
    reading, may_go_on = threading.Event(), threading.Event()

    def read(*_: Any, **__: Any) -> None:
        reading.set()
        assert may_go_on.wait(60)

    monkeypatch.setattr("mythos.alerts.engine.refill", read)
    given = settings(tmp_path, rules=[str(rules)], recordings=str(tmp_path / "recordings"))
    with mythos.Server(given) as server, httpx.Client(base_url=server.url, trust_env=False) as http:
        assert reading.wait(60)
        assert http.get("/readyz").status_code == 200
        assert http.get("/monitoring/alerts").json()["alerts"] == []
        may_go_on.set()
        eventually(lambda: [alert["alertname"] for alert in http.get("/monitoring/alerts").json()["alerts"]])


async def test_a_loop_does_not_wait_for_somebody_slow_who_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tmp_path / "rules.yml"
    rules.write_text(GOOD)
    stopping, may_stop = threading.Event(), threading.Event()

    def stop(_: Any) -> None:
        stopping.set()
        assert may_stop.wait(60)

    monkeypatch.setattr("mythos.alerts.notify.notifier.Notifier.stop", stop)
    server = mythos.Server(settings(tmp_path, rules=[str(rules)]))
    await server.__aenter__()
    ended = asyncio.create_task(server.__aexit__(None, None, None))
    assert await asyncio.to_thread(stopping.wait, 60)
    assert not ended.done()
    may_stop.set()
    await ended
    assert not server.is_running
