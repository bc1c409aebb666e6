"""Go's text/template, as the annotations of Prometheus' rules and Alertmanager's notifications use it.

    template = Template.parse("{{ .Labels.instance }}: {{ .Value | humanize }}", "summary")
    template.render(AlertData({"instance": "a"}, {}, "", 1234.5))

What is `.Name` in a template: an entry of a mapping (one that is missing is empty), or an attribute of an object. Only
attributes whose names begin with a capital letter are seen, so nothing of Python itself is in reach of a template.
"""

from __future__ import annotations

from mythos.alerts.templates.alertmanager import ALERTMANAGER
from mythos.alerts.templates.errors import TemplateError
from mythos.alerts.templates.gotime import Time
from mythos.alerts.templates.prometheus import AlertData, QueryResult, Sample, prometheus_functions
from mythos.alerts.templates.template import Template
from mythos.alerts.templates.values import KV, Pair, Pairs

__all__ = [
    "ALERTMANAGER",
    "KV",
    "AlertData",
    "Pair",
    "Pairs",
    "QueryResult",
    "Sample",
    "Template",
    "TemplateError",
    "Time",
    "prometheus_functions",
]
