"""The dashboards of deploy/grafana are what their script writes, and are well made; and every expression of theirs and
of the rules returns data from a real Prometheus that scrapes a real server under traffic of every kind."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml

from alertmanager import Hooks
from api import Api, until
from certificates import make_certificate
from known_traffic import OPTIONS, standing, traffic
from mythosd import REPOSITORY, SERVE, Mythosd, eventually, tool
from prometheus import Prometheus
from test_metric_names import labels_by_family
from wires import open_websocket


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


GRAFANA = REPOSITORY / "deploy" / "grafana"
RULES = REPOSITORY / "deploy" / "rules"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
KINDS = {"stat", "gauge", "timeseries", "heatmap", "bargauge", "table", "state-timeline", "piechart"}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
CONDITIONS = {"==", "!=", "<", ">", "<=", ">=", "and", "or", "unless"}
COMPARED = re.compile(r"(?<=\s)(==|!=|<=|>=|<|>)(?=\s)")
SCRAPE_S = 1
STEP_S = 10  # of a panel that shows some hours
NOTIFICATIONS = """
route: {{receiver: somebody, group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
receivers:
- name: somebody
  webhook_configs: [{{url: "{url}"}}]
"""


RULE_FILES = [RULES / "mythos.yml", RULES / "mythos_prometheus.yml"]
RULES_LOADED = [rule for file in RULE_FILES for group in loaded(file)["groups"] for rule in group["rules"]]
# By where they stand.
OF_PANELS = {
    f"{name}: {panel['title']} {target['refId']}": target["expr"]
    for name, panel in PANELS
    for target in panel["targets"]
}
OF_RECORDS = {rule["record"]: rule["expr"] for rule in RULES_LOADED if "record" in rule}
OF_ALERTS = {rule["alert"]: rule["expr"] for rule in RULES_LOADED if "alert" in rule}
OF_ANNOTATIONS = {
    f"{name}: {annotation['name']}": annotation["expr"]
    for name, board in BOARDS.items()
    for annotation in board["annotations"]["list"]
}


def quick_rules(source: Path, target: Path) -> Path:
    """Evaluated each second, and nothing has to last before it fires."""
    rules = loaded(source)
    for group in rules["groups"]:
        group["interval"] = f"{SCRAPE_S}s"
        for rule in group["rules"]:
            rule.pop("for", None)
    target.write_text(yaml.safe_dump(rules))
    return target


# What Grafana would make of them.


def test_the_dashboards_are_what_the_script_writes(tmp_path: Path):
    script = [sys.executable, "-B", str(GRAFANA / "generate.py"), str(tmp_path)]
    subprocess.run(script, check=True, timeout=60, capture_output=True)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in (GRAFANA / "dashboards").iterdir()}
    assert set(BOARDS) == {
        f"mythos-{name}" for name in ("overview", "delivery", "connections", "errors", "saturation", "objectives")
    }


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_has_its_variables_and_places(name: str):
    board = BOARDS[name]
    assert board["uid"] == name and board["title"] and board["description"] and board["tags"] == ["mythos"]
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "job", "instance"]
    assert [variable["type"] for variable in board["templating"]["list"]] == ["datasource", "query", "query"]
    assert len({panel["id"] for panel in board["panels"]}) == len({panel["title"] for panel in board["panels"]})
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=lambda of: of if isinstance(of, str) else of["title"])
def test_a_panel_is_well_made(name: str, panel: dict[str, Any]):
    assert panel["type"] in KINDS and panel["description"] and panel["datasource"] == DATASOURCE
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    steps = [step["value"] for step in defaults["thresholds"]["steps"]]
    assert steps[0] is None and steps[1:] == sorted(steps[1:])
    refs = [target["refId"] for target in panel["targets"]]
    assert refs and len(set(refs)) == len(refs)
    for target in panel["targets"]:
        assert target["datasource"] == DATASOURCE
        assert 'job=~"$job"' in target["expr"] and 'instance=~"$instance"' in target["expr"]
        # A quantile of a bare histogram never has data, and a fixed window of a rate may hold no two samples.
        assert not re.search(r"histogram_quantile\([\d.]+, mythos", target["expr"])
        assert not re.search(r"\brate\([^][]*\[(?!\$__rate_interval|5m)", target["expr"])


def test_all_kinds_of_panels_are_used_and_the_guides_four_are_on_the_overview():
    assert {panel["type"] for _, panel in PANELS} == KINDS
    overview = {panel["title"]: panel for panel in BOARDS["mythos-overview"]["panels"]}
    guide = {
        "Total Connections": ("stat", "mythos_connections_total"),
        "Connection Health": ("gauge", "mythos_connection_health_percentage"),
        "Connections by Type": ("piechart", "mythos_connections_by_type"),
        "Connection Establishment Time": ("timeseries", "mythos_connection_establishment_seconds_bucket"),
    }
    for title, (kind, metric) in guide.items():
        assert overview[title]["type"] == kind and metric in overview[title]["targets"][0]["expr"]


def test_the_provisioning_names_the_data_source_and_the_dashboards_of_the_stack():
    [source] = loaded(GRAFANA / "provisioning/datasources/mythos.yml")["datasources"]
    assert source["type"] == "prometheus" and source["url"] == "http://localhost:9090"
    scrape = loaded(REPOSITORY / "deploy" / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape
    [provider] = loaded(GRAFANA / "provisioning/dashboards/mythos.yml")["providers"]
    assert provider["type"] == "file" and provider["options"]["path"] == "/etc/grafana/dashboards"


# What Prometheus makes of them.


@dataclass
class Watched:
    """What there was to see while a server had its traffic."""

    prometheus: Prometheus
    began: float
    ended: float
    text: str  # of /metrics in the end
    exported: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.exported = set(labels_by_family(self.text))

    def filled_in(self, expression: str) -> str:
        """As Grafana fills in its variables."""
        values = {
            "$__rate_interval": f"{max(STEP_S + SCRAPE_S, 4 * SCRAPE_S)}s",
            "$__range": f"{math.ceil(self.ended - self.began)}s",
            "$job": "mythos",
            "$instance": ".+",
        }
        for name, value in values.items():
            expression = expression.replace(name, value)
        assert "$" not in expression
        return expression

    def has_data(self, expression: str) -> bool:
        """A number at least, at any time from the beginning to the end."""
        answer = self.prometheus.ask(
            "query_range", query=expression, start=str(self.began), end=str(self.ended), step=str(SCRAPE_S)
        )
        return any(math.isfinite(float(value)) for series in answer["result"] for _, value in series["values"])


async def acknowledge(server: Mythosd, api: Api) -> None:
    """A client that tells what it got, and how late."""
    async with await open_websocket(server, "joy", client_id="tab") as joy:
        await api.publish(player="joy")
        last = (await joy.entry()).json["id"]
        await joy.send({"type": "ack", "data": {"cursor": last, "stats": {"delivery_ms": [[0.5, 1]]}}})


async def all_traffic(server: Mythosd, notified: Callable[[], bool]) -> None:
    async with Api(server.url) as api, standing(server):
        await acknowledge(server, api)
        await traffic(server, api)

        async def told() -> bool:
            return notified()

        await until("somebody is notified", told, within=30)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("dashboards")
    rules = [quick_rules(file, directory / file.name) for file in RULE_FILES]
    hooks = Hooks(404)
    (directory / "notifications.yml").write_text(NOTIFICATIONS.format(url=hooks.url))
    options = {
        "store.url": f"sqlite:///{directory}/history.db",
        "alerts.rules": [str(rules[0])],
        "alerts.interval_s": SCRAPE_S,
        # Who says nothing is given up sooner.
        "heartbeat_ms": 500,
        "monitor.certificates": [str(make_certificate(directory / "proxy.pem"))],
        "alerts.notifications": str(directory / "notifications.yml"),
        "alerts.allowed_networks": ["127.0.0.0/8"],
    }
    server = Mythosd(directory, OPTIONS | options, program=SERVE).start()
    try:
        prometheus = Prometheus(directory, server, *rules)
        try:
            eventually("Prometheus scrapes the server", lambda: prometheus.query("up") == {"": 1}, 100)
            began = time.time()
            asyncio.run(all_traffic(server, lambda: bool(hooks.taken)))
            # That somebody is notified; it is asked for at steps, of which the last lie before.
            for last in ('mythos_notifications_total{status="sent"} > 0', 'mythos_alerts{alertstate="firing"} > 0'):
                often = f"count_over_time(({last})[1m:{SCRAPE_S}s]) >= 5"
                eventually(f"Prometheus has seen {last}", functools.partial(prometheus.query, often), 60)
            text = httpx.get(f"{server.url}/metrics", trust_env=False).text
            yield Watched(prometheus, began, time.time(), text)
        finally:
            prometheus.stop()
    finally:
        server.stop()
        hooks.stop()


def operands(expression: Any) -> Iterator[str]:
    """The parts of a condition that are compared, or held together by `and`, `or` and `unless`; numbers left out."""
    if isinstance(expression, promql_parser.ParenExpr):
        yield from operands(expression.expr)
    elif isinstance(expression, promql_parser.BinaryExpr) and str(expression.op) in CONDITIONS:
        yield from itertools.chain(operands(expression.lhs), operands(expression.rhs))
    elif re.search(r"[a-z]", text := expression.prettify()):
        yield text


def test_every_panel_and_every_record_has_data(watched: Watched):
    assert len(OF_PANELS) > 80 and len(OF_RECORDS) > 15
    missing = {
        place: text
        for place, expression in (OF_PANELS | OF_RECORDS).items()
        if not watched.has_data(text := watched.filled_in(expression))
    }
    assert missing == {}


def test_a_notification_that_failed_is_seen(watched: Watched):
    """The first one too."""
    [panel] = [panel for _, panel in PANELS if panel["title"] == "Notifications"]
    [target] = panel["targets"]
    failed = watched.filled_in(target["expr"]).replace("{", '{status="failed",', 1)
    assert watched.has_data(f"{failed} > 0")


def test_every_condition_has_its_data(watched: Watched):
    """It may hold for none: asked with `bool` it answers, and so does each of its parts."""
    assert len(OF_ALERTS) > 15 and len(OF_ANNOTATIONS) == 2 * len(BOARDS)
    missing = {}
    for place, expression in (OF_ALERTS | OF_ANNOTATIONS).items():
        text = watched.filled_in(expression)
        parts = [part for part in operands(promql_parser.parse(text)) if not part.startswith("absent(")]
        assert parts, text
        for asked in (COMPARED.sub(r"\1 bool", text), *parts):
            if not watched.has_data(asked):
                missing[place] = asked
    assert missing == {}


def test_every_metric_that_is_named_is_exported(watched: Watched):
    text = "\n".join((OF_PANELS | OF_RECORDS | OF_ALERTS | OF_ANNOTATIONS).values())
    named = set(re.findall(r"(?<![\w:])(?:mythos|process)_\w+", text))
    exported = {
        *watched.exported,
        *(f"{name}{part}" for name in watched.exported for part in ("_bucket", "_count", "_sum")),
    }
    assert len(named) > 50 and named <= exported, named - exported
    assert set(re.findall(r"job:[\w:]+", text)) <= set(OF_RECORDS)


def test_promtool_finds_nothing_in_the_metrics_of_all_parts(watched: Watched):
    """The store, the alert engine and the notifier have theirs besides those of a bare server."""
    command = [tool("promtool"), "check", "metrics"]
    checked = subprocess.run(command, input=watched.text, text=True, capture_output=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_variables_find_the_server(watched: Watched):
    for variable in BOARDS["mythos-overview"]["templating"]["list"][1:]:
        query = watched.filled_in(variable["query"]["query"])
        found = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
        assert found, query
        values = watched.prometheus.ask(f"label/{found[2]}/values", **{"match[]": found[1]})
        assert len(values) == 1
