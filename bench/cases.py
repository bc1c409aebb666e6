"""What is measured: the cases of each set, what each is compared with and the bound it is held to."""

from __future__ import annotations

from dataclasses import dataclass, field

from servers import Settings

# One loop, because the server has one core here. Nothing else is set: what is measured is what is shipped.
ONE_LOOP: Settings = {"server": {"loops": 1}}

# A million entries stay within the retention, and the players' sessions live while they are published.
ROOM_FOR_A_MILLION: Settings = {
    **ONE_LOOP,
    "journal": {"retention_entries": 1_200_000, "retention_bytes": 1 << 30, "retention_s": 3600},
    "session": {"grace_s": 600},
}
LONG_GRACE: Settings = {**ONE_LOOP, "session": {"grace_s": 120}}


@dataclass(frozen=True)
class Bound:
    """`figure` of the first contender, or its ratio to `against`, is to be at most `at_most`."""

    figure: str
    at_most: float
    against: str | None = None


@dataclass(frozen=True)
class Case:
    name: str
    arguments: tuple[str, ...]  # of the load generator; {seconds} is replaced
    contenders: tuple[str, ...]  # the first is compared with each of the others
    figures: tuple[str, ...]  # of the report, most telling first
    settings: Settings = field(default_factory=lambda: ONE_LOOP)
    bounds: tuple[Bound, ...] = ()
    descriptors: int = 2_000  # that the load generator, or the server, needs


FANOUT_FIGURES = ("cpu_us_per_delivery", "deliveries_per_s", "latency/p50_us", "latency/p99_us")
IDLE_FIGURES = ("kib_per_connection", "cpu_us_per_connect", "cpu_us_per_subscribe", "connects_per_s")
ECHO_FIGURES = ("cpu_us_per_echo", "echoes_per_s", "latency/p50_us", "latency/p99_us")
RESUME_FIGURES = ("resume_median_us", "resume_min_us", "resume_max_us")
STORM_FIGURES = (
    "live/quiet/p99_us",
    "live/storm/p50_us",
    "live/storm/p99_us",
    "live/storm/max_us",
    "all_back_ms",
    "cpu_us_per_resume",
    "resume_time/p99_us",
)


def fanout(wire: str, receivers: int, window: int, *bounds: Bound) -> Case:
    return Case(
        name=f"fanout {wire} N={receivers:,} W={window}",
        arguments=("fanout", f"--{wire}", str(receivers), "--window", str(window), "--seconds", "{seconds}"),
        contenders=("mythos", "send", "guide"),
        figures=FANOUT_FIGURES,
        bounds=bounds,
        descriptors=receivers + 200,
    )


def fanout_variant(what: str, *arguments: str) -> Case:
    return Case(
        name=f"fanout {what}",
        arguments=("fanout", *arguments, "--seconds", "{seconds}"),
        contenders=("mythos", "send"),
        figures=FANOUT_FIGURES,
    )


def idle(wire: str, connections: int, contenders: tuple[str, ...], *bounds: Bound) -> Case:
    return Case(
        name=f"idle {wire} N={connections:,}",
        arguments=("idle", f"--{wire}", str(connections)),
        contenders=contenders,
        figures=IDLE_FIGURES,
        bounds=bounds,
        descriptors=connections + 200,
    )


def echo(connections: int, window: int, size: int) -> Case:
    return Case(
        name=f"echo N={connections} W={window} {size:,} bytes",
        arguments=(
            *("--ws-path", "/", "echo", "--ws", str(connections), "--window", str(window)),
            *("--bytes", str(size), "--seconds", "{seconds}"),
        ),
        contenders=("mythos-echo", "websockets"),
        figures=ECHO_FIGURES,
    )


def commands(connections: int, window: int, size: int, *bounds: Bound, each_alone: bool = False) -> Case:
    return Case(
        name=f"commands N={connections} W={window} {size:,} bytes{', each in its own write' if each_alone else ''}",
        arguments=(
            *(("--write-each-alone",) if each_alone else ()),
            *("commands", "--ws", str(connections), "--window", str(window)),
            *("--bytes", str(size), "--seconds", "{seconds}"),
        ),
        contenders=("mythos-commands", "mythos-commands-async", "websockets-commands", "fastapi-commands"),
        figures=ECHO_FIGURES,
        bounds=bounds,
    )


def resume(others: int) -> Case:
    return Case(
        name=f"resume, one owed behind {others:,}",
        arguments=("resume", "--others", str(others)),
        contenders=("mythos",),
        figures=RESUME_FIGURES,
        settings=ROOM_FOR_A_MILLION,
    )


def storm(players: int) -> Case:
    return Case(
        name=f"storm of {players:,} resumes",
        arguments=("--handshakes", "4000", "storm", "--players", str(players)),
        contenders=("mythos",),
        figures=STORM_FIGURES,
        settings=LONG_GRACE,
        descriptors=players + 400,
    )


def cpu_against_send(at_most: float) -> Bound:
    return Bound("cpu_us_per_delivery", at_most, against="send")


SETS: dict[str, tuple[Case, ...]] = {
    "fanout": (
        fanout("ws", 1_000, 1, cpu_against_send(1.5)),
        fanout("ws", 1_000, 16, cpu_against_send(2.0)),
        fanout("ws", 1_000, 64),
        fanout("sse", 1_000, 1),
        fanout("sse", 1_000, 16),
        fanout("sse", 1_000, 64),
    ),
    "fanout-large": (
        fanout("ws", 10_000, 1),
        fanout("ws", 10_000, 8),
        fanout("sse", 10_000, 1),
        fanout("sse", 10_000, 8),
    ),
    "fanout-variants": (
        fanout_variant("dual N=500 (1,000 wires) W=16", "--dual", "500", "--window", "16"),
        fanout_variant(
            "ws N=1,000 W=16, each 64th acknowledged", "--ws", "1000", "--window", "16", "--ack-every", "64"
        ),
        fanout_variant("ws N=1,000 W=16, pipelined", "--ws", "1000", "--window", "16", "--publish", "pipeline"),
        fanout_variant("ws N=1,000 W=16, rolling", "--ws", "1000", "--window", "16", "--publish", "rolling"),
    ),
    "idle": (
        idle("ws", 10_000, ("mythos", "guide"), Bound("kib_per_connection", 2.0)),
        idle("sse", 10_000, ("mythos", "guide")),
    ),
    "echo": (echo(100, 1, 128), echo(100, 16, 128), echo(20, 4, 65_536)),
    "commands": (
        commands(100, 1, 128),
        commands(100, 16, 128, Bound("cpu_us_per_echo", 0.2, against="websockets-commands")),
        commands(100, 16, 128, each_alone=True),
    ),
    "resume": (resume(1_000), resume(1_000_000)),
    "storm": (storm(10_000),),
}
