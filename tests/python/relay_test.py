"""What waits for an Alertmanager."""

from __future__ import annotations

from mythos.alerts.alert import Alert
from mythos.alerts.notify.relay import Relay
from mythos.alerts.notify.state_file import StateFile
from mythos.alerts.notify.tally import Tally


def test_a_clock_that_goes_back_holds_nothing_up():
    relay = Relay(0, StateFile(None, now=5_000.0), Tally(), 5_000.0)
    alert = Alert({"alertname": "Lag"}, {}, 5_000.0, 9_000.0)
    relay.add([alert])
    assert relay.due(5_000.0) == [alert]
    relay.taken([alert], 5_000.0)
    again = Alert({"alertname": "Lag"}, {}, 5_000.0, 9_060.0)
    relay.add([again])
    assert relay.due(1_400.0) == [again]
