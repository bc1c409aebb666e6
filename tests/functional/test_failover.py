"""A short run of the failover harness; `failover.py --cuts 200` is the long one."""

import pytest

import failover

HEARTBEAT_MS = 400
CUTS = 4
NOISE_MS = 150  # a shared machine's own stalls; the long run reports the pause itself


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", ["mirror", "standby"])
def test_cuts_lose_and_repeat_nothing(start_server, mode):
    outcome = failover.run(start_server({"heartbeat_ms": HEARTBEAT_MS}), mode, CUTS)
    said = failover.report(outcome)
    assert outcome.clean, said
    assert len(outcome.cuts) == CUTS * len(failover.FAULTS) * len(failover.WIRES)
    bound_ms = {"mirror": NOISE_MS, "standby": 2 * HEARTBEAT_MS + 100 + NOISE_MS}[mode]
    assert max(outcome.pauses()) < bound_ms, said
    assert max(outcome.pauses("reset") + outcome.pauses("close")) < NOISE_MS, said
