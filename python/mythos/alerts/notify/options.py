"""What a notifier is told beside `alertmanager.yml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mythos.alerts.notify.secret import Secret
from mythos.settings_tables import AlertsTable

_DEFAULTS = AlertsTable()
STATE_FILE = Path(_DEFAULTS.state)
HEARTBEAT_S = float(_DEFAULTS.heartbeat_s)


@dataclass(frozen=True)
class NotifyOptions:
    """`config` None: only the Alertmanagers are told. URLs may have tokens in them, so they are secrets.

    `allowed_networks` are the private networks (`127.0.0.0/8`) that may be connected to: all others are refused.
    `external_url` is where people find this server; messages link to it. The heartbeat is called every `heartbeat_s`
    while rules are evaluated, so that whoever expects it notices when it stays away.
    """

    config: Path | None = None
    alertmanagers: Sequence[Secret] = ()
    allowed_networks: Sequence[str] = ()
    external_url: str = ""
    state_file: Path | None = STATE_FILE
    heartbeat_url: Secret | None = None
    heartbeat_s: float = HEARTBEAT_S
