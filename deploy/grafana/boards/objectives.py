"""How fast the month's allowance of lost and late messages is used up, and which alerts fire."""

from __future__ import annotations

from boards.overview import health
from panels import Panel, better_from, gauge_panel, table_panel, timeline_panel, timeseries_panel
from queries import DELIVERY, increase, of

TITLE = "Mythos: Objectives and Alerts"
LOST_ALLOWED = 0.001  # as the rules have it
LATE_ALLOWED = 0.01
LATE_S = "0.5"
MONTH = "30d"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
ALERT_STATES = {"0": ("quiet", "green"), "1": ("pending", "yellow"), "2": ("firing", "red"), "3": ("firing", "red")}


def panels() -> list[Panel]:
    lost = increase("mythos_deliveries_total", MONTH, matchers='status=~"gap|unsent"')
    decided = increase("mythos_deliveries_total", MONTH)
    in_time = increase(f"{DELIVERY}_bucket", MONTH, matchers=f'le="{LATE_S}"')
    delivered = increase(f"{DELIVERY}_count", MONTH)
    return [
        gauge_panel(
            "Lost Messages: Allowance Left",
            "percentunit",
            [(_left(f"{lost} / ({decided} > 0)", LOST_ALLOWED), "left")],
            "Of 1,000 deliveries one may fail, in 30 days. Below zero more have failed.",
            steps=better_from(0, 0.25),
            high=1,
        ),
        gauge_panel(
            "Late Messages: Allowance Left",
            "percentunit",
            [(_left(f"(1 - {in_time} / ({delivered} > 0))", LATE_ALLOWED), "left")],
            "Of 100 deliveries one may take over half a second, in 30 days. Below zero more have.",
            steps=better_from(0, 0.25),
            high=1,
        ),
        timeseries_panel(
            "Deliveries",
            "cps",
            [(of("job:mythos_deliveries:rate1h"), "{{instance}}")],
            "Deliveries a second over an hour; below 0.1 the burn rates wake nobody.",
        ),
        timeseries_panel(
            "Lost Messages: Burn Rate",
            "none",
            _burn_rates("job:mythos_delivery_errors:ratio_rate", LOST_ALLOWED),
            "How many times too fast the allowance is used up, by window. Alerts: 14.4 in 1h and 5m, 6 in 6h and 30m, "
            "3 in 1d and 2h, 1 in 3d and 6h.",
        ),
        timeseries_panel(
            "Late Messages: Burn Rate",
            "none",
            _burn_rates("job:mythos_delivery_slow:ratio_rate", LATE_ALLOWED),
            "How many times too fast the allowance is used up, by window. Alerts: 14.4 in 1h and 5m, 6 in 6h and 30m, "
            "3 in 1d and 2h, 1 in 3d and 6h.",
        ),
        timeline_panel(
            "Alerts",
            [(f"{_has('pending')} + 2 * {_has('firing')}", "{{alertname}}")],
            "As the server's own rules raise them; that it is down, Prometheus tells: see Health.",
            ALERT_STATES,
            height=14,
        ),
        health(),
        timeseries_panel(
            "Notifications",
            "short",
            [
                (
                    increase("mythos_notifications_total", "$__rate_interval", "integration, status"),
                    "{{integration}} {{status}}",
                )
            ],
            "Of the server's own alerting, by what became of them.",
        ),
        table_panel(
            "Alerts in the Time Shown",
            "percentunit",
            f"avg_over_time(({_has('firing')})[$__range:]) > 0",
            "Which part of the time each has fired.",
        ),
    ]


def _left(used: str, allowed: float) -> str:
    return f"1 - {used} / {allowed}"


def _burn_rates(record: str, allowed: float) -> list[tuple[str, str]]:
    return [(f"max({of(record + window)}) / {allowed}", window) for window in WINDOWS]


def _has(state: str) -> str:
    """1 for each alert of which there is one in the state, else 0."""
    return f"""clamp_max(sum by (alertname) ({of("mythos_alerts", f'alertstate="{state}"')}), 1)"""
