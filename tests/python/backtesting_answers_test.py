"""Each row of "Rules tried on the past" in docs/reference/answers.md, through the command."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from backtesting_scene import LOAD, export, hot, record, refused, rules
from mythos.cli import app
from notify_answers import rows

CASES: dict[str, Callable[[Path], list[str]]] = {}
ROWS = rows("id", "past", "exit", "says")
VALUES = hot(range(5), of=20)
LOG = b"".join(refused(n) for n in range(40))


def case(id: str) -> Callable[[Callable[[Path], list[str]]], Callable[[Path], list[str]]]:
    """Registers what makes the past of a row, and gives the command's words about it."""

    def register(make: Callable[[Path], list[str]]) -> Callable[[Path], list[str]]:
        CASES[id] = make
        return make

    return register


def over(file: Path, content: bytes) -> list[str]:
    file.write_bytes(content)
    return ["--over", str(file)]


def answer(result: object, kind: str = "matrix") -> bytes:
    return orjson.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


CASES |= {
    "past-no-file": lambda here: ["--over", str(here / "nowhere.json")],
    "past-no-recordings": lambda here: [],
    "past-empty": lambda here: over(here / "empty.json", b""),
    "past-other": lambda here: over(here / "picture.png", b"\x89PNG and so on"),
    "past-two-directories": lambda here: ["--over", str(here), "--over", str(here.parent)],
    "past-export-error": lambda here: over(
        here / "a.json", b'{"status":"error","errorType":"bad_data","error":"parse error: no expression"}'
    ),
    "past-export-instant": lambda here: over(here / "a.json", answer([], "vector")),
    "past-export-nameless": lambda here: over(here / "a.json", answer([{"metric": {}, "values": [[1, "1"]]}])),
    "past-export-histograms": lambda here: over(
        here / "a.json", answer([{"metric": {"__name__": "x"}, "histograms": [[1, {"count": "1"}]]}])
    ),
    "past-export-other": lambda here: over(
        here / "a.json", answer([{"metric": {"__name__": "x"}, "values": [[1, "one"]]}])
    ),
    "past-export-backwards": lambda here: over(
        here / "a.json", answer([{"metric": {"__name__": "x"}, "values": [[2, "1"], [1, "1"]]}])
    ),
    "past-export-nothing": lambda here: over(here / "a.json", answer([])),
    "past-dump-cut": lambda here: over(here / "dump.txt", b'{__name__="load", job="mythos"} 20 1795\n{__name__="lo'),
    "past-log-cut": lambda here: over(here / "mythos.log.1.gz", gzip.compress(LOG)[:-30]),
    "past-log-garbage": lambda here: over(here / "mythos.log", LOG + b"a torn line\n{\n"),
    "past-log-nothing": lambda here: over(here / "mythos.log", b'{"timestamp": "noon", "event": "Stopped"}'),
}


@case("past-broken-recordings")
def broken_recordings(here: Path) -> list[str]:
    file = min(record(here / "past", {LOAD: VALUES}).iterdir())
    file.write_bytes(file.read_bytes()[:-40])
    return ["--over", str(here / "past")]


@case("past-some-broken")
def some_broken(here: Path) -> list[str]:
    record(here / "past", {LOAD: VALUES}, 1_795_100_000)
    return broken_recordings(here)


@case("past-mixed")
def mixed(here: Path) -> list[str]:
    return ["--over", str(export(here / "a.json", {LOAD: VALUES})), *over(here / "mythos.log", LOG)]


@case("past-export-cut")
def export_cut(here: Path) -> list[str]:
    file = export(here / "a.json", {LOAD: VALUES})
    return over(file, file.read_bytes()[:-20])


@case("past-outside")
def outside(here: Path) -> list[str]:
    return ["--over", str(record(here / "past", {LOAD: VALUES})), "--from", "2099-01-01T00:00:00Z"]


@case("past-one-scrape")
def one_scrape(here: Path) -> list[str]:
    return ["--over", str(record(here / "past", {LOAD: VALUES[:1]}))]


@case("past-no-time")
def no_time(here: Path) -> list[str]:
    return ["--over", str(record(here / "past", {LOAD: VALUES})), "--from", "yesterday"]


@case("past-rules")
def faulty_rules(here: Path) -> list[str]:
    rules(here / "rules.yml", "alert: A, expr: ratee(load)")
    return ["--over", str(record(here / "past", {LOAD: VALUES}))]


def test_each_row_has_its_case():
    assert {id for id, *_ in ROWS} == set(CASES)


@pytest.mark.parametrize(("id", "past", "exit", "says"), ROWS, ids=[row[0] for row in ROWS])
def test_a_past_that_cannot_be_used_is_answered(
    id: str, past: str, exit: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    file = rules(tmp_path / "rules.yml", "alert: Hot, expr: load > 10", "alert: Bad, expr: mythos_errors_total > 20")
    words = CASES[id](tmp_path)
    command = ["suggest"] if id == "past-one-scrape" else ["backtest", "--against", str(file)]
    for form in ((), ("--json",)):
        ran = CliRunner().invoke(app, ["alerts", *command, str(file), *words, *form])
        assert ran.exit_code == int(exit), ran.output
        said = ran.stdout if ran.exit_code == 0 else ran.stderr
        assert says in " ".join(said.split()), said
        assert ran.exit_code == 0 or (ran.stdout == "" and len(said.splitlines()) == 1), ran.output


def test_people_see_each_alert_beside_the_one_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    record(tmp_path / "data" / "recordings", {LOAD: hot(range(10, 30), range(40, 44), of=60)})
    new = rules(tmp_path / "new.yml", "alert: Hot, expr: load > 10", "alert: Cold, expr: load < 0")
    old = rules(tmp_path / "old.yml", "alert: Hot, expr: load > 10, for: 2m", "alert: Bad, expr: errors > 0")
    ran = CliRunner().invoke(app, ["alerts", "backtest", str(new), "--against", str(old)])
    assert ran.exit_code == 0 and ran.stderr == "", ran.output
    assert ran.stdout.splitlines() == [
        "2026-11-18T11:06:45.000Z to 2026-11-18T11:21:30.000Z: 60 scrapes, 120 evaluations",
        "alert            proposed  for  flaps  in force  for  flaps  change",
        "Hot{job=mythos}  fired 2x  6m   1      fired 1x  3m   0      longer",
        "Hot{job=mythos}: fired 2026-11-18T11:09:15.000Z to 2026-11-18T11:14:15.000Z, 5m, value 20",
        "Hot{job=mythos}: fired 2026-11-18T11:16:45.000Z to 2026-11-18T11:17:45.000Z, 1m, value 20",
        "Hot{job=mythos}: in force, fired 2026-11-18T11:11:15.000Z to 2026-11-18T11:14:15.000Z, 3m, value 20",
        "Hot{job=mythos}: in force, pending 1x without firing, 1m at most",
        "not even pending: Cold",
        "in force, looking at what is not in the past: Bad",
    ]
