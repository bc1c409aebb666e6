"""The history as Python reads it, on a server in this process."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mythos
from mythos.cli import app
from mythos.store import History
from waiting import until


def url_in(directory: Path) -> str:
    return f"sqlite:///{directory / 'history.db'}"


async def test_what_happened_is_read_back(tmp_path: Path) -> None:
    async with mythos.Server(listen="127.0.0.1:0", store={"url": url_in(tmp_path)}) as server:

        async def both_are_open() -> bool:
            return len(server.connections) == 2

        async with mythos.Client(server.url, "ann"):
            await until(both_are_open)
            assert server.store.flush()
            open_now = server.store.connections("ann")
            assert {each.wire for each in open_now} == {"websocket", "sse"}
            assert all(each.closed_at is None and each.server_id for each in open_now)

        async def nobody_is_left() -> bool:
            return len(server.connections) == 0

        await until(nobody_is_left)
        assert server.store.flush()
        closed = server.store.connections("ann", since=datetime.now().astimezone() - timedelta(hours=1))
        assert len(closed) == 2 and all(each.closed_at and each.close_reason for each in closed)
        assert [each.player_id for each in server.store.sessions("ann")] == ["ann"]
        assert len(server.store.connections(limit=1)) == 1
        status = server.store.status
        assert status is not None and status.status == "healthy" and status.connection_count == 1
        assert status.written == 5 and status.error is None and sum(status.dropped.values()) == 0


def test_a_server_in_a_program_writes_no_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with mythos.Server(listen="127.0.0.1:0") as server:
        assert server.store.status is None
        assert server.store.flush()
        with pytest.raises(mythos.HistoryUnavailable) as raised:
            server.store.connections()
        assert raised.value.code == "store_off"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_read_is_told_by_a_word() -> None:
    with pytest.raises(mythos.HistoryUnavailable) as raised:
        History("postgresql://ann:secret@127.0.0.1:1/game").connections()
    assert raised.value.code == "unreachable" and "secret" not in str(raised.value)
    with pytest.raises(mythos.HistoryUnavailable):
        History("mysql://ann:secret@db/game").sessions()
    with pytest.raises(ValueError, match="from 1"):
        History("sqlite:///x.db").connections(limit=0)


async def test_the_command_prints_a_players_connections(tmp_path: Path) -> None:
    url = url_in(tmp_path)
    async with mythos.Server(listen="127.0.0.1:0", store={"url": url}) as server, mythos.Client(server.url, "ann"):
        assert server.store.flush()
    shown = CliRunner().invoke(app, ["history", "ann", "--database", url])
    assert shown.exit_code == 0
    assert shown.output.splitlines() and "websocket" in shown.output and "open" not in shown.output
    as_json = CliRunner().invoke(app, ["history", "ann", "--database", url, "--json"])
    assert '"close_reason": ' in as_json.output


def test_the_urls_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@db/game")
    for option in ([], ["--json"]):
        shown = CliRunner().invoke(app, ["check-config", *option])
        assert shown.exit_code == 0 and "postgresql://ann@db/game" in shown.output and "secret" not in shown.output
