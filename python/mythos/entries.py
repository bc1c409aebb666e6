"""What a client's stream is made of: entries, and gaps where entries will not come; and what becomes an entry.

Ids are `<epoch>-<seq>`: they grow within an epoch, with holes, and compare only there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

WireName: TypeAlias = Literal["websocket", "sse"]
WIRES: tuple[WireName, WireName] = ("websocket", "sse")


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of the journal.

    `channel` is None for what was sent to the player or to everyone; `ts` is the server's time of publishing in epoch
    seconds; `wire` the wire that brought it first, None in a history.
    """

    id: str
    type: str
    data: Any
    channel: str | None = None
    ts: float = 0.0
    wire: WireName | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries between `after` and `before`, both exclusive, that will not come.

    `lost` counts those that were owed to this client, None where nobody knows; `at_most` the positions between.
    `after` is None where the old positions mean nothing any more (another epoch). `reason`: `retention`,
    `session_expired`, `foreign_epoch`, `future_cursor`, or `inbox_full` for what this program took too slowly.
    """

    after: str | None
    before: str
    lost: int | None
    at_most: int | None
    reason: str


Item: TypeAlias = Entry | Gap


def entry_of(message: dict[str, Any], wire: WireName | None = None) -> Entry:
    """The entry that a message of the protocol holds."""
    return Entry(
        message["id"], message["type"], message.get("data"), message.get("channel"), message.get("ts", 0.0), wire
    )


def read_entry(text: str, wire: WireName) -> Entry:
    """The same, from the message as it came."""
    return entry_of(json.loads(text), wire)


class Message(TypedDict, total=False):
    """One message of a batch: `type`, `data`, and exactly one of `channel`, `player` and `everyone`."""

    type: str
    data: Any
    channel: str
    player: str
    everyone: Literal[True]
    key: str


def message_of(
    type: str, data: Any, channel: str | None, player: str | None, everyone: bool, key: str | None
) -> dict[str, Any]:
    """A message to publish, as the protocol has it: without what is not given, and `{}` for no data."""
    where = {"channel": channel, "player": player, "everyone": everyone or None, "key": key}
    given = {name: value for name, value in where.items() if value is not None}
    return {"type": type, "data": {} if data is None else data, **given}


def split_id(id: str) -> tuple[str, int]:
    """Epoch and seq of an id."""
    epoch, _, seq = id.rpartition("-")
    return epoch, int(seq)
