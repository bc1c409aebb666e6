"""What a server knows of itself, as dicts: the same that its routes under `/monitoring/` answer, without HTTP.

Each call is answered by the monitor's thread, and waits for it without the GIL. Times are in milliseconds where a name
ends in `_ms`, in seconds elsewhere. Raises Refused (`bad_request`, `not_found`, `overloaded`) and ServerStopped.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlencode

import orjson

from mythos.server_views import Ask

Window = Literal["1m", "5m", "1h", "24h"]


class Monitoring:
    """A live view: each look asks the server anew."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def performance(self, window: Window = "5m") -> dict[str, Any]:
        """Connections, deliveries and requests over a window, and over all four under `windows`."""
        return self._get("performance", window=window)

    def connection_health(self, window: Window = "5m") -> dict[str, Any]:
        """How many connections are healthy, by wire and by cause where they are not, and how it was over windows."""
        return self._get("connection-health", window=window)

    def dual_connections(self) -> dict[str, Any]:
        """How many players are connected by a WebSocket, by an event stream, or by both."""
        return self._get("dual-connections")

    def connections(
        self,
        *,
        sort: Literal["age", "rtt", "unacknowledged", "bytes", "lag"] = "age",
        order: Literal["asc", "desc"] = "desc",
        limit: int = 50,
        offset: int = 0,
        wire: Literal["websocket", "sse"] | None = None,
        player: str | None = None,
    ) -> dict[str, Any]:
        """A page of the connections that are open, at most 1,000 of them, and how many there are in all."""
        asked = {"sort": sort, "order": order, "limit": limit, "offset": offset, "wire": wire, "player": player}
        return self._get("connections", **{name: value for name, value in asked.items() if value is not None})

    def connection(self, connection_id: str) -> dict[str, Any]:
        """One connection with its last events, also one of those that ended last. Raises Refused (`not_found`)."""
        if not connection_id:
            raise ValueError("name a connection")
        return self._get("connections", connection_id)

    def _get(self, route: str, parameter: str = "", /, **query: Any) -> dict[str, Any]:
        text = self._ask(lambda core: core.monitoring(route, parameter, urlencode(query)))
        body: dict[str, Any] = orjson.loads(text)
        return body
