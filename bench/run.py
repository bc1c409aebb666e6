"""Runs benchmarks: the server beside what it is compared with, in turn, on the same two cores.

    python bench/run.py --binaries build/bench --set fanout --repeat 5 --json fanout.json

Builds nothing. Each measurement starts its server anew, pinned to one core, with the load on
another. In each repetition all contenders of a case follow one another, in an order that
rotates, and ratios are formed within a repetition. Exits 1 where a bound is missed (unless
`--bounds told`: a machine that does other work tells them, but proves nothing), 2 where
something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cases import SETS, Case
from figures import Report, as_text, machine, summarise
from servers import Contender, Running, contenders, find, running

MEASURE_LIMIT_S = 300
QUIET_S = 3.0
AFTER_S = 1.0


class NotMeasured(Exception):
    """A run without a figure; the message says why."""


class Bench:
    def __init__(self, binaries: list[Path], cores: tuple[int, int], seconds: float) -> None:
        self.loadgen = find(binaries, "bench_loadgen")
        self.contenders = contenders(binaries)
        self.server_core, self.load_core = cores
        self.seconds = seconds

    def measure(self, case: Case, name: str) -> Report:
        contender: Contender = self.contenders[name]
        with running(contender, self.server_core, case.settings) as server:
            if "storm" in case.arguments:
                report = self.measure_storm(case, server)
            else:
                with self.load(server, case.arguments) as process:
                    report = last_report(process)
        if not report["ok"]:
            wrong = {
                key: report.get(key) for key in ("error", "lost", "repeated", "id_disorder", "gaps") if report.get(key)
            }
            raise NotMeasured(f"{name}: {wrong or report}")
        return report

    def measure_storm(self, case: Case, server: Running) -> Report:
        """Everybody resumes at once while a probe, which goes first on the load's core, watches a live channel."""
        with self.load(server, ("--prefix", "live", "probe")) as probe:
            expect(probe, "live")
            with self.load(server, case.arguments, idle_priority=True) as storm:
                expect(storm, "away")
                tell(probe, "mark quiet")
                time.sleep(QUIET_S)
                tell(probe, "mark storm")
                tell(storm, "go")
                report = last_report(storm)
                tell(probe, "mark after")
                time.sleep(AFTER_S)
            tell(probe, "stop")
            live = last_report(probe)
        report["live"] = live.get("phases")
        report["ok"] = report["ok"] and live["ok"]
        if "error" in live:
            report["error"] = live["error"]
        return report

    @contextmanager
    def load(
        self, server: Running, arguments: tuple[str, ...], idle_priority: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """A load generator at work; it is ended when the block or its time is over."""

        def pin() -> None:
            os.sched_setaffinity(0, {self.load_core})
            if idle_priority:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

        process = subprocess.Popen(
            [
                *(str(self.loadgen), "--server", f"127.0.0.1:{server.port}"),
                *("--pid", str(server.pid), "--dialect", server.dialect),
                *(argument.replace("{seconds}", str(self.seconds)) for argument in arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=pin,
        )
        deadline = threading.Timer(MEASURE_LIMIT_S, process.kill)
        deadline.start()
        try:
            yield process
        finally:
            deadline.cancel()
            process.kill()
            process.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it has ended, and its last line says why


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise NotMeasured("the load generator ended without a report, or took too long")
    return line


def expect(process: subprocess.Popen[str], word: str) -> None:
    line = next_line(process)
    if line != word:
        raise NotMeasured(f"the load generator said: {line}")


def last_report(process: subprocess.Popen[str]) -> Report:
    report: Report = json.loads(next_line(process))
    return report


def run_case(bench: Bench, case: Case, repeat: int) -> dict[str, Any]:
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if case.descriptors > descriptors:
        return {
            "case": case.name,
            "not_measured": [f"needs {case.descriptors} descriptors, the limit is {descriptors}"],
        }
    runs: list[dict[str, Report]] = []
    failures: list[str] = []
    for repetition in range(repeat):
        turn = repetition % len(case.contenders)
        order = case.contenders[turn:] + case.contenders[:turn]
        try:
            runs.append({name: bench.measure(case, name) for name in order})
        except (NotMeasured, RuntimeError, OSError) as problem:
            failures.append(str(problem))
        print(f"  {case.name}: {repetition + 1} of {repeat}", file=sys.stderr, flush=True)
    result: dict[str, Any] = summarise(case, runs) if runs else {"case": case.name}
    result["not_measured"] = failures
    result["reports"] = runs
    return result


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--binaries", type=Path, nargs="+", required=True, help="the folders of mythosd, mythos-echo, bench_*"
    )
    parser.add_argument(
        "--set", dest="sets", action="append", choices=[*SETS, "all"], help="more than once; default all"
    )
    parser.add_argument("--case", default="", help="only the cases whose name contains this")
    parser.add_argument("--without", action="append", default=[], help="leave a contender out, as guide")
    parser.add_argument("--repeat", type=int, default=5, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each fan-out and echo measurement")
    parser.add_argument("--bounds", choices=["held", "told"], default="held", help="whether a missed bound fails")
    parser.add_argument("--json", type=Path, help="where everything is written, each single report included")
    return parser.parse_args()


def chosen(arguments: argparse.Namespace) -> list[Case]:
    sets = list(SETS) if not arguments.sets or "all" in arguments.sets else arguments.sets
    cases = [case for name in sets for case in SETS[name] if arguments.case in case.name]
    left = [without(case, frozenset(arguments.without)) for case in cases]
    return [case for case in left if case.contenders]


def without(case: Case, absent: frozenset[str]) -> Case:
    left = tuple(name for name in case.contenders if name not in absent)
    # Bounds are the first contender's.
    kept = case.contenders[0] in left
    bounds = tuple(bound for bound in case.bounds if kept and bound.against not in absent)
    return Case(case.name, case.arguments, left, case.figures, case.settings, bounds, case.descriptors)


def main() -> int:
    arguments = parse_arguments()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("two cores are needed: one for the server, one for the load", file=sys.stderr)
        return 2
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    result: dict[str, Any] = {"machine": machine(), "repeat": arguments.repeat, "seconds": arguments.seconds}
    print(json.dumps(result["machine"]))
    bench = Bench([folder.resolve() for folder in arguments.binaries], (cores[0], cores[1]), arguments.seconds)
    result["cases"] = []
    for case in chosen(arguments):
        outcome = run_case(bench, case, arguments.repeat)
        result["cases"].append(outcome)
        print(as_text(outcome) if "figures" in outcome else f"{case.name}: not measured")
        for failure in outcome["not_measured"]:
            print(f"  a run has no figure: {failure}")
        if arguments.json is not None:
            arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    if any(outcome["not_measured"] for outcome in result["cases"]) or not result["cases"]:
        return 2
    held = all(bound["held"] for outcome in result["cases"] for bound in outcome.get("bounds", []))
    return 0 if held or arguments.bounds == "told" else 1


if __name__ == "__main__":
    sys.exit(main())
