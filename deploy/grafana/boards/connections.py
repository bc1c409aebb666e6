"""Rates, errors and durations of connections."""

from __future__ import annotations

from panels import OF_SCRAPE, Panel, bargauge_panel, bucket_bars_panel, heatmap_panel, table_panel, timeseries_panel
from queries import DELIVERY, ESTABLISHMENT, buckets, of, quantiles, rate, total

TITLE = "Mythos: Connections"


def panels() -> list[Panel]:
    by_type = "type, reason"
    return [
        timeseries_panel(
            "Opened", "cps", [(rate("mythos_connections_opened_total", "type"), "{{type}}")], "Let in.", width=8
        ),
        timeseries_panel(
            "Closed by Reason",
            "cps",
            [(f"{rate('mythos_connections_closed_total', by_type)} > 0", "{{type}} {{reason}}")],
            "Ended, by why; reasons that do not occur are left out.",
            width=8,
            stacked=True,
        ),
        timeseries_panel(
            "Failed by Reason",
            "cps",
            [(f"{rate('mythos_connection_failures_total', by_type)} > 0", "{{type}} {{reason}}")],
            "Attempts to open a stream that failed; reasons that do not occur are left out.",
            width=8,
            stacked=True,
        ),
        heatmap_panel("Establishment Time", buckets(ESTABLISHMENT), "From a connection's request to its being let in."),
        heatmap_panel("Delivery Time", buckets(DELIVERY), "From a message's append to its first write to a socket."),
        timeseries_panel(
            "Establishment Time by Type",
            "s",
            quantiles(ESTABLISHMENT, "type"),
            "The alert looks at p95 of each type, and two seconds.",
        ),
        timeseries_panel(
            "Round Trip by Type",
            "s",
            quantiles("mythos_connection_rtt_seconds", "type"),
            "Of a WebSocket from ping to pong, of an event stream as TCP has it, each once a heartbeat.",
        ),
        timeseries_panel(
            "Players by Connection",
            "short",
            [(total("mythos_connections_by_type", "type"), "{{type}}")],
            "With a WebSocket only, an event stream only, or both.",
            stacked=True,
        ),
        timeseries_panel(
            "Clients That Come Back",
            "cps",
            [(rate("mythos_reconnects_total", "type"), "{{type}}")],
            "Connections with a cursor: their client had been there before.",
        ),
        bucket_bars_panel(
            "Age at the End",
            "short",
            f"sum by (le) (increase({of('mythos_connection_duration_seconds_bucket')}[$__range]))",
            "How long connections were open, in seconds, of those that ended in the time shown.",
            width=8,
        ),
        bargauge_panel(
            "Close Reasons",
            "short",
            [(f"sum by (reason) (increase({of('mythos_connections_closed_total')}[$__range])) > 0", "{{reason}}")],
            "In the time shown.",
            width=8,
        ),
        table_panel(
            "Sessions With the Most Connections",
            "short",
            f"topk(20, {of('mythos_session_connections')})",
            "Those beyond the first 50 together as __other__.",
            hidden=OF_SCRAPE,
            width=8,
        ),
        timeseries_panel(
            "Sessions and Subscriptions",
            "short",
            [
                (total("mythos_sessions_total"), "sessions"),
                (total("mythos_subscriptions"), "subscriptions"),
                (total("mythos_channels"), "channels"),
            ],
            "Sessions live on for their grace without a connection.",
        ),
        timeseries_panel(
            "Connections a Session",
            "short",
            quantiles("mythos_connections_per_session"),
            "The most at once, of sessions that have ended.",
        ),
    ]
