"""A real PostgreSQL for a test: a cluster of its own in a temporary directory, on a free loopback port.

PostgreSQL will not run as root; then it runs as the user that Debian's package makes for it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from mythosd import eventually

USER = "mythos"


def program(name: str) -> str:
    """Debian keeps them beside the PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"the tests need PostgreSQL's {name}: apt-get install postgresql"
    return path


class Postgresql:
    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="mythos-pg-"))
        self.who: dict[str, Any] = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
            self.who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.data = self.directory / "data"
        self.log = (self.directory / "log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        command = [program("initdb"), "-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        self._run(command, check=True)

    def _run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            text=True,
            capture_output=True,
            timeout=120,
            **self.who,
            **options,
        )

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> Postgresql:
        """Also after `kill`; waits until it answers. What a killed one has left in memory it finds and takes over."""

        def answers() -> bool:
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(
                    [
                        *(program("postgres"), "-D", str(self.data), "-p", str(self.port)),
                        *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                        *("-c", "max_connections=20", "-c", "shared_buffers=8MB", "-c", "autovacuum=off"),
                    ],
                    cwd=self.directory,
                    stdout=self.log,
                    stderr=self.log,
                    **self.who,
                )
            return self.psql("SELECT 1", check=False).returncode == 0

        eventually("PostgreSQL answers", answers, 60, every=0.1)
        return self

    def psql(self, sql: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run([program("psql"), self.url, "-XqAt", "-F", "\t", "-c", sql], check=check)

    def psql_at(self, url: str, sql: str) -> str:
        return self._run([program("psql"), url, "-XqAt", "-F", "\t", "-c", sql], check=True).stdout

    def kill(self) -> None:
        """As a crash would end it: the postmaster by SIGKILL, whereupon its children end by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def backends(self) -> list[int]:
        """The processes that serve mythos's connections."""
        found = self.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'mythos'")
        return [int(line) for line in found.stdout.split()]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.directory)
