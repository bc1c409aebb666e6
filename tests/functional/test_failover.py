"""A short run of the failover harness: nothing may be lost, repeated or out of order.

How long a cut makes a client wait is `make failover`'s to tell, and `failover.py --cuts 200 --strict`'s to judge on a
quiet machine.
"""

import pytest

import failover

HEARTBEAT_MS = 400
CUTS = 4


@pytest.mark.timeout(240)
@pytest.mark.parametrize("client", ["merging", "package"])
@pytest.mark.parametrize("mode", ["mirror", "standby"])
def test_cuts_lose_and_repeat_nothing(start_server, mode, client):
    outcome = failover.run(start_server({"heartbeat_ms": HEARTBEAT_MS}), mode, CUTS, failover.client_type(client))
    said = failover.report(outcome)
    assert outcome.clean, said
    assert len(outcome.cuts) == CUTS * len(failover.FAULTS) * len(failover.WIRES)
