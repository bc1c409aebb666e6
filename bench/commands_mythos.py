"""The `echo` command on mythos.Server, as its users would write it: one process, one loop, the handler in Python."""

from __future__ import annotations

import argparse

import mythos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    settings = mythos.Settings.only(
        listen=f"127.0.0.1:{arguments.port}", server={"loops": 1}, log={"level": "warning"}, drain={"spread_ms": 0}
    )
    with mythos.Server(settings) as server:

        @server.command("echo")
        def echo(command: mythos.Command) -> object:
            return command.data

        server.wait()


if __name__ == "__main__":
    main()
