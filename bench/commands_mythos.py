"""The `echo` command on mythos.Server, as its users would write it: one process, one loop, the handler in Python.

`--handler async` makes it a coroutine function, which gets a task of its own for each command.
"""

from __future__ import annotations

import argparse

import mythos


def echo(command: mythos.Command) -> object:
    return command.data


async def echo_async(command: mythos.Command) -> object:
    return command.data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--handler", choices=["plain", "async"], default="plain")
    arguments = parser.parse_args()
    settings = mythos.Settings.only(
        listen=f"127.0.0.1:{arguments.port}", server={"loops": 1}, log={"level": "warning"}, drain={"spread_ms": 0}
    )
    with mythos.Server(settings) as server:
        server.command("echo")(echo if arguments.handler == "plain" else echo_async)
        server.wait()


if __name__ == "__main__":
    main()
