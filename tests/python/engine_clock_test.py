"""The time of the alert engine, whatever the wall clock does."""

from __future__ import annotations

import pytest

from mythos.alerts.engine_clock import SLEW, STEP_S, EngineClock


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


@pytest.mark.parametrize("step", [3_600.0, -3_600.0, 1.5 * STEP_S])
def test_a_step_is_taken_over_at_once_and_told_once(step: float):
    clocks = Clocks()
    assert clocks.after(15) == pytest.approx(clocks.wall)
    assert clocks.engine.take_step() == 0.0
    assert clocks.after(15, step=step) == pytest.approx(clocks.wall)
    clocks.after(15)
    assert clocks.engine.take_step() == pytest.approx(step) and clocks.engine.take_step() == 0.0


def test_a_drift_is_made_up_for_slowly_and_never_turns_it_back():
    clocks = Clocks()
    before = clocks.engine.now()
    assert clocks.after(15, step=STEP_S / 2) == pytest.approx(before + 15 * (1 + SLEW))
    clocks = Clocks()
    told = [clocks.after(0.01, step=-STEP_S / 2)] + [clocks.after(0.01) for _ in range(100)]
    assert told == sorted(told) and told[0] == pytest.approx(before + 0.01 * (1 - SLEW))
    assert clocks.engine.take_step() == 0.0
    for _ in range(10):
        clocks.after(15)
    assert clocks.engine.now() == pytest.approx(clocks.wall)
