"""docs/reference/logs.md against the code's events, and against every line that a server writes."""

import asyncio
import re
import signal

from api import Api
from certificates import make_certificate
from mythosd import REPOSITORY
from wires import open_sse, open_websocket

PAGE = (REPOSITORY / "docs" / "reference" / "logs.md").read_text()
CPP = REPOSITORY / "cpp"
BY_SEVERITY = {"low": "warning", "medium": "error", "high": "error", "critical": "critical"}
HEAD = {"timestamp", "level", "logger", "event"}
TYPES = {"text": str, "integer": int, "number": (int, float), "boolean": bool, "list": list}

# How an event is written in the code.
WRITTEN = [
    re.compile(pattern)
    for pattern in (
        r'\blog\w*(?:\(\))?\s*(?:\.|->)(?:debug|info|warning|error|critical)\(\s*"([A-Z][^"]+)"',
        r'\blog\w*(?:\.|->)write\([^";]+,\s*"([A-Z][^"]+)"',
        r'\breport\("([A-Z][^"]+)"',
        r'\btell\([\w:]+, "([A-Z][^"]+)"',
        r'"((?:WebSocket|SSE) (?:connection )?[a-z]+)"',
        r'"(Session \w+)"',
        r'"(Database [a-z ]+)"',
        r'"(Errors left out of the log)"',
    )
]


def cells(line):
    return [cell.strip() for cell in line.split("|")[1:-1]]


def table(columns):
    """The rows of the first table with this head."""
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if cells(line) == columns)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append(cells(line))
    return rows


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


EVENTS = {
    event: (names(logger)[0], level, set(names(fields)))
    for events, logger, level, fields in table(["event", "logger", "level", "fields"])
    for event in names(events)
}
ERRORS = {cells(line)[3] for line in (REPOSITORY / "docs/reference/errors.md").read_text().splitlines() if "|" in line}
FIELDS = {names(field)[0]: kind for field, kind, _ in table(["field", "type", "what it is"])}


def test_the_page_has_the_events_of_the_code_and_no_others():
    sources = [file for file in CPP.rglob("*.cpp") if "echo" not in file.name]
    written = {event for file in sources for pattern in WRITTEN for event in pattern.findall(file.read_text())}
    assert written <= set(EVENTS)
    assert set(EVENTS) - written <= ERRORS


def test_the_page_says_what_each_field_is():
    used = set().union(*(fields for _, _, fields in EVENTS.values()))
    assert used == set(FIELDS)
    assert set(FIELDS.values()) <= set(TYPES)


def check(line):
    event = line["event"]
    logger, level, fields = EVENTS["SSE connection failed" if event in ERRORS and event not in EVENTS else event]
    if level == "by severity":
        level = BY_SEVERITY[line["severity"]]
    if level == "by the status":
        level = "info" if line["to"] == "healthy" else "warning"
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert (line["logger"], line["level"]) == (logger, level)
    assert set(line) - HEAD <= fields, line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
    for name in set(line) - HEAD:
        value, kind = line[name], FIELDS[name]
        assert isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)), (name, line)


async def test_every_line_is_as_the_page_says(start_server, tmp_path):
    server = start_server(
        {
            "log.level": "debug",
            "log.message_sample": 1,
            "session.grace_s": 0,
            "limits.limit_policy": "refuse",
            "monitor.listen": "127.0.0.1:0",
            "monitor.certificates": [str(make_certificate(tmp_path / "proxy.pem")), str(tmp_path / "none.pem")],
        },
        environment={"MYTHOS_NO_SUCH_OPTION": "1"},
    )
    trace = {"additional_headers": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
    async with Api(server.url) as api:
        async with await open_websocket(server, "ann", client_id="tab", attempt=1, options=trace) as ws:
            async with await open_sse(server, "ann", client_id="tab"):
                await ws.subscribe("room")
                for target in ({"player": "ann"}, {"channel": "room"}, {"everyone": True}):
                    await api.publish(**target)
                await ws.entries(3)
            await api.new_session("ann")
        await api.http.get("/sse/ann?cursor=nonsense")
        await api.http.get("/nowhere")
        await api.http.get("/sse/ann?session_id=" + ws.welcome["session_id"])
        async with await open_websocket(server, "ann", session_id=ws.welcome["session_id"]) as refused:
            await refused.closed()
        async with await open_websocket(server, "bob", client_id="tab") as ws:
            pass

        def ended(line):
            return line["event"] == "Session ended" and line["player_id"] == "bob"

        await asyncio.to_thread(server.wait_log, "it has ended", ended)
        old = {"session_id": ws.session_id, "cursor": ws.welcome["cursor"]}
        async with await open_websocket(server, "bob", client_id="tab", **old) as ws:
            await ws.control("mythos.gap")
    server.options |= {"heartbeat_ms": 700, "server.loops": 3}
    server.write_config()
    server.signal(signal.SIGHUP)
    server.wait_log("reloaded", lambda line: line["event"] == "Configuration reloaded")
    server.config.write_text("nonsense")
    server.signal(signal.SIGHUP)
    server.wait_log("not reloaded", lambda line: line["event"] == "Configuration not reloaded")
    await asyncio.to_thread(server.stop)
    lines = server.log_lines()
    for line in lines:
        check(line)
    seen = {line["event"] for line in lines}
    # What takes a fault of the machine or of the server is provoked elsewhere.
    assert set(EVENTS) - seen <= {
        "Log lines dropped because the queue was full",
        "Log file did not take all lines",
        "Errors left out of the log",
        "Connection ended abnormally",
        "Database connected",
        "Database away",
        "Database write failed",
        "History not written",
        "Health changed",
        "Health check failed",
    }
