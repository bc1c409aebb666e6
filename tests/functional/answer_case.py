"""The table of `docs/reference/answers.md`, and what drives one of its rows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from api import Api, error_code
from mythosd import REPOSITORY, Mythosd

TABLE = REPOSITORY / "docs" / "reference" / "answers.md"
COLUMNS = ["id", "input", "answer", "error code", "counter"]
NONE = "none"


@dataclass(frozen=True)
class Row:
    id: str
    input: str
    answer: str
    error_code: str | None
    counter: str


@dataclass(frozen=True)
class Answer:
    """What the server answered, in the table's words; `times` is how often the input was given."""

    answer: str
    error_code: str | None = None
    times: int = 1


@dataclass
class Case:
    """A running server and a player that nobody else uses."""

    server: Mythosd
    api: Api
    player: str
    counters: dict[str, float] = field(default_factory=dict)  # read by a driver that ends the server

    @property
    def port(self) -> int:
        return self.server.port


Drive = Callable[[Case], Awaitable[Answer]]


@dataclass(frozen=True)
class Driver:
    drive: Drive
    options: dict[str, Any] = field(default_factory=dict)
    alone: bool = False  # leaves the server in a state that no other row could begin with
    ends: bool = False  # ends the server, having read its counters into the case


DRIVERS: dict[str, Driver] = {}


def drives(
    row_id: str, options: dict[str, Any] | None = None, *, alone: bool = False, ends: bool = False
) -> Callable[[Drive], Drive]:
    """Registers the driver of a row; `options` asks for a server with these, shared by the rows that want the same."""

    def register(drive: Drive) -> Drive:
        assert row_id not in DRIVERS, f"two drivers for {row_id}"
        DRIVERS[row_id] = Driver(drive, options or {}, alone, ends)
        return drive

    return register


def read_rows(text: str) -> list[Row]:
    """The rows of all tables whose head is COLUMNS."""
    rows: list[Row] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if cells == COLUMNS:
            inside = True
        elif not cells:
            inside = False
        elif inside and set(cells[0]) != {"-"}:
            id, given, answer, code, counter = cells
            rows.append(Row(id, given, answer, None if code == NONE else code, counter.strip("`")))
    return rows


def http_answer(answer: httpx.Response) -> Answer:
    code = error_code(answer) if answer.content else None
    return Answer(f"HTTP {answer.status_code}", code)
