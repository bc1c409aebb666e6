"""The client without an event loop."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mythos import errors
from mythos.client_sync import SyncClient
from mythos.entries import Entry

WITHIN_S = 15.0


def test_it_reads_and_talks(mythos_server, mythos_sync_client):
    with mythos_sync_client("ann") as ann, mythos_sync_client("bob") as bob:
        ann.subscribe("room:1")
        id = bob.publish("chat.said", {"text": "hi"}, channel="room:1")
        said = ann.next(WITHIN_S)
        assert isinstance(said, Entry) and (said.id, said.data) == (id, {"text": "hi"})
        assert ann.cursor == id and ann.unread == 0
        ann.credentials_renewed()
        assert [m.player_id for m in ann.presence("room:1")] == ["ann"]
        assert [e.id for e in ann.history("room:1").entries] == [id]
        assert ann.ping() > 1_700_000_000
        ann.unsubscribe("room:1")
        with pytest.raises(errors.CommandFailed):
            ann.command("no.such")


def test_a_cut_wire_loses_nothing(mythos_server, mythos_sync_client, mythos_proxy):
    with mythos_sync_client("ann", through=mythos_proxy) as ann:
        ann.both_live()
        mythos_proxy.sse.cut(stay=True)
        ann.until(lambda c: c.live_wires == ["websocket"])
        for n in range(5):
            mythos_server.publish("test.n", {"n": n}, player="ann")
        assert [ann.next(WITHIN_S).data["n"] for _ in range(5)] == list(range(5))
        assert ann.wires["sse"].status != "live"
        assert ann.statistics["delivered"] == 5


def test_a_wait_that_ran_out_takes_nothing_along(mythos_server, mythos_sync_client):
    with mythos_sync_client("ann") as ann:
        for n in range(20):
            with pytest.raises(TimeoutError):
                ann.next(0.001)
            mythos_server.publish("test.n", {"n": n}, player="ann")
            assert ann.next(WITHIN_S).data == {"n": n}


def test_closing_ends_the_iteration_on_another_thread(mythos_server, mythos_sync_client):
    ann = mythos_sync_client("ann").open()
    got: list[object] = []
    first = threading.Event()

    def read() -> None:
        for item in ann:
            got.append(item)
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    mythos_server.publish("test.n", {"n": 1}, player="ann")
    assert first.wait(WITHIN_S)
    ann.close()
    reader.join(WITHIN_S)
    assert not reader.is_alive() and len(got) == 1


def test_a_closed_client_says_so(mythos_server, mythos_sync_client):
    ann = mythos_sync_client("ann")
    with pytest.raises(errors.ClientStopped):
        ann.ping()
    with ann:
        assert ann.session_id and ann.epoch and ann.client_id
    ann.close()
    with pytest.raises(errors.ClientStopped):
        ann.publish("chat.said", player="bob")


def test_no_server_is_an_error_and_leaves_no_thread(unused_tcp_port):
    before = threading.active_count()
    with pytest.raises(errors.ConnectFailed):
        SyncClient(f"http://127.0.0.1:{unused_tcp_port}", "ann", open_timeout_s=0.2).open()
    assert threading.active_count() == before


def test_a_program_may_end_without_closing_it(mythos_server):
    program = f"""
import mythos
from mythos.testing import LinkProxy
proxy = LinkProxy({mythos_server.url!r}).start()
ann = mythos.SyncClient(proxy.url, "ann").open()
ann.both_live()
print(ann.publish("test.n", player="ann") == ann.next(10).id)
"""
    given = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (given.returncode, given.stdout, given.stderr) == (0, "True\n", "")
