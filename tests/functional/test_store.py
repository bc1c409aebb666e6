"""The history in the database, on SQLite and PostgreSQL alike: known traffic, and exactly its rows."""

import asyncio
import signal
from collections import Counter

from api import Api
from databases import Database
from history import await_written, dropped
from mythosd import eventually, run_to_end
from wires import open_sse, open_websocket

ROWS = "SELECT connection_type, close_reason, close_code FROM connections"


def closed_rows(database: Database) -> int:
    return len(database.rows("SELECT 1 FROM connections WHERE closed_at IS NOT NULL"))


async def test_the_rows_are_the_known_traffic(start_server, database):
    server = start_server({"store.url": database.url, "session.grace_s": 0})
    async with Api(server.url) as api:
        for n in range(3):
            async with await open_websocket(server, "ann", client_id=f"c{n}"):
                pass
        for n in range(2):
            sse = await open_sse(server, "ann", client_id=f"c{n}")
            await sse.drop()
        async with await open_websocket(server, "bob") as ws, await open_sse(server, "bob") as sse:
            await api.new_session("bob")
            assert await ws.closed() == 4001
            await sse.closed()
        async with await open_websocket(server, "cid") as ws:
            await api.ok("/api/disconnect", {"player": "cid", "code": 4007, "reason": "enough"})
            await ws.closed()
        async with await open_websocket(server, "dan") as ws:
            await ws.send(b"\x00")
            await ws.closed()

        await asyncio.to_thread(eventually, "all are closed in the database", lambda: closed_rows(database) == 9)
        counters = (await api.get("/api/connections/stats"))["counters"]
    expected = Counter(
        {
            ("websocket", "normal", "1000"): 3,
            ("sse", "peer_gone", "1006"): 2,
            ("websocket", "session_replaced", "4001"): 1,
            ("sse", "session_replaced", "4001"): 1,
            ("websocket", "disconnected", "4007"): 1,
            ("websocket", "unsupported", "1003"): 1,
        }
    )
    assert Counter(database.rows(ROWS)) == expected
    closed = Counter()
    for name, count in counters.items():
        if name.startswith("mythos_connections_closed_total") and count:
            closed[name.partition('reason="')[2].partition('"')[0]] += count
    assert closed == Counter(reason for _, reason, _ in expected.elements())
    assert dropped(server) == {"queue_full": 0, "rejected": 0, "shutdown": 0}
    server.stop()
    sessions = Counter(database.rows("SELECT player_id, close_reason FROM sessions"))
    assert sessions[("bob", "replaced")] == 1
    assert {player for player, _ in sessions} == {"ann", "bob", "cid", "dan"}
    assert not database.rows("SELECT session_id FROM sessions WHERE closed_at IS NULL")


async def test_the_guides_query_tells_of_a_player(start_server, database):
    server = start_server({"store.url": database.url})
    async with await open_websocket(server, "test_player", client_id="tab") as ws:
        await asyncio.to_thread(await_written, server, 2)
        columns = "player_id, session_id, client_id, connection_id, connection_type, closed_at"
        assert database.rows(f"SELECT {columns} FROM connections WHERE player_id = 'test_player'") == [
            ("test_player", ws.session_id, "tab", ws.welcome["connection_id"], "websocket", "")
        ]
        assert len(database.rows("SELECT * FROM connections WHERE player_id = 'test_player'")) == 1
    server.stop()
    reasons = {reason for (reason,) in database.rows("SELECT close_reason FROM connections")}
    assert reasons == {"normal"}


async def test_what_a_crash_left_open_is_closed_at_the_next_start(start_server, database):
    server = start_server({"store.url": database.url, "store.server_id": "one"})
    async with await open_websocket(server, "ann"):
        await asyncio.to_thread(await_written, server, 2)
        server.signal(signal.SIGKILL)
        server.kill()
    assert database.rows("SELECT close_reason FROM connections") == [("",)]
    start_server({"store.url": database.url, "store.server_id": "two"})
    assert database.rows("SELECT close_reason FROM connections") == [("",)], "another server's rows are its own"
    start_server({"store.url": database.url, "store.server_id": "one"})
    assert database.rows("SELECT close_reason FROM connections") == [("server_lost",)]
    assert database.rows("SELECT close_reason FROM sessions") == [("server_lost",)]
    assert not database.rows("SELECT 1 FROM connections WHERE closed_at < created_at")


def test_servers_that_start_at_once_share_the_tables(start_server, database):
    servers = [start_server({"store.url": database.url, "store.server_id": f"s{n}"}) for n in range(2)]
    assert database.rows("SELECT version FROM mythos_schema") == [("1",)]
    for server in servers:
        server.stop()


def test_a_newer_schema_is_refused(start_server, database):
    start_server({"store.url": database.url}).stop()
    database.execute("INSERT INTO mythos_schema (version, applied_at) VALUES (99, '2030-01-01 00:00:00+00:00')")
    ended = run_to_end("--listen", "127.0.0.1:0", "--store.url", database.url)
    assert ended.returncode == 1
    assert "newer version of this server" in ended.stderr


def test_a_bad_url_is_refused_with_what_to_write():
    ended = run_to_end("--listen", "127.0.0.1:0", DATABASE_URL="mysql://ann:secret@db/game")
    assert ended.returncode == 2
    assert "store.url" in ended.stderr and "sqlite:///FILE" in ended.stderr
    assert "secret" not in ended.stderr


def test_old_rows_are_deleted(start_server, database):
    start_server({"store.url": database.url, "store.server_id": "old"}).stop()
    row = "('k_{0}', 'ann', 's', 'c', 'sse', 'r', '2020-01-01 00:00:00+00:00', {1}, 'normal')"
    for name, closed in (("closed", "'2020-01-02 00:00:00+00:00'"), ("open", "NULL")):
        database.execute(
            "INSERT INTO connections (connection_id, player_id, session_id, client_id, connection_type, run_id, "
            "created_at, closed_at, close_reason) VALUES " + row.format(name, closed)
        )
    server = start_server({"store.url": database.url, "store.server_id": "new", "store.retention_s": 60})
    eventually("the old row is gone", lambda: database.rows("SELECT connection_id FROM connections") == [("k_open",)])
    server.stop()
