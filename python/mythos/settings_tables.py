"""The options as typed tables; made by bindings/generate_settings.py from the core's own table."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """Some options that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerTable(Table):
    """`server.*`"""

    loops: int = Field(default=0, description="I/O threads. 0: one a core. (an integer from 0 to 128)")


class LimitsTable(Table):
    """`limits.*`"""

    connections: int = Field(
        default=0,
        description="Connections in all; beyond it newcomers are told to try later. 0: from the limit on open "
        "files, less a reserve. (an integer from 0 to 10000000)",
    )
    connections_per_player: int = Field(
        default=4,
        description="Connections of one player, both wires together. (an integer from 1 to 1024)",
    )
    limit_policy: str = Field(
        default="displace",
        description="What a connection over connections_per_player does: displace the oldest of its wire, or be "
        "refused. (displace or refuse)",
    )
    sessions: int = Field(
        default=1_000_000,
        description="Sessions in all, those in their grace included. (an integer from 1 to 100000000)",
    )
    channels_per_session: int = Field(
        default=1_024,
        description="Channels that one session subscribes to. (an integer from 1 to 1000000)",
    )
    commands_outstanding: int = Field(
        default=128,
        description="Unanswered commands of one client; beyond it too_many_outstanding. (an integer from 1 to 65536)",
    )
    commands_handled: int = Field(
        default=16_384,
        description="Commands at the application's handlers, waiting or running; beyond it overloaded. (an integer "
        "from 1 to 10000000)",
    )
    requests: int = Field(
        default=0,
        description="Commands and HTTP requests of one player at once, and as many again over limits.window_s, "
        "evenly; beyond it rate_limited. Openings of streams count, acknowledgements do not. 0: any "
        "number. (an integer from 0 to 1000000000)",
    )
    window_s: int = Field(
        default=60,
        description="The time over which limits.requests come anew. (an integer from 1 to 86400)",
    )
    batch_messages: int = Field(
        default=10_000,
        description="Messages of one publish. (an integer from 1 to 1000000)",
    )
    message_bytes: int = Field(
        default=65_536,
        description="A WebSocket message from a client; a longer one closes the connection with 1009. (an integer "
        "from 1024 to 67108864)",
    )
    body_bytes: int = Field(
        default=1_048_576,
        description="An HTTP request's body; a longer one is 413. (an integer from 1024 to 67108864)",
    )
    header_bytes: int = Field(
        default=16_384,
        description="An HTTP request's head; a longer one is 431. (an integer from 1024 to 1048576)",
    )
    request_timeout_s: int = Field(
        default=10,
        description="A request has to be complete so long after its first byte; otherwise 408. (an integer from 1 "
        "to 600)",
    )


class SessionTable(Table):
    """`session.*`"""

    idle_timeout_s: int = Field(
        default=180,
        description="A connection with no sign of life for so long is closed, whatever the heartbeat says. (an "
        "integer from 1 to 86400)",
    )
    grace_s: int = Field(
        default=30,
        description="A session outlives its last connection by this: who comes back in time resumes. (an integer "
        "from 0 to 86400)",
    )
    slow_reader: str = Field(
        default="disconnect",
        description="What becomes of a reader whose cursor leaves the retention: closed with 4005, told the gap and"
        " kept, or that and, of the entries with one key, only the newest while it is behind. "
        "(disconnect, gap or conflate)",
    )
    sweep_interval_s: int = Field(
        default=60,
        description="How often expired sessions and forgotten ids are cleared away. (an integer from 1 to 86400)",
    )
    replaced_ids: int = Field(
        default=65_536,
        description="Ids of replaced sessions that are remembered, for a day at most. (an integer from 1 to 10000000)",
    )
    command_outcomes: int = Field(
        default=256,
        description="Outcomes of commands that are kept for each client, to answer a command that is sent again. "
        "(an integer from 16 to 65536)",
    )


class DeliveryTable(Table):
    """`delivery.*`"""

    mode_default: str = Field(
        default="mirror",
        description="Mode of a client's second wire where the client names none. (mirror or standby)",
    )
    turn_budget_us: int = Field(
        default=2_000,
        description="A loop that has fanned out for so long turns to its other events and goes on in the next turn."
        " (an integer from 100 to 1000000)",
    )
    catch_up_budget_bytes: int = Field(
        default=262_144,
        description="What one connection that catches up is given in a turn, so that live traffic does not wait for"
        " it. (an integer from 4096 to 67108864)",
    )


class JournalTable(Table):
    """`journal.*`"""

    kind: str = Field(default="memory", description="Where the journal is kept. (memory)")
    path: str = Field(default="", description="File of a journal that is kept on disk. (a text)")
    retention_entries: int = Field(
        default=131_072,
        description="Entries that a resume can ask for. (an integer from 16 to 16777216)",
    )
    retention_bytes: int = Field(
        default=67_108_864,
        description="The same, in bytes. (an integer from 65536 to 68719476736)",
    )
    retention_s: int = Field(default=300, description="The same, in seconds. (an integer from 1 to 604800)")


class HttpTable(Table):
    """`http.*`"""

    origins: list[str] = Field(
        default_factory=list,
        description="Origins allowed beside the server's own, for requests and WebSockets. * allows all others, "
        "without cookies. (a list of origins such as https://game.example, or *)",
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="Host names that are answered beside loopback names while authentication is off. (a list of "
        "host names without port)",
    )
    keepalive_s: int = Field(
        default=30,
        description="An HTTP connection without a request is closed after so long. (an integer from 1 to 3600)",
    )


class WebsocketTable(Table):
    """`websocket.*`"""

    deflate: bool = Field(default=True, description="Offer permessage-deflate. (true or false)")
    deflate_min_bytes: int = Field(
        default=256,
        description="Shorter messages are sent uncompressed. (an integer from 0 to 67108864)",
    )


class DrainTable(Table):
    """`drain.*`"""

    spread_ms: int = Field(
        default=5_000,
        description="At a shutdown each connection is closed after a random delay up to this, which it is told "
        "before; of few connections after up to 20 ms for each. Not above drain.timeout_s. (an integer "
        "from 0 to 600000)",
    )
    timeout_s: int = Field(
        default=10,
        description="A shutdown closes what is still open after so long. (an integer from 0 to 600)",
    )


class LogTable(Table):
    """`log.*`"""

    level: str = Field(
        default="info",
        description="The least important lines that are written. (debug, info, warning, error or critical)",
    )
    format: str = Field(
        default="json",
        description="One JSON object a line, or lines for people. (json or console)",
    )
    file: str = Field(
        default="auto",
        description="File that gets the lines beside the stream, with its directory made where there is none; "
        "SIGHUP opens it anew. auto: logs/mythos.log for mythosd and `mythos serve`, none for a server "
        "within another program. Empty: none. (a text)",
    )
    rotate_bytes: int = Field(
        default=104_857_600,
        description="The file is rotated before it grows beyond this: renamed to what the time is, and compressed a"
        " little later. 0: never by size. (an integer from 0 to 1000000000000)",
    )
    rotate_s: int = Field(
        default=86_400,
        description="The same before the first line that comes when the file is this old. 0: never by age. (an "
        "integer from 0 to 31536000)",
    )
    keep: int = Field(
        default=14,
        description="Rotated files that are kept; older ones are deleted. (an integer from 1 to 10000)",
    )
    message_sample: float = Field(
        default=0.0,
        description="Part of the messages, and of their deliveries, that are logged, chosen at random; at most 500 "
        "lines a second and loop. The part stands in each line. (a number from 0 to 1)",
    )


class StoreTable(Table):
    """`store.*`"""

    url: str = Field(
        default="auto",
        repr=False,
        description="Database that gets the history of connections and sessions. auto: sqlite:///data/mythos.db for"
        " mythosd and `mythos serve`, none for a server within another program. Three slashes are "
        "before a relative path, four before an absolute one. Empty or none: none. (sqlite:///FILE, "
        "postgresql://USER@HOST:PORT/DATABASE, or none)",
    )
    server_id: str = Field(
        default="",
        description="Name of this server in the history, the same at each of its starts. Empty: HOSTNAME:PORT, "
        "which will do where both stay. (up to 128 characters of A-Z a-z 0-9 . _ : @ -, or empty)",
    )
    retention_s: int = Field(
        default=2_592_000,
        description="Rows of what ended so long ago are deleted. 0: they are kept for ever. (an integer from 0 to "
        "3153600000)",
    )
    queue_events: int = Field(
        default=65_536,
        description="Openings and closings that wait for the database; beyond it they are dropped and counted. (an "
        "integer from 16 to 16777216)",
    )


class AuthTable(Table):
    """`auth.*`"""

    mode: str = Field(
        default="none",
        description="How players prove who they are. application: the program that the server is part of is asked. "
        "(none or application)",
    )


class PlayersTable(Table):
    """`players.*`"""

    may_publish: bool = Field(
        default=False,
        description="Whether players may use the command `publish`, with which they can say anything to anybody, "
        "while there is authentication. Without it they may. (true or false)",
    )


class HealthTable(Table):
    """`health.*`"""

    interval_s: int = Field(
        default=10,
        description="How often the health of the server's own components is checked, in the background. (an integer"
        " from 1 to 86400)",
    )


class MonitorTable(Table):
    """`monitor.*`"""

    enabled: bool = Field(
        default=True,
        description="Whether /metrics and /monitoring/ are answered. It is measured all the same, for health is "
        "judged by it; health and probes are always answered. (true or false)",
    )
    listen: str = Field(
        default="",
        description="A listener for monitoring alone: probes, health, /metrics, /monitoring/ and /drain. The one "
        "for everybody then answers, of these, no /metrics, /monitoring/ and /health/detailed. A port "
        "alone: on the host of listen. Port 0 takes a free one. Off loopback authentication is "
        "required. Empty: no other listener. (a port, HOST:PORT, or empty)",
    )
    sample_interval_s: int = Field(
        default=1,
        description="How often memory and CPU of the process, and the health of each connection, are looked at; "
        "what is told of them is as old at most. What is counted is counted as it happens. (an integer "
        "from 1 to 3600)",
    )
    max_samples: int = Field(
        default=1_000,
        description="Recent errors that are kept with their details. (an integer from 1 to 1000000)",
    )
    certificates: list[str] = Field(
        default_factory=list,
        description="PEM files with the certificates that the proxy before the server has, whose expiry is watched."
        " They are read again when they change. (a list of a path)",
    )


class AlertsTable(Table):
    """`alerts.*`"""

    rules: list[str] = Field(
        default_factory=lambda: ["auto"],
        description="Files of Prometheus rules that a server in Python evaluates; mythosd evaluates none. packaged:"
        " the one that comes with the package. auto: that one for `mythos serve`, none for a server "
        "within another program. Empty: none. (a text)",
    )
    interval_s: float = Field(
        default=15.0,
        description="How often series are recorded for the rules, and rules evaluated whose group says nothing "
        "else. (a number from 0.1 to 3600)",
    )
    job: str = Field(
        default="mythos",
        description="The label `job` of the series that rules see, as Prometheus's scrape_configs call it. (1 to "
        "128 characters)",
    )
    instance: str = Field(
        default="",
        description="The label `instance` of these. Empty: HOST:PORT of the listener that answers /metrics, with "
        "the machine's name for all addresses. (a text)",
    )
    notifications: str = Field(
        default="",
        description="File in the format of alertmanager.yml that says who is told of alerts, and how. Empty: "
        "nobody. (a text)",
    )
    alertmanagers: list[str] = Field(
        default_factory=list,
        repr=False,
        description="Alertmanagers that are given every alert, each of them; grouping, silences and telling are "
        "theirs. (a list of http(s)://HOST[:PORT][/PATH])",
    )
    allowed_networks: list[str] = Field(
        default_factory=list,
        description="Networks that notifications may go to besides public ones. Loopback, private and link-local "
        "addresses are refused otherwise, whatever name leads there. (a list of an address with a "
        "prefix length, such as 10.0.0.0/8)",
    )
    external_url: str = Field(
        default="",
        description="Where people reach this server, for links in notifications. Empty: http:// and what stands for"
        " an empty alerts.instance. (http(s)://HOST[:PORT][/PATH], or empty)",
    )
    state: str = Field(
        default="data/alerts.db",
        description="File that keeps silences, what was told and what has to be told over a restart; the same with "
        ".json keeps since when alerts are pending or firing. Empty: nothing is kept. (a text)",
    )
    heartbeat_url: str = Field(
        default="",
        repr=False,
        description="Called every heartbeat_s while rules are evaluated; whoever is there raises the alarm when it "
        "stays away. Empty: nobody. (http(s)://HOST[:PORT][/PATH], or empty)",
    )
    heartbeat_s: int = Field(
        default=60,
        description="Seconds between two calls of heartbeat_url. (an integer from 1 to 86400)",
    )
    incidents: str = Field(
        default="data/incidents",
        description="Directory that gets a bundle of what the server knew when an alert began to fire, as a "
        "notebook with its data, at most 5 MiB each. Empty: none. (a text)",
    )
    incidents_max: int = Field(
        default=20,
        description="Bundles that are kept; older ones are deleted. (an integer from 1 to 10000)",
    )
    recordings: str = Field(
        default="data/recordings",
        description="Directory that keeps the last day of the server's own series, some megabytes, for `mythos "
        "alerts backtest`. Empty: none. (a text)",
    )


class Tables(Table):
    """All options."""

    listen: str = Field(
        default="127.0.0.1:8000",
        description="Address of the listener. Port 0 takes a free one. Off loopback authentication is required. "
        "(HOST:PORT)",
    )
    heartbeat_ms: int = Field(
        default=15_000,
        description="Each connection gets a heartbeat this often, whatever else it carries. A peer that gives no "
        "sign of life for two of them is closed with 4004. (an integer from 100 to 600000)",
    )
    heartbeat_jitter: float = Field(
        default=0.1,
        description="Part of heartbeat_ms by which each heartbeat varies, so that connections do not beat together."
        " (a number from 0 to 0.5)",
    )
    server: ServerTable = Field(default_factory=ServerTable)
    limits: LimitsTable = Field(default_factory=LimitsTable)
    session: SessionTable = Field(default_factory=SessionTable)
    delivery: DeliveryTable = Field(default_factory=DeliveryTable)
    journal: JournalTable = Field(default_factory=JournalTable)
    http: HttpTable = Field(default_factory=HttpTable)
    websocket: WebsocketTable = Field(default_factory=WebsocketTable)
    drain: DrainTable = Field(default_factory=DrainTable)
    log: LogTable = Field(default_factory=LogTable)
    store: StoreTable = Field(default_factory=StoreTable)
    auth: AuthTable = Field(default_factory=AuthTable)
    players: PlayersTable = Field(default_factory=PlayersTable)
    health: HealthTable = Field(default_factory=HealthTable)
    monitor: MonitorTable = Field(default_factory=MonitorTable)
    alerts: AlertsTable = Field(default_factory=AlertsTable)
