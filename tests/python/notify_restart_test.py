"""What outlives the process, however it ended, and what happens where the state file is damaged or full."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from mythos.alerts.notify import outbox
from mythos.alerts.notify.matchers import Matcher
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.silence_file import SilenceFile
from mythos.alerts.notify.silences import Silence, SilenceRefused
from mythos.alerts.notify.state_file import StateFile
from notify_scene import START, Scene, alert, locked
from notify_servers import hang, serving, status
from waiting import until


def webhook(url: str) -> str:
    return f"webhook_configs: [{{url: '{url}'}}]"


async def test_what_is_pending_is_told_after_a_restart_once(tmp_path):
    async with serving(status(503), status(200), status(200)) as server:
        scene = Scene(tmp_path, webhook(server.url))
        await scene.tell(alert("Lag", i="1"), alert("Full"))
        await scene.wait(10)
        assert (len(server.requests), scene.pending) == (2, 1)
        await scene.notifier.aclose()
        scene.start()
        assert scene.pending == 1
        await scene.notifier.settle()
        assert (len(server.requests), scene.pending) == (3, 0)
        first, other, again = server.bodies
        assert again == first and other["groupKey"] != first["groupKey"]
        await scene.notifier.aclose()
        scene.start()
        await scene.wait(30)
        assert len(server.requests) == 3, "what was told is remembered"
        await scene.notifier.aclose()


async def test_what_was_under_way_when_the_process_ended_is_told_again(tmp_path):
    """The documented repeat: nobody knows whether the receiver has taken it."""
    async with serving(hang) as server:
        scene = Scene(tmp_path, f"webhook_configs: [{{url: '{server.url}'}}]")
        scene.notifier.submit([alert()])
        scene.notifier.step()
        scene.now += 10
        scene.notifier.step()
        await until(server.is_asked)
        scene.kill()
        scene.start()
        await scene.notifier.settle()
        assert scene.count("webhook", "sent") == 1 and scene.pending == 0
        await scene.notifier.aclose()


async def test_a_receiver_that_is_gone_from_the_file_is_sent_nothing(tmp_path):
    async with serving(status(503)) as server:
        scene = Scene(tmp_path, webhook(server.url))
        await scene.tell(alert())
        await scene.wait(10)
        await scene.notifier.aclose()
        scene._config.write_text("route: {receiver: other}\nreceivers: [{name: other}]\n")
        scene.start()
        await scene.wait(1)
        assert scene.pending == 0 and scene.notifier.snapshot()["dropped_by_reason"] == {"receiver_gone": 1}
        await scene.notifier.aclose()


async def test_the_outbox_is_bounded_and_what_it_drops_is_counted_and_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(outbox, "PENDING_MAX", 3)
    caplog.set_level(logging.ERROR)
    scene = Scene(tmp_path, webhook("http://nowhere.test/"))
    await scene.tell(*(alert(f"Lag{n}") for n in range(5)))
    await scene.wait(10)
    assert scene.pending == 3 and scene.notifier.snapshot()["dropped_by_reason"] == {"outbox_full": 2}
    assert drops_in(caplog) == [("outbox_full", 2)]
    await scene.notifier.aclose()


def drops_in(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    lines = [line.__dict__ for line in caplog.records if line.message == "Notifications dropped"]
    return [(line["reason"], line["count"]) for line in lines]


async def test_what_the_dispatcher_drops_is_counted_and_told_once_a_minute(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mythos.alerts.notify.dispatcher.ALERTS_MAX", 2)
    async with serving() as server:
        scene = Scene(tmp_path, webhook(server.url))
        for _ in range(5):
            await scene.tell(*(alert("Lag", at=scene.now, i=str(n)) for n in range(3)))
            await scene.wait(15)
        assert scene.count("dispatch", "dropped") == 5
        assert drops_in(caplog) == [("alerts_full", 1), ("alerts_full", 3)]
        assert scene.notifier.metrics()["dispatch", "dropped"] == 5
        assert scene.notifier.snapshot()["dropped_by_reason"] == {"alerts_full": 5}
        await scene.notifier.aclose()


async def test_groups_beyond_the_bound_are_counted(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mythos.alerts.notify.dispatcher.GROUPS_MAX", 1)
    scene = Scene(tmp_path, webhook("http://nowhere.test/"))
    await scene.tell(alert("Lag"), alert("Full"))
    assert (scene.count("dispatch", "dropped"), drops_in(caplog)) == (1, [("groups_full", 1)])
    await scene.notifier.aclose()


async def test_evaluations_beyond_the_inbox_are_counted_though_nothing_takes_them(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mythos.alerts.notify.notifier.INBOX_MAX", 2)
    scene = Scene(tmp_path, webhook("http://nowhere.test/"))
    for _ in range(5):
        scene.notifier.submit([alert()])
    assert {which: n for which, n in scene.notifier.metrics().items() if n} == {("dispatch", "dropped"): 3}
    await scene.notifier.settle()
    assert drops_in(caplog) == [("inbox_full", 3)]
    await scene.notifier.aclose()


async def test_a_damaged_state_file_is_put_aside(tmp_path, caplog):
    (tmp_path / "alerts.db").write_bytes(b"not a database, for sure" * 100)
    async with serving() as server:
        scene = Scene(tmp_path, webhook(server.url))
        await scene.tell(alert())
        await scene.wait(10)
        assert len(server.requests) == 1
        assert list(tmp_path.glob("alerts.db.damaged-*")) and "Alert state put aside" in caplog.text
        await scene.notifier.aclose()


async def test_people_are_told_though_the_state_file_cannot_be_written(tmp_path, caplog):
    async with serving() as server:
        scene = Scene(tmp_path, webhook(server.url))
        other = sqlite3.connect(tmp_path / "alerts.db")
        other.execute("DROP TABLE kept")
        await scene.tell(alert())
        await scene.wait(10)
        assert len(server.requests) == 1 and scene.notifier.snapshot()["state_file_failures"] > 0
        assert caplog.text.count("Alert state not written") == 1
        other.close()
        await scene.notifier.aclose()


SILENCE = Silence("", (Matcher("alertname", "Lag", "="),), START, START + 600, "ann", "known", 0)


async def test_a_silence_holds_though_it_could_not_be_written_and_others_write_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr("mythos.alerts.notify.state_file.BUSY_TIMEOUT_S", 0.05)
    async with serving() as server:
        scene = Scene(tmp_path, webhook(server.url))
        with locked(tmp_path / "alerts.db") as other:
            other.execute("INSERT INTO kept VALUES ('other', 'key', '1')")
            with pytest.raises(SilenceRefused, match="is not kept"):
                scene.notifier.set_silence(SILENCE)
        await scene.tell(alert())
        await scene.wait(10)
        assert server.requests == []
        (kept,) = scene.notifier.list_silences()[1]
        assert SilenceFile(tmp_path / "alerts.db").list_silences()[1] == [kept], "it was written later"
        with locked(tmp_path / "alerts.db"), pytest.raises(SilenceRefused, match="is not kept"):
            scene.notifier.expire_silence(kept.id)
        await scene.wait(60)
        assert len(server.requests) == 1
        await scene.notifier.aclose()


async def test_silences_hold_though_the_state_file_cannot_be_read_any_more(tmp_path, caplog):
    async with serving() as server:
        scene = Scene(tmp_path, webhook(server.url))
        scene.notifier.set_silence(SILENCE)
        other = sqlite3.connect(tmp_path / "alerts.db")
        other.execute("ALTER TABLE kept RENAME TO gone")
        other.commit()
        await scene.tell(alert())
        await scene.wait(10)
        assert server.requests == [] and caplog.text.count("Alert state not read") == 1
        other.execute("UPDATE gone SET kind = 'none' WHERE kind = 'silence'")
        other.execute("ALTER TABLE gone RENAME TO kept")
        other.commit()
        other.close()
        await scene.wait(60)
        assert len(server.requests) == 1, "what was written meanwhile is read when that is possible"
        await scene.notifier.aclose()


async def test_a_state_file_with_a_damaged_page_is_put_aside(tmp_path, caplog):
    scene = Scene(tmp_path, webhook("http://nowhere.test/"))
    for _ in range(50):
        scene.notifier.set_silence(SILENCE)
    await scene.notifier.aclose()
    damaged = bytearray((tmp_path / "alerts.db").read_bytes())
    damaged[4_096 * 2 : 4_096 * 3] = b"x" * 4_096
    (tmp_path / "alerts.db").write_bytes(damaged)
    scene.start()
    assert "Alert state put aside" in caplog.text and list(tmp_path.glob("alerts.db.damaged-*"))
    scene.notifier.set_silence(SILENCE)
    await scene.notifier.aclose()


def test_a_guest_is_told_that_a_file_cannot_be_read(tmp_path):
    StateFile(tmp_path / "alerts.db", now=START).close()
    guest = StateFile(tmp_path / "alerts.db", now=START, owner=False)
    other = sqlite3.connect(tmp_path / "alerts.db")
    other.execute("DROP TABLE kept")
    other.close()
    with pytest.raises(sqlite3.Error):
        guest.all("silence")
    guest.close()


OWNED = """
import sys
from pathlib import Path
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions
from mythos.errors import ConfigError

try:
    Notifier(NotifyOptions(state_file=Path(sys.argv[1])))
except ConfigError as error:
    print(error)
"""


async def owner_of(file: Path) -> str:
    """What another process is told that would own it too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNED, str(file), stdout=asyncio.subprocess.PIPE
    )
    return (await process.communicate())[0].decode()


async def test_a_state_file_has_one_owner_and_guests(tmp_path):
    scene = Scene(tmp_path, webhook("http://nowhere.test/"))
    (tmp_path / "link.db").symlink_to(tmp_path / "alerts.db")
    for name in ("alerts.db", "link.db"):
        assert f"{name} belongs to process {os.getpid()}, which is running" in await owner_of(tmp_path / name)
    guest = SilenceFile(tmp_path / "alerts.db", now=lambda: START)
    kept = guest.set_silence(SILENCE)
    await scene.wait(1)
    assert scene.notifier.list_silences()[1] == [kept]
    await scene.notifier.aclose()
    scene.start()
    await scene.notifier.aclose()


def test_a_child_does_not_hold_a_state_file_when_its_parent_has_ended(tmp_path):
    owner = StateFile(tmp_path / "alerts.db", now=START)
    (reading, writing), (ready, tell_ready) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.write(tell_ready, b".")
        os.read(reading, 1)
        os._exit(0)
    os.read(ready, 1)
    owner.close()
    StateFile(tmp_path / "alerts.db", now=START).close()
    os.close(writing)
    os.waitpid(child, 0)
    for descriptor in (reading, ready, tell_ready):
        os.close(descriptor)


KILLED = """
import sys, time
from pathlib import Path
from mythos.alerts.alert import Alert
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions

directory, now = Path(sys.argv[1]), time.time()
notifier = Notifier(
    NotifyOptions(
        directory / "alertmanager.yml",
        allowed_networks=["127.0.0.0/8"],
        external_url="http://mythos.test",
        state_file=directory / "alerts.db",
    )
)
notifier.start()
notifier.submit([Alert({"alertname": name}, {}, now, now + 240) for name in ("Told", "Pending")])
while [notifier.metrics()["webhook", status] for status in ("sent", "retried")] != [1, 1]:
    time.sleep(0.01)
print("now", flush=True)
time.sleep(600)
"""


async def test_a_process_that_is_killed_loses_nothing(tmp_path):
    async with serving(status(503, "Retry-After: 3000")) as server:
        scene = Scene(tmp_path, webhook(server.url), now=time.time(), group_wait="0s")
        await scene.notifier.aclose()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None and await process.stdout.readline() == b"now\n"
        process.kill()
        await process.wait()
        refused, taken = server.bodies
        scene.start()
        await scene.notifier.settle()
        assert server.bodies[2:] == [refused] and taken["groupKey"] != refused["groupKey"]
        await scene.wait(60)
        assert len(server.requests) == 3
        await scene.notifier.aclose()


async def test_what_no_alertmanager_was_sent_before_the_end_is_sent_after_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mythos.alerts.notify.notifier.STOP_S", 0.01)
    async with serving(hang) as server:
        scene = Scene(tmp_path, "webhook_configs: []", alertmanagers=[Secret(server.url)])
        scene.notifier.submit([alert(resolved_at=START)])
        scene.notifier.step()
        await until(server.is_asked)
        await scene.notifier.aclose()
        scene.start()
        await scene.notifier.settle()
        assert [each["labels"] for each in server.bodies[-1]] == [{"alertname": "Lag"}]
        assert scene.count("alertmanager", "sent") == 1
        await scene.notifier.aclose()
