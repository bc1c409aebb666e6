"""The failover demonstration: it is clean on a sound server, and its counting notices what is not."""

from __future__ import annotations

import pytest

from mythos import failover_demo
from mythos.client import Client
from mythos.failover_demo import Audience, Outcome, Plan


@pytest.mark.parametrize("mode", ["mirror", "standby"])
async def test_killed_wires_lose_and_repeat_nothing(mode):
    cuts: list[str] = []
    plan = Plan(clients=3, messages_per_s=200, seconds=2.5, cuts_per_s=20, mode=mode, seed=2)
    outcome = await failover_demo.run(plan, cuts.append)
    assert outcome.is_clean, outcome
    assert outcome.owed == outcome.delivered == 3 * outcome.published > 600
    assert sum(outcome.cuts.values()) == len(cuts) >= 3
    assert 0 < outcome.median_pause_ms <= outcome.longest_pause_ms


def judged(*streams: list[int], published: int) -> Outcome:
    audience = [Audience(Client("http://127.0.0.1:1", f"p{n}")) for n in range(len(streams))]
    for one, numbers in zip(audience, streams, strict=True):
        one.numbers = numbers
    outcome = Outcome(published=published)
    failover_demo._judge(audience, outcome)
    return outcome


def test_all_in_order_is_clean():
    outcome = judged([0, 1, 2], [0, 1, 2], published=3)
    assert outcome.is_clean and (outcome.owed, outcome.delivered) == (6, 6)


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([0, 2], {"lost": 1}),
        ([0, 1, 1, 2], {"duplicated": 1}),
        ([0, 2, 1], {"out_of_order": 1}),
        ([2, 2, 0], {"lost": 1, "duplicated": 1, "out_of_order": 1}),
    ],
)
def test_what_is_wrong_is_counted(numbers, found):
    outcome = judged([0, 1, 2], numbers, published=3)
    assert not outcome.is_clean
    assert {k: getattr(outcome, k) for k in ("lost", "duplicated", "out_of_order") if getattr(outcome, k)} == found
