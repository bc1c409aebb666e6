"""The two databases of the history behind one face: its URL, its rows, and how it is made to fail."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from postgresql import Postgresql


class Database(Protocol):
    @property
    def url(self) -> str: ...

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """What a SELECT answers, as texts; NULL is the empty one."""
        ...

    def execute(self, sql: str) -> None: ...


class SqliteFile:
    def __init__(self, directory: Path) -> None:
        self.file = directory / "kept here" / "history.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        if not self.file.exists():
            return []
        with sqlite3.connect(self.file) as connection:
            return [tuple("" if each is None else str(each) for each in row) for row in connection.execute(sql)]

    def execute(self, sql: str) -> None:
        with sqlite3.connect(self.file) as connection:
            connection.execute(sql)


class PostgresqlDatabase:
    """A fresh database of a running PostgreSQL."""

    def __init__(self, server: Postgresql, name: str) -> None:
        self.server, self.name = server, name
        server.psql(f"CREATE DATABASE {name}")

    @property
    def url(self) -> str:
        return self.server.url.rpartition("/")[0] + "/" + self.name

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        return [tuple(line.split("\t")) for line in self.server.psql_at(self.url, sql).splitlines()]

    def execute(self, sql: str) -> None:
        self.server.psql_at(self.url, sql)
