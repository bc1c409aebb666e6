"""Commands reach their handlers, and what comes of them their senders, whatever the handlers do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

import httpx
import pytest

from mythos import Command, CommandError, Server
from raw_client import RawClient
from waiting import until


async def test_a_handlers_result_is_the_reply(mythos_server: Server):
    mythos_server.command("echo")(lambda command: command.data)

    @mythos_server.command("who")
    def who(command: Command) -> dict[str, str]:
        return {"player": command.player_id, "session": command.session_id, "client": command.client_id}

    @mythos_server.command("later")
    async def later(command: Command) -> str:
        await asyncio.sleep(0)
        return "done"

    async with RawClient(mythos_server) as ann:
        for number, data in enumerate([{}, {"text": "hi"}, [1, None], "text", 0]):
            assert (await ann.ask(number, "echo", data))["data"] == data
        reply = await ann.ask(10, "who")
        assert reply["data"] == {"player": "ann", "session": ann.welcome["session_id"], "client": "c"}
        assert (await ann.ask(11, "later"))["data"] == "done"
        assert await ann.code(12, "nothing") == "unknown_command"


async def test_nothing_returned_is_an_empty_object(mythos_server: Server):
    mythos_server.command("note")(lambda command: None)
    async with RawClient(mythos_server) as ann:
        assert (await ann.ask(1, "note"))["data"] == {}


async def test_a_handler_may_be_added_while_it_runs(mythos_server: Server):
    async with RawClient(mythos_server) as ann:
        assert await ann.code(1, "echo") == "unknown_command"
        mythos_server.command("echo")(lambda command: 1)
        assert (await ann.ask(2, "echo"))["data"] == 1


async def test_a_handler_that_fails_tells_its_caller_little_and_the_log_all(mythos_server: Server, caplog):
    @mythos_server.command("sync")
    def fail(command: Command) -> None:
        raise RuntimeError("the secret")

    @mythos_server.command("async")
    async def fail_later(command: Command) -> None:
        raise RuntimeError("the secret")

    mythos_server.command("thread", blocking=True)(fail)
    mythos_server.command("unspeakable")(lambda command: object())
    mythos_server.command("fine")(lambda command: 1)
    async with RawClient(mythos_server) as ann:
        with caplog.at_level(logging.ERROR, "mythos.server"):
            for number, type in enumerate(["sync", "async", "thread", "unspeakable"]):
                reply = await ann.ask(number, type)
                assert reply["error"]["code"] == "handler_failed" and not reply["error"]["retryable"]
                assert "secret" not in json.dumps(reply)
        assert [record.exc_info is not None for record in caplog.records] == [True] * 4
        assert (
            caplog.text.count("RuntimeError: the secret") == 3
            and "'unspeakable'" in caplog.text
            and "ann" in caplog.text
        )
        assert (await ann.ask(10, "fine"))["ok"], "nothing else came down"


async def test_a_handler_may_say_no(mythos_server: Server):
    calls = []

    @mythos_server.command("go")
    def go(command: Command) -> None:
        calls.append(command.id)
        raise CommandError("no_exit", "There is no way.", retryable=command.data.get("again", False))

    async with RawClient(mythos_server) as ann:
        for _ in range(2):
            error = (await ann.ask(1, "go"))["error"]
            assert error == {"code": "no_exit", "message": "There is no way.", "retryable": False}
        assert calls == ["c-1"], "it has its outcome"
        for _ in range(2):
            assert (await ann.ask(2, "go", {"again": True}))["error"]["retryable"]
        assert calls == ["c-1", "c-2", "c-2"], "nothing was done, so it may be tried again"


async def test_commands_run_in_their_order_and_once(mythos_server: Server):
    heard: list[int] = []
    mythos_server.command("say")(lambda command: heard.append(command.data))
    async with RawClient(mythos_server) as ann:
        for number in range(100):
            await ann.send(number, "say", number)
        for number in range(100):
            await ann.send(number, "say", number)
        for number in range(100):
            assert await ann.reply(number) == await ann.reply(number)
        assert await ann.code(99, "say", "another") == "id_conflict"
    assert heard == list(range(100))


async def test_a_repeat_on_another_wire_waits_for_the_same_reply(mythos_server: Server):
    begun, may_end = threading.Event(), threading.Event()
    runs: list[str] = []

    @mythos_server.command("slow", blocking=True)
    def slow(command: Command) -> int:
        runs.append(command.id)
        begun.set()
        may_end.wait(15)
        return 7

    async with RawClient(mythos_server) as ann:
        await ann.send(1, "slow")
        await asyncio.to_thread(begun.wait, 15)
        query = {"session_id": ann.welcome["session_id"], "client_id": "c"}
        async with httpx.AsyncClient(trust_env=False, timeout=15) as http:
            posted = asyncio.create_task(
                http.post(
                    f"{mythos_server.url}/api/commands", params=query, json={"id": "c-1", "type": "slow", "data": {}}
                )
            )
            await asyncio.sleep(0)
            may_end.set()
            assert (await posted).json()[0]["data"]["data"] == 7
        assert (await ann.reply(1))["data"] == 7
    assert runs == ["c-1"]


@pytest.mark.mythos({"limits.commands_handled": 2})
async def test_a_full_queue_is_overloaded_and_a_slow_handler_holds_up_no_delivery(mythos_server: Server):
    may_end = threading.Event()
    mythos_server.command("slow")(lambda command: may_end.wait(15))
    async with RawClient(mythos_server) as ann:
        await ann.ask(1, "subscribe", {"channel": "room"})
        await ann.send(2, "slow")
        await ann.send(3, "slow")
        reply = await ann.ask(4, "slow")
        assert (reply["error"]["code"], reply["error"]["retryable"]) == ("overloaded", True)
        mythos_server.publish("said", 1, channel="room")
        assert (await ann.ask(5, "ping"))["ok"], "built-in commands need no handler"
        assert (await ann.entry())["data"] == 1
        may_end.set()
        assert (await ann.reply(2))["ok"] and (await ann.reply(3))["ok"]
        assert (await ann.ask(4, "slow"))["ok"], "the refusal was not remembered"


@pytest.mark.mythos({"limits.commands_outstanding": 1})
async def test_what_runs_counts_as_outstanding(mythos_server: Server):
    may_end = threading.Event()
    mythos_server.command("slow", blocking=True)(lambda command: may_end.wait(15))
    async with RawClient(mythos_server) as ann:
        await ann.send(1, "slow")
        assert await ann.code(2, "slow") == "too_many_outstanding"
        may_end.set()
        assert (await ann.reply(1))["ok"]


async def test_a_session_may_end_while_its_command_runs(mythos_server: Server):
    may_end = threading.Event()
    done: list[bool] = []

    @mythos_server.command("slow", blocking=True)
    def slow(command: Command) -> None:
        may_end.wait(15)
        done.append(True)

    mythos_server.command("fine")(lambda command: 1)
    async with RawClient(mythos_server) as ann:
        await ann.send(1, "slow")
        assert (await ann.ask(2, "fine"))["ok"], "the loop has handed it over"
        mythos_server.replace_session("ann")
        await ann.socket.wait_closed()
    may_end.set()

    async def has_run() -> bool:
        return done == [True]

    await until(has_run)
    async with RawClient(mythos_server) as ann:
        assert (await ann.ask(1, "fine"))["data"] == 1


async def test_what_a_handler_published_is_in_the_journal_before_its_reply(mythos_server: Server):
    @mythos_server.command("say")
    async def say(command: Command) -> str:
        await asyncio.sleep(0)
        return mythos_server.publish("said", command.data, channel="room")

    async with RawClient(mythos_server) as ann:
        for number in range(0, 40, 2):
            said = await ann.ask(number, "say", number)
            history = await ann.ask(number + 1, "history", {"channel": "room", "limit": 1})
            assert [entry["id"] for entry in history["data"]["entries"]] == [said["data"]]


async def test_integers_of_any_length_come_through(mythos_server: Server):
    mythos_server.command("plus")(lambda command: str(command.data["n"] + 1))
    async with RawClient(mythos_server) as ann:
        for number, n in enumerate([7, 10**18, 2**63 - 1, 2**64 - 1, 2**64, 10**40]):
            assert (await ann.ask(number, "plus", {"n": n, "pad": "x" * number * 7}))["data"] == str(n + 1)


@pytest.mark.parametrize("data", ["deep", "long"])
async def test_a_reply_that_clients_could_not_read_is_a_failure(mythos_server: Server, data: str):
    deep: Any = []
    for _ in range(62):
        deep = [deep]
    mythos_server.command("deep")(lambda command: deep)
    mythos_server.command("long")(lambda command: "x" * 1_100_000)
    mythos_server.command("brackets")(lambda command: "[" * 1_000)
    async with RawClient(mythos_server) as ann:
        assert await ann.code(1, data) == "handler_failed"
        assert (await ann.ask(2, "brackets"))["ok"]


async def test_on_a_running_loop_handlers_run_there():
    threads: set[int] = set()
    note = lambda command: threads.add(threading.get_ident())  # noqa: E731

    async def note_later(command: Command) -> None:
        note(command)

    async with Server(listen="127.0.0.1:0", drain={"spread_ms": 0}, log={"level": "error"}) as server:
        server.command("sync")(note)
        server.command("async")(note_later)
        async with RawClient(server) as ann:
            assert (await ann.ask(1, "sync"))["ok"] and (await ann.ask(2, "async"))["ok"]
            assert threads == {threading.get_ident()}
            server.command("thread", blocking=True)(note)
            assert (await ann.ask(3, "thread"))["ok"]
            assert len(threads) == 2


async def test_what_still_runs_at_the_end_is_cancelled_and_its_sender_told():
    cancelled: list[bool] = []
    async with Server(listen="127.0.0.1:0", drain={"spread_ms": 0, "timeout_s": 0}, log={"level": "error"}) as server:

        @server.command("forever")
        async def forever(command: Command) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(True)

        server.command("fine")(lambda command: 1)
        async with RawClient(server) as ann:
            await ann.send(1, "forever")
            assert (await ann.ask(2, "fine"))["ok"]
    assert cancelled == [True]


async def test_one_that_will_not_be_cancelled_is_left_to_itself(monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setattr("mythos.server.HANDLER_GRACE_S", 0.05)
    may_end, ended = asyncio.Event(), asyncio.Event()
    async with Server(listen="127.0.0.1:0", drain={"spread_ms": 0, "timeout_s": 0}, log={"level": "error"}) as server:

        @server.command("stubborn")
        async def stubborn(command: Command) -> None:
            while not may_end.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await may_end.wait()
            ended.set()

        server.command("fine")(lambda command: 1)
        async with RawClient(server) as ann:
            await ann.send(1, "stubborn")
            assert (await ann.ask(2, "fine"))["ok"]
    assert "left to themselves" in caplog.text
    may_end.set()
    await asyncio.wait_for(ended.wait(), 15)


@pytest.mark.parametrize("type", ["subscribe", "publish", "mythos.anything", ""])
def test_the_cores_own_commands_have_no_handlers(mythos_server: Server, type: str):
    with pytest.raises(ValueError, match=r"core's own|needs a type"):
        mythos_server.command(type)


def test_a_command_has_one_handler(mythos_server: Server):
    mythos_server.command("say")(lambda command: None)
    with pytest.raises(ValueError, match="already"):
        mythos_server.command("say")
