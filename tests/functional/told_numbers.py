"""What a server tells of its traffic, by where it is read, in the words of known_traffic.

Each of these gives what can be read there and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from databases import Database

WIRES = {"WebSocket": "websocket", "SSE": "sse"}
ERROR_KEYS = re.compile(r"(\w+_error)_(\w+)")


def labelled(counters: dict[str, float], name: str) -> dict[Any, float]:
    """A family's counts that are not 0, by the values of its labels."""
    found = {}
    for series, count in counters.items():
        if series.startswith(name + "{") and count:
            values = re.findall(r'="([^"]*)"', series)
            found[values[0] if len(values) == 1 else tuple(values)] = count
    return found


def in_counters(counters: dict[str, float]) -> dict[str, Any]:
    """Of `/api/connections/stats` and of `/metrics`, which have the same names."""
    families = {
        "opened": "connections_opened_total",
        "closed": "connections_closed_total",
        "refused": "connection_failures_total",
        "reconnects": "reconnects_total",
        "deliveries": "deliveries_total",
        "writes": "messages_sent_total",
        "http_errors": "http_errors_total",
        "command_errors": "command_errors_total",
    }
    return {name: labelled(counters, f"mythos_{family}") for name, family in families.items()}


def kinds_of(errors: dict[tuple[str, str, str], int]) -> dict[tuple[str, str], int]:
    """By type and severity alone."""
    kinds: Counter[tuple[str, str]] = Counter()
    for (type, severity, _), count in errors.items():
        kinds[type, severity] += count
    return dict(kinds)


def outcomes_of(deliveries: dict[str, int]) -> dict[str, int]:
    """As the guide's fields divide them."""
    failed = deliveries["gap"] + deliveries["unsent"]
    return {"written": deliveries["written"], "failed": failed, "conflated": deliveries["conflated"]}


def in_samples(samples: dict[str, float]) -> dict[str, Any]:
    """Of `/metrics` beside its counters."""
    name = "mythos_connection_establishment_seconds_count"
    return {
        "established": labelled(samples, name),
        "kinds": labelled(samples, "mythos_errors_total"),
        "timed": samples["mythos_message_delivery_seconds_count"],
    }


def in_performance(told: dict[str, Any]) -> dict[str, Any]:
    """Of `/monitoring/performance`, whose windows and lifetime must agree: all of it is younger than a minute."""
    established, delivery = told["connection_establishment"], told["message_delivery"]
    opened = {wire: established[f"{wire}_connections"] for wire in ("websocket", "sse")}
    assert opened == {wire: established[f"lifetime_{wire}_connections"] for wire in opened}
    assert established["total_connections"] == sum(opened.values())
    written, failed = delivery["successful_deliveries"], delivery["failed_deliveries"]
    assert delivery["total_messages_sent"] == delivery["lifetime_messages_sent"] == written + failed
    assert (delivery["lifetime_successful_deliveries"], delivery["lifetime_failed_deliveries"]) == (written, failed)
    for window in told["windows"].values():
        assert window["connection_establishment"]["total_connections"] == sum(opened.values())
        assert window["message_delivery"]["total_messages_sent"] == written + failed
    outcomes = {"written": written, "failed": failed, "conflated": delivery["conflated_deliveries"]}
    return {"established": opened, "outcomes": outcomes, "timed": delivery["append_to_socket"]["count"]}


def in_errors(told: dict[str, Any]) -> dict[str, Any]:
    """Of `/monitoring/errors`: counts, groups and the kept ones must agree."""

    def by_kind(breakdown: dict[str, int]) -> dict[tuple[str, ...], int]:
        return {ERROR_KEYS.fullmatch(key).groups(): count for key, count in breakdown.items()}

    kinds = by_kind(told["error_breakdown"])
    total = sum(kinds.values())
    assert told["total_errors_last_hour"] == told["window_total_errors"] == told["lifetime_total_errors"] == total
    for breakdown in (
        told["window_error_breakdown"],
        told["lifetime_error_breakdown"],
        *(window["error_breakdown"] for window in told["windows"].values()),
    ):
        assert by_kind(breakdown) == kinds
    groups: Counter[tuple[str, ...]] = Counter()
    for group in told["fingerprints"]:
        groups[group["type"], group["severity"]] += group["count"]
    assert groups == kinds and told["ungrouped_errors"] == 0
    assert len(told["recent_errors"]) + told["recent_errors_let_go"] <= total
    return {"kinds": kinds}


def in_log(lines: list[dict[str, Any]]) -> dict[str, Any]:
    opened, closed, refused = Counter(), Counter(), Counter()
    deliveries, sessions, errors, tries = Counter(), Counter(), Counter(), Counter()
    for line in lines:
        wire, _, event = line["event"].partition(" ")
        if wire in WIRES and event == "connection attempt":
            tries[WIRES[wire]] += 1
        elif wire in WIRES and event == "connected":
            opened[WIRES[wire]] += 1
        elif wire in WIRES and event == "disconnected":
            closed[WIRES[wire], line["reason"]] += 1
        elif wire in WIRES and event == "connection failed":
            refused[WIRES[wire], line["reason"]] += 1
        elif line["event"] == "Message delivered":
            deliveries["written"] += 1
        elif line["event"] == "Session opened":
            sessions["opened"] += 1
        elif line["event"] == "Session replaced":
            sessions["replaced"] += 1
        deliveries["gap"] += line.get("lost", 0)
        deliveries["unsent"] += line.get("unsent", 0)
        if "error_code" in line:
            errors[line["error_type"], line["severity"], line.get("reason", line["error_code"])] += 1
        assert "left_out" not in line, line
    for wire in WIRES.values():
        assert tries[wire] == opened[wire] + sum(n for (of, _), n in refused.items() if of == wire)
    return {
        "opened": dict(opened),
        "closed": dict(closed),
        "refused": dict(refused),
        "deliveries_logged": dict(deliveries),
        "sessions": dict(sessions),
        "errors": dict(errors),
    }


def in_tables(database: Database) -> dict[str, Any]:
    opened, closed, sessions = Counter(), Counter(), Counter()
    for wire, reason in database.rows("SELECT connection_type, close_reason FROM connections"):
        opened[wire] += 1
        if reason:
            closed[wire, reason] += 1
    for (reason,) in database.rows("SELECT close_reason FROM sessions"):
        sessions["opened"] += 1
        sessions["replaced"] += reason == "replaced"
    return {"opened": dict(opened), "closed": dict(closed), "sessions": dict(sessions)}


def levels_in(samples: dict[str, float]) -> dict[str, Any]:
    """Of `/metrics`, who is there now."""
    total = samples["mythos_active_connections"]
    assert samples["mythos_connections_total"] == total
    assert sum(labelled(samples, "mythos_session_connections").values()) == total
    return {
        "total": total,
        "players": labelled(samples, "mythos_connections_by_type"),
        **{name: samples[f"mythos_{name}"] for name in ("subscriptions", "channels")},
        "sessions": samples["mythos_sessions_total"],
    }


def distribution_in(told: dict[str, Any]) -> dict[str, Any]:
    """Of `/monitoring/dual-connections` and `/api/connections/stats`."""
    players = told["connection_distribution"]
    by_type = {
        "websocket": players["websocket_only_players"],
        "sse": players["sse_only_players"],
        "dual": players["dual_connection_players"],
    }
    assert players["total_players"] == sum(by_type.values())
    connections = dict(told["connections"])
    assert connections.pop("total") == sum(connections.values())
    return {"players": by_type, "connections": connections, "sessions": told["sessions"]}


def health_in(told: dict[str, Any]) -> dict[str, Any]:
    """Of `/monitoring/connection-health`, where all are healthy."""
    overall, by_type = told["overall_health"], told["connection_type_health"]
    connections = {wire: each["total"] for wire, each in by_type.items()}
    assert connections == {wire: each["healthy"] for wire, each in by_type.items()}
    total = sum(connections.values())
    assert (overall["total_connections"], overall["healthy_connections"]) == (total, total)
    assert sum(told["connection_age_distribution"].values()) == total
    return {"connections": connections}


def page_in(told: dict[str, Any]) -> dict[str, Any]:
    """Of `/monitoring/connections`."""
    assert told["total"] == len(told["connections"])
    return {"connections": dict(Counter(row["wire"] for row in told["connections"]))}
