"""What becomes of messages, and how fast."""

from __future__ import annotations

from panels import Panel, heatmap_panel, timeseries_panel
from queries import DELIVERY, buckets, of, quantiles, rate

TITLE = "Mythos: Delivery"


def panels() -> list[Panel]:
    return [
        timeseries_panel(
            "Deliveries by Outcome",
            "cps",
            [(rate("mythos_deliveries_total", "status"), "{{status}}")],
            "Messages owed to clients, each once: written, told as a gap, conflated, or unsent when the session ended.",
            stacked=True,
        ),
        timeseries_panel(
            "Delivery Success",
            "percent",
            [(of("mythos_message_delivery_success_rate"), "{{instance}}")],
            "Of the deliveries decided in the last 5 minutes, how many in a hundred were written to a socket.",
        ),
        heatmap_panel("Delivery Time", buckets(DELIVERY), "From a message's append to its first write to a socket."),
        timeseries_panel(
            "Delivery Time, Percentiles",
            "s",
            quantiles(DELIVERY),
            "The same; the alert looks at p95 and half a second.",
        ),
        timeseries_panel(
            "Acknowledgement Time",
            "s",
            quantiles("mythos_message_acknowledgement_seconds"),
            "From a message's append to the client's acknowledgement, which may wait for others to come along.",
        ),
        timeseries_panel(
            "Delay at the Client",
            "s",
            quantiles("mythos_message_client_delay_seconds"),
            "By clients' own reports: how much later than their fastest recent message one reached them.",
        ),
        timeseries_panel(
            "Broadcast Time",
            "s",
            quantiles("mythos_broadcast_duration_seconds"),
            "From a message's append to the end of the turn in which a loop wrote it to all who keep up.",
        ),
        timeseries_panel(
            "Fan-out",
            "short",
            [
                (
                    f"{rate('mythos_deliveries_total')} / ({rate('mythos_messages_published_total')} > 0)",
                    "deliveries a message",
                )
            ],
            "To how many a message is owed.",
        ),
        timeseries_panel(
            "Writes to Sockets",
            "cps",
            [(rate("mythos_messages_sent_total", "type, status"), "{{type}} {{status}}")],
            "To both wires of a client is two writes, of one delivery.",
            stacked=True,
        ),
        timeseries_panel(
            "Catching Up",
            "cps",
            [
                (rate("mythos_replayed_messages_total"), "replayed"),
                (rate("mythos_gaps_total", "reason"), "gap: {{reason}}"),
                (rate("mythos_messages_dropped_total", "reason"), "dropped: {{reason}}"),
                (rate("mythos_promotions_total"), "standby promoted"),
            ],
            "What those who come back are given, what they are told is gone, and what had no effect.",
        ),
    ]
