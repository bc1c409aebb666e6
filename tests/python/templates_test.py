"""Templates render, and refuse, as Prometheus' do: the vectors were recorded from it. And they are bounded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mythos.alerts.templates import (
    ALERTMANAGER,
    KV,
    AlertData,
    Template,
    TemplateError,
    prometheus_functions,
)
from mythos.alerts.templates.builtins import BUILTINS
from mythos.alerts.templates.executor import OUTPUT_CHARACTERS_MAX

VECTORS = json.loads((Path(__file__).with_name("templates_vectors.json")).read_text())
VARIABLES = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
FUNCTIONS = prometheus_functions(lambda _: VECTORS["query"], external_url=VECTORS["external_url"], now=VECTORS["now"])


def outcome(text: str, value: float) -> dict[str, str]:
    data = AlertData(VECTORS["labels"], VECTORS["external_labels"], VECTORS["external_url"], value)
    try:
        template = Template.parse(VARIABLES + text, "__alert_X")
    except TemplateError as error:
        return {"error": f"error parsing template __alert_X: {error}"}
    try:
        return {"result": template.render(data, functions=FUNCTIONS)}
    except TemplateError as error:
        return {"error": f"error executing template __alert_X: {error}"}


def test_every_vector_has_the_outcome_that_prometheus_has():
    wrong = []
    for case in VECTORS["cases"]:
        expected = {key: case[key] for key in ("result", "error") if key in case}
        if (got := outcome(case["text"], case["value"])) != expected:
            wrong.append((case["text"], expected, got))
    assert not wrong
    assert len(VECTORS["cases"]) > 450


def test_the_reference_names_every_function():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "alerts.md").read_text()
    named = set(re.findall(r"`(\w+)`", page.partition("## Templates")[2]))
    assert {*BUILTINS, *FUNCTIONS, *ALERTMANAGER} <= named


def test_an_error_names_its_line():
    with pytest.raises(TemplateError, match='function "humanise" not defined') as parsing:
        Template.parse("fine\n{{ 1 | humanise }}", "summary")
    assert parsing.value.line == 2
    with pytest.raises(TemplateError, match=r"at <\.Oops>") as running:
        Template.parse("fine\n\n{{ .Oops }}", "summary").render(AlertData({}, {}, "", 1.0))
    assert running.value.line == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ range 1000000 }}x{{ end }}", "more than 200000 steps"),
        ('{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', "exceeded maximum template depth"),
        ('{{ printf "%1000000d" 1 }}', "is more than 10000"),
        ("{{ range 1000 }}" + "x" * 2_000 + "{{ end }}", f"more than {OUTPUT_CHARACTERS_MAX} characters"),
        ("{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "more than 200000 steps"),
    ],
)
def test_what_costs_too_much_is_an_error(text: str, complaint: str):
    with pytest.raises(TemplateError, match=complaint):
        Template.parse(text).render({})


def test_what_is_too_deep_is_refused_when_it_is_read():
    with pytest.raises(TemplateError, match="max expression depth exceeded"):
        Template.parse("{{ " + "(" * 200 + "1" + ")" * 200 + " }}")
    with pytest.raises(TemplateError, match="max expression depth exceeded"):
        Template.parse("{{ if 1 }}" * 200 + "{{ end }}" * 200)


@dataclass
class Notified:
    Status: str
    Labels: KV
    StartsAt: datetime
    _secret: str = "no"

    def Named(self, name: str) -> str:
        return self.Labels.get(name, "nobody")


DATA = Notified(
    "firing", KV({"job": "mythos", "alertname": "Down", "b": "2"}), datetime(2026, 3, 4, 5, 6, 7, 120_000, UTC)
)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ .Status | toUpper }} {{ .Status | title }}", "FIRING Firing"),
        ("{{ .Labels.SortedPairs }}", "alertname=Down, b=2, job=mythos"),
        ('{{ .Labels.Names | join "," }} {{ .Labels.Values | join "," }}', "alertname,b,job Down,2,mythos"),
        ('{{ (.Labels.Remove (stringSlice "b" "job")).SortedPairs }}', "alertname=Down"),
        ("{{ range .Labels.SortedPairs }}{{ .Name }}:{{ .Value }} {{ end }}", "alertname:Down b:2 job:mythos "),
        ('{{ .Named "job" }} {{ "x" | .Named }}', "mythos nobody"),
        ("{{ .StartsAt }}", "2026-03-04 05:06:07.12 +0000 UTC"),
        ('{{ .StartsAt.Format "Jan 2 15:04:05.000 MST 2006" }}', "Mar 4 05:06:07.120 UTC 2026"),
        ('{{ .StartsAt | tz "Europe/Paris" | date "2006-01-02T15:04:05Z07:00" }}', "2026-03-04T06:06:07+01:00"),
        ("{{ .StartsAt.Unix }} {{ .StartsAt.Year }}", "1772600767 2026"),
        ('{{ trimSpace "  a " }}|{{ title "ABC dEF" }}|{{ reReplaceAll "a" "b" "aa" }}', "a|Abc Def|bb"),
        ('{{ template "mine" . }}', "<firing>"),
        ("{{ .Labels.nothing }}|{{ .Labels }}", "|alertname=Down, b=2, job=mythos"),
    ],
)
def test_notifications_see_their_objects_and_alertmanagers_functions(text: str, result: str):
    definitions = 'not printed {{ define "mine" }}<{{ .Status }}>{{ end }}'
    assert Template.parse(text, definitions=definitions, functions=ALERTMANAGER).render(DATA) == result


@pytest.mark.parametrize("text", ["{{ ._secret }}", "{{ .__class__ }}", "{{ .Labels.keys }}{{ .Named.__self__ }}"])
def test_nothing_of_python_is_in_reach(text: str):
    with pytest.raises(TemplateError, match=r"can't evaluate field|wrong number of args"):
        Template.parse(text).render(DATA)


def test_a_template_of_the_text_takes_the_place_of_a_shared_one():
    definitions = '{{ define "a" }}shared{{ end }}'
    text = '{{ define "a" }}own{{ end }}{{ template "a" }}'
    assert Template.parse(text, definitions=definitions).render({}) == "own"


def test_html_escapes_what_is_printed_and_not_the_template():
    template = Template.parse('<b title="{{ .a }}">{{ .a }}</b>{{ .a | safeHtml }}', functions=ALERTMANAGER)
    assert template.render({"a": "<\"+&'"}, html=True) == (
        '<b title="&lt;&#34;&#43;&amp;&#39;">&lt;&#34;&#43;&amp;&#39;</b><"+&\''
    )


def test_variables_are_given_their_values():
    template = Template.parse("{{ $a }} {{ with $b.c }}{{ . }}{{ end }}", variables=("a", "b"))
    assert template.render(None, {"a": 1, "b": {"c": "x"}}) == "1 x"
