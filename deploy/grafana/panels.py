"""The panels that the dashboards are put together from: one function a kind, with what all of a kind share."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    gauge,
    heatmap,
    piechart,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT = 8
OF_SCRAPE = ("__name__", "job")  # labels that say nothing in a table

Panel = Any
Query = tuple[str, str]  # an expression and its legend
Step = tuple[str, float | None]  # a colour, and from which value on; that of the first is None
PLAIN: list[Step] = [("green", None)]


def worse_from(warning: float, critical: float) -> list[Step]:
    return [("green", None), ("yellow", warning), ("red", critical)]


def better_from(warning: float, healthy: float) -> list[Step]:
    return [("red", None), ("yellow", warning), ("green", healthy)]


def timeseries_panel(
    title: str, unit: str, queries: Iterable[Query], says: str, *, width: int = 12, stacked: bool = False
) -> Panel:
    panel = (
        _begun(timeseries.Panel(), title, unit, says, width, PLAIN).fill_opacity(30 if stacked else 10).line_width(1)
    )
    panel = panel.show_points(shapes.VisibilityMode.NEVER).min(0)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A"))
    panel = panel.legend(
        common.VizLegendOptions()
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    ).tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
    return _asking(panel, queries)


def stat_panel(
    title: str, unit: str, queries: Iterable[Query], says: str, *, width: int = 6, steps: list[Step] = PLAIN
) -> Panel:
    panel = _begun(stat.Panel(), title, unit, says, width, steps).reduce_options(_last())
    panel = panel.color_mode(shapes.BigValueColorMode.VALUE).graph_mode(shapes.BigValueGraphMode.AREA)
    return _asking(panel, queries)


def gauge_panel(
    title: str,
    unit: str,
    queries: Iterable[Query],
    says: str,
    *,
    steps: list[Step],
    high: float,
    width: int = 6,
) -> Panel:
    panel = _begun(gauge.Panel(), title, unit, says, width, steps).reduce_options(_last()).min(0).max(high)
    return _asking(panel, queries, instant=True)


def bargauge_panel(title: str, unit: str, queries: Iterable[Query], says: str, *, width: int = 12) -> Panel:
    panel = _begun(bargauge.Panel(), title, unit, says, width, PLAIN).reduce_options(_last()).min(0)
    panel = panel.display_mode(shapes.BarGaugeDisplayMode.BASIC).orientation(shapes.VizOrientation.HORIZONTAL)
    return _asking(panel, queries, instant=True)


def bucket_bars_panel(title: str, unit: str, query: str, says: str, *, width: int = 12) -> Panel:
    """How a histogram is distributed: a bar a bucket."""
    panel = _begun(bargauge.Panel(), title, unit, says, width, PLAIN).reduce_options(_last()).min(0)
    panel = panel.display_mode(shapes.BarGaugeDisplayMode.BASIC).orientation(shapes.VizOrientation.HORIZONTAL)
    return _asking(panel, [(query, "{{le}}")], instant=True, shape=PromQueryFormat.HEATMAP)


def piechart_panel(title: str, unit: str, queries: Iterable[Query], says: str, *, width: int = 6) -> Panel:
    panel = _begun(piechart.Panel(), title, unit, says, width, PLAIN).reduce_options(_last())
    return _asking(panel, queries, instant=True)


def heatmap_panel(title: str, query: str, says: str, *, unit: str = "s", width: int = 12) -> Panel:
    """Of the buckets of a histogram, whose values have the unit."""
    panel = (
        _begun(heatmap.Panel(), title, "short", says, width, PLAIN)
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(shapes.AxisPlacement.LEFT))
    )
    panel = panel.color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64))
    panel = panel.cell_gap(1).filter_values(heatmap.FilterValueRange().le(1e-9)).show_y_histogram()
    return _asking(panel, [(query, "{{le}}")], shape=PromQueryFormat.HEATMAP)


def table_panel(title: str, unit: str, query: str, says: str, *, hidden: Iterable[str] = (), width: int = 12) -> Panel:
    """The newest value by its labels, the largest first."""
    leave_out = dict.fromkeys(("Time", *hidden), True)
    panel = (
        _begun(table.Panel(), title, unit, says, width, PLAIN)
        .sort_by([common.TableSortByFieldState().display_name("Value").desc(True)])
        .with_transformation(models.DataTransformerConfig(id_val="organize", options={"excludeByName": leave_out}))
    )
    return _asking(panel, [(query, "")], instant=True, shape=PromQueryFormat.TABLE)


def timeline_panel(
    title: str, queries: Iterable[Query], says: str, states: dict[str, tuple[str, str]], *, height: int = HEIGHT
) -> Panel:
    """States by value, each with its name and its colour."""
    named = {value: models.ValueMappingResult(text=text, color=color) for value, (text, color) in states.items()}
    panel = _begun(statetimeline.Panel(), title, "short", says, 24, PLAIN).show_value(shapes.VisibilityMode.NEVER)
    panel = panel.mappings([models.ValueMap(options=named)]).merge_values(True).row_height(0.8).height(height)
    return _asking(panel, queries)


def _last() -> Any:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def _begun(panel: Any, title: str, unit: str, says: str, width: int, steps: list[Step]) -> Panel:
    limits = dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE)
    limits = limits.steps([models.Threshold(color=color, value=value) for color, value in steps])
    panel = panel.title(title).description(says).unit(unit).thresholds(limits)
    return panel.datasource(DATASOURCE).span(width).height(HEIGHT)


def _asking(
    panel: Any, queries: Iterable[Query], *, instant: bool = False, shape: PromQueryFormat = PromQueryFormat.TIME_SERIES
) -> Panel:
    for ref_id, (expression, legend) in zip(ascii_uppercase, queries, strict=False):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref_id).datasource(DATASOURCE)
        panel = panel.with_target((query.instant() if instant else query.range()).format(shape))
    return panel
