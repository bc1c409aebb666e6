"""What counting, timing and keeping the last events costs a delivery, in instructions of user space.

    python bench/instructions.py --with build/bench/mythosd --without build/silent/mythosd

The second server is built with MYTHOS_WITHOUT_STATISTICS, which compiles all of it out (`make bench-instructions` builds
and runs both). Each runs under callgrind, with one loop and N WebSockets on one channel, for a short
and for a long time: what the long one executes more, divided by what it delivers more, is a delivery's, without
starting, connecting and ending. Counted is the loop's thread, without the survey of the connections, which goes by time
and not by deliveries (`bench/scrape.py` measures it), and without what is told of each connection at its end.

A delivery's part of a round of the loop depends on how many fit in one, and that on the machine's speed; the
instructions of `Delivery::flush` do not, and all that is recorded by delivery is recorded there. Exits 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from servers import Contender, running

AT_MOST = {1: 0.02, 16: 0.05}
SHORT_S, LONG_S = 2.0, 8.0
DELIVERS = "mythos::hub::Delivery::flush("
NOT_OF_DELIVERIES = ("mythos::hub::LoopCore::Impl::survey(", "mythos::hub::LoopCore::events_of_abnormal_end[")


@dataclass(frozen=True)
class Cost:
    """Instructions: of all, and of the part that writes and accounts for what it wrote."""

    total: float
    flush: float
    deliveries: int = 1

    def of_one_more(self, shorter: Cost) -> Cost:
        more = self.deliveries - shorter.deliveries
        return Cost((self.total - shorter.total) / more, (self.flush - shorter.flush) / more)


def costs(profile: Path) -> tuple[int, dict[str, int]]:
    """Of a thread: its instructions, and those of each function with what it calls."""
    command = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(profile)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [(int(n.replace(",", "")), name) for n, name in re.findall(r"^ *([\d,]+) \( ?[\d.]+%\)  (.*)$", text, re.M)]
    total = next(n for n, name in lines if name == "PROGRAM TOTALS")
    functions: dict[str, int] = {}
    for n, name in lines:
        for known in (DELIVERS, *NOT_OF_DELIVERIES):
            if known in name:
                functions[known] = max(functions.get(known, 0), n)
    return total, functions


def await_nobody(port: int) -> None:
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/monitoring/dual-connections", timeout=60) as answer:
            if json.load(answer)["connections"]["total"] == 0:
                return
        time.sleep(0.1)


def run(mythosd: Path, loadgen: Path, receivers: int, window: int, seconds: float) -> Cost:
    with tempfile.TemporaryDirectory(prefix="mythos-callgrind-") as folder:

        def command(port: int, config: Path) -> list[str]:
            return [
                *("valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={folder}/profile"),
                *(str(mythosd), "--listen", f"127.0.0.1:{port}", "--config", str(config)),
            ]

        settings = {"server": {"loops": 1}, "log": {"level": "warning"}, "store": {"url": "none"}}
        with running(Contender("callgrind", "mythos", command, "/readyz"), 0, settings) as server:
            load = [
                *(str(loadgen), "--server", f"127.0.0.1:{server.port}", "--pid", str(server.pid)),
                *("--dialect", "mythos", "fanout", "--ws", str(receivers), "--window", str(window)),
                *("--warmup-s", "0", "--seconds", str(seconds)),
            ]
            report = json.loads(subprocess.run(load, capture_output=True, text=True, check=True).stdout)
            if not report["ok"]:
                raise SystemExit(f"not everything was delivered: {report}")
            await_nobody(server.port)  # that they are gone is looked at by short and long runs alike
        for profile in Path(folder).glob("profile-*"):  # one a thread
            total, functions = costs(profile)
            if DELIVERS in functions:
                apart = sum(functions.get(name, 0) for name in NOT_OF_DELIVERIES)
                return Cost(total - apart, functions[DELIVERS], int(report["deliveries"]))
    raise SystemExit("callgrind saw no loop that delivers: does the server have its symbols?")


def of_a_delivery(mythosd: Path, loadgen: Path, receivers: int, window: int) -> Cost:
    short, long = (run(mythosd, loadgen, receivers, window, seconds) for seconds in (SHORT_S, LONG_S))
    return long.of_one_more(short)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with", dest="recording", type=Path, required=True)
    parser.add_argument("--without", dest="silent", type=Path, required=True)
    parser.add_argument("--loadgen", type=Path, default=Path("build/bench/bench_loadgen"))
    parser.add_argument("--receivers", type=int, default=1_000)
    arguments = parser.parse_args()
    held = True
    for window, at_most in AT_MOST.items():
        recording, silent = (
            of_a_delivery(program.resolve(), arguments.loadgen.resolve(), arguments.receivers, window)
            for program in (arguments.recording, arguments.silent)
        )
        more = recording.flush - silent.flush
        part = more / silent.total
        held = held and part <= at_most
        print(
            f"fanout ws N={arguments.receivers:,} W={window}: {silent.total:,.1f} instructions a delivery without; "
            f"{more:.1f} more with: {100 * part:.2f} % (bound {100 * at_most:g} %; all that differs: "
            f"{recording.total - silent.total:.1f})",
            flush=True,
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
