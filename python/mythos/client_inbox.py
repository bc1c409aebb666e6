"""What a client has received and its application has not taken yet: bounded, in order, and never silently short.

Past the bound the newest entries are dropped and told as one gap that stands in their place (`inbox_full`), with their
exact number: a program that does not read can neither grow without end nor believe that it saw everything. Belongs to
one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

from mythos.entries import Entry, Gap, Item, split_id


class Inbox:
    def __init__(self, items_max: int) -> None:
        self.items_max = items_max
        self.dropped = 0  # entries told as `inbox_full`
        self.taken: str | None = None  # the position up to which the application has taken everything
        self._items: deque[Item] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        if len(self._items) < self.items_max:
            self._items.append(item)
            self._news.set()
            return
        # The last place is the gap's, so the bound holds.
        last = self._items.pop()
        self.dropped += isinstance(last, Entry) + isinstance(item, Entry)
        self._items.append(_joined(last, item))

    def end(self, error: Exception | None) -> None:
        """After what is still there: the end, or `error`."""
        self._ended, self._error = True, error
        self._news.set()

    async def take(self) -> Item | None:
        """The next item; None at the end. Raises the end's error."""
        if not await self._wait():
            return None
        item = self._items.popleft()
        self.taken = position_of(item)
        return item

    async def take_all(self) -> list[Item]:
        """All items, at least one; none at the end. Raises the end's error. Leaves `taken` to the caller."""
        if not await self._wait():
            return []
        items = list(self._items)
        self._items.clear()
        return items

    async def _wait(self) -> bool:
        while not self._items:
            if self._ended:
                if self._error is not None:
                    raise self._error
                return False
            self._news.clear()
            await self._news.wait()
        return True


def position_of(item: Item) -> str:
    """The position up to which the stream is known with this item."""
    if isinstance(item, Entry):
        return item.id
    epoch, seq = split_id(item.before)
    return f"{epoch}-{seq - 1}"


def _as_gap(item: Item) -> Gap:
    if isinstance(item, Gap):
        return item
    epoch, seq = split_id(item.id)
    return Gap(f"{epoch}-{seq - 1}", f"{epoch}-{seq + 1}", 1, 1, "inbox_full")


def _joined(first: Item, second: Item) -> Gap:
    """One gap in the place of two neighbours."""
    a, b = _as_gap(first), _as_gap(second)
    lost = None if a.lost is None or b.lost is None else a.lost + b.lost
    joined = replace(a, before=b.before, lost=lost, reason="inbox_full")
    if a.after is None or split_id(a.after)[0] != split_id(b.before)[0]:
        return replace(joined, after=None, at_most=None)
    return replace(joined, at_most=split_id(b.before)[1] - split_id(a.after)[1] - 1)
