"""The alert engine that a server's settings ask for."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from ipaddress import ip_address
from pathlib import Path

from mythos import _core
from mythos.alerts.engine import AlertEngine
from mythos.alerts.incident import Incidents
from mythos.alerts.notify.building import read_config
from mythos.alerts.notify.config import NotifyConfig
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.alerts.notify.secret import Secret
from mythos.alerts.recordings import Recordings
from mythos.alerts.rule import Group
from mythos.alerts.rule_file import load_rule_files
from mythos.alerts.series import SeriesStore
from mythos.alerts.yaml_reader import FileError
from mythos.errors import ConfigError, StartFailed
from mythos.settings import Settings

INCIDENT_BYTES_MAX = 5 << 20
PACKAGED = "packaged"  # as a rule file's name: the one that comes with the package


def rule_files(names: Sequence[str]) -> list[str]:
    """The paths that `alerts.rules` names; `auto` is none, which `mythos serve` has replaced."""
    packaged = str(resources.files("mythos") / "deploy" / "rules" / "mythos.yml")
    return [packaged if name == PACKAGED else name for name in names if name != "auto"]


def load_rules(settings: Settings) -> list[Group]:
    """Raises ConfigError with every fault of every file."""
    try:
        return load_rule_files(rule_files(settings.alerts.rules))
    except FileError as error:
        raise ConfigError([f"alerts.rules: {problem}" for problem in error.problems]) from None


def address(settings: Settings, port: int, monitor_port: int) -> str:
    """HOST:PORT at which others find what the server measures, as Prometheus would scrape it.

    That of the listener for monitoring where there is one, whose port is not 0 then; a listener on all addresses is
    called by the machine's name.
    """
    apart, _, _ = settings.monitor.listen.rpartition(":")  # a port alone is on the host of the other
    host = (monitor_port and apart) or settings.listen.rpartition(":")[0]
    return f"{socket.gethostname() if _is_everywhere(host) else host}:{monitor_port or port}"


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def notify_options(settings: Settings, url: str) -> NotifyOptions:
    alerts = settings.alerts
    return NotifyOptions(
        config=Path(alerts.notifications) if alerts.notifications else None,
        alertmanagers=[Secret(each) for each in alerts.alertmanagers],
        allowed_networks=alerts.allowed_networks,
        external_url=alerts.external_url.rstrip("/") or url,
        state_file=Path(alerts.state) if alerts.state else None,
        heartbeat_url=Secret(alerts.heartbeat_url) if alerts.heartbeat_url else None,
        heartbeat_s=alerts.heartbeat_s,
    )


@dataclass(frozen=True)
class AlertFiles:
    """What the files say that settings name: the rules, and who is told."""

    groups: list[Group]
    notifications: NotifyConfig | None


def load_files(settings: Settings) -> AlertFiles:
    """Opens nothing else. Raises ConfigError with every fault of every file, and of the options that go with them."""
    groups: list[Group] = []
    notifications, complaints = None, []
    try:
        groups = load_rules(settings)
    except ConfigError as error:
        complaints += error.complaints
    try:
        notifications = read_config(notify_options(settings, ""))
    except ConfigError as error:
        complaints += error.complaints
    if complaints:
        raise ConfigError(complaints)
    return AlertFiles(groups, notifications)


def make_engine(core: _core.ServerCore, settings: Settings, files: AlertFiles) -> AlertEngine:
    """For a server that listens. Raises StartFailed where another server has the state file."""
    alerts = settings.alerts
    found_at = address(settings, core.port, core.monitor_port)
    options = notify_options(settings, f"http://{found_at}")
    try:
        notifier = Notifier(options, config=files.notifications)
    except ConfigError as error:
        raise StartFailed("bad_config", "\n".join(error.complaints)) from None

    def incidents(store: SeriesStore) -> Incidents:
        return Incidents(
            Path(alerts.incidents),
            core,
            store,
            config=settings.shown,
            count_max=alerts.incidents_max,
            bytes_max=INCIDENT_BYTES_MAX,
        )

    try:
        return AlertEngine(
            core,
            files.groups,
            notifier,
            interval_s=alerts.interval_s,
            labels={"job": alerts.job, "instance": alerts.instance or found_at},
            external_url=options.external_url,
            memory=Path(f"{alerts.state}.json") if alerts.state else None,
            incidents=incidents if alerts.incidents else None,
            recordings=Recordings(Path(alerts.recordings)) if alerts.recordings else None,
        )
    except BaseException:
        notifier.stop()  # which gives the state file back
        raise
