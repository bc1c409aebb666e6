"""Expressions: what is refused and how it is told, and that a parsed one gives vectors and scalars."""

from __future__ import annotations

import pytest

from mythos.alerts.alert import as_labels
from mythos.alerts.expression import ExpressionError, Scalar, Vector, parse_expression
from mythos.alerts.series import SeriesStore

REFUSED = [
    # expression, offending part, its column, words of the reason or the advice
    ("sum(mad_over_time(x[5m]))", "mad_over_time", 5, "experimental"),
    ("limitk(2, x)", "limitk", 1, "topk"),
    ("histogram_count(x) > 1", "histogram_count", 1, "native histograms"),
    ("x > holt_winters(x[5m], 0.1, 0.1)", "holt_winters", 5, "predict_linear"),
    ('{__name__="a" or __name__="b"}', "or", 15, "joined by or"),
    ("x + fill(0) y", "fill", 5, "experimental"),
    ("rate(x[5m] smoothed)", "smoothed", 12, "leave it out"),
    ("rat(x[5m])", "rat", 1, "did you mean rate?"),
    ("x[5m]", "x[5m]", 1, "rate() or last_over_time()"),
    ('"text"', '"text"', 1, "string"),
    ("x @ -5", "@", 3, "1970"),
    ('x{a=~"[[:alpha:]]"}', "[[:alpha:]]", 7, "regular expression"),
    ('label_replace(x, "a", "", "b", "(?=c)")', "(?=c)", 33, "regular expression"),
    ('label_replace(x, "", "", "b", "c")', "label_replace", 1, "name of a label"),
    ("sum by (a) (x", "", 14, "unclosed"),
    ("x + ) y", ")", 5, "unexpected"),
    ("a\n  + b c", "c", 7, "invalid"),
    ("rate(x)", ")", 7, "expected type matrix"),
    ("x{a=b}", "b", 5, "expected string"),
    ("1 > 2", "2", 5, "BOOL"),
    ("", "", 1, "no expression"),
]


@pytest.mark.parametrize(("text", "part", "column", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_refusal_says_what_where_and_what_instead(text: str, part: str, column: int, words: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, origin="rules.yml:7")
    error = caught.value
    assert (error.part, error.column) == (part, column)
    assert text[error.position :].startswith(part)
    assert words in str(error)
    assert str(error).startswith("rules.yml:7: ")


def test_a_fault_on_a_later_line_is_told_with_its_line():
    with pytest.raises(ExpressionError, match="line 2, column 7: c"):
        parse_expression("a\n  + b c")


def test_an_expression_gives_a_vector_or_a_scalar():
    store = SeriesStore()
    store.append(1_000_000, {as_labels({"__name__": "up", "job": "a"}): 1.0, as_labels({"__name__": "up"}): 0.0})
    found = parse_expression('up{job!=""} * 2').evaluate(store, 1_000_000)
    assert isinstance(found, Vector)
    assert list(found) == [({"job": "a"}, 2.0)]
    assert found.labels == [{"job": "a"}]
    assert parse_expression("time() + 1").evaluate(store, 1_000_000) == Scalar(1_001.0)
