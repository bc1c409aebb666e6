"""What fails, and why."""

from __future__ import annotations

from panels import OF_SCRAPE, Panel, stat_panel, table_panel, timeseries_panel, worse_from
from queries import of, rate, threshold

TITLE = "Mythos: Errors"


def panels() -> list[Panel]:
    return [
        stat_panel(
            "Errors",
            "cps",
            [(f"sum by (job, instance) (rate({of('mythos_errors_total')}[5m]))", "{{instance}}")],
            "Errors a second over 5 minutes, as the alert counts them.",
            steps=worse_from(threshold("HighErrorRate") / 2, threshold("HighErrorRate")),
        ),
        stat_panel(
            "Connection Failures",
            "cps",
            [(of("job:mythos_connection_failures:rate5m"), "{{instance}}")],
            "Failures a second over 5 minutes, as the alert counts them.",
            steps=worse_from(threshold("HighConnectionFailureRate") / 2, threshold("HighConnectionFailureRate")),
        ),
        table_panel(
            "Errors in the Time Shown",
            "short",
            f"sum by (type, severity) (increase({of('mythos_errors_total')}[$__range])) > 0",
            "What they are is in the log: `mythos logs --level error --level warning`.",
            hidden=OF_SCRAPE,
        ),
        timeseries_panel(
            "Errors by Type", "cps", [(rate("mythos_errors_total", "type"), "{{type}}")], "A second.", stacked=True
        ),
        timeseries_panel(
            "Connections Refused",
            "cps",
            [(f"{rate('mythos_connections_rejected_total', 'reason')} > 0", "{{reason}}")],
            "A second, by why; reasons that do not occur are left out.",
            stacked=True,
        ),
        timeseries_panel(
            "Requests Refused",
            "cps",
            [
                (f"{rate('mythos_http_errors_total', 'reason')} > 0", "{{reason}}"),
                (rate("mythos_auth_failures_total", "reason"), "who asked: {{reason}}"),
            ],
            "HTTP requests that were answered with an error, and whoever was not who they said.",
        ),
        timeseries_panel(
            "Commands Refused",
            "cps",
            [(f"{rate('mythos_command_errors_total', 'code')} > 0", "{{code}}")],
            "Clients' commands by error code; codes that do not occur are left out.",
        ),
        timeseries_panel(
            "Faults of the Server",
            "cps",
            [
                (rate("mythos_operation_faults_total"), "operations"),
                (rate("mythos_event_faults_total"), "events"),
                (rate("mythos_health_check_failures_total"), "health checks"),
                (rate("mythos_rule_evaluation_failures_total"), "rules"),
                (rate("mythos_reload_failures_total"), "reloads"),
                (rate("mythos_store_failures_total"), "database"),
                (rate("mythos_certificate_failures_total"), "certificates"),
            ],
            "These should not occur at all.",
        ),
        timeseries_panel(
            "Log Lines",
            "cps",
            [
                (rate("mythos_log_lines_total", "level"), "{{level}}"),
                (rate("mythos_log_dropped_total"), "dropped"),
            ],
            "Dropped are those for which the log's queue had no room.",
        ),
        timeseries_panel(
            "History Not Written",
            "cps",
            [(rate("mythos_store_dropped_total", "reason"), "{{reason}}")],
            "Openings and closings that the database does not have.",
        ),
    ]
