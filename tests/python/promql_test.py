"""PromQL: what Prometheus 3 answered, cases worked out by hand, and laws that hold for any series."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from mythos.alerts.alert import as_labels
from mythos.alerts.expression import EvaluationError, Scalar, parse_expression
from mythos.alerts.promql.values import STALE
from mythos.alerts.series import SeriesStore

ANSWERS = json.loads((Path(__file__).parents[1] / "conformance" / "promql_answers.json").read_text())
MARKS = {"stale": STALE, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}


@pytest.fixture(scope="module")
def answered() -> SeriesStore:
    """The series that Prometheus was asked about."""
    store = SeriesStore()
    step_ms = ANSWERS["step_s"] * 1000
    for name, text in ANSWERS["series"].items():
        selector = promql_parser.parse(name)
        assert isinstance(selector, promql_parser.VectorSelector) and selector.name is not None
        labels = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
        values = [(number * step_ms, value) for number, value in enumerate(text.split()) if value != "_"]
        store.fill(
            as_labels({"__name__": selector.name, **labels}),
            [at_ms for at_ms, _ in values],
            [MARKS[value] if value in MARKS else float(value) for _, value in values],
        )
    return store


def is_near(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("case", ANSWERS["cases"], ids=lambda case: f"{case['expr']} at {case['at_s']}")
def test_prometheus_3_answers_the_same(answered: SeriesStore, case: dict[str, Any]):
    expression = parse_expression(case["expr"])
    at_ms = round(case["at_s"] * 1000)
    if "error" in case:
        with pytest.raises(EvaluationError) as caught:
            expression.evaluate(answered, at_ms)
        assert str(caught.value).startswith(case["error"].split(":")[0])
        return
    result = expression.evaluate(answered, at_ms)
    found = [({}, result.value)] if isinstance(result, Scalar) else list(result)
    expected = [(labels, float(value)) for labels, value in case["answer"]]
    for elements in (found, expected):
        elements.sort(key=lambda one: sorted(one[0].items()))
    assert [labels for labels, _ in found] == [labels for labels, _ in expected]
    assert [pair for pair in zip(found, expected, strict=True) if not is_near(pair[0][1], pair[1][1])] == []
