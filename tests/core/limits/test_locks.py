"""Minimum running and standing times."""

from __future__ import annotations

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import GridConnection, HeatPump
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


def test_a_compressor_starts_no_more_often_in_any_hour_than_it_may() -> None:
    quick = HeatPump(id="pump", min_on_s=60.0, min_off_s=60.0, max_starts_per_h=3)
    bench = Bench(a_site(quick))
    started = []
    on = False
    for at_s in range(0, 3 * 3600, 30):
        wanted = at_s // 120 % 2 == 0
        bench.engine.command(ManualCommand(asset="pump", power_w=1500.0 if wanted else 0.0))
        got = bench.cycle(at_s)["pump"]
        if got.power_w > 0 and not on:
            started.append(at_s)
        on = got.power_w > 0
        if wanted and not on and at_s > 300:
            assert got.reason.limit in (Limit.STARTS, Limit.MIN_OFF)
    assert len(started) >= 6
    assert all(b - a >= 3600 for a, b in zip(started, started[3:], strict=False))
