"""Minimum running and standing times."""

from __future__ import annotations

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import GridConnection
from tests.core.world import CAR, LIVING, PUMP, Bench, Why, a_site, why


def test_a_compressor_runs_on_and_then_stands_for_its_minimum_times() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.engine.command(ManualCommand(asset="pump", power_w=1500.0))
    bench.cycle(0)
    bench.engine.command(ManualCommand(asset="pump", power_w=0.0))
    held = Why(600, Rule.MANUAL, Limit.MIN_ON, 0)
    assert why(bench.cycle(10)["pump"]) == held
    assert why(bench.cycle(1199)["pump"]) == held
    assert why(bench.cycle(1200)["pump"]) == Why(0, Rule.MANUAL)
    bench.engine.command(ManualCommand(asset="pump", power_w=1500.0))
    rests = Why(0, Rule.MANUAL, Limit.MIN_OFF, 1500)
    assert why(bench.cycle(1210)["pump"]) == rests
    assert why(bench.cycle(2099)["pump"]) == rests
    assert why(bench.cycle(2100)["pump"]) == Why(1500, Rule.MANUAL)


def test_a_fuse_stops_it_at_once_and_says_so() -> None:
    bench = Bench(a_site(PUMP, LIVING, grid=GridConnection(fuse_a=16.0)))
    bench.engine.command(ManualCommand(asset="pump", power_w=1500.0))
    bench.cycle(0, phases_base_w=(500.0, 500.0, 500.0))
    out = bench.cycle(10, phases_base_w=(3500.0, 500.0, 500.0))
    assert why(out["pump"]) == Why(0, Rule.MANUAL, Limit.FUSE_L1, 1500)
    assert bench.record is not None
    assert [(c.asset, c.won, c.lost) for c in bench.record.conflicts] == [
        ("pump", Limit.FUSE_L1, Limit.MIN_ON)
    ]


def test_the_first_command_after_a_start_is_free() -> None:
    bench = Bench(a_site(CAR))
    bench.cycle(0)
    bench.engine.command(ManualCommand(asset="car", power_w=5000.0))
    assert why(bench.cycle(10)["car"]) == Why(5000, Rule.MANUAL)


@pytest.mark.parametrize("jump_s", [-3600.0, -30.0, 3600.0])
def test_a_clock_that_jumps_does_not_lock_for_longer_than_the_minimum_time(jump_s: float) -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.engine.command(ManualCommand(asset="pump", power_w=1500.0))
    bench.cycle(0)
    bench.engine.command(ManualCommand(asset="pump", power_w=0.0))
    bench.cycle(jump_s)
    assert bench.cycle(jump_s + 1200.0)["pump"].power_w == 0.0
