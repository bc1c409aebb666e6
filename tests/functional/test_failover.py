"""A short run of the failover harness; `failover.py --cuts 200` is the long one."""

import pytest

import failover

HEARTBEAT_MS = 400
CUTS = 4
NOISE_MS = 100  # what a busy machine adds at its best; the long run holds the pause to what is promised


@pytest.mark.timeout(240)
@pytest.mark.parametrize("client", ["merging", "package"])
@pytest.mark.parametrize("mode", ["mirror", "standby"])
def test_cuts_lose_and_repeat_nothing(start_server, mode, client):
    outcome = failover.run(start_server({"heartbeat_ms": HEARTBEAT_MS}), mode, CUTS, failover.client_type(client))
    said = failover.report(outcome)
    assert outcome.clean, said
    assert len(outcome.cuts) == CUTS * len(failover.FAULTS) * len(failover.WIRES)
    # A stall of the machine only adds to a pause, so the shortest of a kind tells what the cut itself costs.
    for fault in failover.FAULTS:
        waits = mode == "standby" and fault == "black_hole"
        bound_ms = NOISE_MS + (2 * HEARTBEAT_MS + 100 if waits else 0)
        assert min(outcome.pauses(fault)) < bound_ms, said
