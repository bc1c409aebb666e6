"""Mythos keeps a player on two wires at once and shows the application one ordered stream."""

try:
    from mythos._core import __version__
except ImportError as error:
    raise ImportError(
        "mythos was not built: its compiled core, mythos._core, is missing or was made for another Python. "
        "Run `pip install .` in the source tree, or install a wheel for this Python."
    ) from error

from mythos.authenticator import APPLICATION
from mythos.client import Client
from mythos.client_commands import History, Member
from mythos.client_status import FailedOver, WireStatus
from mythos.client_sync import SyncClient
from mythos.command import Command, CommandError, Credentials, Unauthorised
from mythos.entries import Entry, Gap, Message
from mythos.errors import (
    ClientStopped,
    CommandFailed,
    ConfigError,
    ConnectFailed,
    Displaced,
    HistoryUnavailable,
    MythosError,
    OutcomeUnknown,
    Refused,
    ServerStopped,
    SessionReplaced,
    StartFailed,
)
from mythos.server import Server
from mythos.server_views import Connection, Session
from mythos.settings import Settings

__all__ = [
    "APPLICATION",
    "Client",
    "ClientStopped",
    "Command",
    "CommandError",
    "CommandFailed",
    "ConfigError",
    "ConnectFailed",
    "Connection",
    "Credentials",
    "Displaced",
    "Entry",
    "FailedOver",
    "Gap",
    "History",
    "HistoryUnavailable",
    "Member",
    "Message",
    "MythosError",
    "OutcomeUnknown",
    "Refused",
    "Server",
    "ServerStopped",
    "Session",
    "SessionReplaced",
    "Settings",
    "StartFailed",
    "SyncClient",
    "Unauthorised",
    "WireStatus",
    "__version__",
]
