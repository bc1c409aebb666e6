"""A server with health checks that hang when they are told to, for health.py: commands on standard input, one a line.

`sleep`: a check that waits for ever. `gil`: one that holds Python's interpreter lock, in a C call, for the seconds that
follow the word. Prints the port, and `done` for each command.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

import mythos


def main() -> None:
    settings = mythos.Settings.only(
        listen="127.0.0.1:0", server={"loops": 1}, log={"level": "critical"}, drain={"spread_ms": 0}
    )
    server = mythos.Server(settings)
    server.health.add("well", lambda: True, interval_s=1)
    holds_on = ctypes.PyDLL(None)  # calls through it keep the lock
    server.start()
    print(server.port, flush=True)
    for line in sys.stdin:
        word, _, seconds = line.strip().partition(" ")
        if word == "sleep":
            server.health.add("sleeps", threading.Event().wait, timeout_s=1, interval_s=1, critical=False)
        elif word == "gil":
            server.health.add(
                "holds", lambda s=int(seconds): holds_on.usleep(s * 1_000_000), timeout_s=1, critical=False
            )
            time.sleep(0.01)
        print("done", flush=True)
    os._exit(0)  # the checks would never let it end


if __name__ == "__main__":
    main()
