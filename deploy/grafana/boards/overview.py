"""Whether all is well, on one page."""

from __future__ import annotations

from panels import (
    OF_SCRAPE,
    Panel,
    better_from,
    gauge_panel,
    piechart_panel,
    stat_panel,
    table_panel,
    timeline_panel,
    timeseries_panel,
)
from queries import DELIVERY, ESTABLISHMENT, of, quantiles, rate, threshold, total

TITLE = "Mythos: Overview"
HEALTHY_PERCENT = 95
HEALTH_STATES = {"0": ("unhealthy", "red"), "0.5": ("degraded", "yellow"), "1": ("healthy", "green")}


def panels() -> list[Panel]:
    return [
        stat_panel(
            "Total Connections",
            "short",
            [(total("mythos_connections_total"), "Total Connections")],
            "Connections that are open, of either wire. How many may be there is on Saturation.",
        ),
        gauge_panel(
            "Connection Health",
            "percent",
            [(of("mythos_connection_health_percentage"), "{{instance}}")],
            "Connections that answer and keep up, in a hundred; 100 where there is none.",
            steps=better_from(threshold("LowConnectionHealth"), HEALTHY_PERCENT),
            high=100,
        ),
        piechart_panel(
            "Connections by Type",
            "short",
            [(total("mythos_connections_by_type", "type"), "{{type}}")],
            "Players by what they are connected with: a WebSocket only, an event stream only, or both.",
        ),
        gauge_panel(
            "Delivery Success",
            "percent",
            [(of("mythos_message_delivery_success_rate"), "{{instance}}")],
            "Of the deliveries decided in the last 5 minutes, how many in a hundred were written to a socket.",
            steps=better_from(99, 99.9),
            high=100,
        ),
        timeseries_panel(
            "Connection Establishment Time",
            "s",
            quantiles(ESTABLISHMENT),
            "From a connection's request to its being let in.",
        ),
        timeseries_panel(
            "Message Delivery Time", "s", quantiles(DELIVERY), "From a message's append to its first write to a socket."
        ),
        timeseries_panel(
            "Traffic",
            "cps",
            [
                (rate("mythos_messages_published_total"), "published"),
                (rate("mythos_deliveries_total", matchers='status="written"'), "delivered"),
                (rate("mythos_messages_received_total"), "received"),
            ],
            "Messages a second: published once, delivered to each receiver, received from clients.",
        ),
        timeseries_panel(
            "Errors",
            "cps",
            [(rate("mythos_errors_total", "severity"), "{{severity}}")],
            "Errors a second by severity; Errors has them by type.",
            stacked=True,
        ),
        health(),
        table_panel(
            "Servers",
            "short",
            f"{of('mythos_build_info')} * on (job, instance) group_left () {of('mythos_connections_total')}",
            "What runs where, and how many connections it has.",
            hidden=OF_SCRAPE,
            width=24,
        ),
    ]


def health() -> Panel:
    return timeline_panel(
        "Health",
        [
            (f"min by (component) ({of('mythos_health_status')})", "{{component}}"),
            (f"min({of('up')})", "scraped"),
        ],
        "Each component, and whether Prometheus reaches the server.",
        HEALTH_STATES,
    )
