"""The pytest plugin as a test author meets it: in a run of its own, from a file of a few lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

AUTHORS_TEST = """
import pytest

pytestmark = pytest.mark.asyncio


async def test_a_cut_wire_loses_nothing(mythos_server, mythos_client, mythos_proxy):
    async with mythos_client("ann", through=mythos_proxy) as ann:
        mythos_proxy.websocket.cut()
        mythos_server.publish("chat.said", {"text": "hello"}, player="ann")
        assert (await anext(ann)).data == {"text": "hello"}


@pytest.mark.mythos({"session.grace_s": 7})
async def test_options_reach_the_server(mythos_server, mythos_client):
    @mythos_server.command("double")
    def double(command):
        return command.data * 2

    assert mythos_server.settings.session.grace_s == 7
    async with mythos_client("ann") as ann:
        assert await ann.command("double", 21) == 42
"""


THREE_LINES = """
def test_mine(mythos_server, mythos_sync_client, mythos_proxy):
    with mythos_sync_client("ann", through=mythos_proxy) as ann:
        ann.both_live()
        assert mythos_proxy.websocket.cut() == 1 and ann.ping()
"""


def test_three_lines_have_a_server_a_client_and_a_proxy_without_any_other_plugin(tmp_path: Path):
    file = tmp_path / "test_mine.py"
    file.write_text(THREE_LINES)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mythos.testing.plugin", "-p", "no:asyncio", str(file)]
    given = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert given.returncode == 0, given.stdout
    assert "1 passed" in given.stdout


def test_a_few_lines_are_enough(tmp_path: Path):
    file = tmp_path / "test_mine.py"
    file.write_text(AUTHORS_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mythos.testing.plugin", "--strict-markers", str(file)]
    given = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert given.returncode == 0, given.stdout
    assert "2 passed" in given.stdout


def test_a_process_of_its_own_may_be_killed(mythos_process, mythos_sync_client, mythos_server):
    with mythos_sync_client("ann", through=mythos_process) as ann:
        mythos_process.publish("test.n", {"n": 1}, player="ann")
        assert ann.next(10).data == {"n": 1}
        mythos_process.kill()
        ann.until(lambda c: not c.live_wires)
