"""The time of the alert engine, whatever the wall clock does."""

from __future__ import annotations

import pytest

from mythos.alerts.engine_clock import AHEAD_S, SLEW, EngineClock


class Clocks:
    def __init__(self) -> None:
        self.wall, self.mono = 1_000.0, 50.0
        self.engine = EngineClock(lambda: self.wall, lambda: self.mono)

    def after(self, seconds: float, *, step: float = 0.0) -> float:
        self.mono += seconds
        self.wall += seconds + step
        return self.engine.now()


def test_it_is_the_wall_clock_as_long_as_that_is_steady():
    clocks = Clocks()
    assert clocks.after(15) == pytest.approx(1_015)
    assert clocks.after(0.25) == pytest.approx(1_015.25)


def test_a_step_forward_is_taken_over_at_once_and_a_drift_slowly():
    clocks = Clocks()
    assert clocks.after(15, step=3_600) == pytest.approx(clocks.wall)
    before = clocks.engine.now()
    assert clocks.after(15, step=AHEAD_S / 2) == pytest.approx(before + 15 * (1 + SLEW))


def test_a_step_back_never_turns_it_back():
    clocks = Clocks()
    before = clocks.engine.now()
    told = [clocks.after(15, step=-3_600)] + [clocks.after(15) for _ in range(100)]
    assert told == sorted(told) and told[0] == pytest.approx(before + 15 * (1 - SLEW))
    for _ in range(30_000):
        clocks.after(15)
    assert clocks.engine.now() == pytest.approx(clocks.wall)
