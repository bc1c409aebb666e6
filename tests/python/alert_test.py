"""Alerts and their label sets."""

from __future__ import annotations

from mythos.alerts.alert import Alert, as_labels, fingerprint


def test_a_label_set_is_sorted_and_has_no_empty_values():
    assert as_labels({"b": "1", "a": "2", "c": ""}) == (("a", "2"), ("b", "1"))


def test_the_fingerprint_is_the_one_that_prometheus_gives():
    """model.LabelSet.Fingerprint of no labels is FNV's offset; the other was printed by it."""
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"alertname": "MythosDown", "job": "mythos"}) == "1145274f2c373409"
    assert fingerprint({"job": "mythos", "alertname": "MythosDown"}) == fingerprint(
        as_labels({"alertname": "MythosDown", "job": "mythos"})
    )


def test_an_alert_is_called_by_its_label():
    alert = Alert({"alertname": "MythosDown"}, {}, 1.0, 2.0, value=3.0)
    assert alert.name == "MythosDown"
    assert alert.fingerprint == fingerprint(alert.labels)
