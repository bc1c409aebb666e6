"""The expressions of the dashboards, in the words that recur: what is selected, rates, quantiles, buckets.

All take the dashboards' variables `$job` and `$instance`. Thresholds come from the rules, so that a panel turns red
when the alert is about to fire, and not at a number of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

RULES = Path(__file__).parents[1] / "rules" / "mythos.yml"
ESTABLISHMENT = "mythos_connection_establishment_seconds"
DELIVERY = "mythos_message_delivery_seconds"
SELECTED = 'job=~"$job",instance=~"$instance"'


def of(name: str, matchers: str = "") -> str:
    """The series of a metric on the servers that are selected."""
    return f"{name}{{{','.join(filter(None, (SELECTED, matchers)))}}}"


def total(name: str, by: str = "", matchers: str = "") -> str:
    return f"sum{_by(by)}({of(name, matchers)})"


def rate(name: str, by: str = "", matchers: str = "") -> str:
    """Of a counter, a second."""
    return f"sum{_by(by)}(rate({of(name, matchers)}[$__rate_interval]))"


def buckets(name: str, matchers: str = "") -> str:
    """Of a histogram, as a heatmap takes them."""
    return f"sum by (le) (increase({of(f'{name}_bucket', matchers)}[$__rate_interval]))"


def quantile(q: float, name: str, by: str = "", matchers: str = "") -> str:
    labels = ", ".join(filter(None, (by, "le")))
    return f"histogram_quantile({q}, sum by ({labels}) (rate({of(f'{name}_bucket', matchers)}[$__rate_interval])))"


def quantiles(name: str, by: str = "", matchers: str = "") -> list[tuple[str, str]]:
    """p50, p95 and p99, each with its legend."""
    legend = f" {{{{{by}}}}}" if by else ""
    return [(quantile(q, name, by, matchers), f"p{round(q * 100)}{legend}") for q in (0.5, 0.95, 0.99)]


def threshold(alert: str) -> float:
    """The number that an alert's expression compares with first."""
    [rule] = [
        rule
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if rule.get("alert") == alert
    ]
    return float(re.findall(r"[<>]=? ([\d.]+)", rule["expr"])[0])


def increase(name: str, window: str, by: str = "", matchers: str = "") -> str:
    """Of a counter, in a window such as `30d` or `$__range`."""
    return f"sum{_by(by)}(increase({of(name, matchers)}[{window}]))"


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else ""
