"""Incident bundles: what is in them, that they are bounded, and that they open as a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import mythos
from mythos.alerts.alert import Alert, as_labels
from mythos.alerts.incident import AGAIN_S, Incidents, bundles
from mythos.alerts.series import SeriesStore

NOW = 1_700_000_000.0


def alert(name: str = "Crowded") -> Alert:
    return Alert({"alertname": name}, {"summary": "many are here"}, NOW, NOW + 240, value=12.0)


def write(incidents: Incidents, *made_of: Any) -> Path | None:
    bundle = incidents.make(*made_of)
    if bundle is None:
        return None
    incidents.write(bundle)
    return bundle.directory


@pytest.fixture
def store() -> SeriesStore:
    store = SeriesStore()
    for n in range(10):
        store.append(round((NOW - 150 + 15 * n) * 1e3), {as_labels({"__name__": "players", "room": "a"}): float(n)})
    return store


@pytest.fixture
def incidents(tmp_path: Path, mythos_server: mythos.Server, store: SeriesStore) -> Incidents:
    config = mythos_server.settings.changed(alerts={"heartbeat_url": "https://example.org/hunter2"}).shown
    return Incidents(
        tmp_path / "incidents", mythos_server._running(), store, config=config, count_max=3, bytes_max=5 << 20
    )


def test_a_bundle_has_what_the_server_knew(incidents: Incidents, mythos_server: mythos.Server, mythos_sync_client):
    incidents.look(NOW - 15)
    with mythos_sync_client("ann"):
        written = write(incidents, [alert()], {"Crowded": "sum(players) > 10"}, {"alerts": []}, NOW)
    assert written is not None and written.name == "20231114T221320Z-Crowded"
    read = {file.stem: json.loads(file.read_text()) for file in written.glob("*.json")}
    assert read["incident"]["alerts"][0]["query"] == "sum(players) > 10"
    assert read["incident"]["build"]["version"] == mythos.__version__
    assert read["performance"]["windows"].keys() == {"1m", "5m", "1h", "24h"}
    assert read["health"]["now"]["status"] == "healthy" and read["health"]["transitions"] == []
    [series] = read["series"]
    assert series["labels"] == {"__name__": "players", "room": "a"} and series["values"] == list(map(float, range(10)))
    players = {row["player_id"] for row in read["connections"]}
    assert players == {"ann"} and all(row["black_box"]["events"] for row in read["connections"])
    assert "hunter2" not in "".join(file.read_text() for file in written.iterdir())
    assert read["config"]["alerts.heartbeat_url"] == "<secret>"


def test_it_opens_as_a_notebook(incidents: Incidents):
    written = write(incidents, [alert()], {"Crowded": "players > 10"}, {"alerts": []}, NOW)
    assert written is not None
    notebook = nbformat.read(written / "incident.ipynb", as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(written)}}).execute()
    said = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert "Crowded since" in said and "many are here" in said and "connections" in said


def test_bundles_are_bounded_in_number_and_one_that_comes_again_soon_adds_none(incidents: Incidents, tmp_path: Path):
    for n in range(5):
        assert write(incidents, [alert(f"A{n}")], {}, {}, NOW + n) is not None
    assert [each.name.partition("-")[2] for each in bundles(tmp_path / "incidents")] == ["A4", "A3", "A2"]
    assert write(incidents, [alert("A4")], {}, {}, NOW + AGAIN_S) is None
    assert write(incidents, [alert("A4")], {}, {}, NOW + 4 + AGAIN_S) is not None


def test_what_had_a_bundle_before_a_restart_gets_none_soon_after(
    tmp_path: Path, mythos_server: mythos.Server, store: SeriesStore
):
    def started() -> Incidents:
        return Incidents(tmp_path / "i", mythos_server._running(), store, config={}, count_max=9, bytes_max=5 << 20)

    first = started()
    assert write(first, [alert("Long")], {}, {}, NOW - AGAIN_S)
    assert write(first, [alert("A"), alert("B")], {}, {}, NOW)
    damaged = tmp_path / "i" / "20231114T221325Z-C"
    damaged.mkdir()
    for name, content in {"incident.ipynb": "{}", "incident.json": '{"alerts": [1]}'}.items():
        (damaged / name).write_text(content)
    again = started()
    assert write(again, [alert("A"), alert("B")], {}, {}, NOW + AGAIN_S - 1) is None
    written = write(again, [alert("B"), alert("Long")], {}, {}, NOW + AGAIN_S - 1)
    assert written is not None and written.name.endswith("-Long")
    assert write(again, [alert("B")], {}, {}, NOW + AGAIN_S)


def test_a_clock_that_went_back_hinders_no_bundle_and_deletes_none_at_once(incidents: Incidents, tmp_path: Path):
    for n in range(4):
        assert write(incidents, [alert(f"A{n}")], {}, {}, NOW + n)
    written = write(incidents, [alert("A3")], {}, {}, NOW - 3_600)
    assert written in bundles(tmp_path / "incidents") and len(bundles(tmp_path / "incidents")) == 3


def test_a_bundle_is_bounded_in_size(tmp_path: Path, mythos_server: mythos.Server, store: SeriesStore):
    small = Incidents(tmp_path, mythos_server._running(), store, config={}, count_max=3, bytes_max=40_000)
    written = write(small, [alert()], {"Crowded": "players"}, {"alerts": ["x" * 60_000]}, NOW)
    assert written is not None
    assert sum(file.stat().st_size for file in written.iterdir()) < 41_000
    assert "were too many" in (written / "alerts.json").read_text()
    assert json.loads((written / "incident.json").read_text())["alerts"]


def test_changes_of_the_health_are_noted(tmp_path: Path, store: SeriesStore):
    class Told:
        status = "healthy"

        def health(self) -> bytes:
            return json.dumps({"status": self.status, "components": {"database": {"status": self.status}}}).encode()

        def monitoring(self, route: str, parameter: str, query: str) -> bytes:
            return b'{"connections": []}'

        def errors(self, recent_max: int) -> bytes:
            return b"{}"

    told = Told()
    incidents = Incidents(tmp_path, told, store, config={}, count_max=3, bytes_max=5 << 20)
    incidents.look(NOW - 30)
    told.status = "degraded"
    incidents.look(NOW - 15)
    written = write(incidents, [alert()], {}, {}, NOW)
    assert written is not None
    assert json.loads((written / "health.json").read_text())["transitions"] == [
        {"at": "2023-11-14T22:13:05.000Z", "component": name, "from": "healthy", "to": "degraded"}
        for name in ("server", "database")
    ]
