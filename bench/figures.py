"""Figures of repeated runs: spread, paired ratios, bounds, and the tables that show them."""

from __future__ import annotations

import math
import os
import platform
import statistics
from pathlib import Path
from typing import Any

from cases import Bound, Case

Report = dict[str, Any]
Spread = dict[str, float]


def value_of(report: Report, figure: str) -> float:
    value: Any = report
    for key in figure.split("/"):
        value = value[key]
    return float(value)


def spread(values: list[float]) -> Spread:
    if not values:  # no pair had two figures to divide: nothing is known, and no bound is held
        return {"min": math.nan, "median": math.nan, "max": math.nan}
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def ratios(case: Case, runs: list[dict[str, Report]], figure: str, against: str) -> list[float]:
    """One ratio a repetition: both sides were measured in it, one right after the other."""
    pairs = [(value_of(run[case.contenders[0]], figure), value_of(run[against], figure)) for run in runs]
    return [ours / theirs for ours, theirs in pairs if theirs > 0]


def judge(case: Case, runs: list[dict[str, Report]], bound: Bound) -> dict[str, Any]:
    if bound.against is None:
        values = [value_of(run[case.contenders[0]], bound.figure) for run in runs]
    else:
        values = ratios(case, runs, bound.figure, bound.against)
    found = spread(values)
    return {
        "figure": bound.figure,
        "against": bound.against,
        "at_most": bound.at_most,
        "found": found,
        "held": found["median"] <= bound.at_most,
    }


def summarise(case: Case, runs: list[dict[str, Report]]) -> dict[str, Any]:
    """`runs`: for each repetition, the report of each contender; only whole repetitions."""
    ours = case.contenders[0]
    return {
        "case": case.name,
        "runs": len(runs),
        "figures": {
            name: {figure: spread([value_of(run[name], figure) for run in runs]) for figure in case.figures}
            for name in case.contenders
        },
        "ratios": {
            f"{ours} / {other}": spread(ratios(case, runs, case.figures[0], other)) for other in case.contenders[1:]
        },
        "bounds": [judge(case, runs, bound) for bound in case.bounds],
    }


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def in_words(found: Spread) -> str:
    return f"{number(found['median'])} ({number(found['min'])} to {number(found['max'])})"


def as_text(summary: dict[str, Any]) -> str:
    lines = [f"{summary['case']}: median (min to max) of {summary['runs']} runs"]
    for name, figures in summary["figures"].items():
        lines.append(f"  {name}")
        lines += [f"    {figure:<28} {in_words(found)}" for figure, found in figures.items()]
    lines += [f"  ratio {pair:<26} {in_words(found)}" for pair, found in summary["ratios"].items()]
    for bound in summary["bounds"]:
        what = bound["figure"] + (f" against {bound['against']}" if bound["against"] else "")
        verdict = "held" if bound["held"] else "MISSED"
        lines.append(f"  bound {what} at most {bound['at_most']}: {verdict}, {in_words(bound['found'])}")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were taken on; nothing that names the machine."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text().splitlines()[0].split()[1]
    return {
        "cpu": cpu[0].split(":")[1].strip() if cpu else "unknown",
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory) / (1 << 20), 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_before": os.getloadavg()[0],
    }
