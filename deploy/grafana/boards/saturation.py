"""Utilization and saturation of what a server has."""

from __future__ import annotations

from panels import Panel, better_from, gauge_panel, stat_panel, timeseries_panel, worse_from
from queries import of, quantiles, rate, threshold

TITLE = "Mythos: Saturation"
MEMORY_WARNING_PERCENT = 80
FULL_WARNING = 0.7


def panels() -> list[Panel]:
    files = f"{of('process_open_fds')} / {of('process_max_fds')}"
    full = worse_from(FULL_WARNING, threshold("FileDescriptorsLow"))
    return [
        gauge_panel(
            "Connections of the Limit",
            "percentunit",
            [(f"{of('mythos_active_connections')} / {of('mythos_connection_limit')}", "{{instance}}")],
            "At the limit newcomers are told to try later.",
            steps=full,
            high=1,
        ),
        gauge_panel(
            "File Descriptors",
            "percentunit",
            [(files, "{{instance}}")],
            "Open of those that may be.",
            steps=full,
            high=1,
        ),
        gauge_panel(
            "Memory",
            "percent",
            [(of("mythos_memory_usage_percent"), "{{instance}}")],
            "Of the control group's limit, or the machine's.",
            steps=worse_from(MEMORY_WARNING_PERCENT, threshold("HighMemoryUsage")),
            high=100,
        ),
        stat_panel(
            "Slow Consumers",
            "short",
            [(of("mythos_slow_consumers"), "{{instance}}")],
            "Connections that lag by more than 1,000 entries or 1 MiB.",
            steps=worse_from(1, threshold("SlowConsumers")),
        ),
        timeseries_panel(
            "Event-loop Lag (p99)",
            "s",
            quantiles("mythos_event_loop_lag_seconds", "thread")[2:],
            "How late each I/O thread came to its timer, once a second while it has connections.",
        ),
        timeseries_panel(
            "CPU",
            "percentunit",
            [
                (rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
                (f"{of('mythos_cpu_usage_percent')} / 100", "{{instance}}, last seconds"),
            ],
            "Of one processor: 200 % are two.",
        ),
        timeseries_panel(
            "Resident Memory", "bytes", [(of("process_resident_memory_bytes"), "{{instance}}")], "Of the process."
        ),
        timeseries_panel(
            "Network",
            "Bps",
            [(rate("mythos_sent_bytes_total"), "sent"), (rate("mythos_received_bytes_total"), "received")],
            "Of streams, without HTTP heads.",
        ),
        timeseries_panel(
            "Send Queue, Bytes",
            "bytes",
            [(of("mythos_send_queue_bytes"), "{{instance}}")],
            "Owed to connections whose sockets have not taken it.",
        ),
        timeseries_panel(
            "Send Queue, Messages",
            "short",
            [(of("mythos_send_queue_messages"), "{{instance}}")],
            "Owed to connections whose sockets have not taken them.",
        ),
        timeseries_panel(
            "Slow Consumers Closed",
            "cps",
            [(rate("mythos_slow_consumer_disconnects_total", "instance"), "{{instance}}")],
            "Connections whose cursor left the retention.",
        ),
        timeseries_panel(
            "Database Queue",
            "short",
            [(of("mythos_store_queue_length"), "{{instance}}")],
            "Openings and closings that wait for the database.",
        ),
        timeseries_panel(
            "Request Time by Route",
            "s",
            quantiles("mythos_request_duration_seconds", "endpoint")[1:2],
            "p95 of HTTP requests other than for a stream.",
        ),
        timeseries_panel(
            "The Server's Own Alerting",
            "s",
            [
                *quantiles("mythos_rule_evaluation_seconds")[2:],
                (quantiles("mythos_health_check_duration_seconds", "component")[2][0], "health: {{component}}"),
            ],
            "p99 of the evaluation of a group of rules, and of health checks.",
        ),
        stat_panel(
            "Certificates",
            "s",
            [(f"{of('mythos_certificate_expiry_timestamp_seconds')} - time()", "{{instance}} {{file}}")],
            "How long until the first of a file expires. A file that cannot be read is not here.",
            steps=better_from(threshold("CertificateExpires"), threshold("CertificateExpiresSoon")),
            width=12,
        ),
    ]
