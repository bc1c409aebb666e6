"""A notifier whose clock and resolver the test holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mythos.alerts.alert import Alert
from mythos.alerts.notify.notifier import Notifier
from mythos.alerts.notify.options import NotifyOptions

START = 1_800_000_000.0
LOOPBACK = ("127.0.0.0/8",)


def alert(name: str = "Lag", *, at: float = START, resolved_at: float | None = None, **labels: str) -> Alert:
    """One that fires for four minutes more, or has ended."""
    ends_at = at + 240 if resolved_at is None else resolved_at
    return Alert({"alertname": name, **labels}, {"summary": f"{name} is bad"}, at, ends_at, resolved_at is not None)


@contextmanager
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    """A state file that nobody else can write meanwhile; what is written by this connection is committed at the end."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.execute("COMMIT")
    other.close()


class Scene:
    """`receivers` is YAML of the receiver `ops`' fields. Time passes by `wait` alone."""

    def __init__(
        self,
        directory: Path,
        receivers: str,
        group_interval: str = "1m",
        group_wait: str = "10s",
        now: float = START,
        **options: Any,
    ) -> None:
        self.now = now
        self.stepped_s = 0.0  # how much of that no time has passed for
        self.names: dict[str, list[Sequence[str]]] = {}  # what the resolver answers, one after the other, then the last
        directory.mkdir(exist_ok=True)
        self._directory, self._options = directory, options
        self._config = directory / "alertmanager.yml"
        self._config.write_text(
            f"route: {{receiver: ops, group_by: [alertname], group_wait: {group_wait}, "
            f"group_interval: {group_interval}, repeat_interval: 1h}}\nreceivers:\n- name: ops\n  {receivers}\n"
            "- name: other\n"
        )
        self.notifier = self.start()

    def start(self) -> Notifier:
        """Another one on the same files, as after a restart."""
        options = {"allowed_networks": LOOPBACK, "state_file": self._directory / "alerts.db", **self._options}
        self.notifier = Notifier(
            NotifyOptions(config=self._config, external_url="http://mythos.test", **options),
            now=lambda: self.now,
            mono=lambda: self.now - self.stepped_s,
            random=lambda: 1.0,
            resolve=self._resolve,
        )
        return self.notifier

    def kill(self) -> None:
        """As SIGKILL: what is under way goes unnoticed, and the system takes the lock back."""
        for task in list(self.notifier._tasks):
            task.cancel()
        lock = self.notifier._state._lock
        assert lock is not None
        lock.close()

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        answers = self.names.get(host, [])
        if not answers:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def tell(self, *alerts: Alert) -> None:
        self.notifier.submit(alerts)
        await self.notifier.settle()

    async def wait(self, seconds: float) -> None:
        """So much time passes, and what is due then is done."""
        self.now += seconds
        await self.notifier.settle()

    def set_clock(self, seconds: float) -> None:
        """The wall clock is stepped."""
        self.now += seconds
        self.stepped_s += seconds

    @property
    def pending(self) -> int:
        return int(self.notifier.snapshot()["queue"]["pending"])

    @property
    def last_error(self) -> str:
        return str(self.notifier.snapshot()["receivers"]["ops"]["last_error"])

    def count(self, integration: str, status: str) -> int:
        rows = self.notifier.snapshot()["notifications"]
        return sum(row["count"] for row in rows if (row["integration"], row["status"]) == (integration, status))
