"""Expressions: rows of docs/reference/answers.md, and that a parsed one gives vectors and scalars."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mythos.alerts.alert import as_labels
from mythos.alerts.expression import EvaluationError, ExpressionError, Scalar, Vector, parse_expression
from mythos.alerts.series import SeriesStore

ANSWERS = (Path(__file__).parents[2] / "docs" / "reference" / "answers.md").read_text()

WORDS = """x sum rate ( ) [ ] { } , 5m :1m 1h: = =~ != == > + - * / ^ and or unless on ignoring group_left by without
offset @ bool "a" 'b' `c` 1 2.5 Inf NaN time() vector scalar topk(2, count_values( label_replace( absent( # é $1 0x
start() smoothed fill(0) atan2 1e30"""


def rows(columns: int) -> list[list[str]]:
    """Of the tables on expressions, those of so many columns."""
    lines = [line for line in ANSWERS.splitlines() if line.startswith("| expr-")]
    cells = [[cell.strip().strip("`") for cell in line[1:-1].split(" | ")] for line in lines]
    return [row for row in cells if len(row) == columns]


@pytest.fixture
def store() -> SeriesStore:
    store = SeriesStore()
    values = {as_labels({"__name__": "x", "job": "a", "instance": instance}): 1.0 for instance in "pq"}
    store.append(1_000_000, values | {as_labels({"__name__": "up", "job": "a"}): 0.0})
    return store


def test_the_rows_are_found():
    assert len(rows(5)) > 20 and len(rows(3)) == 5


@pytest.mark.parametrize(("id", "text", "part", "column", "says"), rows(5), ids=[row[0] for row in rows(5)])
def test_a_refusal_says_what_where_and_what_instead(id: str, text: str, part: str, column: str, says: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, origin="rules.yml:7")
    error = caught.value
    assert (error.part or "none", error.line, error.column) == (part, 1, int(column))
    assert text[error.position :].startswith(error.part)
    assert says in str(error)
    assert str(error).startswith("rules.yml:7: ")


@pytest.mark.parametrize(("id", "text", "says"), rows(3), ids=[row[0] for row in rows(3)])
def test_what_only_the_series_show_is_an_error_then(store: SeriesStore, id: str, text: str, says: str):
    with pytest.raises(EvaluationError, match=says):
        parse_expression(text).evaluate(store, 1_000_000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n  + b c", "invalid promql query, at line 2, column 7: c"),
        ("# mad_over_time\nx{a='mad_over_time'} == mad_over_time(x[5m])", "line 2, column 25: mad_over_time"),
        ("", "no expression found in input, at column 1"),
        ("  ", "no expression found in input, at column 1"),
    ],
)
def test_the_place_is_told_in_any_text(text: str, told: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "(" * 51 + "x" + ")" * 51, "+".join(["x"] * 202), "-" * 9_999 + "x", "x" * 99_999]
)
def test_what_would_bring_the_parser_down_never_reaches_it(text: str):
    with pytest.raises(ExpressionError, match="not supported"):
        parse_expression(text)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=12))
def test_whatever_is_written_is_an_expression_or_refused(words: list[str]):
    try:
        parse_expression(" ".join(words))
    except ExpressionError as error:
        assert 0 <= error.position <= len(error.expression) and error.line >= 1 and error.column >= 1


def test_an_expression_gives_a_vector_or_a_scalar(store: SeriesStore):
    found = parse_expression('x{instance!="q"} * 2').evaluate(store, 1_000_000)
    assert isinstance(found, Vector)
    assert list(found) == [({"job": "a", "instance": "p"}, 2.0)]
    assert found.labels == [{"job": "a", "instance": "p"}]
    assert parse_expression("time() + 1").evaluate(store, 1_000_000) == Scalar(1_001.0)


def test_a_subquery_without_a_step_has_that_of_the_evaluation(store: SeriesStore):
    expression = parse_expression("count_over_time(up[2m:])")
    for step_ms, steps in ((60_000, 1), (15_000, 4)):
        found = expression.evaluate(store, 1_050_000, step_ms=step_ms)
        assert isinstance(found, Vector)
        assert found.values.tolist() == [steps]
