"""What can go wrong, typed. `code` and `reason` are stable words; texts are for people."""

from __future__ import annotations


class MythosError(Exception):
    """The base of all errors of this package."""


class ConnectFailed(MythosError):
    """No wire could be opened in time, or every wire was refused; `reasons` says why, by wire."""

    def __init__(self, url: str, reasons: dict[str, str]) -> None:
        self.url, self.reasons = url, reasons
        super().__init__(f"no wire to {url}: " + ", ".join(f"{wire} is {reason}" for wire, reason in reasons.items()))


class ClientStopped(MythosError):
    """The client is closed and does nothing more by itself; `reason` is why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the client is stopped: {reason}")


class SessionReplaced(ClientStopped):
    """A newer session of this player was opened (4001): do not come back."""


class Displaced(ClientStopped):
    """Newer connections of this player took its place (4003): not without the application's own wish."""


class CommandFailed(MythosError):
    """The server, or the client on its behalf, answered a command with an error.

    `code` is one of the protocol's words (`unknown_command`, `overloaded`, …) or of the client's (`too_many_commands`);
    what was marked retryable has been tried again already.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class OutcomeUnknown(MythosError):
    """The command was executed or not, nobody can tell, and it is not sent again; `reason` is why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the outcome is unknown: {reason}")


def stopped(reason: str) -> ClientStopped:
    """The error for a client that stopped for this reason."""
    kinds = {"session_replaced": SessionReplaced, "displaced": Displaced}
    return kinds.get(reason, ClientStopped)(reason)


class HistoryUnavailable(MythosError):
    """The history cannot be read; `code` is why: `store_off`, `unreachable`, `locked`, `no_access`, …"""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ConfigError(MythosError):
    """Options that are unknown or have values that they may not have; `complaints` has a line for each."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(complaints))


class ServerStopped(MythosError):
    """The server is not running: not yet, not any more, or in the process that this one was forked from."""


class Refused(MythosError):
    """The server did not do what its application asked for, nothing of it.

    `code`: `bad_command` or `reserved_type` for a message that cannot be published, `too_big`, `not_found` for a player
    without a session, `bad_channel`, `limit`; `overloaded`, which is `retryable`: the loops cannot keep up.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        self.retryable = code == "overloaded"
        super().__init__(f"{code}: {message}")


class StartFailed(MythosError):
    """The server cannot begin; `code` is `address_in_use`, `exposed_without_authentication`, `bad_config` and so on."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


def refusal(code: str, message: str) -> Refused | ServerStopped:
    """What an error of the core's is to whom asked the server for something."""
    return ServerStopped(message) if code == "stopped" else Refused(code, message)
