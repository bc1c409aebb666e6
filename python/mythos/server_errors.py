"""The errors of a server: how many of which kind, the newest, and those of the application itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, get_args

import orjson

from mythos.server_views import Ask

ErrorType: TypeAlias = Literal[
    "connection_error",
    "authentication_error",
    "session_error",
    "message_delivery_error",
    "system_error",
    "validation_error",
]
Severity: TypeAlias = Literal["low", "medium", "high", "critical"]

DETAILS_BYTES_MAX = 4_096
CODE_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True)
class RecordedError:
    """One error as it is kept. Alike ones have the same `fingerprint`; what nobody knows is None."""

    type: ErrorType
    severity: Severity
    error_code: str
    fingerprint: str
    message: str
    at: datetime
    player_id: str | None
    session_id: str | None
    connection_id: str | None
    details: dict[str, Any]


class Errors:
    """`server.errors`: each look asks the server anew. Any thread; raises ServerStopped."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @property
    def statistics(self) -> dict[str, Any]:
        """As `GET /monitoring/errors` answers: counts over windows, groups of like errors, the newest ten."""
        statistics: dict[str, Any] = orjson.loads(self._ask(lambda core: core.errors(10)))
        return statistics

    def recent(self, limit: int = 100) -> list[RecordedError]:
        """The newest errors, newest first; `monitor.max_samples` are kept."""
        rows = orjson.loads(self._ask(lambda core: core.errors(limit)))["recent_errors"]
        return [_error_of(row) for row in rows]

    def record(
        self,
        type: ErrorType,
        severity: Severity,
        message: str,
        *,
        code: str = "application",
        player: str = "",
        session: str = "",
        connection: str = "",
        **details: Any,
    ) -> None:
        """Counts, keeps and logs an error of the application's own.

        Alike errors should have the same `code`, without anything that varies, of at most 64 characters: they are one
        group. `message` and `details` are shown to whoever may read `/monitoring/errors`: no secrets. Raises ValueError
        for a type or severity that is none, a code that is too long or empty, or details of more than 4,096 bytes;
        TypeError for details that JSON cannot hold.
        """
        if not 1 <= len(code) <= CODE_LENGTH_MAX:
            raise ValueError(f"a code has 1 to {CODE_LENGTH_MAX} characters")
        text = orjson.dumps(details) if details else b""
        if len(text) > DETAILS_BYTES_MAX:
            raise ValueError(f"details of {len(text)} bytes; {DETAILS_BYTES_MAX} are kept")
        if type not in get_args(ErrorType) or severity not in get_args(Severity):
            raise ValueError(f"{type!r} and {severity!r}: no such type and severity of errors")
        self._ask(
            lambda core: core.record_error(type, severity, code, message, player, session, connection, text),
        )


def _error_of(row: dict[str, Any]) -> RecordedError:
    at = datetime.fromtimestamp(row.pop("timestamp"), UTC)
    return RecordedError(at=at, **row)
