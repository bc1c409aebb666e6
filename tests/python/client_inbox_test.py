"""The bound on what an application leaves unread, and what it is told of the rest."""

from __future__ import annotations

import pytest

from mythos.client_inbox import Inbox
from mythos.entries import Entry, Gap
from mythos.errors import SessionReplaced


def entry(seq: int, epoch: str = "e1") -> Entry:
    return Entry(f"{epoch}-{seq}", "n", seq)


async def test_items_come_in_order_and_then_the_end():
    inbox = Inbox(10)
    inbox.put(entry(1))
    inbox.put(Gap("e1-1", "e1-5", 2, 3, "retention"))
    inbox.end(None)
    assert await inbox.take() == entry(1)
    assert inbox.taken == "e1-1"
    assert await inbox.take() == Gap("e1-1", "e1-5", 2, 3, "retention")
    assert inbox.taken == "e1-4"
    assert await inbox.take() is None
    assert await inbox.take_all() == []


async def test_an_error_comes_after_what_was_received():
    inbox = Inbox(10)
    inbox.put(entry(1))
    inbox.end(SessionReplaced("session_replaced"))
    assert await inbox.take_all() == [entry(1)]
    with pytest.raises(SessionReplaced):
        await inbox.take()


async def test_beyond_the_bound_the_newest_are_told_as_one_gap():
    inbox = Inbox(3)
    for seq in (10, 20, 30, 40, 50):
        inbox.put(entry(seq))
    assert len(inbox) == 3
    assert [await inbox.take() for _ in range(2)] == [entry(10), entry(20)]
    inbox.put(entry(60))
    assert await inbox.take() == Gap("e1-29", "e1-51", 3, 21, "inbox_full")
    assert inbox.dropped == 3
    assert await inbox.take() == entry(60)


async def test_what_a_gap_did_not_know_stays_unknown():
    inbox = Inbox(1)
    inbox.put(Gap("e1-1", "e1-5", None, 3, "retention"))
    inbox.put(entry(7))
    assert await inbox.take() == Gap("e1-1", "e1-8", None, 6, "inbox_full")


async def test_positions_of_two_epochs_are_not_compared():
    inbox = Inbox(1)
    inbox.put(entry(7))
    inbox.put(entry(2, "e2"))
    assert await inbox.take() == Gap(None, "e2-3", 2, None, "inbox_full")
