"""Publishing from Python: messages a second of mythos.Server in this process, all of it on one core.

    python bench/publish.py --batch 100 --seconds 3 --repeat 5

Nobody is subscribed, so what is counted is the way from Python's objects into the journal, its loop's reading included.
Where the loop cannot keep up the server refuses, and the publisher waits a millisecond; only what was taken counts.
The rate is per second of the process's CPU time, so that others on the core do not count. Exits 1 where the median
is below --at-least.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time

import mythos


def publish_for(server: mythos.Server, batch: list[mythos.Message], seconds: float) -> float:
    """Messages a second of CPU time."""
    published = 0
    began = time.perf_counter()
    cpu_began = time.process_time()
    while time.perf_counter() - began < seconds:
        try:
            published += len(server.publish_many(batch))
        except mythos.Refused as refused:
            if not refused.retryable:
                raise
            time.sleep(0.001)
    return published / (time.process_time() - cpu_began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--bytes", type=int, default=128, help="of a message's data, about")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--at-least", type=float, default=200_000)
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    data = {"n": 0, "pad": "x" * max(0, arguments.bytes - 16)}
    batch: list[mythos.Message] = [{"type": "bench.said", "channel": "bench", "data": data}] * arguments.batch
    settings = mythos.Settings.only(listen="127.0.0.1:0", server={"loops": 1}, log={"level": "error"})
    with mythos.Server(settings) as server:
        publish_for(server, batch, 0.5)
        rates = [publish_for(server, batch, arguments.seconds) for _ in range(arguments.repeat)]
    median = statistics.median(rates)
    found = {"median": round(median), "min": round(min(rates)), "max": round(max(rates))}
    print(json.dumps({"messages_per_cpu_s": found, "batch": arguments.batch, "bytes": arguments.bytes}))
    return 0 if median >= arguments.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
