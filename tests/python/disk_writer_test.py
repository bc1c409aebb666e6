"""What waits for a disk: done in order, the newest of a name only, bounded."""

from __future__ import annotations

import threading

import pytest

from mythos.alerts.disk_writer import WAITING_MAX, DiskWriter


def test_what_waits_gives_way_to_newer_of_its_name():
    writer, may_go, under_way = DiskWriter(), threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        under_way.set()
        assert may_go.wait(60)
        done.append("first")

    writer.put("memory", first)
    assert under_way.wait(60)
    writer.put("memory", lambda: done.append("older"))
    writer.put("block", lambda: done.append("block"))
    writer.put("memory", lambda: done.append("newer"))
    assert not done and not writer.settle(0.0) and writer.busy_s() >= 0
    may_go.set()
    assert writer.stop(60)
    assert done == ["first", "newer", "block"] and writer.busy_s() == 0


def test_what_fails_hinders_nothing_and_what_is_too_much_is_dropped_and_said(caplog: pytest.LogCaptureFixture):
    writer, may_go, under_way = DiskWriter(), threading.Event(), threading.Event()
    done: list[int] = []

    def fail() -> None:
        under_way.set()
        assert may_go.wait(60)
        raise ValueError("a fault of ours")

    writer.put("fails", fail)
    assert under_way.wait(60)
    for n in range(WAITING_MAX + 1):
        writer.put(f"block {n}", lambda n=n: done.append(n))  # type: ignore[misc]
    may_go.set()
    assert writer.stop(60)
    assert done == list(range(1, WAITING_MAX + 1))
    assert caplog.messages == ["Not kept", "Alert engine failed"]


def test_who_has_nothing_to_write_has_no_thread():
    assert DiskWriter().stop(0.0)
