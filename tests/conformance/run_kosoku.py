"""Runs the Autobahn cases (by kosoku) against an echo server that prints `listening on HOST:PORT` as its first line.

    python tests/conformance/run_kosoku.py build/release/mythos-echo --listen 127.0.0.1:0

Succeeds only if all 517 cases ran and none failed, in its messages or in its closing handshake. The last line is
`conformance: N passed, N failed`.
"""

import asyncio
import re
import subprocess
import sys
from collections import Counter

from kosoku import FailureError, run_fuzzingclient

CASES = 517
RUN_TIMEOUT_S = 900
START_TIMEOUT_S = 20
# A non-strict or informational verdict is conformant by the suite's own definition; the counts of each are printed.
GOOD_BEHAVIOR = {"OK", "NON-STRICT", "INFORMATIONAL"}
GOOD_CLOSE = {"OK", "INFORMATIONAL"}


def has_failed(case) -> bool:
    return case.behavior.value not in GOOD_BEHAVIOR or case.behavior_close.value not in GOOD_CLOSE


async def start_server(command: list[str]) -> tuple[asyncio.subprocess.Process, str]:
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        line = (await asyncio.wait_for(server.stdout.readline(), START_TIMEOUT_S)).decode()
        found = re.match(r"listening on (\S+:\d+)$", line.strip())
        if not found:
            raise SystemExit(f"{command[0]} said {line!r} instead of its address")
        return server, found.group(1)
    except BaseException:
        await stop(server)
        raise


async def stop(server: asyncio.subprocess.Process) -> None:
    if server.returncode is None:
        server.kill()
        await server.wait()


async def main(command: list[str]) -> int:
    server, address = await start_server(command)
    try:
        run = run_fuzzingclient(f"ws://{address}", concurrency=2)
        results = await asyncio.wait_for(run, RUN_TIMEOUT_S)
    except FailureError as failure:
        results = failure.results
    finally:
        await stop(server)

    failed = [case for case in results if has_failed(case)]
    for case in failed:
        print(f"case {case.case_id}: {case.behavior.value}, close {case.behavior_close.value}")
    for name, counts in (
        ("messages", Counter(case.behavior.value for case in results)),
        ("closing", Counter(case.behavior_close.value for case in results)),
    ):
        print(f"{name}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    if len(results) != CASES:
        print(f"{len(results)} cases ran, not {CASES}")
    print(f"conformance: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 0 if not failed and len(results) == CASES else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
