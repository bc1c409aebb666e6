#!/usr/bin/env python3
"""Writes the dashboards beside it, dashboards/*.json, from boards/*.py; a test holds them to be what it writes.

Needs grafana-foundation-sdk (tests/requirements.txt has the version) and PyYAML.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from boards import connections, delivery, errors, objectives, overview, saturation
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from panels import DATASOURCE
from queries import of

HERE = Path(__file__).parent
BOARDS = (overview, delivery, connections, errors, saturation, objectives)
TAG = "mythos"


def made_of(board: ModuleType) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.TITLE)
        .uid(uid_of(board))
        .description(" ".join((board.__doc__ or "").split()))
        .tags([TAG])
        .time("now-1h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Mythos")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
    )
    for variable in variables():
        made = made.with_variable(variable)
    for annotation in annotations():
        made = made.annotation(annotation)
    for number, panel in enumerate(board.panels(), 1):
        made = made.with_panel(panel.id(number))
    return made


def uid_of(board: ModuleType) -> str:
    return f"mythos-{board.__name__.rpartition('.')[2]}"


def variables() -> list[Any]:
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _from_labels("job").label("Job"),
        _from_labels("instance", 'job=~"$job"').label("Server").include_all(True).all_value(".+"),
    ]


def _from_labels(label: str, matchers: str = "") -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable(label).datasource(DATASOURCE).multi(True)
    variable = variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)
    series = f"mythos_build_info{{{matchers}}}" if matchers else "mythos_build_info"
    return variable.query({"query": f"label_values({series}, {label})", "refId": label})


def annotations() -> list[dashboard.AnnotationQuery]:
    return [
        _annotation("Server started", f"changes({of('process_start_time_seconds')}[2m]) > 0", "blue"),
        _annotation(
            "Reconnect storm", of("mythos_alerts", 'alertname="ReconnectStorm",alertstate="firing"') + " > 0", "red"
        ),
    ]


def _annotation(name: str, expression: str, colour: str) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery().name(name).datasource(DATASOURCE).expr(expression).enable(True).icon_color(colour)
    )


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "dashboards"
    for board in BOARDS:
        text = JSONEncoder(sort_keys=True, indent=2).encode(made_of(board).build())
        (target / f"{uid_of(board)}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
