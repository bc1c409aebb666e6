"""A real Prometheus scrapes a server, answers the guide's queries with its numbers, and loads the guide's rules."""

import re
import subprocess
from pathlib import Path

from api import Api, until
from mythosd import tool
from prometheus import Prometheus
from test_metric_names import PROMISED
from test_metrics import scrape
from wires import open_sse, open_websocket

RULES = Path(__file__).parent / "alert_rules.yml"
QUANTILE = "histogram_quantile({q}, sum by ({by}le) (rate(mythos_{name}_seconds_bucket[1m])))"
GROUPS = {"mythos_connection_alerts", "mythos_performance_alerts"}
RATES = [
    "sum by (job, instance) (rate(mythos_connection_failures_total[1m]))",
    "sum by (job, instance) (rate(mythos_errors_total[1m]))",
]


def quantile_within(samples: dict[str, float], family: str, labels: str, quantile: float) -> tuple[float, float]:
    """The two edges of the bucket that the quantile lies in."""
    buckets = {
        float(re.search(r'le="([^"]+)"', series).group(1)): value
        for series, value in samples.items()
        if series.startswith(f"{family}_bucket") and labels in series
    }
    edges = sorted(buckets)
    rank = quantile * buckets[float("inf")]
    upper = next(edge for edge in edges if buckets[edge] >= rank)
    below = [edge for edge in edges if edge < upper]
    # A quantile on an edge is computed, and may be off by a rounding.
    return (below[-1] if below else 0.0) - 1e-12, (upper if upper != float("inf") else below[-1]) + 1e-12


async def test_prometheus_answers_the_guides_queries_with_the_servers_numbers(start_server, tmp_path):
    server = start_server()
    prometheus = Prometheus(tmp_path, server, RULES)
    try:
        await asked(server, prometheus)
    finally:
        prometheus.stop()


async def asked(server, prometheus):
    async def first_scrape():
        return prometheus.query('up{job="mythos"}') == {"": 1}

    async with Api(server.url) as api:
        # What is there before is in no rate.
        await until("it has scraped the server at rest", first_scrape, within=60)
        async with (
            await open_websocket(server, "ann", client_id="tab") as ann,
            await open_sse(server, "ann", client_id="tab"),
            await open_sse(server, "bob", client_id="tab") as bob,
            await open_websocket(server, "cat", client_id="tab"),
        ):
            for n in range(20):
                await api.publish("test.n", {"n": n}, everyone=True)
            await ann.entries(20)
            await bob.entries(20)
            for _ in range(5):
                assert (await api.http.get("/sse/bad*name")).status_code == 400

            told = {
                "mythos_connections_total": {"": 4},
                "mythos_active_connections": {"": 4},
                "mythos_connection_health_percentage": {"": 100},
                "mythos_connections_by_type": {"websocket": 1, "sse": 1, "dual": 1},
                'sum(mythos_connection_failures_total{reason="bad_name"})': {"": 5},
                "sum(mythos_errors_total)": {"": 5},
                'mythos_deliveries_total{status="written"}': {"written": 60},
                "sum by (type) (mythos_connection_establishment_seconds_count)": {"websocket": 2, "sse": 2},
            }
            for expression, expected in told.items():

                async def has_it(expression=expression, expected=expected):
                    return prometheus.query(expression) == expected

                await until(f"{expression} is {expected}", has_it, within=30)

            samples = await scrape(api)
            for q in (0.5, 0.95):
                for wire in ("websocket", "sse"):
                    name = "mythos_connection_establishment_seconds"
                    lowest, highest = quantile_within(samples, name, f'type="{wire}"', q)
                    asked_for = QUANTILE.format(q=q, by="type, ", name="connection_establishment")
                    assert lowest <= prometheus.query(asked_for)[wire] <= highest
                lowest, highest = quantile_within(samples, "mythos_message_delivery_seconds", "", q)
                assert lowest <= prometheus.query(QUANTILE.format(q=q, by="", name="message_delivery"))[""] <= highest
            for expression in RATES:
                assert prometheus.query(expression)[""] > 0

        groups = prometheus.ask("rules")["groups"]
        healths = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        assert len(healths) == 8 and set(healths.values()) <= {"ok", "unknown"}, healths
        scraped = prometheus.ask("targets")["activeTargets"]
        assert [target["lastError"] for target in scraped] == [""]


def test_the_rules_load_and_ask_for_nothing_that_is_not_exported():
    checked = subprocess.run(
        [tool("promtool"), "check", "rules", str(RULES)], capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0 and "8 rules found" in checked.stdout, checked.stdout + checked.stderr
    asked_for = set(re.findall(r"(?<![\w:])mythos_\w+", RULES.read_text())) - GROUPS
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked_for}
    assert len(names) == 7 and names <= PROMISED.keys()
