"""Label sets and alerts, as Prometheus and Alertmanager have them."""

from __future__ import annotations

from mythos.alerts.alert import Alert, as_labels, fingerprint


def test_labels_are_sorted_and_an_empty_value_is_none():
    assert as_labels({"b": "2", "a": "1", "c": ""}) == (("a", "1"), ("b", "2"))


def test_a_fingerprint_is_that_of_prometheus():
    # From the tests of its data model (model/fingerprinting_test.go, model/signature_test.go).
    assert fingerprint({}) == f"{14695981039346656037:016x}"
    assert fingerprint({"name": "garland, briggs", "fear": "love is not enough"}) == f"{5799056148416392346:016x}"
    labels = {"job": "mythos", "instance": "a"}
    assert fingerprint(labels) == fingerprint(as_labels(labels)) != fingerprint(labels | {"instance": "b"})


def test_an_alert_is_named_and_told_apart_by_its_labels():
    alert = Alert({"alertname": "Slow", "instance": "a"}, {"summary": "slow"}, 10.0, 70.0, value=1.5)
    assert alert.name == "Slow" and not alert.resolved
    again = Alert({"instance": "a", "alertname": "Slow"}, {"summary": "slower"}, 20.0, 70.0, resolved=True)
    assert alert.fingerprint == again.fingerprint
